package world_test

import (
	"errors"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

func TestAShutdownThatSomebodyElseScheduled(t *testing.T) {
	t.Parallel()
	for name, again := range map[world.FaultName]bool{world.ShutdownScheduled: false, world.RestartScheduled: true} {
		t.Run(string(name), func(t *testing.T) {
			t.Parallel()
			w := build(t, world.Site{Stations: room(1), Faults: []world.Fault{{Name: name, By: 3 * time.Hour}}})
			w.Advance(time.Minute)
			if err := w.Shutdown("R101-PC01", 0, true, true); !errors.Is(err, world.ErrShutdownUnderWay) {
				t.Errorf("a command of ours: %v", err)
			}
			if err := w.Restart("R101-PC01", true); !errors.Is(err, kms.ErrShutdownPending) {
				t.Errorf("in the words of the domain: %v", err)
			}
			if ask(t, w, "R101-PC01", kms.Windows) != kms.CodeNotEnoughCount {
				t.Error("it does not work until then")
			}
			w.Advance(3*time.Hour - 2*time.Minute)
			if _, err := w.Probe("R101-PC01"); err != nil {
				t.Errorf("before its time: %v", err)
			}
			w.Advance(10 * time.Minute)
			state := w.State().Stations[0]
			if up := state.Phase == "ready"; up != again || state.Restarts != 0 {
				t.Errorf("afterwards: %s, %d restarts of ours", state.Phase, state.Restarts)
			}
			if seen(w, name) != 1 {
				t.Error("the fault was not seen")
			}
		})
	}
}

func TestAScheduledShutdownIsTakenBack(t *testing.T) {
	t.Parallel()
	w := build(t, world.Site{Stations: room(2), Faults: []world.Fault{{Name: world.RestartScheduled, On: []string{"R101-PC01"}, For: time.Hour}}})
	w.Advance(time.Hour)
	if err := w.Restart("R101-PC01", false); err != nil {
		t.Fatal(err)
	}
	w.Advance(3 * time.Minute)
	if state := w.State().Stations[0]; state.Restarts != 1 || state.Starts != 1 {
		t.Errorf("%+v", state)
	}
	// `shutdown /a` takes back whatever there is.
	if err := w.Inject(world.Fault{Name: world.ShutdownScheduled}); err != nil {
		t.Fatal(err)
	}
	if aborted, err := w.AbortShutdown("R101-PC02"); !aborted || err != nil {
		t.Errorf("%t, %v", aborted, err)
	}
	w.Advance(day)
	if state := w.State(); state.Stations[0].Phase != "off" || state.Stations[1].Phase != "ready" {
		t.Errorf("%s, %s", state.Stations[0].Phase, state.Stations[1].Phase)
	}
}

func TestACommandToRestartIsRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		code   world.Code
		means  error
		forced bool // with force it is taken
	}{
		"a locked machine":        {0, kms.ErrInUse, true},
		"somebody logs on":        {21, kms.ErrNotYet, false},
		"soon after a start":      {1722, kms.ErrNotYet, false},
		"it goes down already":    {1115, kms.ErrNotYet, false},
		"without the privilege":   {5, kms.ErrDenied, false},
		"something never seen":    {1234, nil, false},
		"users who left their PC": {1191, kms.ErrInUse, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := build(t, world.Site{Stations: room(1), Faults: []world.Fault{{Name: world.RestartFails, Code: test.code}}})
			err := w.Restart("R101-PC01", false)
			var refused *world.CommandError
			if !errors.As(err, &refused) || test.means != nil && !errors.Is(err, test.means) {
				t.Errorf("%v, want %v", err, test.means)
			}
			if state := w.State().Stations[0]; state.Restarts != 0 || seen(w, world.RestartFails) != 1 {
				t.Errorf("%d restarts, seen %d times", state.Restarts, seen(w, world.RestartFails))
			}
			if err := w.Restart("R101-PC01", true); (err == nil) != test.forced {
				t.Errorf("forced: %v", err)
			}
		})
	}
}

func TestAStartThatStopsHalfway(t *testing.T) {
	t.Parallel()
	for fault, test := range map[world.FaultName]struct{ probe, licensing error }{
		world.NetlogonHangs: {kms.ErrNotYet, kms.ErrNotYet},
		world.NoServices:    {nil, kms.ErrNotYet},
	} {
		for _, by := range []time.Duration{0, 20 * time.Minute} {
			w := build(t, world.Site{Stations: room(1), Faults: []world.Fault{{Name: fault, By: by, Times: 1}}})
			cycle(t, w, "R101-PC01")
			if _, err := w.Probe("R101-PC01"); !errors.Is(err, test.probe) {
				t.Errorf("%s: probe %v", fault, err)
			}
			if _, err := w.Licensing("R101-PC01"); !errors.Is(err, test.licensing) {
				t.Errorf("%s: licensing %v", fault, err)
			}
			w.Advance(20 * time.Minute)
			if _, err := w.Licensing("R101-PC01"); (err == nil) != (by > 0) {
				t.Errorf("%s, after 20 minutes of %s: %v", fault, by, err)
			}
			if err := errors.Join(w.PowerOff("R101-PC01"), w.PowerOn("R101-PC01")); err != nil {
				t.Fatal(err)
			}
			w.Advance(3 * time.Minute)
			if _, err := w.Licensing("R101-PC01"); err != nil || seen(w, fault) != 1 {
				t.Errorf("%s, started anew: %v", fault, err)
			}
		}
	}
}
