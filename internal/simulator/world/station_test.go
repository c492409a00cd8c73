package world_test

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/simulator/catalogue"
	"github.com/timago/terraform-provider-timago/internal/simulator/timeline"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// cmid is the client machine id of the site's only station.
func cmid(t *testing.T, w *world.World) kms.CMID {
	t.Helper()
	l, err := w.Licensing("PC1")
	if err != nil {
		t.Fatal(err)
	}
	return l.CMID
}

func TestWhatARestartBrings(t *testing.T) {
	t.Parallel()
	both := []world.Product{{Title: "windows-11-education"}, {Title: "office-2024"}}
	tests := map[string]struct {
		station  world.Station
		faults   []world.Fault
		fresh    bool // client machine id
		licensed bool // still
	}{
		"an image with the KMS option":         {station: world.Station{Products: both}, fresh: true},
		"an image made without it":             {station: world.Station{Products: both, Image: world.Image{WithoutKMS: true}}, licensed: true},
		"an image that keeps its id":           {station: world.Station{Products: both, Image: world.Image{KeepsCMID: true}}},
		"a start that brings no new id":        {station: world.Station{Products: both}, faults: []world.Fault{{Name: world.SameCMID, Times: 1}}},
		"the fault acts on another start only": {station: world.Station{Products: both}, faults: []world.Fault{{Name: world.SameCMID, Nth: 2}}, fresh: true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.station.Name, test.station.Licensed = "PC1", true
			w := build(t, world.Site{
				Host:     world.Host{Keys: []world.Key{{Key: "windows"}, {Key: "office-2024"}}},
				Stations: []world.Station{test.station}, Faults: test.faults,
			})
			before := cmid(t, w)
			if licence(t, w, "PC1", kms.Windows).LicensedBy() != kms.ByKMS {
				t.Fatal("not licensed at the start")
			}
			cycle(t, w, "PC1")
			if fresh := cmid(t, w) != before; fresh != test.fresh {
				t.Errorf("a new client machine id: %t", fresh)
			}
			for _, p := range kms.Products() {
				if licensed := licence(t, w, "PC1", p).LicensedBy() == kms.ByKMS; licensed != test.licensed {
					t.Errorf("%s licensed: %t", p, licensed)
				}
			}
			want := 1
			if test.fresh {
				want = 2
			}
			if got := count(t, w, kms.Windows); got != want {
				t.Errorf("count %d, want %d", got, want)
			}
			if got := count(t, w, kms.Office); got != 1 {
				t.Errorf("Office asks not by itself after a start: count %d", got)
			}
		})
	}
}

func TestTheOptionNeedsANewImage(t *testing.T) {
	t.Parallel()
	w := build(t, world.Site{Stations: []world.Station{{Name: "PC1", Image: world.Image{WithoutKMS: true}}}})
	before := cmid(t, w)
	if err := w.SetOption("PC1", true); err != nil {
		t.Fatal(err)
	}
	cycle(t, w, "PC1")
	if cmid(t, w) != before {
		t.Error("a plain restart made the option effective")
	}
	if err := w.ResetImage("PC1", false); err != nil {
		t.Fatal(err)
	}
	w.Advance(10 * time.Minute)
	state := w.State().Stations[0]
	if cmid(t, w) == before || !state.MadeWith || state.Generation != 2 {
		t.Errorf("after a new image: %+v", state)
	}
}

func TestARestartFromOutside(t *testing.T) {
	t.Parallel()
	w := build(t, world.Site{Stations: []world.Station{{Name: "PC1", Timing: &timeline.Timing{
		Shutdown: 10 * time.Second, Boot: 40 * time.Second, Netlogon: 5 * time.Second, Services: 5 * time.Second, Ask: 10 * time.Second,
	}}}})
	before, err := w.Probe("PC1")
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Restart("PC1", false); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		at        time.Duration
		probe     error
		licensing error
	}{
		{5 * time.Second, kms.ErrNotYet, kms.ErrNotYet},            // services end
		{12 * time.Second, kms.ErrUnreachable, kms.ErrUnreachable}, // off, or starting
		{42 * time.Second, kms.ErrNotYet, kms.ErrNotYet},           // Netlogon
		{47 * time.Second, nil, kms.ErrNotYet},                     // licensing is not there yet
		{51 * time.Second, nil, nil},
	} {
		w.Advance(before.Now.Add(step.at).Sub(w.Now()))
		after, err := w.Probe("PC1")
		if !errors.Is(err, step.probe) || err == nil && !after.RestartedSince(before) {
			t.Errorf("after %s: %+v, %v", step.at, after, err)
		}
		if _, err := w.Licensing("PC1"); !errors.Is(err, step.licensing) {
			t.Errorf("licences after %s: %v", step.at, err)
		}
	}
	if next, due := w.NextEvent(); !due || !next.Equal(before.Now.Add(time.Minute)) || count(t, w, kms.Windows) != 0 {
		t.Errorf("next: %s, %t", next.Sub(before.Now), due)
	}
	w.Step()
	if count(t, w, kms.Windows) != 1 {
		t.Error("it did not ask")
	}
}

