package world

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
)

// Contact is what a client meets that sends one request to a machine: a fault's name,
// or one of these.
type Contact string

// What a client meets without any fault.
const (
	ContactOK       Contact = ""
	ContactDown     Contact = "down"     // connections are refused
	ContactSilent   Contact = "silent"   // connections get no answer
	ContactNetlogon Contact = "netlogon" // every account is refused, with 401
	ContactClosing  Contact = "closing"  // services end

	ContactUnresolved Contact = "unresolved" // the name leads to no address
)

// Lost reports whether the request is carried out and its answer lost.
func (c Contact) Lost() bool {
	return slices.Contains([]Contact{Contact(Drops), Contact(EmptyBody), Contact(TruncatedXML), Contact(Garbage)}, c)
}

// AboutLogon is the word about a request that is no operation yet, on which only some
// faults show; AboutRead, AboutRestart and AboutActivate are those for which a fault's
// Of is best made.
const (
	AboutLogon    = "logon"
	AboutRead     = "read"
	AboutRestart  = "restart"
	AboutActivate = "activate"
)

// Contact says what a client meets that sends a request to the machine now. Each call
// is one occasion for faults of connections; about are words by which a fault's Of may
// choose: the ones above, classes, methods, kinds.
func (w *World) Contact(machine string, about ...string) Contact {
	defer w.lockAndAdvance()()
	return w.contact(machine, about)
}

func (w *World) contact(machine string, about []string) Contact {
	if strings.EqualFold(machine, w.host.Name) {
		if !w.host.open {
			return ContactDown
		}
		return w.connection(w.host.Name, about)
	}
	s, err := w.station(machine)
	switch {
	case err != nil:
		return ContactDown
	case s.Unresolved && strings.EqualFold(machine, s.Name):
		return ContactUnresolved
	}
	if !s.open {
		if s.timing.Silent && s.refusing == 0 {
			return ContactSilent
		}
		return ContactDown
	}
	switch s.phase {
	case phaseNetlogon:
		return ContactNetlogon
	case phaseClosing:
		return ContactClosing
	case phaseOff, phaseStarting, phaseServices, phaseReady, phaseNotice:
	}
	return w.connection(s.Name, about)
}

// AnswerTakes is how long the machine lets a client wait for the answer to a request.
// Each call is an occasion, like one of Contact.
func (w *World) AnswerTakes(machine string, about ...string) time.Duration {
	defer w.lockAndAdvance()()
	name := w.host.Name
	if s, err := w.station(machine); err == nil {
		name = s.Name
	}
	if slices.Contains(about, AboutLogon) {
		return 0
	}
	f, _ := w.hit(SlowAnswer, name, about...)
	return f.By
}

// Listens reports whether WinRM's port is open at the machine, or holds what comes to it
// without an answer.
func (w *World) Listens(machine string) bool {
	defer w.lockAndAdvance()()
	if strings.EqualFold(machine, w.host.Name) {
		return w.host.open
	}
	s, err := w.station(machine)
	return err == nil && (s.open || s.timing.Silent && s.refusing == 0)
}

// Serves reports whether the KMS host's key management service listens.
func (w *World) Serves() bool {
	defer w.lockAndAdvance()()
	return w.host.serving
}

// connection is the first fault of connections that acts on this request.
func (w *World) connection(machine string, about []string) Contact {
	logon := slices.Contains(about, AboutLogon)
	for _, f := range w.faults {
		if logon && f.Name != HalfOpen && f.Name != Unavailable {
			continue
		}
		if occasions[f.Name] == atRequest && f.Name != SlowAnswer && f.of(about) && f.on(w, machine) && f.acts(w, machine) {
			return Contact(f.Name)
		}
	}
	return ContactOK
}

// failed is a contact's error for somebody who talks to the machine directly; command
// reports whether something was to be done, whose outcome is then unknown.
func (c Contact) failed(machine string, command bool) error {
	var kind error
	switch {
	case c == ContactOK:
		return nil
	case c.Lost() && command:
		kind = kms.ErrUnknownOutcome
	case c == ContactUnresolved:
		kind = kms.ErrUnknownName
	case c == ContactNetlogon, c == ContactClosing, c == Contact(Quota), c == Contact(Unavailable):
		kind = kms.ErrNotYet
	case c == Contact(Unauthorized), c == Contact(Denied):
		kind = kms.ErrDenied
	default:
		kind = kms.ErrUnreachable
	}
	return fmt.Errorf("%s: %w (%s)", machine, kind, c)
}
