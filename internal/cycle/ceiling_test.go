package cycle_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/outcome"
	"github.com/timago/terraform-provider-timago/internal/simulator/catalogue"
	"github.com/timago/terraform-provider-timago/internal/simulator/eventlog"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// judgeCeiling holds a restart against A18: none where the cap lies below the target and
// could be seen, and none after two whose new ids the log shows and the count does not.
func (p *promises) judgeCeiling(c *call) {
	for product, target := range p.job.Thresholds {
		if ceiling, known := p.ceiling(product); known && ceiling < target && p.only(product) {
			p.breachOnce("A18", "a station is restarted where %s can be counted up to %d, and %d is wanted", product, ceiling, target)
		}
		if hidden := p.hidden(product, c.began.Add(-time.Minute), c.by); hidden >= 2 && p.only(product) && !p.drawn.blinded() {
			p.breachOnce("A18", "a station is restarted after two whose ids of %s are in the log and not in the count", product)
		}
	}
}

// only reports whether nothing but the product can be what a restart is for.
func (p *promises) only(product kms.Product) bool {
	for other := range p.job.Thresholds {
		if other != product && p.lacks(other) > 0 {
			return false
		}
	}
	return p.lacks(product) > 0
}

// ceiling is the cap that the members' own products and the host's log make plain: known
// where every member was read and the log can be.
func (p *promises) ceiling(product kms.Product) (int, bool) {
	ceiling, known := p.ceilingOf(product)
	unread := slices.ContainsFunc(slices.Collect(maps.Values(p.members)), func(m *member) bool { return m.readAt.IsZero() })
	return ceiling, known && !unread && p.dark.until(time.Now()) == 0 && len(p.drawn.Site.Traffic) == 0 && !p.drawn.blinded()
}

// ceilingOf is the cap by the host's log and the products of members that take part.
func (p *promises) ceilingOf(product kms.Product) (int, bool) {
	largest := 0
	for _, m := range p.members {
		if m.readAt.IsZero() && !m.isOut("") {
			return 0, false
		}
		for _, installed := range m.described.Products {
			if family(installed.Title) == product && (installed.By == "" || installed.By == catalogue.ByKMS) {
				largest = max(largest, thresholdOf(installed.Title))
			}
		}
	}
	if largest == 0 {
		return 0, false // whose requests the log shows nobody can tell
	}
	ceiling := 2 * max(largest, p.largest[product])
	return ceiling, p.lastRead[product] <= ceiling // a count beyond it says that others ask who are not known
}

// blinded reports whether a fault keeps anybody from reading the host's log.
func (s scenario) blinded() bool {
	return slices.ContainsFunc(s.Site.Faults, func(f world.Fault) bool { return slices.Contains(f.On, "kms01") || f.Name == world.LogLost })
}

func family(title string) kms.Product {
	if strings.HasPrefix(title, "windows") {
		return kms.Windows
	}
	return kms.Office
}

func thresholdOf(title string) int {
	if strings.HasPrefix(title, "windows-server") {
		return 5
	}
	return family(title).Threshold()
}

// sawLog takes over the host's log as it stands.
func (p *promises) sawLog(log []eventlog.Record) {
	p.hostLog = log
	for product := range p.job.Thresholds {
		for _, record := range p.logged(product) {
			p.largest[product] = max(p.largest[product], record.Threshold)
		}
	}
}

// logged are the host's records of a product family.
func (p *promises) logged(product kms.Product) []kms.Counted {
	var records []kms.Counted
	for _, e := range p.hostLog {
		record, err := kms.ParseCounted(e.Time, []string{e.Insertions})
		if err == nil && familyOf(record.ActivationID) == product {
			records = append(records, record)
		}
	}
	return records
}

func familyOf(activationID string) kms.Product {
	if strings.HasPrefix(activationID, "e0c42288") || strings.HasPrefix(activationID, "73111121") || strings.HasPrefix(activationID, "9bd77860") {
		return kms.Windows
	}
	return kms.Office
}

// hidden is a request of a member after its restart that the count does not show.
type hidden struct {
	at time.Time
	by int // the cycle that restarted it
}

// hidden is how many members' restarts by a cycle brought ids, before a moment, that the count
// does not show for the cap.
func (p *promises) hidden(product kms.Product, before time.Time, by int) int {
	hidden := 0
	for _, key := range p.keys {
		if key.Product != product || key.Seen <= key.Count {
			continue
		}
		for _, one := range p.hiddenAt[product] {
			if one.by == by && one.at.Before(before) {
				hidden++
			}
		}
		hidden = min(hidden, key.Seen-key.Count)
	}
	return hidden
}

// judgeCeilingNamed: an end without the target says where the ceiling is.
func (p *promises) judgeCeilingNamed(err error) {
	if _, cut := errors.AsType[*outcome.Cancelled](err); cut {
		return // it was ended before it could say so
	}
	for product, target := range p.job.Thresholds {
		ceiling, known := p.ceiling(product)
		if known && ceiling < target && err != nil && p.only(product) && !strings.Contains(err.Error(), fmt.Sprint(ceiling)) && p.everRead() {
			p.breach("A18", "%s can be counted up to %d, which is not said: %v", product, ceiling, err)
		}
	}
}

func (p *promises) everRead() bool { return p.readEver }
