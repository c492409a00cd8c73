package cycle

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/outcome"
	"github.com/timago/terraform-provider-timago/internal/pool"
	"github.com/timago/terraform-provider-timago/internal/scheduler"
)

// waitOrStall ends the cycle when nobody can add anything more.
func (c *cycle) waitOrStall() {
	if c.busyPhases() > 0 || c.host.failures > 0 {
		return
	}
	for p, product := range c.managed {
		switch {
		case c.missing(p) == 0:
		case c.ledger.UnderWay(product) > 0: // another cycle makes it
			c.requestHostPoll(c.host.pollBegan.Add(idlePolls))
			return
		case c.ledger.Expected(product) > 0: // another cycle may make it cheaper
			c.requestHostPoll(c.host.pollBegan.Add(2 * scheduler.UsualPolls))
			return
		}
	}
	if slices.ContainsFunc(c.lacking().List(), c.blockedByWindow) {
		c.err = c.unlessCapped(c.windowClosed())
		c.close()
		return
	}
	if waits := c.waitsFor(); len(waits) > 0 {
		if c.waitingAt.IsZero() || c.now.Sub(c.waitingAt) >= waitingEvery {
			c.waitingAt = c.now
			c.emit(outcome.KindWaiting, nil, outcome.Event{Reason: "all that could be done at once is done; waiting for " + kms.FirstOf(5, waits, ", ")})
		}
		c.requestHostPoll(c.host.pollBegan.Add(idlePolls)) // others may add what is missing
		return
	}
	c.err = c.unlessCapped(c.stalled())
	c.close()
}

// waitsFor lists what may still come by itself: users who leave, stations that answer.
func (c *cycle) waitsFor() []string {
	var waits []string
	for _, s := range c.stations {
		switch {
		case s.phase == silent:
			waits = append(waits, fmt.Sprintf("%s (no answer for %s)", s.name, c.now.Sub(s.silence.since).Round(time.Second)))
		case s.waitsForUser && s.adds&c.lacking() != 0:
			waits = append(waits, fmt.Sprintf("%s (%s)", s.name, s.reason))
		case s.isCandidate && c.ledger.IsBusy(s.key):
			waits = append(waits, s.name+" (another pool has it under way)")
		}
	}
	return waits
}

// stalled says why nothing more can come.
func (c *cycle) stalled() error {
	reasons := map[string]string{}
	for _, s := range c.stations {
		reasons[s.name] = cmp.Or(s.reason, c.cannotAdd(s))
	}
	if slices.ContainsFunc(c.all().List(), c.host.noCountKnown) {
		return &outcome.HostUnreadable{Cause: fmt.Errorf("no member's events show a count, and the host is not read: %w", c.host.refusal)}
	}
	if c.keepsCMID != nil {
		c.keepsCMID.Missing, c.keepsCMID.Stations = c.shortfalls(), reasons
		return c.keepsCMID
	}
	return &outcome.Stalled{Missing: c.shortfalls(), Stations: reasons}
}

func (c *cycle) cannotAdd(s *station) string {
	if s.adds&c.lacking() == 0 {
		p, _ := c.lacking().First()
		return cmp.Or(s.refusal(), fmt.Sprintf("it has no %s with a KMS client key", c.managed[p].Title()))
	}
	return "it was not needed for what others could not add"
}

func (c *cycle) shortfalls() []outcome.Shortfall {
	var missing []outcome.Shortfall
	for p, product := range c.managed {
		if c.missing(p) > 0 {
			missing = append(missing, outcome.Shortfall{Product: product, Count: c.host.counts[p], Threshold: c.wanted[p]})
		}
	}
	return missing
}

// fail ends the cycle at once.
func (c *cycle) fail(err error) {
	c.err, c.done = err, true
}

// result is what was done so far.
func (c *cycle) result(now time.Time) outcome.Result {
	r := outcome.Result{
		Started: c.started, Finished: now, Asked: c.asked, AskedAfter: c.askedAfter, Woken: c.woken,
		ByStation: make(map[string]outcome.StationResult, len(c.stations)),
		Memory:    pool.Memory{Paces: c.paces.All(), Proof: c.cmidChangeSeenAt},
	}
	if c.host.known {
		r.Counts = c.counts()
	}
	for _, s := range c.stations {
		r.ByStation[s.name] = s.result()
		r.Restarts += r.ByStation[s.name].Restarts
		r.Unconfirmed += r.ByStation[s.name].Unconfirmed
		c.dropCounts(s, s.pendingCounts)
		c.freeInLedger(s)
		c.ledger.RemoveMember(s.key)
	}
	return r
}

// outcome is the cycle's error.
func (c *cycle) outcome() error {
	if c.cancelCause == nil {
		return c.err
	}
	early := &outcome.Cancelled{Cause: c.cancelCause, Waiting: map[string]string{}}
	if c.host.known {
		early.Missing = c.shortfalls()
	}
	for _, s := range c.stations {
		switch {
		case s.phase == stopping, s.phase == down, s.phase == returned, s.phase == awaiting && s.startedByUs():
			early.UnderWay = append(early.UnderWay, s.name)
		case s.waitsForUser:
			early.Waiting[s.name] = s.reason
		}
	}
	if c.err != nil {
		early.Cause = errors.Join(c.err, c.cancelCause)
	}
	return early
}
