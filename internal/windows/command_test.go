package windows_test

import (
	"context"
	"errors"
	"fmt"
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
		t.Errorf("our own restart is as good: %v", err)
	}
	if err := r.Shutdown(t.Context(), r.stations[0]); !errors.Is(err, kms.ErrShutdownPending) || errors.Is(err, kms.ErrUnknownOutcome) {
		t.Errorf("a shutdown: %v", err)
	}
}

// It may be for hours later, and nothing of ours was taken.
func TestAShutdownOfSomebodyElsePassesForNoRestart(t *testing.T) {
	t.Parallel()
	r := open(t, classroom(world.Station{}))
	ctx := t.Context()
	restart := func() error {
		must[kms.Presence](t)(r.Presence(ctx, r.stations[0]))
		return r.Restart(ctx, r.stations[0], true)
	}
	schedule := func() {
		t.Helper()
		if err := r.World.Shutdown("PC01", 5*time.Hour, true, true); err != nil {
			t.Fatal(err)
		}
	}
	schedule()
	if err := restart(); !errors.Is(err, kms.ErrShutdownPending) {
		t.Fatalf("before anything was asked here: %v", err)
	}
	r.World.Advance(6 * time.Hour)
	r.up(t)
	if err := restart(); err != nil {
		t.Fatal(err)
	}
	r.World.Advance(10 * time.Minute)
	r.up(t)
	schedule()
	if err := restart(); !errors.Is(err, kms.ErrShutdownPending) {
		t.Errorf("after a restart that was asked for here, and is over: %v", err)
	}
}

// up waits until the first station answers: its port opens a moment after the world has
// moved on.
func (r fixture) up(t *testing.T) {
	t.Helper()
	var err error
	for range 100 {
		if _, err = r.Probe(t.Context(), r.stations[0]); err == nil {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatal(err)
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
		1190: kms.ErrShutdownPending, 0x800704A6: kms.ErrShutdownPending,
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

// failing is a machine that answers a method with an error.
type failing struct {
	windows.Transport
	err error
}

func (f failing) Invoke(context.Context, string, winrm.Call, ...winrm.Option) (winrm.Instance, error) {
	return winrm.Instance{}, f.err
}

// Whatever code comes, and however: it is an answer of licensing, and keeps its code.
func TestAnAnswerToActivateKeepsItsCode(t *testing.T) {
	t.Parallel()
	for code, want := range map[uint32]struct{ means, not error }{
		0xC004F038: {}, 0xC004F074: {}, 0xC004FFFF: {}, 0x80092328: {}, 0x8007000D: {}, 0x80070216: {}, 0x87E10BC6: {}, 0xDEADBEEF: {},
		42: {}, 0x80041001: {}, 0x8033801A: {},
		// Of the KMS host here, not of the machine.
		1722: {not: kms.ErrNotYet}, 0x800706BA: {not: kms.ErrNotYet},
		21: {means: kms.ErrNotYet}, 0x8007045B: {means: kms.ErrNotYet}, 0x80041033: {means: kms.ErrNotYet},
		5: {means: kms.ErrDenied}, 0x80070005: {means: kms.ErrDenied}, 0x80041003: {means: kms.ErrDenied},
	} {
		fault := &winrm.Fault{Address: "pc01:5985", Code: code}
		for how, err := range map[string]error{
			"as the method's value":   &winrm.MethodFailed{Class: "SoftwareLicensingProduct", Method: "Activate", Value: code},
			"as a fault":              fault,
			"inside a fault":          &winrm.Fault{Code: 0x80338000, Provider: code},
			"as a fault that is read": fmt.Errorf("asking: %w", fault),
		} {
			got := windows.New(failing{err: err}).Activate(t.Context(), "pc01", "id")
			var refused *kms.CodeError
			if !errors.As(got, &refused) || uint32(refused.Code) != code || !errors.Is(got, err) {
				t.Errorf("%#x %s: %v", code, how, got)
			}
			for _, sentinel := range []error{kms.ErrNotYet, kms.ErrDenied, kms.ErrInUse, kms.ErrUnreachable, kms.ErrUnknownOutcome, kms.ErrShutdownPending} {
				if errors.Is(got, sentinel) != errors.Is(want.means, sentinel) || errors.Is(got, sentinel) && errors.Is(want.not, sentinel) {
					t.Errorf("%#x %s: %v is %q: %t", code, how, got, sentinel, errors.Is(got, sentinel))
				}
			}
		}
	}
}

func TestWhatIsNoAnswerToActivateHasNoCode(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ err, means error }{
		"no connection":               {&winrm.Unreachable{Kind: winrm.KindRefused}, kms.ErrUnreachable},
		"no answer to what was sent":  {&winrm.Unreachable{Kind: winrm.KindTimeout, Sent: true}, kms.ErrUnknownOutcome},
		"the service going down":      {&winrm.Unreachable{Kind: winrm.KindReset, Sent: true, Err: &winrm.Fault{Code: 995}}, kms.ErrUnknownOutcome},
		"the request let go of":       {&winrm.Fault{Code: 1223}, kms.ErrUnknownOutcome},
		"the service's own time-out":  {&winrm.Fault{Code: winrm.CodeOperationTimeout}, kms.ErrUnknownOutcome},
		"a quota":                     {&winrm.Quota{Fault: &winrm.Fault{Code: 2150859173}}, kms.ErrUnreachable},
		"something that is no WinRM":  {&winrm.Protocol{Reason: "no envelope"}, kms.ErrUnreachable},
		"the account refused":         {&winrm.AuthRejected{Host: "pc01"}, kms.ErrDenied},
		"the call interrupted":        {&winrm.Interrupted{Sent: true, Err: context.Canceled}, kms.ErrUnknownOutcome},
		"a fault that holds no code":  {&winrm.Fault{Subcode: "InternalError"}, nil},
		"information, not an error":   {&winrm.MethodFailed{Value: 0x4004F040}, nil},
		"the same, told as a fault":   {&winrm.Fault{Code: 0x4004F00C}, nil},
		"nothing: the request passed": {},
	} {
		got := windows.New(failing{err: tt.err}).Activate(t.Context(), "pc01", "id")
		var refused *kms.CodeError
		if errors.As(got, &refused) || tt.means != nil && !errors.Is(got, tt.means) {
			t.Errorf("%s: %v", name, got)
		}
		if code, answered := winrm.Code(tt.err); (got == nil) != (tt.err == nil || answered && kms.Code(code).Informational()) {
			t.Errorf("%s: %v", name, got)
		}
	}
}
