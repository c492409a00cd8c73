package cycle

import (
	"fmt"
	"time"

	"github.com/timago/terraform-provider-timago/internal/pool"

	"github.com/timago/terraform-provider-timago/internal/kms"
)

// await waits for the request that a start makes to be counted.
func (c *cycle) await(s *station) {
	if c.closing {
		c.finish(s)
		return
	}
	c.move(s, awaiting)
	span := c.paceOf(s).Request
	if s.askedAfterStart {
		span = pool.Span{} // it is the answer to our command that is awaited
	}
	s.watch = watchFor(span, c.host.pollSpacing)
	if span.Samples == 0 && !c.host.logUnreadable {
		s.watch.from = c.host.pollSpacing // a look at the host costs the station nothing
	}
	s.lastLook = c.now.Sub(s.waitingSince)
	if !c.evidence(s) {
		c.awaitOn(s)
	}
}

// awaitOn sets the alarm for the next look at what was counted, or for asking.
func (c *cycle) awaitOn(s *station) {
	s.lastLook = s.watch.next(max(s.lastLook, c.now.Sub(s.waitingSince)))
	at := s.waitingSince.Add(s.lastLook)
	if ask := c.now.Add(requestGrace - s.age(c.now)); !s.askedAfterStart && ask.After(c.now) && ask.Before(at) {
		at = ask
	}
	c.alarms.set(s, at)
}

// watchRequest wants the host, or where its log may not be read the station, to be asked
// what was counted; after two minutes without a request it asks the station to make one.
func (c *cycle) watchRequest(s *station) {
	switch {
	case !s.askedAfterStart && s.age(c.now) >= requestGrace:
		s.askedAfterStart, s.requestsRead, s.tries, s.toAsk = true, false, 0, s.pendingCounts
		s.waitingSince, s.lastLook = c.now, 0 // patience begins anew; what it takes counts from its return
		c.move(s, asking)
		c.ask(s)
	case s.askedAfterStart && c.now.Sub(s.waitingSince) >= askedRequestGrace:
		c.requestNotSeen(s)
	case c.host.logUnreadable:
		c.send(s, call{verb: requests, since: s.presence.Boot})
	default:
		c.requestHostPoll(c.now)
		c.awaitOn(s)
	}
}

// unseen ends the wait for requests that do not show though they were commanded.
func (c *cycle) requestNotSeen(s *station) {
	for p := range c.managed {
		if s.pendingCounts.has(p) {
			c.excludeProduct(s, p, "no request of it was seen though it was asked to make one")
		}
	}
	if s.phase == awaiting {
		c.finish(s)
	}
}

// readRequests takes in a station's own events.
func (c *cycle) readRequests(s *station, r report) {
	if r.err == nil {
		c.learnRequests(s, r.exchanges)
	}
	if s.phase != awaiting {
		return
	}
	if s.pendingCounts == 0 {
		c.finish(s)
		return
	}
	c.awaitOn(s)
}

// evidence judges a station by what the host has shown so far; true when that ended its
// wait.
func (c *cycle) evidence(s *station) bool {
	for p := range c.managed {
		if !s.pendingCounts.has(p) {
			continue
		}
		if cmid, seen := c.host.requestSeen(s, c.managed[p]); seen {
			c.judge(s, p, cmid)
		}
		if c.missing(p) == 0 {
			c.dropCounts(s, only(p)) // nobody waits for it any more
		}
	}
	if s.phase == awaiting && s.pendingCounts == 0 {
		c.finish(s)
	}
	return s.phase != awaiting
}

// judge decides what a request seen after a start adds: a client machine id that the host
// had counted already adds nothing.
func (c *cycle) judge(s *station, p int, cmid kms.CMID) {
	if c.isWindows(p) || c.host.isNew(cmid, s.pollsBefore) {
		c.judgeRequest(s, p, cmid)
		return
	}
	// The host shows names, not starts: an earlier request of Office looks the same. The
	// station's events, read two minutes after its start, tell.
}

func (c *cycle) judgeRequest(s *station, p int, cmid kms.CMID) {
	// An id that stayed adds nothing after this, whatever the host had seen of it before:
	// its log may be short, or was not readable then.
	if s.startedByUs && cmid == s.cmidBefore || !c.host.isNew(cmid, s.pollsBefore) {
		c.countedBefore(s, p, cmid)
		return
	}
	c.host.remember(cmid)
	if s.startedByUs {
		c.cmidChanges, c.cmidChangeSeenHere, c.cmidChangeSeenAt = true, true, s.clock(c.now)
	}
	c.credit(s, p)
}

// credit counts what a station has added.
func (c *cycle) credit(s *station, p int) {
	if !s.pendingCounts.has(p) {
		return
	}
	c.dropCounts(s, only(p))
	if !s.started {
		c.ledger.settled++
	}
	s.counted++
	c.emit(KindCounted, s, Event{Product: c.managed[p]})
	if s.started && s.startedByUs && c.isWindows(p) {
		s.pace.Request = s.pace.Request.With(max(0, c.now.Sub(s.backAt)))
		c.fleet.Request = c.fleet.Request.With(max(0, c.now.Sub(s.backAt)))
		c.fleetLearnt(c.fleet.Request)
		c.paces[s.name] = s.pace
	}
}

// repeated takes out a station whose start brought a client machine id that the host had
// counted already.
func (c *cycle) countedBefore(s *station, p int, cmid kms.CMID) {
	if s.startedByUs && s.firstProduct() == p && !c.cmidChangeSeenHere {
		if c.canary == s {
			c.keepsCMID = &SameCMID{Station: s.name, CMID: cmid, Members: len(c.stations)}
		}
		c.cmidChanges, c.cmidChangeSeenAt = false, time.Time{}
	}
	c.excludeProduct(s, p, fmt.Sprintf("its start brought no new client machine id: the KMS host had counted %s already", cmid))
}

// prover is the product by whose id a restart proves itself: the first it adds to.
func (s *station) firstProduct() int {
	p, _ := s.adds.first()
	return p
}

// addsNothing ends a station's part for one product, and altogether where that was
// Windows or the last. A missing request of Office never does.
func (c *cycle) excludeProduct(s *station, p int, reason string) {
	c.dropCounts(s, only(p))
	s.exhausted = s.exhausted.with(p)
	s.adds = s.adds.without(p)
	s.toAsk = s.toAsk.without(p)
	s.reason = c.managed[p].Title() + ": " + reason
	if c.isWindows(p) || s.adds == 0 {
		c.exclude(s, s.reason)
		return
	}
	c.emit(KindLeftOut, s, Event{Product: c.managed[p], Reason: reason})
}

// finish ends a start whose requests were seen.
func (c *cycle) finish(s *station) {
	c.endStart(s)
	c.move(s, ready)
	c.makeCandidate(s)
}
