package windows

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/winrm"
)

// Parameters of Win32_OperatingSystem.Win32ShutdownTracker (learn.microsoft.com,
// cimwin32prov). The reason is "planned, operating system: reconfiguration".
const (
	shutdownRestart       = 2
	shutdownRestartForced = 6
	shutdownPowerOff      = 8
	shutdownReason        = 0x80020004
	shutdownNotice        = 30 // s that a user sees the comment before a forced restart
	restartComment        = "KMS-Aktivierung: Diese Station wird neu gestartet. / This station restarts for its KMS activation."
	powerOffComment       = "KMS-Aktivierung: Diese Station wird wieder ausgeschaltet. / This station is switched off again after its KMS activation."
)

// Restart restarts a station. Where somebody is logged on and force is not given it is
// refused with kms.ErrInUse; with force the user gets half a minute's notice. A restart
// that this client has just asked for is as good; of any other shutdown that is scheduled
// Windows tells neither by whom nor for when: kms.ErrShutdownPending.
// kms.ErrUnknownOutcome means that it may have been taken: only the uptime tells.
func (c *Client) Restart(ctx context.Context, address string, force bool) error {
	flags, notice := shutdownRestart, 0
	if force {
		flags, notice = shutdownRestartForced, shutdownNotice
	}
	err := c.shutDown(ctx, address, flags, notice, restartComment)
	if winrm.IsCode(err, codeShutdownScheduled) && c.restarting(ctx, address) {
		return nil
	}
	err = classifyCommand(err)
	if err == nil || errors.Is(err, kms.ErrUnknownOutcome) {
		before, _ := c.uptimes.Load(address)
		c.restarts.Store(address, restart{asked: time.Now(), before: before})
	}
	return err
}

// restart is one that was asked for.
type restart struct {
	asked  time.Time
	before any // the kms.Uptime that was read last; nil where none was
}

// restarting reports whether a shutdown that is scheduled is a restart that was asked for here:
// a moment ago, and the machine has not started since.
func (c *Client) restarting(ctx context.Context, address string) bool {
	last, known := c.restarts.Load(address)
	if !known {
		return false
	}
	ours := last.(restart) //nolint:forcetypeassert // only these are stored
	if time.Since(ours.asked) > shutdownNotice*time.Second+kms.UnsureFor {
		return false
	}
	before, read := ours.before.(kms.Uptime)
	now, err := c.Probe(ctx, address)
	return !read || err != nil || !now.RestartedSince(before)
}

// Shutdown switches a station off. Where somebody is logged on it is refused with
// kms.ErrInUse, and where a shutdown is scheduled with kms.ErrShutdownPending: that one may
// be a restart.
func (c *Client) Shutdown(ctx context.Context, address string) error {
	return classifyCommand(c.shutDown(ctx, address, shutdownPowerOff, 0, powerOffComment))
}

func (c *Client) shutDown(ctx context.Context, address string, flags, notice int, comment string) error {
	_, err := c.transport.Invoke(ctx, address, winrm.Call{
		Class: "Win32_OperatingSystem", Method: "Win32ShutdownTracker",
		Arguments: []winrm.Argument{
			{Name: "Timeout", Value: notice},
			{Name: "Comment", Value: comment},
			{Name: "ReasonCode", Value: uint32(shutdownReason)},
			{Name: "Flags", Value: flags},
		},
	})
	return err
}

// Activate asks a product to activate, as slmgr /ato does. Call it only where
// kms.Licence.CanAsk: on a MAK product it would use up an activation. An answer with a
// code, known or not, is a *kms.CodeError; with kms.CodeNotEnoughCount the request was
// counted. What WS-Management itself has to say is no answer of licensing.
func (c *Client) Activate(ctx context.Context, address, licenceID string) error {
	_, err := c.transport.Invoke(ctx, address, winrm.Call{
		Class: "SoftwareLicensingProduct", Method: "Activate",
		Selectors: map[string]string{"ID": licenceID},
	}, winrm.Timeout(licensingTimeout))
	code, answered := answerOf(err)
	switch {
	case !answered:
		return classifyCommand(err)
	case code.Informational():
		return nil
	case winrm.IsAccessDenied(err):
		return fmt.Errorf("%w: %w: %w", kms.ErrDenied, &kms.CodeError{Code: code}, err)
	}
	return fmt.Errorf("%w: %w", &kms.CodeError{Code: code}, err)
}

// answerOf is the code with which a machine answered a call: the value that the method
// returned, or what its fault holds.
func answerOf(err error) (kms.Code, bool) {
	var quota *winrm.Quota
	var lost *winrm.ShellLost
	if winrm.IsUnreachable(err) || winrm.IsOutcomeUnknown(err) || aborted(err) || errors.As(err, &quota) || errors.As(err, &lost) {
		return 0, false
	}
	code, known := winrm.Code(err)
	return kms.Code(code), known
}
