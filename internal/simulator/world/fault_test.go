package world_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/simulator/timeline"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

func seen(w *world.World, name world.FaultName) int {
	faults := w.State().Faults
	i := slices.IndexFunc(faults, func(f world.FaultState) bool { return f.Name == name })
	if i < 0 {
		return 0
	}
	return faults[i].Seen
}

func TestFaultsOfStarts(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		fault world.Fault
		holds func(t *testing.T, w *world.World) // after a restart and 3 minutes
	}{
		"it never comes back, until somebody presses the button": {
			world.Fault{Name: world.NeverComesBack, Times: 1},
			func(t *testing.T, w *world.World) {
				t.Helper()
				w.Advance(10 * time.Hour)
				if _, err := w.Probe("PC1"); !errors.Is(err, kms.ErrUnreachable) {
					t.Errorf("after hours: %v", err)
				}
				if err := errors.Join(w.PowerOff("PC1"), w.PowerOn("PC1")); err != nil {
					t.Fatal(err)
				}
				w.Advance(3 * time.Minute)
				if _, err := w.Probe("PC1"); err != nil {
					t.Errorf("switched off and on: %v", err)
				}
			},
		},
		"it takes long": {
			world.Fault{Name: world.SlowBoot, By: 10 * time.Minute},
			func(t *testing.T, w *world.World) {
				t.Helper()
				if _, err := w.Probe("PC1"); !errors.Is(err, kms.ErrUnreachable) {
					t.Errorf("after 3 minutes: %v", err)
				}
				w.Advance(10 * time.Minute)
				if _, err := w.Probe("PC1"); err != nil {
					t.Errorf("after 13 minutes: %v", err)
				}
			},
		},
		"somebody was waiting for it": {
			world.Fault{Name: world.UserAfterStart, User: `SCHULE\schueler`},
			func(t *testing.T, w *world.World) {
				t.Helper()
				if p, err := w.Presence("PC1"); err != nil || p.InUse(nil) != `SCHULE\schueler` {
					t.Errorf("%+v, %v", p, err)
				}
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := build(t, world.Site{Stations: world.Rows(1, world.Station{Name: "PC%d"}), Faults: []world.Fault{test.fault}})
			cycle(t, w, "PC1")
			if seen(w, test.fault.Name) != 1 {
				t.Error("the fault was not seen")
			}
			test.holds(t, w)
		})
	}
}

func TestFaultsOfAMomentBeginAndEnd(t *testing.T) {
	t.Parallel()
	reached := func(want error) func(t *testing.T, w *world.World) {
		return func(t *testing.T, w *world.World) {
			t.Helper()
			if _, err := w.Probe("PC1"); !errors.Is(err, want) {
				t.Errorf("%v, want %v", err, want)
			}
		}
	}
	clock := func(ahead time.Duration) func(t *testing.T, w *world.World) {
		return func(t *testing.T, w *world.World) {
			t.Helper()
			if u, err := w.Probe("PC1"); err != nil || u.Now.Sub(w.Now()) != ahead || u.Duration() > 3*time.Hour {
				t.Errorf("%+v, %v", u, err)
			}
		}
	}
	user := func(want string) func(t *testing.T, w *world.World) {
		return func(t *testing.T, w *world.World) {
			t.Helper()
			if p, err := w.Presence("PC1"); err != nil || p.User != want {
				t.Errorf("%+v, %v", p, err)
			}
		}
	}
	for _, test := range []struct {
		fault          world.Fault
		during, behind func(t *testing.T, w *world.World)
	}{
		{world.Fault{Name: world.PowerCut}, reached(kms.ErrUnreachable), reached(nil)},
		{world.Fault{Name: world.Refuses}, reached(kms.ErrUnreachable), reached(nil)},
		{world.Fault{Name: world.ClockSkew, By: 5 * time.Hour}, clock(5 * time.Hour), clock(0)},
		{world.Fault{Name: world.UserLogsOn, User: `SCHULE\lehrer`}, user(`SCHULE\lehrer`), user("")},
	} {
		t.Run(string(test.fault.Name), func(t *testing.T) {
			t.Parallel()
			test.fault.After, test.fault.For, test.fault.On = time.Hour, time.Hour, []string{"pc1"}
			w := build(t, world.Site{Stations: world.Rows(2, world.Station{Name: "PC%d"}), Faults: []world.Fault{test.fault}})
			reached(nil)(t, w)
			w.Advance(90 * time.Minute)
			test.during(t, w)
			if _, err := w.Probe("PC2"); err != nil {
				t.Errorf("the other station: %v", err)
			}
			w.Advance(35 * time.Minute)
			test.behind(t, w)
			if seen(w, test.fault.Name) != 1 {
				t.Error("the fault was not seen")
			}
		})
	}
}

