package timago

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"

	"github.com/timago/terraform-provider-timago/internal/foreign"
	"github.com/timago/terraform-provider-timago/internal/kms"
)

var (
	// ErrNotFound: there is no such station. It says not how sure that is, see ErrGone.
	ErrNotFound = errors.New("not found in Timago")
	// ErrGone is definite: asked for this very station, the server itself said twice that it
	// does not exist. It is ErrNotFound.
	ErrGone = fmt.Errorf("%w: it does not exist", ErrNotFound)
)

// Unanswered means that no complete answer came; it is kms.ErrUnreachable. Whether a
// write took effect is then unknown; it is safe to send it again.
type Unanswered struct {
	Method, Path string
	Host         string // host[:port]
	Err          error
}

func (e *Unanswered) Error() string {
	return fmt.Sprintf("%s %s: no answer from %s: %v", e.Method, e.Path, e.Host, foreign.Error(e.Err))
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
	JSONPath     string // "$.items[3].name"; "" where the answer cannot be read at all
	Err          error
	hint         string // what to do; "": hintMend
}

const (
	hintMend     = "The server's interface wants mending: it must keep to the contract internal/timago/openapi.yaml, which is this provider's own and not the vendor's."
	hintUTF8     = "The server's interface wants mending: it must answer in UTF-8, else names with umlauts arrive garbled."
	hintLocation = "See in Timago's window Stationen which stations are in that room (Standort). A pool or an action takes as many that it names by stations, and timago_stations takes them without location, by name_regex."
	hintWebPage  = "Check that endpoint is the address of the HTTP interface in front of the Timago server, not of a web page."
)

func (e *Malformed) Error() string {
	text := fmt.Sprintf("%s %s: the answer does not keep to the contract: ", e.Method, e.Path)
	if e.JSONPath != "" {
		text += e.JSONPath + ": "
	}
	return text + foreign.Text(e.Err.Error())
}

func (e *Malformed) Unwrap() error { return e.Err }

// Advice says what to do next.
func (e *Malformed) Advice() string { return cmp.Or(e.hint, hintMend) }

// NotSetError means that the server answered as if it had set the option, and the option is
// as it was.
type NotSetError struct {
	Station, OperatingSystem string
	On                       bool // as it was to be
}

func (e *NotSetError) Error() string {
	wanted, is := "off", "on"
	if e.On {
		wanted, is = is, wanted
	}
	return fmt.Sprintf("the server answered that the option of %s on %s is switched %s, and it is still %s", e.OperatingSystem, e.Station, wanted, is)
}

// Advice says what to do next.
func (e *NotSetError) Advice() string {
	return "Set the option in Timago's own window, under Stationen > Betriebssystem, and see whether it stays. Whoever provides the interface must mend it: it must not answer 200 for what it has not done."
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
	return "Give the client id of the one that is meant: " + foreign.Text(kms.FirstOf(10, e.IDs, ", ")) + "."
}

// NoStation means that no station bears a name; it is ErrNotFound. A list is all that
// says so.
type NoStation struct{ Name string }

func (e *NoStation) Error() string { return "no station is named " + e.Name }

// Unwrap makes it ErrNotFound.
func (e *NoStation) Unwrap() error { return ErrNotFound }

// Advice says what to do next.
func (e *NoStation) Advice() string {
	return "Check the column Bezeichnung in Timago's window Stationen, and that the token may see the station's computer group."
}

// Gone means that the server knows no station of a client id; it is ErrGone.
type Gone struct{ ID string }

func (e *Gone) Error() string { return "Timago knows no station with the client id " + e.ID }

// Unwrap makes it ErrGone.
func (e *Gone) Unwrap() error { return ErrGone }

// Advice says what to do next.
func (e *Gone) Advice() string {
	return "Check in Timago whether it still exists, and the column Client in its window Stationen."
}

// NoOperatingSystem means that a station has no operating system of a name, or that it is
// not known which is meant.
type NoOperatingSystem struct {
	Station string
	Name    string // "": the last started was to be taken
	Last    string // what was started last; "" where it never started
	Has     []string
}

func (e *NoOperatingSystem) Error() string {
	switch {
	case e.Name != "":
		return fmt.Sprintf("the station %s has no operating system %q", e.Station, e.Name)
	case len(e.Has) == 0:
		return fmt.Sprintf("the station %s has no operating system", e.Station)
	case e.Last == "":
		return fmt.Sprintf("the station %s has several operating systems and has never started, so it is not known which one is meant", e.Station)
	}
	return fmt.Sprintf("the station %s has several operating systems and last started %s, which is none of them, so it is not known which one is meant", e.Station, e.Last)
}

// Advice says what to do next.
func (e *NoOperatingSystem) Advice() string {
	if len(e.Has) == 0 {
		return "Give it one in Timago."
	}
	return "Set operating_system to what it has: " + foreign.Text(kms.FirstOf(10, e.Has, " or ")) + "."
}
