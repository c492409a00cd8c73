package winrm

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/timago/terraform-provider-timago/internal/foreign"
	"github.com/timago/terraform-provider-timago/internal/winrm/wsman"
)

// Kind says at which point a machine could not be reached.
type Kind string

const (
	// KindRefused: the machine is there, nothing listens on the port.
	KindRefused Kind = "refused"
	// KindTimeout: nothing came in time.
	KindTimeout Kind = "timeout"
	// KindReset: the connection broke.
	KindReset Kind = "reset"
	// KindRoute: no way to the machine, which is also what a switched-off
	// neighbour on the same network looks like.
	KindRoute Kind = "route"
	// KindDNS: the name has no address.
	KindDNS Kind = "dns"
	// KindTLS: the machine's certificate or its TLS was not accepted.
	KindTLS Kind = "tls"
	// KindUnavailable: HTTP 503, the service starts or stops.
	KindUnavailable Kind = "unavailable"
	// KindUnsealed: a status came back where a sealed answer was due.
	KindUnsealed Kind = "unsealed"
)

var kindText = map[Kind]string{
	KindRefused:     "refused the connection",
	KindTimeout:     "did not answer in time",
	KindReset:       "closed the connection",
	KindRoute:       "cannot be reached: no route, or it is switched off",
	KindDNS:         "has no address: the name could not be resolved",
	KindTLS:         "was not trusted: its TLS certificate or protocol was not accepted",
	KindUnavailable: "says that its service is not available",
	KindUnsealed:    "did not seal its answer, so that nobody knows who gave it",
}

// Unreachable means that no answer came from the machine.
type Unreachable struct {
	Kind    Kind
	Address string // host:port
	// Sent is true when the request was sent completely before the answer
	// failed to come. For a call that changes something the outcome is then
	// unknown, not negative: a machine that shuts down may take its service
	// down before the answer is out.
	Sent bool
	Err  error
}

func (e *Unreachable) Error() string {
	text := e.Address + " " + kindText[e.Kind]
	if e.Err != nil {
		text += ": " + foreign.Text(e.Err.Error()) // a certificate's names, what is no HTTP
	}
	return text
}

func (e *Unreachable) Unwrap() error { return e.Err }

// Advice says what to do next.
func (e *Unreachable) Advice() string {
	const general = "See that the machine is on, that its name resolves, and that WinRM answers on the port (Test-WSMan <name>)."
	switch e.Kind {
	case KindRefused:
		return general + " winrm quickconfig switches WinRM on."
	case KindDNS:
		return "See that the name is right and complete: domain_suffix is appended to names without a dot."
	case KindTLS:
		return "Give the certificate of the authority that signed the machine's, or the machine's own fingerprint, and see that the machine is addressed by the name in its certificate."
	default:
		return general
	}
}

// Shortage means that this machine had no file or port left for a connection, for as long
// as the call might take. It says nothing of the machine that was to be asked.
type Shortage struct {
	Address string // host:port
	Err     error
}

func (e *Shortage) Error() string {
	return fmt.Sprintf("no connection to %s could be opened: this machine is out of files or ports: %v", e.Address, e.Err)
}

func (e *Shortage) Unwrap() error { return e.Err }

// Advice says what to do next.
func (e *Shortage) Advice() string {
	return "Raise the limit of open files for the process that runs Terraform (ulimit -n), end what else holds files or ports on this machine, or lower winrm.max_parallel."
}

// Interrupted means that the caller's context was cancelled during the call.
type Interrupted struct {
	Address string
	Sent    bool // as in Unreachable
	Err     error
}

func (e *Interrupted) Error() string {
	return fmt.Sprintf("asking %s was interrupted: %v", e.Address, e.Err)
}

func (e *Interrupted) Unwrap() error { return e.Err }