func TestFaultsOfConnections(t *testing.T) {
	t.Parallel()
	tests := map[world.FaultName]struct {
		read, command error
		carriedOut    bool
	}{
		world.HalfOpen:     {kms.ErrUnreachable, kms.ErrUnreachable, false},
		world.Unauthorized: {kms.ErrDenied, kms.ErrDenied, false},
		world.Quota:        {kms.ErrNotYet, kms.ErrNotYet, false},
		world.Unavailable:  {kms.ErrNotYet, kms.ErrNotYet, false},
		world.Drops:        {kms.ErrUnreachable, kms.ErrUnknownOutcome, true},
		world.EmptyBody:    {kms.ErrUnreachable, kms.ErrUnknownOutcome, true},
		world.TruncatedXML: {kms.ErrUnreachable, kms.ErrUnknownOutcome, true},
		world.Garbage:      {kms.ErrUnreachable, kms.ErrUnknownOutcome, true},
	}
	for name, test := range tests {
		t.Run(string(name), func(t *testing.T) {
			t.Parallel()
			w := build(t, world.Site{Stations: world.Rows(1, world.Station{Name: "PC%d"}), Faults: []world.Fault{{Name: name, Of: "read", Times: 1}}})
			if _, err := w.Probe("PC1"); !errors.Is(err, test.read) {
				t.Errorf("reading: %v", err)
			}
			id := licence(t, w, "PC1", kms.Windows).ID
			if err := w.Inject(world.Fault{Name: name, Of: "activate", Times: 1}); err != nil {
				t.Fatal(err)
			}
			if err := w.Activate("PC1", id); !errors.Is(err, test.command) {
				t.Errorf("a command: %v", err)
			}
			if counted := count(t, w, kms.Windows) == 1; counted != test.carriedOut {
				t.Errorf("carried out: %t", counted)
			}
			if err := w.Inject(world.Fault{Name: name, Of: "restart", Times: 1}); err != nil {
				t.Fatal(err)
			}
			if err := w.Restart("PC1", false); !errors.Is(err, test.command) {
				t.Errorf("a restart: %v", err)
			}
			if restarted := w.State().Stations[0].Restarts == 1; restarted != test.carriedOut {
				t.Errorf("restarted: %t", restarted)
			}
		})
	}
}

func TestHowOftenAFaultActs(t *testing.T) {
	t.Parallel()
	acted := func(f world.Fault) (on []int) {
		f.Name = world.Unauthorized
		w := build(t, world.Site{Seed: 3, Stations: world.Rows(1, world.Station{Name: "PC%d"}), Faults: []world.Fault{f}})
		for i := range 200 {
			if _, err := w.Probe("PC1"); err != nil {
				on = append(on, i+1)
			}
		}
		return on
	}
	if got := acted(world.Fault{Nth: 3, Times: 2}); !slices.Equal(got, []int{3, 4}) {
		t.Errorf("from the third on, twice: %v", got)
	}
	if got := len(acted(world.Fault{})); got != 200 {
		t.Errorf("always: %d", got)
	}
	if got := len(acted(world.Fault{Probability: 0.25})); got < 30 || got > 70 {
		t.Errorf("one time in four: %d of 200", got)
	}
}

func TestHealing(t *testing.T) {
	t.Parallel()
	w := build(t, world.Site{Stations: room(1), Faults: []world.Fault{{Name: world.KMSAway}, {Name: world.Unauthorized}, {Name: world.Refuses, After: time.Hour}}})
	for _, name := range []world.FaultName{world.KMSAway, world.Unauthorized, world.Refuses} {
		w.Heal(name)
	}
	w.Advance(2 * time.Hour)
	if ask(t, w, "R101-PC01", kms.Windows) != kms.CodeNotEnoughCount {
		t.Error("the host still does not answer")
	}
}

func TestASiteThatContradictsItself(t *testing.T) {
	t.Parallel()
	named := func(s world.Station) world.Site { s.Name = "PC1"; return world.Site{Stations: []world.Station{s}} }
	for want, site := range map[string]world.Site{
		"name is missing":          {Stations: []world.Station{{}}},
		"the name is taken":        {Stations: []world.Station{{Name: "PC1"}, {Name: "pc1"}}},
		`title "dos" is none of`:   named(world.Station{Products: []world.Product{{Title: "dos"}}}),
		`by "luck" is none of`:     named(world.Station{Products: []world.Product{{Title: "office-2024", By: "luck"}}}),
		`alias "pc1" is no new`:    named(world.Station{Aliases: []string{"pc1"}}),
		"virtual_cards are 0 to 3": named(world.Station{Cards: 4}),
		"by other":                 named(world.Station{Products: []world.Product{{Title: "office-2024", Channel: "x"}}}),
		"slow-activate: by is":     {Faults: []world.Fault{{Name: world.SlowActivate}}},
		"nobody is logged on":      named(world.Station{Off: true, User: "x"}),
		"longer than it":           named(world.Station{Timing: &timeline.Timing{Boot: time.Second, Netlogon: time.Minute}}),
		"less than 1":              named(world.Station{Timing: &timeline.Timing{Spread: 1}}),
		`key "dos" is none of`:     {Host: world.Host{Keys: []world.Key{{Key: "dos"}}}},
		"listed twice":             {Host: world.Host{Keys: []world.Key{{Key: "windows"}, {Key: "windows"}}}},
		"every must be above 0":    {Traffic: []world.Traffic{{}}},
		`fault "bad-luck" is none`: {Faults: []world.Fault{{Name: "bad-luck"}}},
		"probability is 0 to 1":    {Faults: []world.Fault{{Name: world.Drops, Probability: 2}}},
		"no such machine":          {Faults: []world.Fault{{Name: world.Drops, On: []string{"PC9"}}}},
	} {
		if _, err := world.New(site, world.Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", want, err)
		}
	}
}
