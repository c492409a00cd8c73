package windows

import (
	"context"
	"errors"

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
// refused with kms.ErrInUse; with force the user gets half a minute's notice. A shutdown
// that is already under way is as good as ours. kms.ErrUnknownOutcome means that it may
// have been taken: only the uptime tells.
func (c *Client) Restart(ctx context.Context, address string, force bool) error {
	flags, notice := shutdownRestart, 0
	if force {
		flags, notice = shutdownRestartForced, shutdownNotice
	}
	err := c.shutDown(ctx, address, flags, notice, restartComment)
	if winrm.IsCode(err, codeShutdownScheduled) {
		return nil
	}
	return outcome(err)
}

// Shutdown switches a station off. Where somebody is logged on it is refused with
// kms.ErrInUse. A shutdown that is already under way is an error: it may be a restart.
func (c *Client) Shutdown(ctx context.Context, address string) error {
	return outcome(c.shutDown(ctx, address, shutdownPowerOff, 0, powerOffComment))
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
// kms.Licence.CanAsk: on a MAK product it would use up an activation. The KMS host's
// refusal is a *kms.CodeError; with kms.CodeNotEnoughCount the request was counted.
func (c *Client) Activate(ctx context.Context, address, licenceID string) error {
	_, err := c.transport.Invoke(ctx, address, winrm.Call{
		Class: "SoftwareLicensingProduct", Method: "Activate",
		Selectors: map[string]string{"ID": licenceID},
	}, winrm.Timeout(licensingTimeout))
	if err == nil {
		return nil
	}
	// Refusals come as a fault or as the return value; both hold the HRESULT.
	if code, told := winrm.Code(err); told && kms.Code(code).Refuses() {
		return errors.Join(&kms.CodeError{Code: kms.Code(code)}, err)
	}
	return outcome(err)
}
