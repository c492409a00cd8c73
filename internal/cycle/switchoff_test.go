package cycle_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/timago/terraform-provider-timago/internal/cycle"
	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/outcome"
	"github.com/timago/terraform-provider-timago/internal/pool"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
	"github.com/timago/terraform-provider-timago/internal/switchoff"
)

// shutdownSite can also switch its stations off.
type shutdownSite struct {
	wakeableSite
	before   func()       // of each shutdown; may be nil
	told     sync.Map     // stations that were told
	shutting atomic.Int64 // at this moment
	most     atomic.Int64 // … that it ever was
}

func (s *shutdownSite) Shutdown(ctx context.Context, station string) error {
	s.most.Store(max(s.most.Load(), s.shutting.Add(1)))
	defer s.shutting.Add(-1)
	s.told.Store(station, true)
	if s.before != nil {
		s.before()
	}
	if err := s.travel(ctx, station, "shutdown"); err != nil {
		return err
	}
	met := s.Contact(station, world.AboutRestart)
	if met != world.ContactOK && !met.Lost() {
		return kms.ErrUnreachable
	}
	err := s.World.Shutdown(station, 0, false, false)
	if err == nil && met.Lost() {
		err = kms.ErrUnknownOutcome
	}
	return err
}

// evening is a site after its cycle, which woke some.
type evening struct {
	*shutdownSite
	engine *cycle.Engine
	job    cycle.Job
	result outcome.Result
}

// atEvening plays a story at a site in simulated time, with a cycle that has yet to run.
func atEvening(t *testing.T, site world.Site, story func(t *testing.T, e *evening)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w, err := world.New(site, world.Options{Speed: 1})
		if err != nil {
			t.Fatal(err)
		}
		s := &fakeSite{World: w, latency: time.Millisecond}
		story(t, &evening{
			shutdownSite: &shutdownSite{wakeableSite: wakeableSite{s}}, engine: cycle.New(),
			job: cycle.Job{
				Host: "kms01", Members: w.Names(), Thresholds: map[kms.Product]int{kms.Windows: 25}, Limits: pool.Limits{Wake: true},
				Memory: pool.Memory{Proof: time.Now()},
				Key:    func(station string) string { return "the one called " + strings.ToLower(station) },
			},
		})
	})
}

// cycle runs the cycle.
func (e *evening) cycle(ctx context.Context) error {
	var err error
	e.result, err = e.engine.Run(ctx, e.shutdownSite, e.job)
	return err
}

func (e *evening) switchOff(ctx context.Context) map[string]string {
	round := switchoff.Round{Ledger: e.engine.Ledger(e.job.Host), Key: e.job.Key, IgnoreUsers: e.job.Limits.IgnoreUsers, Progress: e.job.Progress}
	return round.Woken(ctx, e.shutdownSite, e.result)
}

// stillOn are the stations that are on a good while later.
func (e *evening) stillOn() []string {
	time.Sleep(10 * time.Minute)
	var on []string
	for _, s := range e.State().Stations {
		if s.Phase != "off" {
			on = append(on, s.Name)
		}
	}
	return on
}

// half is a room whose second half is off.
func half(number int) world.Site {
	site := room(number, func(i int, s *world.Station) { s.Off = i >= number/2 })
	site.Host = counted(25 - number)
	return site
}

func TestWhoWasWokenIsSwitchedOff(t *testing.T) {
	t.Parallel()
	atEvening(t, half(10), func(t *testing.T, e *evening) {
		told := map[outcome.Kind][]string{}
		e.job.Progress = func(event outcome.Event) { told[event.Kind] = append(told[event.Kind], event.Station) }
		if err := e.cycle(t.Context()); err != nil || e.result.Woken != 5 {
			t.Fatalf("woken %d, %v", e.result.Woken, err)
		}
		if left := e.switchOff(t.Context()); len(left) > 0 {
			t.Errorf("left on: %v", left)
		}
		woken := []string{"PC06", "PC07", "PC08", "PC09", "PC10"}
		if on := e.stillOn(); !slices.Equal(on, []string{"PC01", "PC02", "PC03", "PC04", "PC05"}) {
			t.Errorf("still on: %v", on)
		}
		slices.Sort(told[outcome.KindSwitchedOff])
		if got := told[outcome.KindSwitchedOff]; !slices.Equal(got, woken) || told[outcome.KindLeftOn] != nil {
			t.Errorf("told: %v", told)
		}
	})
}