// AuthRejected means that a machine answered 401.
type AuthRejected struct {
	Host, Port string
	Scheme     string // "http" or "https"
	Auth       Auth
	User       string
	// AcceptedBefore is true when this machine accepted the account earlier in
	// this run: after a restart WinRM answers before Netlogon does, so this is
	// "not yet back", not a wrong password.
	AcceptedBefore bool
	// Starting is true when this machine could not be reached earlier in this
	// run: it is probably starting, and that is "not yet back" too. Where
	// credentials were sent this ends after a few refusals.
	Starting bool
	// NotOffered is true when the machine does not take this kind of
	// authentication at all; no credentials were sent then. Offered is what it
	// takes instead.
	NotOffered bool
	Offered    []string
	// KDC is what a Kerberos KDC said, where it was the KDC that refused the
	// account and no machine was asked; nil otherwise.
	KDC error
}

func (e *AuthRejected) Error() string {
	where := fmt.Sprintf("%s port %s (%s)", e.Host, e.Port, e.Scheme)
	switch {
	case e.KDC != nil:
		return fmt.Sprintf("the KDC refused user %q: %v", e.User, e.KDC)
	case e.AcceptedBefore:
		return fmt.Sprintf("%s refuses user %q with %s authentication, which it accepted before in this run: it is probably still starting", where, e.User, e.Auth)
	case e.NotOffered:
		offered := "no other"
		if len(e.Offered) > 0 {
			offered = strings.Join(e.Offered, ", ")
		}
		return fmt.Sprintf("%s does not take %s authentication, it offers %s", where, e.Auth, offered) + e.probably()
	}
	return fmt.Sprintf("%s refused user %q with %s authentication (HTTP 401)", where, e.User, e.Auth) + e.probably()
}

func (e *AuthRejected) probably() string {
	if !e.Starting {
		return ""
	}
	return "; it did not answer at all earlier in this run and is probably still starting"
}

func (e *AuthRejected) Unwrap() error { return e.KDC }

// Advice says what to do next.
func (e *AuthRejected) Advice() string {
	switch {
	case e.KDC != nil:
		return "Check the user name (user@REALM), the password or keytab, and that the account is neither locked nor expired. The account was tried once."
	case e.AcceptedBefore, e.Starting && !e.NotOffered:
		return "Wait until the machine has started; then try again."
	case e.Starting:
		return "Wait until the machine has started. If it still offers nothing else, check the WinRM service's settings there: winrm get winrm/config/service/auth."
	case e.NotOffered:
		return "Check the WinRM service's settings there: winrm get winrm/config/service/auth."
	case e.Auth == AuthBasic:
		return "Check the user name (Basic takes local accounts only) and the password."
	case e.Auth == AuthKerberos:
		return "The domain knows the account; this machine refuses it. See that its clock is right, that its name leads to the machine that has it in the domain, " +
			"and that the account may log on there over the network."
	}
	return "Check the user name (DOMAIN\\user, user@domain or, for a local account, user), the password, that the account is neither locked nor expired, and that it has administrator rights on that machine. " +
		"A machine that is just starting may refuse every account for a moment."
}

// AccessDenied means that the account was accepted and lacks a right.
type AccessDenied struct{ Fault *Fault }

func (e *AccessDenied) Error() string {
	return e.Fault.Address + " denied access"
}

// Advice says what to do next.
func (e *AccessDenied) Advice() string {
	return "The account needs administrator rights there, as reading licences does. A local account other than the built-in Administrator is filtered over the network (LocalAccountTokenFilterPolicy)."
}

func (e *AccessDenied) Unwrap() error { return e.Fault }

// Quota means that one of the machine's WinRM quotas stayed exhausted until
// the call's time was over.
type Quota struct{ Fault *Fault }

func (e *Quota) Error() string {
	return "a WinRM quota is exhausted: " + e.Fault.Error()
}

func (e *Quota) Unwrap() error { return e.Fault }

// ShellLost means that the machine does not know the shell or command any more.
type ShellLost struct{ Fault *Fault }

func (e *ShellLost) Error() string {
	return "the shell was lost: " + e.Fault.Error()
}

func (e *ShellLost) Unwrap() error { return e.Fault }

// Protocol means that what answered does not speak WS-Management as agreed: no
// SOAP envelope, too large, not sealed.
type Protocol struct {
	Address string
	Status  int  // HTTP status, 0 when none was read
	Sent    bool // as in Unreachable: it answered the request so, not what comes before
	Reason  string
}

