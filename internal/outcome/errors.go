package outcome

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/pool"
	"github.com/timago/terraform-provider-timago/internal/schedule"
)

// Shortfall is how far a product's count is from its threshold.
type Shortfall struct {
	Product          kms.Product
	Count, Threshold int
}

func (s Shortfall) String() string {
	return fmt.Sprintf("%s: count %d of %d", s.Product.Title(), s.Count, s.Threshold)
}

func describe(shortfalls []Shortfall) string {
	parts := make([]string, len(shortfalls))
	for i, s := range shortfalls {
		parts[i] = s.String()
	}
	return strings.Join(parts, ", ")
}

// Stalled: thresholds do not hold and no station can add anything more.
type Stalled struct {
	Missing  []Shortfall
	Stations map[string]string // member: why it adds nothing more
}

func (e *Stalled) Error() string {
	return fmt.Sprintf("no station can add to the count any more (%s):\n%s", describe(e.Missing), pool.Listing(e.Stations))
}

// SameCMID: restarts bring no new client machine id, so that each member counts once.
type SameCMID struct {
	Missing  []Shortfall
	Station  string // the one that was restarted
	Seen     string // of its start, in words
	Members  int
	Stations map[string]string // member: why it adds nothing more
}

func (e *SameCMID) Error() string {
	return fmt.Sprintf("this image keeps its client machine id: %d members can add at most %d (%s). "+
		"Station %s was started anew, and %s",
		e.Members, e.Members, describe(e.Missing), e.Station, e.Seen)
}

// Cancelled: the context ended. It wraps the cause.
type Cancelled struct {
	Missing  []Shortfall
	UnderWay []string // stations whose restart was not seen to its end
	Waiting  map[string]string
	Cause    error
}

func (e *Cancelled) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "the cycle ended early: %v", e.Cause)
	if len(e.Missing) > 0 { // a read-back may have shown more since
		fmt.Fprintf(&b, " (%s when it last looked)", describe(e.Missing))
	}
	if len(e.UnderWay) > 0 {
		fmt.Fprintf(&b, "; still under way: %s", strings.Join(e.UnderWay, ", "))
	}
	for _, name := range slices.Sorted(maps.Keys(e.Waiting)) {
		fmt.Fprintf(&b, "; %s: %s", name, e.Waiting[name])
	}
	return b.String()
}

func (e *Cancelled) Unwrap() error { return e.Cause }

// HostUnreadable: the KMS host's counts could not be read.
type HostUnreadable struct{ Cause error }

func (e *HostUnreadable) Error() string {
	return fmt.Sprintf("the KMS host's counts could not be read: %v", e.Cause)
}

func (e *HostUnreadable) Unwrap() error { return e.Cause }

// HostWithoutKey: the KMS host cannot count the product.
type HostWithoutKey struct{ Product kms.Product }

func (e *HostWithoutKey) Error() string {
	return fmt.Sprintf("the KMS host has no key for %s", e.Product.Title())
}

// CountCapped: the host counts no further than to a ceiling that lies below what is wanted.
type CountCapped struct {
	Product          kms.Product
	Count, Threshold int
	Ceiling          int // by what asks this host; 0 where only the count that stands still shows it
	Unshown          int // restarts that the log shows and the count does not, where there is no Ceiling
}

func (e *CountCapped) Error() string {
	if e.Ceiling > 0 {
		return fmt.Sprintf("the KMS host counts %s up to %d, twice the largest threshold that its clients have, and %d is wanted (the count is %d)",
			e.Product.Title(), e.Ceiling, e.Threshold, e.Count)
	}
	return fmt.Sprintf("the KMS host's count of %s stands at %d of %d: its log shows the requests of the last %d restarts, and its count does not",
		e.Product.Title(), e.Count, e.Threshold, e.Unshown)
}

// OutsideWindow: something would have to be started, and the maintenance window does not
// allow it.
type OutsideWindow struct {
	Window  schedule.Window
	Missing []Shortfall
	Opens   time.Time // next; zero where it does not open within two weeks
}

func (e *OutsideWindow) Error() string {
	text := fmt.Sprintf("stations would have to be started (%s), which the maintenance window (%s) does not allow now, or they could not be expected to be through before it closes",
		describe(e.Missing), e.Window)
	if e.Opens.IsZero() {
		return text
	}
	return text + "; it opens next on " + e.Window.Format(e.Opens)
}
