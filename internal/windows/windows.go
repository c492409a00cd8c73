// Package windows asks Windows machines what the provider needs to know of them and
// tells them what to do: uptime, users, licences, what a KMS host has counted; restart,
// ask for activation. It speaks CIM (namespace root\cimv2) over WS-Management, runs a
// command only for a log that CIM does not give, reads only numbers and tokens, which are
// not localised, and calls no method that changes more than it must.
//
// Errors wrap the sentinels of package kms, so that callers decide by meaning, and
// keep the cause of package winrm.
package windows

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/winrm"
)

// Transport is the part of the WS-Management client that this package needs.
type Transport interface {
	Visit(ctx context.Context, address string, ask func(ctx context.Context) error) error
	Query(ctx context.Context, address, wql string, options ...winrm.Option) ([]winrm.Instance, error)
	QueryEach(ctx context.Context, address, wql string, visit func(winrm.Instance) error, options ...winrm.Option) error
	Invoke(ctx context.Context, address string, call winrm.Call, options ...winrm.Option) (winrm.Instance, error)
	Execute(ctx context.Context, address string, command winrm.Command, options ...winrm.Option) (winrm.Output, error)
}

// Client asks Windows machines over one account.
type Client struct {
	transport Transport
	way       Way      // in which logs are read; "": by the class, and where that does not serve by the command
	hostLogs  sync.Map // what was read of each KMS host's log, by address
	slow      sync.Map // addresses whose log is too large for CIM
	uptimes   sync.Map // the last kms.Uptime, by address
	restarts  sync.Map // the last restart that was asked for, by address
}

// New returns a client over the transport, which stays the caller's to close.
func New(transport Transport) *Client { return &Client{transport: transport} }

var errNoInstance = errors.New("the answer holds no instance")

// one asks for a class that has exactly one instance.
func (c *Client) one(ctx context.Context, address, wql string, options ...winrm.Option) (winrm.Instance, error) {
	instances, err := c.transport.Query(ctx, address, wql, options...)
	if err != nil {
		return winrm.Instance{}, classify(err)
	}
	if len(instances) == 0 {
		return winrm.Instance{}, fmt.Errorf("%s: %w: %w", wql, errNoInstance, kms.ErrNotYet)
	}
	return instances[0], nil
}

// System errors that a shutdown or a logged-on user answers with (winerror.h).
const (
	codeOperationAborted   = 995
	codeShutdownInProgress = 1115
	codeShutdownScheduled  = 1190
	codeUsersLoggedOn      = 1191
	codeCancelled          = 1223
	codeMachineLocked      = 1271 // by somebody, and force was not given
)

// notYetCodes pass: a machine that starts or goes down, or is busy with a logon just then.
var notYetCodes = []uint32{
	codeShutdownInProgress,
	21,         // ERROR_NOT_READY, of a shutdown during a logon
	1722,       // RPC_S_SERVER_UNAVAILABLE, of a shutdown soon after a start
	0x80041033, // WBEM_E_SHUTTING_DOWN: WMI stops or starts again
}

// classify puts the sentinel of package kms before a transport error.
func classify(err error) error {
	if sentinel := sentinelOf(err); sentinel != nil {
		return fmt.Errorf("%w: %w", sentinel, err)
	}
	return err
}

// classifyOnce is classify for what may have been classified already.
func classifyOnce(err error) error {
	if sentinel := sentinelOf(err); sentinel == nil || errors.Is(err, sentinel) {
		return err
	}
	return classify(err)
}

func sentinelOf(err error) error {
	var quota *winrm.Quota
	var protocol *winrm.Protocol
	var kerberos *winrm.KerberosFailed
	var unreachable *winrm.Unreachable
	var shortage *winrm.Shortage
	switch {
	case errors.As(err, &shortage):
		return kms.ErrShortage
	case errors.As(err, &unreachable) && unreachable.Kind == winrm.KindDNS && notFound(err):
		return kms.ErrUnknownName
	case winrm.IsAuthRejected(err) && winrm.IsNotYetBack(err):
		return kms.ErrNotYet // Netlogon is still starting after a restart
	case errors.As(err, &kerberos) && kerberos.Reason == winrm.KerberosNoKDC:
		return kms.ErrUnreachable
	case winrm.IsAuthRejected(err), winrm.IsAccessDenied(err), kerberos != nil:
		return kms.ErrDenied
	case winrm.IsUnreachable(err), errors.As(err, &quota), errors.As(err, &protocol):
		return kms.ErrUnreachable
	case winrm.IsCode(err, codeUsersLoggedOn), winrm.IsCode(err, codeMachineLocked):
		return kms.ErrInUse
	case winrm.IsCode(err, codeShutdownScheduled):
		return kms.ErrShutdownPending
	case aborted(err), slices.ContainsFunc(notYetCodes, func(code uint32) bool { return winrm.IsCode(err, code) }):
		return kms.ErrNotYet
	}
	return nil
}

// notFound: the name resolves to nothing, as far as the resolver that was asked knows. One
// that did not answer says nothing of the name.
func notFound(err error) bool {
	var failed *net.DNSError
	return errors.As(err, &failed) && failed.IsNotFound
}

// aborted: the service is going down and let go of the request.
func aborted(err error) bool {
	return winrm.IsCode(err, codeOperationAborted) || winrm.IsCode(err, codeCancelled)
}

// classifyCommand is classify for a command that changes something: where it may have been
// taken although no proper answer came, only the machine's own state tells.
func classifyCommand(err error) error {
	if winrm.IsOutcomeUnknown(err) || aborted(err) {
		return fmt.Errorf("%w: %w", kms.ErrUnknownOutcome, err)
	}
	return classify(err)
}
