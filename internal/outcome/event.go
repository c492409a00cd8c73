// Package outcome holds what a cycle says: events on its way, its result, and the errors it
// ends with. Who shows them needs no engine.
package outcome

import "github.com/timago/terraform-provider-timago/internal/kms"

// Kind says what happened.
type Kind string

// Kinds of events.
const (
	KindCounts     Kind = "counts"      // the host's counts changed
	KindAsked      Kind = "asked"       // a station was asked to activate a product
	KindWoken      Kind = "woken"       // a station is being switched on
	KindRestarting Kind = "restarting"  // a station is being restarted
	KindBack       Kind = "back"        // it answers again, newly started
	KindCounted    Kind = "counted"     // its request was counted
	KindInUse      Kind = "in use"      // somebody uses it: it is come back to later
	KindLeftOut    Kind = "left out"    // it adds nothing more, or nothing to the product named, for the reason given
	KindWaiting    Kind = "waiting"     // nothing can be done but wait, for the reason given
	KindReached    Kind = "reached"     // every threshold holds
	KindHostSilent Kind = "host silent" // the KMS host could not be read; it is asked again

	// After a cycle, of stations that it woke.
	KindSwitchedOff Kind = "switched off" // it is being switched off again
	KindLeftOn      Kind = "left on"      // it was not switched off, for the reason given
)

// Event is something that happened in a cycle, for logs and progress.
type Event struct {
	Kind    Kind
	Station string // empty where it is about the host or the whole
	Product kms.Product
	Counts  map[kms.Product]int // of KindCounts and KindReached
	Reason  string
}
