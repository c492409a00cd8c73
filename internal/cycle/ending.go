package cycle

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/timago/terraform-provider-timago/internal/pool"

	"github.com/timago/terraform-provider-timago/internal/kms"
)

// restOrStall ends the cycle when nobody can add anything more.
func (c *cycle) restOrStall() {
	if c.busyPhases() > 0 || c.host.failures > 0 {
		return
	}
	for p, product := range c.managed {
		switch {
		case c.missing(p) == 0:
		case c.ledger.underWay[product] > 0: // another cycle makes it
			c.wish(c.host.begun.Add(rarelyLook))
			return
		case c.ledger.promised(product) > 0: // another cycle may make it cheaper
			c.wish(c.host.begun.Add(2 * usualLook))
			return
		}
	}
	if slices.ContainsFunc(c.lacking().list(), c.barred) {
		c.err = c.outside()
		c.close()
		return
	}
	patient := false
	for _, s := range c.stations {
		patient = patient || s.phase == away || s.busy && s.adds&c.lacking() != 0 || s.idle && c.ledger.busy[s.key]
	}
	if patient {
		if !c.waiting {
			c.waiting = true
			c.tell(KindWaiting, nil, Event{Reason: "everything that could be done at once is done; stations in use, or without an answer, are waited for"})
		}
		c.wish(c.host.begun.Add(rarelyLook)) // others may add what is missing
		return
	}
	c.err = c.stalled()
	c.close()
}

// stalled says why nothing more can come.
func (c *cycle) stalled() error {
	reasons := map[string]string{}
	for _, s := range c.stations {
		reasons[s.name] = cmp.Or(s.reason, c.cannotAdd(s))
	}
	if c.host.denied && slices.Contains(c.host.told, false) {
		return &HostUnreadable{Cause: errUntold}
	}
	if c.keeps != nil {
		c.keeps.Missing, c.keeps.Stations = c.shortfalls(), reasons
		return c.keeps
	}
	return &Stalled{Missing: c.shortfalls(), Stations: reasons}
}

var errUntold = fmt.Errorf("%w, and no member's events show a count", kms.ErrDenied)

func (c *cycle) cannotAdd(s *station) string {
	var lacking kms.Product
	for p, product := range c.managed {
		if c.missing(p) > 0 {
			lacking = product
		}
	}
	if s.adds&c.lacking() == 0 {
		return fmt.Sprintf("it has no %s with a KMS client key", lacking.Title())
	}
	return "it was not needed for what others could not add"
}

func (c *cycle) shortfalls() []Shortfall {
	var missing []Shortfall
	for p, product := range c.managed {
		if c.missing(p) > 0 {
			missing = append(missing, Shortfall{Product: product, Count: c.host.counts[p], Threshold: c.wanted[p]})
		}
	}
	return missing
}

// fail ends the cycle at once.
func (c *cycle) fail(err error) {
	c.err, c.done = err, true
}

// result is what was done so far.
func (c *cycle) result(now time.Time) Result {
	r := Result{
		Started: c.started, Finished: now, Asked: c.asked, AskedAfter: c.askedAfter, Woken: c.woken,
		ByStation: make(map[string]StationResult, len(c.stations)),
		Memory:    pool.Memory{Paces: c.paces, Proof: c.proof},
	}
	if c.host.known {
		r.Counts = c.counts()
	}
	c.done = true
	c.promise()
	for _, s := range c.stations {
		r.ByStation[s.name] = s.result()
		r.Restarts += s.restarts
		c.release(s, s.owes)
		c.free(s)
		c.ledger.members[s.key]--
	}
	return r
}

// outcome is the cycle's error.
func (c *cycle) outcome() error {
	if c.ended == nil {
		return c.err
	}
	early := &Cancelled{Cause: c.ended, Waiting: map[string]string{}}
	if c.host.known {
		early.Missing = c.shortfalls()
	}
	for _, s := range c.stations {
		switch {
		case s.phase == stopping, s.phase == down, s.phase == returned, s.phase == awaiting && s.ours:
			early.UnderWay = append(early.UnderWay, s.name)
		case s.busy:
			early.Waiting[s.name] = s.reason
		}
	}
	if c.err != nil {
		early.Cause = errors.Join(c.err, c.ended)
	}
	return early
}