func TestTheWokenAreSwitchedOffAlsoWhereTheCycleStalled(t *testing.T) {
	t.Parallel()
	site := half(4)
	site.Host = counted(3)
	atEvening(t, site, func(t *testing.T, e *evening) {
		e.job.Limits.MaxRestartsPerStation = 1
		var stalled *outcome.Stalled
		if err := e.cycle(t.Context()); !errors.As(err, &stalled) || e.result.Woken != 2 {
			t.Fatalf("woken %d, %v", e.result.Woken, err)
		}
		if left, on := e.switchOff(t.Context()), e.stillOn(); len(left) > 0 || !slices.Equal(on, []string{"PC01", "PC02"}) {
			t.Errorf("left on: %v, still on: %v", left, on)
		}
	})
}

// PC01 was on, and PC02 and PC03 were woken. In each story something keeps PC02 from being
// switched off, or hides what became of it; PC03 shows that all else is well.
func TestWhoStaysOn(t *testing.T) {
	t.Parallel()
	const user = `SCHULE\erika`
	for name, tt := range map[string]struct {
		fault     world.Fault
		limits    pool.Limits
		meanwhile func(e *evening) // between the cycle and the switching off
		reason    string
		told      bool // to switch off
		off       bool // a while later
	}{
		"a user logged on":                       {fault: world.Fault{Name: world.UserAfterStart, User: user}, reason: "a user is logged on"},
		"a user logged on, who could be forced":  {fault: world.Fault{Name: world.UserAfterStart, User: user}, limits: pool.Limits{WhenInUse: kms.ForceWhenInUse}, reason: "a user is logged on"},
		"a user logged on in the last moment":    {fault: world.Fault{Name: world.UserBeforeRestart, User: user}, reason: "could not be switched off: PC02: in use", told: true},
		"Windows does not go down under a kiosk": {fault: world.Fault{Name: world.UserAfterStart, User: `PC02\kiosk`}, limits: pool.Limits{IgnoreUsers: []string{"kiosk"}}, reason: "could not be switched off: PC02: in use", told: true},
		"somebody else switched it off":          {meanwhile: func(e *evening) { _ = e.PowerOff("PC02") }, reason: "could not be read: PC02: no answer", off: true},
		"the answer to the command is lost":      {fault: world.Fault{Name: world.Drops, Of: world.AboutRestart}, reason: "whether it was switched off is not known", told: true, off: true},
		"the command does not reach it":          {fault: world.Fault{Name: world.Unavailable, Of: world.AboutRestart}, reason: "it could not be switched off: no answer", told: true},
		"a user who has left again":              {fault: world.Fault{Name: world.UserAfterStart, User: user}, meanwhile: func(e *evening) { _ = e.LogOff("PC02") }, told: true, off: true},
		"nothing is in the way":                  {told: true, off: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			site := room(3, func(i int, s *world.Station) { s.Off = i > 0 })
			site.Host = counted(22)
			if tt.fault.Name != "" {
				tt.fault.On = []string{"PC02"}
				site.Faults = []world.Fault{tt.fault}
			}
			atEvening(t, site, func(t *testing.T, e *evening) {
				e.job.Limits = tt.limits
				e.job.Limits.Wake = true
				if err := e.cycle(t.Context()); err != nil || e.result.Woken != 2 {
					t.Fatalf("woken %d, %v", e.result.Woken, err)
				}
				if tt.meanwhile != nil {
					tt.meanwhile(e)
				}
				left := e.switchOff(t.Context())
				on := e.stillOn()
				if slices.Contains(on, "PC02") == tt.off || !slices.Contains(on, "PC01") || slices.Contains(on, "PC03") {
					t.Errorf("still on: %v", on)
				}
				if reason, named := left["PC02"]; named != (tt.reason != "") || !strings.Contains(reason, tt.reason) || len(left) > 1 {
					t.Errorf("left on: %v, want %q", left, tt.reason)
				}
				if lost := e.State().Stations[1].Lost; lost > 0 {
					t.Errorf("%d sessions lost", lost)
				}
				if _, told := e.told.Load("PC02"); told != tt.told {
					t.Errorf("told to switch off: %t", told)
				}
			})
		})
	}
}

// PC02, up for days, does not answer when it is read first, and is woken like PC03, which
// is off.
func TestWhoWasOnAllAlongStaysOn(t *testing.T) {
	t.Parallel()
	site := room(3, func(i int, s *world.Station) { s.Off, s.Uptime = i == 2, 9*24*time.Hour })
	site.Host = counted(22)
	site.Faults = []world.Fault{{Name: world.Refuses, On: []string{"PC02"}, For: 4 * time.Second}}
	atEvening(t, site, func(t *testing.T, e *evening) {
		if err := e.cycle(t.Context()); err != nil || e.result.Woken != 2 {
			t.Fatalf("woken %d, %v", e.result.Woken, err)
		}
		left := e.switchOff(t.Context())
		if on := e.stillOn(); !slices.Equal(on, []string{"PC01", "PC02"}) || len(left) != 1 || !strings.Contains(left["PC02"], "on all along") {
			t.Errorf("still on: %v, left on: %v", on, left)
		}
	})
}

