package simulator

import (
	"context"
	"errors"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
	"github.com/timago/terraform-provider-timago/internal/simulator/wsman"
)

// machine shows one machine of the world as Windows does, in CIM and in commands.
type machine struct {
	world   *world.World
	name    string
	refuses ActivateBy
	ip      net.IP // at which clients reach it
}

// zone is that of every machine: Windows gives local times with their offset.
var zone = time.FixedZone("", 3600)

// Instances gives all instances of a class.
func (m machine) Instances(_ context.Context, class string) ([]wsman.Instance, error) {
	v, err := m.world.View(m.name)
	if err != nil {
		return nil, err
	}
	if v.Denied {
		return nil, &wsman.Fault{Code: wsman.CodeDeniedByWMI}
	}
	class = strings.ToLower(class)
	if v.Starting && strings.HasPrefix(class, "softwarelicensing") {
		return nil, &wsman.Fault{Code: wsman.CodeAborted}
	}
	switch class {
	case "win32_operatingsystem":
		return operatingSystem(v), nil
	case "win32_computersystem":
		return computerSystem(v), nil
	case "win32_process":
		return processes(v), nil
	case "win32_networkadapterconfiguration":
		return adapters(v, m.ip), nil
	case "softwarelicensingservice":
		return licensingService(v), nil
	case "softwarelicensingproduct":
		return licensingProducts(v), nil
	case "win32_ntlogevent":
		events, err := m.world.Events(m.name)
		return logEvents(v, events), err
	}
	return nil, wsman.ErrNoSuchClass
}

// Return values that are Windows' own error codes (winerror.h).
const (
	errorAccessDenied       = 5
	errorInvalidParameter   = 87
	errorShutdownScheduled  = 1190
	errorShutdownUsersLogOn = 1191
)

// Flags of Win32ShutdownTracker (learn.microsoft.com, cimwin32prov).
const (
	flagShutdown = 1
	flagRestart  = 2
	flagForced   = 4
	flagPowerOff = 8
)

// Invoke calls a method.
func (m machine) Invoke(ctx context.Context, call wsman.Call) (wsman.Result, error) {
	v, err := m.world.View(m.name)
	if err != nil {
		return wsman.Result{}, err
	}
	if v.Denied || v.IsHost {
		// Nobody has any business changing the KMS host.
		return wsman.Result{}, &wsman.Fault{Code: wsman.CodeDeniedByWMI}
	}
	switch strings.ToLower(call.Class + "." + call.Method) {
	case "win32_operatingsystem.win32shutdowntracker":
		return m.shutdownTracker(call.Arguments)
	case "win32_operatingsystem.reboot":
		return m.shutdown(0, false, true), nil
	case "win32_operatingsystem.shutdown":
		return m.shutdown(0, false, false), nil
	case "softwarelicensingproduct.activate":
		if v.Starting {
			return wsman.Result{}, &wsman.Fault{Code: wsman.CodeAborted}
		}
		return m.activate(ctx, v, call.Selectors)
	case "softwarelicensingservice.refreshlicensestatus":
		return wsman.Result{}, nil
	}
	return wsman.Result{}, wsman.ErrNoSuchClass
}

func (m machine) shutdownTracker(arguments map[string]string) (wsman.Result, error) {
	timeout, err := strconv.ParseUint(arguments["Timeout"], 10, 32)
	flags, err2 := strconv.ParseInt(arguments["Flags"], 10, 32)
	_, err3 := strconv.ParseUint(arguments["ReasonCode"], 10, 32)
	if errors.Join(err, err2, err3) != nil {
		return wsman.Result{}, &wsman.Fault{Code: errorInvalidParameter}
	}
	if flags&(flagShutdown|flagRestart|flagPowerOff) == 0 {
		return wsman.Result{ReturnValue: errorInvalidParameter}, nil // logging off is not modelled
	}
	notice := time.Duration(timeout) * time.Second
	return m.shutdown(notice, flags&flagForced != 0, flags&flagRestart != 0), nil
}

func (m machine) shutdown(notice time.Duration, force, restart bool) wsman.Result {
	err := m.world.Shutdown(m.name, notice, force, restart)
	var refused *world.CommandError
	switch {
	case err == nil:
		return wsman.Result{}
	case errors.As(err, &refused):
		return wsman.Result{ReturnValue: uint32(refused.Code)}
	case errors.Is(err, kms.ErrInUse):
		return wsman.Result{ReturnValue: errorShutdownUsersLogOn}
	case errors.Is(err, world.ErrShutdownUnderWay):
		return wsman.Result{ReturnValue: errorShutdownScheduled}
	default:
		return wsman.Result{ReturnValue: errorAccessDenied}
	}
}

// activate is SoftwareLicensingProduct.Activate on the instance whose ID is selected.
func (m machine) activate(ctx context.Context, v world.View, selectors map[string]string) (wsman.Result, error) {
	var id string
	for name, value := range selectors {
		if strings.EqualFold(name, "ID") {
			id = strings.ToLower(value)
		}
	}
	known := false
	for _, p := range v.Products {
		known = known || p.ID == id
	}
	if !known {
		return wsman.Result{}, &wsman.Fault{Code: wsman.CodeNoSuchInstance}
	}
	attempt, err := m.world.Ask(m.name, id)
	if err != nil {
		return wsman.Result{}, err
	}
	m.see(ctx, attempt)
	code, err := attempt.Outcome()
	switch {
	case errors.Is(err, kms.ErrUnknownOutcome):
		return wsman.Result{}, &wsman.Fault{Code: wsman.CodeAborted}
	case err != nil:
		return wsman.Result{}, err
	case code == kms.CodeOK:
		return wsman.Result{}, nil
	case m.refuses == RefuseByReturn:
		return wsman.Result{ReturnValue: uint32(code)}, nil
	}
	return wsman.Result{}, &wsman.Fault{
		Code: uint32(code), Text: "Fehler " + code.String() + " bei der Aktivierung.", WMI: m.refuses == RefuseByWMIError,
	}
}

// realTime is how long a simulated time takes here. Where time is stepped it takes none.
func realTime(w *world.World, simulated time.Duration) time.Duration {
	if w.Speed() == 0 {
		return 0
	}
	return time.Duration(float64(simulated) / w.Speed())
}

// see waits for an attempt's end, as long as somebody waits for the answer. Where time is
// stepped somebody else brings it about.
func (m machine) see(ctx context.Context, attempt *world.Attempt) {
	if takes := realTime(m.world, attempt.Takes); takes > 0 {
		timer := time.NewTimer(takes + time.Millisecond)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
		return
	}
	select {
	case <-attempt.Done():
	case <-ctx.Done():
	}
}
