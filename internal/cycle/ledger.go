package cycle

import (
	"sync"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
)

// ledger is what all cycles of this process have under way on one KMS host. Each of
// them takes a step only while it holds the lock, so that no two start a restart for
// the same missing count.
type ledger struct {
	mu       sync.Mutex
	underWay map[kms.Product]int
	busy     map[string]bool // stations that somebody has under way, by key
	members  map[string]int  // how many running cycles count on a station, by key
	// cheaper is what each cycle may yet add without a restart.
	expectedByCycle map[kms.Product]map[*cycle]int
	// settled grows whenever a count is no longer under way that may have been made. A
	// reading of the host begun before that may not contain it.
	settled int
	read    time.Time // when a cycle read the host last: an earlier reading stands no more
}

// ledgers finds a host's ledger.
type ledgers struct {
	mu     sync.Mutex
	byHost map[string]*ledger
}

func (l *ledgers) of(host string) *ledger {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.byHost == nil {
		l.byHost = map[string]*ledger{}
	}
	if l.byHost[host] == nil {
		l.byHost[host] = &ledger{underWay: map[kms.Product]int{}, busy: map[string]bool{}, members: map[string]int{}, expectedByCycle: map[kms.Product]map[*cycle]int{}}
	}
	return l.byHost[host]
}

// promise notes what a cycle may yet add without a restart.
func (l *ledger) publishExpected(c *cycle, product kms.Product, counts int) {
	switch {
	case counts == 0:
		delete(l.expectedByCycle[product], c)
	case l.expectedByCycle[product] == nil:
		l.expectedByCycle[product] = map[*cycle]int{c: counts}
	default:
		l.expectedByCycle[product][c] = counts
	}
}

// promised sums that up over all cycles.
func (l *ledger) expected(product kms.Product) int {
	sum := 0
	for _, counts := range l.expectedByCycle[product] {
		sum += counts
	}
	return sum
}
