package kms

import (
	"errors"
	"time"
)

// What may come of asking a station or a host, for errors.Is. The errors that wrap
// these carry the cause and the address.
var (
	// ErrUnreachable: no answer. It says nothing about activation.
	ErrUnreachable = errors.New("no answer")
	// ErrShortage: nothing could be asked, since this machine is out of files or ports.
	ErrShortage = errors.New("this machine is short of something")
	// ErrUnknownName: no answer, since the name resolves to nothing. Waiting for it does not
	// help, as it does for a machine that is off.
	ErrUnknownName error = unknownName{}
	// ErrNotYet: it answers, but its services are still starting or going down.
	ErrNotYet = errors.New("not ready yet")
	// ErrUnknownOutcome: the command was sent and its answer lost; only the machine's
	// state reports whether it was carried out.
	ErrUnknownOutcome = errors.New("the outcome is unknown")
	// ErrShutdownPending: refused because somebody else has scheduled a shutdown, perhaps for
	// hours later. Nothing was taken.
	ErrShutdownPending error = shutdownPending{}
	// ErrInUse: refused because somebody is logged on.
	ErrInUse = errors.New("in use")
	// ErrDenied: the account may not ask this.
	ErrDenied = errors.New("access denied")
)

// unknownName is a reason for ErrUnreachable.
type unknownName struct{}

func (unknownName) Error() string { return "the name is not known" }
func (unknownName) Unwrap() error { return ErrUnreachable }

// shutdownPending is an error with advice, see tfdiag.
type shutdownPending struct{}

func (shutdownPending) Error() string { return "a shutdown that somebody else scheduled is pending" }

// Advice says what to do next.
func (shutdownPending) Advice() string {
	return "Wait for that shutdown, or take it back on the machine: shutdown /a."
}

// UnsureFor is how long a station may go on answering without a restart until a command to
// restart whose outcome is unknown is taken for not carried out.
const UnsureFor = 2 * time.Minute