func TestSomebodyAtWork(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		station world.Station
		fault   []world.Fault
	}{
		"at the console":     {station: world.Station{Name: "PC1", User: `SCHULE\lehrer`}},
		"in another session": {station: world.Station{Name: "PC1", Sessions: 1}},
		"in the last moment": {station: world.Station{Name: "PC1"}, fault: []world.Fault{{Name: world.UserBeforeRestart, Times: 1}}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := build(t, world.Site{Stations: []world.Station{test.station}, Faults: test.fault})
			if err := w.Restart("PC1", false); !errors.Is(err, kms.ErrInUse) {
				t.Fatalf("unforced: %v", err)
			}
			if p, err := w.Presence("PC1"); err != nil || p.InUse(nil) == "" {
				t.Errorf("presence: %+v, %v", p, err)
			}
			if err := w.Restart("PC1", true); err != nil {
				t.Fatal(err)
			}
			if s := w.State().Stations[0]; s.Restarts != 1 || s.Lost != 1 {
				t.Errorf("%+v", s)
			}
		})
	}
}

func TestProductsThatNeverCount(t *testing.T) {
	t.Parallel()
	for _, by := range []catalogue.Means{catalogue.ByMAK, catalogue.ByOEM, catalogue.ByRetail, catalogue.ByActiveDirectory} {
		t.Run(string(by), func(t *testing.T) {
			t.Parallel()
			w := build(t, world.Site{Stations: []world.Station{{Name: "PC1", Products: []world.Product{{Title: "windows-11-education", By: by}}}}})
			cycle(t, w, "PC1")
			l := licence(t, w, "PC1", kms.Windows)
			if l.NeverCounts() == "" || l.Status != kms.Licensed || count(t, w, kms.Windows) != 0 {
				t.Errorf("%+v, count %d", l, count(t, w, kms.Windows))
			}
			if err := w.Activate("PC1", l.ID); err != nil {
				t.Fatal(err)
			}
			if used := w.State().Stations[0].Products[0].Used; used != 1 {
				t.Errorf("activations used up: %d", used)
			}
		})
	}
}

func TestHolidays(t *testing.T) {
	t.Parallel()
	site := world.Site{Host: others(20, day, 0), Stations: world.Rows(5, world.Station{Name: "PC%d", Licensed: true})}
	site.Stations = append(site.Stations, world.Station{Name: "PC6", Off: true})
	site.Traffic = []world.Traffic{{Every: time.Hour}}

	w := build(t, site)
	w.Holidays(40*day, true)
	if got := count(t, w, kms.Windows); got != 0 {
		t.Errorf("with everything off: count %d", got)
	}
	if _, err := w.Probe("PC1"); !errors.Is(err, kms.ErrUnreachable) {
		t.Errorf("a station that stays off: %v", err)
	}

	site.Traffic = nil
	w = build(t, site)
	w.Holidays(40*day, false)
	w.Advance(5 * time.Minute)
	if got := count(t, w, kms.Windows); got != 5 {
		t.Errorf("switched on again: count %d", got)
	}
	if l := licence(t, w, "PC1", kms.Windows); l.Status == kms.Licensed || l.Reason != kms.CodeNotEnoughCount {
		t.Errorf("%+v", l)
	}
	if _, err := w.Probe("PC6"); !errors.Is(err, kms.ErrUnreachable) {
		t.Errorf("a station that was off before: %v", err)
	}
}

func TestTheSameSeedGivesTheSameRun(t *testing.T) {
	t.Parallel()
	play := func(seed uint64) (entries []world.Entry) {
		w, err := world.New(world.Site{
			Seed: seed, Stations: room(10), Traffic: []world.Traffic{{Every: time.Minute}},
			Faults: []world.Fault{{Name: world.SlowBoot, Probability: 0.5, By: time.Minute}},
		}, world.Options{Start: monday, Observe: func(e world.Entry) { entries = append(entries, e) }})
		if err != nil {
			t.Error(err)
			return nil
		}
		for _, s := range w.Names() {
			if err := w.Restart(s, false); err != nil {
				t.Error(err)
			}
			w.Advance(20 * time.Second)
		}
		w.Advance(time.Hour)
		return entries
	}
	first, again, other := play(1), play(1), play(2)
	if len(first) == 0 || !reflect.DeepEqual(first, again) {
		t.Error("two runs of one seed differ")
	}
	if reflect.DeepEqual(first, other) {
		t.Error("another seed gives the same run")
	}
}

func TestStartsLastUnequally(t *testing.T) {
	t.Parallel()
	w := build(t, world.Site{Stations: room(5)})
	lengths := map[time.Duration]bool{}
	for _, s := range w.Names() {
		for n := range 4 {
			d, err := w.CycleTime(s, n+1)
			if err != nil {
				t.Fatal(err)
			}
			lengths[d] = true
		}
	}
	if len(lengths) != 20 {
		t.Errorf("%d different cycle times of 20", len(lengths))
	}
}
