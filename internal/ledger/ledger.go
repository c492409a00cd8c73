// Package ledger holds what all cycles of a provider have under way on one KMS host, so that
// no two start a restart for the same missing count (A13), nor switch off what another
// counts on.
package ledger

import (
	"sync"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
)

// Book has a Ledger for every KMS host. The zero Book is empty.
type Book struct {
	mu     sync.Mutex
	byHost map[string]*Ledger
}

// Of gives a host's ledger.
func (b *Book) Of(host string) *Ledger {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.byHost == nil {
		b.byHost = map[string]*Ledger{}
	}
	if b.byHost[host] == nil {
		b.byHost[host] = &Ledger{
			underWay: map[kms.Product]int{}, missed: map[kms.Product]int{}, busy: map[string]bool{}, members: map[string]int{}, expected: map[kms.Product]map[any]int{},
		}
	}
	return b.byHost[host]
}

// Ledger is one KMS host's. A cycle holds its lock while it takes a step, and calls all
// methods but TakeIdle with the lock held.
type Ledger struct {
	sync.Mutex

	// Settled grows whenever a count is no longer under way that may have been made. A
	// reading of the host begun before that may not contain it.
	Settled int
	// HostRead is when a cycle read the host last: an earlier reading stands no more.
	HostRead time.Time

	underWay map[kms.Product]int
	missed   map[kms.Product]int
	busy     map[string]bool             // stations that somebody has under way, by key
	members  map[string]int              // how many running cycles count on a station, by key
	expected map[kms.Product]map[any]int // what each cycle may yet add without a restart
}

// UnderWay is how many counts of a product are under way.
func (l *Ledger) UnderWay(product kms.Product) int { return l.underWay[product] }

// Add puts a count under way.
func (l *Ledger) Add(product kms.Product) { l.underWay[product]++ }

// Drop takes a count out of what is under way; mayBeMade says that the host may have
// counted it by now.
func (l *Ledger) Drop(product kms.Product, mayBeMade bool) {
	l.underWay[product]--
	if mayBeMade {
		l.Settled++
	}
}

// Missed is how many counts are no longer under way that may have been made though nobody
// saw their request.
func (l *Ledger) Missed(product kms.Product) int { return l.missed[product] }

// Miss notes one of them.
func (l *Ledger) Miss(product kms.Product) { l.missed[product]++ }

// Expected sums up what all cycles may yet add to a product without a restart.
func (l *Ledger) Expected(product kms.Product) int {
	sum := 0
	for _, counts := range l.expected[product] {
		sum += counts
	}
	return sum
}

// PublishExpected notes what a cycle may yet add to a product without a restart. The cycle
// is any value that is its own.
func (l *Ledger) PublishExpected(cycle any, product kms.Product, counts int) {
	switch {
	case counts == 0:
		delete(l.expected[product], cycle)
	case l.expected[product] == nil:
		l.expected[product] = map[any]int{cycle: counts}
	default:
		l.expected[product][cycle] = counts
	}
}

// AddMember notes that one more running cycle counts on a station.
func (l *Ledger) AddMember(station string) { l.members[station]++ }

// RemoveMember notes that one cycle less counts on a station.
func (l *Ledger) RemoveMember(station string) { l.members[station]-- }

// IsBusy reports whether somebody has a station under way.
func (l *Ledger) IsBusy(station string) bool { return l.busy[station] }

// Hold has a station under way, until Free.
func (l *Ledger) Hold(station string) { l.busy[station] = true }

// Free lets other cycles have a station.
func (l *Ledger) Free(station string) { delete(l.busy, station) }

// TakeIdle keeps cycles from starting a station until done. It is not free where one of
// them counts on it, or somebody has it under way. The caller does not hold the lock.
func (l *Ledger) TakeIdle(station string) (done func(), free bool) {
	l.Lock()
	defer l.Unlock()
	if l.busy[station] || l.members[station] > 0 {
		return nil, false
	}
	l.Hold(station)
	return func() {
		l.Lock()
		defer l.Unlock()
		l.Free(station)
	}, true
}
