package world_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

var monday = time.Date(2026, 1, 12, 7, 30, 0, 0, time.UTC)

// build makes a world whose time is stepped.
func build(t *testing.T, site world.Site) *world.World {
	t.Helper()
	w, err := world.New(site, world.Options{Start: monday})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// room is a room of running stations whose Windows has not asked yet.
func room(n int) []world.Station { return world.Rows(n, world.Station{Name: "R101-PC%02d"}) }

func count(t *testing.T, w *world.World, p kms.Product) int {
	t.Helper()
	host, err := w.Host()
	if err != nil {
		t.Fatal(err)
	}
	n, known := host.Count(p)
	if !known {
		t.Fatalf("the host gives no count of %s", p)
	}
	return n
}

func licence(t *testing.T, w *world.World, station string, p kms.Product) kms.Licence {
	t.Helper()
	l, err := w.Licensing(station)
	if err != nil {
		t.Fatal(err)
	}
	of := l.Of(p)
	if len(of) != 1 {
		t.Fatalf("%s has %d licences of %s", station, len(of), p)
	}
	return of[0]
}

// ask calls Activate on the station's product and gives its outcome.
func ask(t *testing.T, w *world.World, station string, p kms.Product) kms.Code {
	t.Helper()
	err := w.Activate(station, licence(t, w, station, p).ID)
	if refused, ok := errors.AsType[*kms.CodeError](err); ok {
		return refused.Code
	}
	if err != nil {
		t.Fatal(err)
	}
	return kms.CodeOK
}

// cycle restarts a station and waits until its Windows has asked.
func cycle(t *testing.T, w *world.World, station string) {
	t.Helper()
	if err := w.Restart(station, false); err != nil {
		t.Fatal(err)
	}
	w.Advance(3 * time.Minute)
}

func TestTwentyFiveRequestsOfFiveStationsActivate(t *testing.T) {
	t.Parallel()
	w := build(t, world.Site{Stations: room(5)})
	if got := count(t, w, kms.Windows); got != 0 {
		t.Fatalf("count at the start: %d", got)
	}
	for _, station := range w.Names() {
		if code := ask(t, w, station, kms.Windows); code != kms.CodeNotEnoughCount {
			t.Fatalf("%s was answered %s", station, code)
		}
	}
	for want := 6; want <= 25; want++ {
		station := w.Names()[want%5]
		cycle(t, w, station)
		if got := count(t, w, kms.Windows); got != want {
			t.Fatalf("count after a restart of %s: %d, want %d", station, got, want)
		}
		licensed := licence(t, w, station, kms.Windows).LicensedBy() == kms.ByKMS
		if licensed != (want == 25) {
			t.Errorf("%s at count %d: licensed %t", station, want, licensed)
		}
	}
	state := w.State()
	if got := state.Counters[world.KindRestart]; got != 20 {
		t.Errorf("%d restarts", got)
	}
}

func TestUnderSynctestTimePassesByItself(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, err := world.New(world.Site{Stations: room(1)}, world.Options{Speed: 1})
		if err != nil {
			t.Fatal(err)
		}
		before, err := w.Probe("R101-PC01")
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Restart("R101-PC01", false); err != nil {
			t.Fatal(err)
		}
		want, err := w.CycleTime("R101-PC01", 1)
		if err != nil {
			t.Fatal(err)
		}
		asked := time.Now()
		for count(t, w, kms.Windows) == 0 {
			next, _ := w.NextEvent()
			time.Sleep(next.Sub(w.Now()))
		}
		if got := time.Since(asked); got != want {
			t.Errorf("counted after %s, want %s", got, want)
		}
		after, err := w.Probe("R101-PC01")
		if err != nil || !after.RestartedSince(before) {
			t.Errorf("after the restart: %v, %v", after, err)
		}
	})
}
