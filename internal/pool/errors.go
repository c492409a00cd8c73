package pool

import (
	"fmt"
	"strings"
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

// RepeatedError: two names of a pool mean one station.
type RepeatedError struct{ Names [2]string }

func (e *RepeatedError) Error() string {
	return fmt.Sprintf("%s and %s are one station", e.Names[0], e.Names[1])
}

// UnfinishedError: the context ended before all members had answered. It wraps the cause.
type UnfinishedError struct {
	Stations int
	Err      error
}

func (e *UnfinishedError) Error() string {
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

func (e *HostError) Error() string { return fmt.Sprintf("KMS host %s: %v", e.KMSHost, e.Err) }

func (e *HostError) Unwrap() error { return e.Err }

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
