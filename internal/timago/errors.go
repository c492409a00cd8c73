package timago

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/timago/contract"
)

// ErrNotFound is definite: the server itself says that there is no such object. A 404
// of a proxy is none.
var ErrNotFound = errors.New("not found in Timago")

// Problem is a refusal. It is kms.ErrDenied for 401 and 403, ErrNotFound for a definite
// 404, kms.ErrUnreachable where the server is away.
type Problem struct {
	Status      int
	Code        contract.ProblemCode // "" where the answer was no problem document
	Title       string
	Detail      string
	Errors      []contract.FieldError
	Method      string
	RequestPath string
	Location    string // where a redirect points
}

func (p *Problem) Error() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s %s: %d %s", p.Method, p.RequestPath, p.Status, p.Title)
	if p.Code != "" {
		fmt.Fprintf(&text, " (%s)", p.Code)
	}
	if p.Location != "" {
		text.WriteString(": redirected to " + p.Location)
	}
	if p.Detail != "" {
		text.WriteString(": " + p.Detail)
	}
	for _, field := range p.Errors {
		text.WriteString("; " + field.Pointer + ": " + field.Detail)
	}
	return text.String()
}

// Is makes the sentinels work.
func (p *Problem) Is(target error) bool {
	switch target {
	case ErrNotFound:
		return p.Status == http.StatusNotFound && p.Code == contract.ProblemCodeNotFound
	case kms.ErrDenied:
		return p.Status == http.StatusUnauthorized || p.Status == http.StatusForbidden
	case kms.ErrUnreachable:
		return p.Status == http.StatusBadGateway || p.Status == http.StatusServiceUnavailable || p.Status == http.StatusGatewayTimeout
	}
	return false
}

// Advice says what to do next; "" where nothing is known.
func (p *Problem) Advice() string {
	switch {
	case p.Status == http.StatusUnauthorized:
		return "The server does not accept the provider's token: check token (TIMAGO_TOKEN), whether it has ended, and whether endpoint is the server that issued it."
	case p.Status == http.StatusForbidden:
		return "The token (token, TIMAGO_TOKEN) is valid, but has not the right for this. Rights are given per computer group: give its account the right, or use the token of one that has it."
	case errors.Is(p, ErrNotFound):
		return "Check in Timago whether it still exists, and how it is written there."
	case p.Status == http.StatusNotFound:
		return "The server does not know this path at all: check that endpoint is the address of the HTTP interface in front of the Timago server."
	case p.Location != "":
		return "Redirects are not followed, so that the token reaches nobody else: set endpoint to the address where the interface itself answers."
	case p.Conflict():
		return "Somebody else is changing the same station. Run the apply again when they have finished."
	case p.Code == contract.ProblemCodeUnsupported:
		return "This server cannot do it. Do it in Timago's own window, or choose another method."
	case p.Status == http.StatusTooManyRequests:
		return "The server limits its requests: raise max_retries, or run Terraform with a lower -parallelism."
	case p.Status >= http.StatusInternalServerError:
		return "The fault is the server's: look into its log, then run the apply again."
	}
	return ""
}

// Conflict tells whether somebody else changed, or is changing, the object.
func (p *Problem) Conflict() bool {
	return p.Status == http.StatusConflict || p.Status == http.StatusPreconditionFailed
}

// conflict tells whether a write may be tried again on what is there now.
func conflict(err error) bool {
	var problem *Problem
	return errors.As(err, &problem) && problem.Conflict()
}

// Unanswered means that no complete answer came; it is kms.ErrUnreachable. Whether a
// write took effect is then unknown; it is safe to send it again.
type Unanswered struct {
	Method, Path string
	Host         string // host[:port]
	Err          error
}

func (e *Unanswered) Error() string {
	return fmt.Sprintf("%s %s: no answer from %s: %v", e.Method, e.Path, e.Host, e.Err)
}

func (e *Unanswered) Unwrap() []error { return []error{kms.ErrUnreachable, e.Err} }

// Advice says what to do next.
func (e *Unanswered) Advice() string {
	var (
		certificate *tls.CertificateVerificationError
		record      tls.RecordHeaderError
		name        *net.DNSError
	)
	switch {
	case errors.As(e.Err, &certificate):
		return "The server's certificate is not trusted: set ca_certificate to the PEM of the authority that issued it, and endpoint to the name that it bears."
	case errors.As(e.Err, &record):
		return "The server does not speak TLS on this port: check endpoint."
	case errors.As(e.Err, &name):
		return "The name in endpoint has no address here: check endpoint, and that this machine is in the school's network."
	case errors.Is(e.Err, context.DeadlineExceeded):
		return "Check that the server is well, or raise request_timeout."
	case errors.Is(e.Err, errTooLarge):
		return "Check that endpoint is the address of the HTTP interface in front of the Timago server."
	}
	return "Check that the server runs, that endpoint is right, and that this machine reaches it."
}

// Malformed means that an answer does not keep to the contract.
type Malformed struct {
	Method, Path string
	JSONPath     string // "$.items[3].name"; "" where the answer is no JSON at all
	Err          error
}

func (e *Malformed) Error() string {
	text := fmt.Sprintf("%s %s: the answer does not keep to the contract: ", e.Method, e.Path)
	if e.JSONPath != "" {
		text += e.JSONPath + ": "
	}
	return text + e.Err.Error()
}

func (e *Malformed) Unwrap() error { return e.Err }

// Advice says what to do next.
func (e *Malformed) Advice() string {
	if e.JSONPath == "" {
		return "Check that endpoint is the address of the HTTP interface in front of the Timago server, not of a web page."
	}
	return "The server's interface wants mending: it must keep to the contract internal/timago/openapi.yaml, which is this provider's own and not the vendor's."
}

// Ambiguous means that several stations bear one name.
type Ambiguous struct {
	Name string
	IDs  []string
}

func (e *Ambiguous) Error() string {
	return fmt.Sprintf("%d stations are named %s", len(e.IDs), e.Name)
}

// Advice says what to do next.
func (e *Ambiguous) Advice() string {
	return "Give the client id of the one that is meant: " + strings.Join(e.IDs, ", ") + "."
}

// NoStation means that no station bears a name or client id; it is ErrNotFound.
type NoStation struct{ Name string }

func (e *NoStation) Error() string { return "no station is named " + e.Name }

// Unwrap makes it ErrNotFound.
func (e *NoStation) Unwrap() error { return ErrNotFound }

// Advice says what to do next.
func (e *NoStation) Advice() string {
	return "Check the column Bezeichnung in Timago's window Stationen, and that the token may see the station's computer group."
}

// NoOperatingSystem means that a station has no operating system of a name.
type NoOperatingSystem struct {
	Station, Name string
	Has           []string
}

func (e *NoOperatingSystem) Error() string {
	return fmt.Sprintf("the station %s has no operating system %q", e.Station, e.Name)
}

// Advice says what to do next.
func (e *NoOperatingSystem) Advice() string {
	if len(e.Has) == 0 {
		return "It has none at all: give it one in Timago."
	}
	return "It has: " + strings.Join(e.Has, ", ") + "."
}
