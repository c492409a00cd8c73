package cycle

import (
	"slices"

	"github.com/timago/terraform-provider-timago/internal/outcome"
)

// decide starts what can be started, and ends the cycle when nothing more can come.
func (c *cycle) decide() {
	defer c.publishExpected()
	for len(c.queue) > 0 && c.reads < readsAtOnce && c.cancelCause == nil {
		c.reads++
		c.outbox = append(c.outbox, c.queue[0])
		c.queue = c.queue[1:]
	}
	if c.done || c.cancelCause != nil {
		return
	}
	if c.host.known && !c.closing {
		if c.lacking() == 0 {
			c.emit(outcome.KindReached, nil, outcome.Event{Counts: c.counts()})
			c.close()
		} else {
			c.start()
		}
	}
	c.pollHostIfDue()
	if c.closing && c.busyPhases() == 0 && len(c.outbox) == 0 && !slices.ContainsFunc(c.stations, (*station).booting) {
		c.done = true
	}
}

// busyPhases counts the stations from which something is still to come.
func (c *cycle) busyPhases() int {
	return len(c.stations) - c.in[silent] - c.in[ready] - c.in[out]
}

// publishExpected tells all cycles on this host what this one may yet add without a
// restart: members whose first read has not ended, that are asked in a moment, or that are
// on their way back. These cheaper means come first (A0), for as long as there is a reason
// to expect something of them (A15).
func (c *cycle) publishExpected() {
	for p, product := range c.managed {
		counts := 0
		if !c.closing && !c.done && c.cancelCause == nil {
			counts = c.firstReads + len(c.askable[p]) + c.expected[expectStarted]
			if c.earlierRunSeen() {
				counts += c.expected[expectFromEarlier]
			}
		}
		c.ledger.PublishExpected(c, product, counts)
	}
}

// earlierRunSeen reports whether members have started shortly before this cycle began: a run
// that was killed may have others on their way.
func (c *cycle) earlierRunSeen() bool {
	return !c.earlierStart.IsZero() && c.started.Sub(c.earlierStart) <= c.slowBefore
}

// start starts what is needed, the cheapest first: asks, then wakes, then restarts (A0).
func (c *cycle) start() {
	if c.publishExpected(); !c.windowAllows() {
		return
	}
	c.startAsks()
	c.seekClientCounts()
	c.publishExpected()
	if c.host.refusesAccount {
		c.host.settledSeen = c.ledger.Settled // the stations' answers hold the counts
	}
	if c.host.polling && !c.isFresh() {
		return // what can be started shows with the poll
	}
	if c.suspectsCeiling() {
		c.requestHostPoll(c.now)
		return
	}
	candidate, toWake := c.choose(), c.nextToWake()
	switch {
	case c.host.settledSeen != c.ledger.Settled:
		c.requestHostPoll(c.now) // counts were made that the last poll may not show
		return
	case candidate == nil && toWake == nil:
		c.waitOrStall()
		return
	case !c.isFresh():
		c.requestHostPoll(c.now)
		return
	}
	for ; toWake != nil; toWake = c.nextToWake() {
		c.wake(toWake)
	}
	for candidate = c.choose(); candidate != nil; candidate = c.choose() {
		if !c.restart(candidate) {
			return
		}
	}
}

// restart begins a station's restart, unless something is to be known first; false where
// the cycle has ended.
func (c *cycle) restart(s *station) bool {
	if c.endsCapped() {
		return false
	}
	if c.doubt != nil && !s.reachesHost {
		c.dispel(s)
	} else {
		c.check(s)
	}
	return true
}
