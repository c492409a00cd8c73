package windows_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
	"github.com/timago/terraform-provider-timago/internal/windows"
	"github.com/timago/terraform-provider-timago/internal/winrm"
)

func TestAStationIsSwitchedOffAndStaysOff(t *testing.T) {
	t.Parallel()
	r := open(t, classroom(world.Station{}))
	if err := r.Shutdown(t.Context(), r.stations[0]); err != nil {
		t.Fatal(err)
	}
	r.World.Advance(10 * time.Minute)
	for i, want := range []string{"off", "ready"} {
		if s := r.World.State().Stations[i]; s.Phase != want || s.Restarts != 0 {
			t.Errorf("%s is %s after %d restarts, want %s", s.Name, s.Phase, s.Restarts, want)
		}
	}
}

func TestAStationInUseIsNotSwitchedOff(t *testing.T) {
	t.Parallel()
	r := open(t, classroom(world.Station{User: `SCHULE\erika`}))
	if err := r.Shutdown(t.Context(), r.stations[0]); !errors.Is(err, kms.ErrInUse) {
		t.Errorf("in use: %v", err)
	}
	r.World.Advance(10 * time.Minute)
	if s := r.World.State().Stations[0]; s.Phase != "ready" || s.User == "" || s.Counters[world.KindRefused] != 1 {
		t.Errorf("%+v", s)
	}
}

// Somebody's restart would bring it up again.
func TestARestartUnderWayIsNoShutdown(t *testing.T) {
	t.Parallel()
	r := open(t, classroom(world.Station{User: `SCHULE\erika`}))
	if err := r.Restart(t.Context(), r.stations[0], true); err != nil { // after half a minute
		t.Fatal(err)
	}
	if err := r.Restart(t.Context(), r.stations[0], true); err != nil {
		t.Errorf("a restart is as good: %v", err)
	}
	if err := r.Shutdown(t.Context(), r.stations[0]); err == nil || errors.Is(err, kms.ErrUnknownOutcome) {
		t.Errorf("a shutdown: %v", err)
	}
}

func TestALostAnswerLeavesAShutdownOpen(t *testing.T) {
	t.Parallel()
	r := open(t, classroom(world.Station{}))
	must[kms.Uptime](t)(r.Probe(t.Context(), r.stations[1])) // the account is proved
	if err := r.World.Inject(world.Fault{Name: world.Drops, On: []string{"PC01"}, Of: world.AboutRestart}); err != nil {
		t.Fatal(err)
	}
	if err := r.Shutdown(t.Context(), r.stations[0]); !errors.Is(err, kms.ErrUnknownOutcome) {
		t.Errorf("its answer lost: %v", err)
	}
	if seen := r.World.State().Faults[0].Seen; seen != 1 {
		t.Errorf("the fault was seen %d times", seen)
	}
}

// returning is a machine whose methods run and return a value.
type returning struct {
	windows.Transport
	value uint32
}

func (r returning) Invoke(_ context.Context, address string, call winrm.Call, _ ...winrm.Option) (winrm.Instance, error) {
	return winrm.Instance{}, &winrm.MethodFailed{Address: address, Class: call.Class, Method: call.Method, Value: r.value}
}

// Windows gives its own codes, as the method's value or as the HRESULT made of them.
func TestWhatAShutdownReturns(t *testing.T) {
	t.Parallel()
	for value, want := range map[uint32]error{
		5: kms.ErrDenied, 1314: kms.ErrDenied, 0x80041003: kms.ErrDenied, 0x80041062: kms.ErrDenied,
		21: kms.ErrNotYet, 0x80070015: kms.ErrNotYet, 1115: kms.ErrNotYet,
		1722: kms.ErrNotYet, 0x800706BA: kms.ErrNotYet, 0x80041033: kms.ErrNotYet,
		1191: kms.ErrInUse, 0x800704A7: kms.ErrInUse, 1271: kms.ErrInUse,
	} {
		client := windows.New(returning{value: value})
		for what, err := range map[string]error{
			"restart": client.Restart(t.Context(), "pc01", false), "shutdown": client.Shutdown(t.Context(), "pc01"),
		} {
			if !errors.Is(err, want) {
				t.Errorf("a %s that returns %d: %v, want %v", what, value, err, want)
			}
		}
	}
}