// … also where somebody restarts it later on.
func TestWhoWasOnAllAlongAndStartedLaterStaysOn(t *testing.T) {
	t.Parallel()
	site := room(1, nil)
	site.Host = counted(23)
	site.Faults = []world.Fault{{Name: world.Refuses, On: []string{"PC01"}, For: 4 * time.Second}}
	atEvening(t, site, func(t *testing.T, e *evening) {
		var off sync.Once
		e.job.Progress = func(event outcome.Event) {
			if event.Kind == outcome.KindCounted {
				off.Do(func() {
					_ = e.PowerOff("PC01")
					time.AfterFunc(30*time.Second, func() { _ = e.PowerOn("PC01") })
				})
			}
		}
		if err := e.cycle(t.Context()); err != nil || e.result.Woken != 1 || e.result.Restarts != 0 {
			t.Fatalf("woken %d, restarts %d, %v", e.result.Woken, e.result.Restarts, err)
		}
		if left, on := e.switchOff(t.Context()), e.stillOn(); len(on) != 1 || len(left) != 1 {
			t.Errorf("still on: %v, left on: %v", on, left)
		}
	})
}

func TestACancelledApplySwitchesNothingOff(t *testing.T) {
	t.Parallel()
	atEvening(t, half(4), func(t *testing.T, e *evening) {
		if err := e.cycle(t.Context()); err != nil || e.result.Woken != 2 {
			t.Fatalf("woken %d, %v", e.result.Woken, err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		left := e.switchOff(ctx)
		if on := e.stillOn(); len(on) != 4 || len(left) != 2 || left["PC03"] != "the apply ended before it could be switched off" {
			t.Errorf("still on: %v, left on: %v", on, left)
		}
		// Cancelled while stations are looked at.
		ctx, cancel = context.WithTimeout(t.Context(), time.Microsecond)
		defer cancel()
		if left, on := e.switchOff(ctx), e.stillOn(); len(on) != 4 || len(left) != 2 || left["PC03"] != "the apply ended before it could be switched off" {
			t.Errorf("still on: %v, left on: %v", on, left)
		}
		if left, on := e.switchOff(t.Context()), e.stillOn(); len(on) != 2 || len(left) != 0 {
			t.Errorf("not cancelled, still on: %v, left on: %v", on, left)
		}
	})
}

// Two pools on one KMS host share a station, which one of them calls otherwise and needs
// once more.
func TestAStationThatAnotherCycleHasUnderWayIsLeftOn(t *testing.T) {
	t.Parallel()
	atEvening(t, half(4), func(t *testing.T, e *evening) {
		if err := e.cycle(t.Context()); err != nil || e.result.Woken != 2 {
			t.Fatalf("woken %d, %v", e.result.Woken, err)
		}
		for _, name := range []string{"PC03", "PC04"} {
			_ = e.LogOn(name, `SCHULE\erika`)
		}
		left := e.switchOff(t.Context())
		for name := range left {
			_ = e.LogOff(name) // what was left on is at every cycle's disposal again
		}
		other := e.job
		other.Members, other.Thresholds = []string{"pc04"}, map[kms.Product]int{kms.Windows: 26}
		other.Progress = func(event outcome.Event) {
			if event.Kind == outcome.KindRestarting {
				left = e.switchOff(t.Context())
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		result, err := e.engine.Run(ctx, e.shutdownSite, other)
		if err != nil || result.Restarts != 1 {
			t.Fatalf("the other cycle: restarts %d, %v", result.Restarts, err)
		}
		if on := e.stillOn(); !slices.Equal(on, []string{"PC01", "PC02", "PC04"}) || !maps.Equal(left, map[string]string{"PC04": "another cycle counts on it"}) {
			t.Errorf("still on: %v, left on: %v", on, left)
		}
	})
}

func TestManyAreSwitchedOffSideBySide(t *testing.T) {
	t.Parallel()
	const number, atOnce = 200, 64
	atEvening(t, room(number, nil), func(t *testing.T, e *evening) {
		e.result.ByStation = map[string]outcome.StationResult{}
		for _, name := range e.Names() {
			e.result.ByStation[name] = outcome.StationResult{Woken: true, BootedAfterWake: true}
		}
		e.before = func() { time.Sleep(time.Second) }
		if left, on := e.switchOff(t.Context()), e.stillOn(); len(left)+len(on) > 0 {
			t.Errorf("left on: %v, still on: %v", left, on)
		}
		if most := e.most.Load(); most != atOnce {
			t.Errorf("%d at once, want %d", most, atOnce)
		}
	})
}
