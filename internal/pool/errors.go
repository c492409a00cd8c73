package pool

import (
	"fmt"
	"strings"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
)

// LocationError: the stations of a room could not be looked up.
type LocationError struct {
	Location string
	Err      error
}

func (e *LocationError) Error() string { return fmt.Sprintf("location %q: %v", e.Location, e.Err) }

func (e *LocationError) Unwrap() error { return e.Err }

// NotFoundError: members are no stations of the site.
type NotFoundError struct{ Err error }

func (e *NotFoundError) Error() string { return e.Err.Error() }

func (e *NotFoundError) Unwrap() error { return e.Err }

// LookupError: members could not be looked up at the site's own management.
type LookupError struct{ Err error }

func (e *LookupError) Error() string { return "looking the members up: " + e.Err.Error() }

func (e *LookupError) Unwrap() error { return e.Err }

// RepeatedError: several names of a pool mean one station. It would be counted as several
// members, and restarted as all of them at once.
type RepeatedError struct{ Stations []RepeatedStation }

// RepeatedStation is the names of one station.
type RepeatedStation []string

func (e *RepeatedError) Error() string {
	var lines []string
	for _, station := range e.Stations {
		lines = append(lines, strings.Join(station, " and ")+" are one station")
	}
	return strings.Join(lines, "\n")
}

// SameMachineError: what a member says of itself is what another member says.
type SameMachineError struct {
	Member   string // the other
	Computer string
	CMID     kms.CMID
}

func (e *SameMachineError) Error() string {
	return fmt.Sprintf("it answers as %s does: as %s, with client machine id %s and the same start time", e.Member, e.Computer, e.CMID)
}

// UnfinishedError: the context ended before all had answered. It wraps the cause.
type UnfinishedError struct {
	Stations int
	KMSHost  string // that was being read; "" where it was the members
	Err      error
}

func (e *UnfinishedError) Error() string {
	if e.KMSHost != "" {
		return fmt.Sprintf("reading KMS host %s: %v", e.KMSHost, e.Err)
	}
	return fmt.Sprintf("reading %d stations: %v", e.Stations, e.Err)
}

func (e *UnfinishedError) Unwrap() error { return e.Err }

// NoHostError: no KMS host is configured, and no member names one.
type NoHostError struct{ Silent []error } // what came instead of answers

func (e *NoHostError) Error() string {
	return "no KMS host is configured, and no station that answered names one"
}

// Unwrap gives what came instead of answers.
func (e *NoHostError) Unwrap() []error { return e.Silent }

// HostError: the KMS host could not be read, and nothing else stands for its counts.
type HostError struct {
	KMSHost string
	Err     error
}

func (e *HostError) Error() string { return "the KMS host could not be read: " + e.Err.Error() }

func (e *HostError) Unwrap() error { return e.Err }

// DeniedError: the stations alone are the source of the counts, and none took the account.
type DeniedError struct {
	Stations int
	Silent   []error // what came instead of answers, refusals first
}

func (e *DeniedError) Error() string {
	return fmt.Sprintf("none of %d stations took the account", e.Stations)
}

// Unwrap gives what came instead of answers.
func (e *DeniedError) Unwrap() []error { return e.Silent }

// KeysUnknownError: members hold products, and whether the KMS host has a key for them is
// not known: it was not read, and no member has an answer of it.
type KeysUnknownError struct {
	Held        []kms.Product
	HostRefusal error // why the host was not read; nil where it was not to be asked
	MaxAge      time.Duration
}

func (e *KeysUnknownError) Error() string {
	titles := make([]string, len(e.Held))
	for i, product := range e.Held {
		titles[i] = product.Title()
	}
	return fmt.Sprintf("members hold %s with a KMS client key, and nothing shows yet whether the KMS host has a key for it: "+
		"the host itself was not read, and no member's log has an answer of it within kms.max_age (%s)", strings.Join(titles, " and "), e.MaxAge)
}

// ShownError: the site's own management does not show whether the pool is activated.
type ShownError struct{ Err error }

func (e *ShownError) Error() string { return "the status that Timago shows: " + e.Err.Error() }

func (e *ShownError) Unwrap() error { return e.Err }

// UnjudgedError: members and host were read, and what was read allows no verdict. It wraps
// the reason, which is ErrNoProduct, ErrNotKMSHost, a *NoneCountsError or a
// *NothingLeftError.
type UnjudgedError struct {
	Answered, Members int
	KMSHost           string
	HostRead          bool
	Silent            []error // what came instead of answers
	Err               error
}

func (e *UnjudgedError) Error() string {
	return fmt.Sprintf("%d of %d stations answered: %v", e.Answered, e.Members, e.Err)
}

// Unwrap gives the reason, and what came instead of answers.
func (e *UnjudgedError) Unwrap() []error { return append([]error{e.Err}, e.Silent...) }

// NothingLeftError: the pool leaves out every product that its members hold.
type NothingLeftError struct{ Why []string }

func (e *NothingLeftError) Error() string {
	return strings.Join(e.Why, ", and ") + ": nothing is left to keep"
}