func (e *Protocol) Error() string {
	if e.Status != 0 && e.Status != 200 {
		return fmt.Sprintf("%s did not answer as a WS-Management service: HTTP status %d, %s", e.Address, e.Status, foreign.Text(e.Reason))
	}
	return fmt.Sprintf("%s did not answer as a WS-Management service: %s", e.Address, foreign.Text(e.Reason))
}

// CommandFailed means that a command ran and ended with an exit code other
// than 0.
type CommandFailed struct {
	Address, Program string
	Output           Output
}

func (e *CommandFailed) Error() string {
	text := fmt.Sprintf("%s on %s ended with exit code %d", e.Program, e.Address, e.Output.Exit)
	said := strings.TrimSpace(e.Output.Stderr)
	if said == "" {
		said = strings.TrimSpace(e.Output.Stdout)
	}
	if said != "" {
		text += ": " + foreign.Short(said, 500)
	}
	return text
}

// MethodFailed means that a CIM method ran and returned a value other than 0.
type MethodFailed struct {
	Address, Class, Method string
	Value                  uint32
}

func (e *MethodFailed) Error() string {
	return fmt.Sprintf("method %s of %s on %s returned %d (0x%08X)", e.Method, e.Class, e.Address, e.Value, e.Value)
}

// IsUnreachable reports whether no answer came from the machine.
func IsUnreachable(err error) bool {
	var unreachable *Unreachable
	return errors.As(err, &unreachable)
}

// IsAuthRejected reports whether the machine refused the account (401),
// including a refusal that only means "not yet back".
func IsAuthRejected(err error) bool {
	var rejected *AuthRejected
	return errors.As(err, &rejected)
}

// IsAccessDenied reports whether the account was accepted but lacks a right, be it that
// a fault or that a method's return value says so.
func IsAccessDenied(err error) bool {
	var denied *AccessDenied
	return errors.As(err, &denied) || isAnyCode(err, deniedCodes)
}

// IsNotYetBack reports whether the failure is one that a machine shows while
// it shuts down or starts: no answer, 401 after it accepted the account before
// or could not be reached, or code 1115.
func IsNotYetBack(err error) bool {
	if rejected, ok := errors.AsType[*AuthRejected](err); ok {
		return rejected.AcceptedBefore || rejected.Starting
	}
	if unreachable, ok := errors.AsType[*Unreachable](err); ok {
		return unreachable.Kind != KindTLS // a restart changes no certificate
	}
	return IsCode(err, CodeShuttingDown)
}

// IsOutcomeUnknown reports whether a call that failed with err may still have
// taken effect: it was sent, and no result came back.
func IsOutcomeUnknown(err error) bool {
	if unreachable, ok := errors.AsType[*Unreachable](err); ok {
		return unreachable.Sent
	}
	if interrupted, ok := errors.AsType[*Interrupted](err); ok {
		return interrupted.Sent
	}
	if protocol, ok := errors.AsType[*Protocol](err); ok {
		return protocol.Sent
	}
	return IsCode(err, CodeOperationTimeout)
}

// IsUnknownClass reports whether the machine has no such class, or the class
// no such property: the two share a code.
func IsUnknownClass(err error) bool { return isAnyCode(err, unknownCodes) }

// Code is the code that a method or a fault reported, from one place: the
// return value of a MethodFailed, else the provider's code inside the fault,
// else the code of the fault.
func Code(err error) (uint32, bool) {
	if failed, ok := errors.AsType[*MethodFailed](err); ok {
		return failed.Value, true
	}
	var fault *Fault
	if errors.As(err, &fault) && fault.Specific() != 0 {
		return fault.Specific(), true
	}
	return 0, false
}

// IsCode reports whether a method or fault reported code, as itself or, for a
// Win32 code, as the HRESULT made of it.
func IsCode(err error, code uint32) bool {
	if failed, ok := errors.AsType[*MethodFailed](err); ok {
		return wsman.SameCode(failed.Value, code)
	}
	var fault *Fault
	return errors.As(err, &fault) && fault.Has(code)
}

func isAnyCode(err error, codes []uint32) bool {
	return slices.ContainsFunc(codes, func(code uint32) bool { return IsCode(err, code) })
}
