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

// heard takes in what a station's call brought.
func (c *cycle) handleReport(s *station, r report) {
	if s.lastError = r.err; r.err == nil {
		s.tries = 0
		switch r.verb {
		case probe:
			s.sawUptime(r.presence.Uptime, c.now)
		case presence:
			s.presence, s.seen, s.up = r.presence, c.now, true
		case licensing:
			c.learnLicences(s, r.licensing)
		case requests, activate, restart, wake, pollHost:
		}
	}
	switch s.phase {
	case unread:
		c.readOn(s, r)
	case away:
		c.triedAgain(s, r)
	case asking:
		c.askOn(s, r)
	case waking:
		c.woke(s, r)
	case checking:
		c.checked(s, r)
	case stopping:
		c.commanded(s, r)
	case down:
		c.probed(s, r)
	case returned:
		c.readAfter(s, r)
	case awaiting:
		c.readRequests(s, r)
	case closing:
		c.closeOn(s, r)
	case ready, out, phases: // nothing is called in these
	}
}

// alarmed does what the station's alarm was set for.
func (c *cycle) alarmed(s *station) {
	if c.cancelCause != nil || c.done {
		return
	}
	switch s.phase {
	case away:
		c.tryAgain(s)
	case ready:
		s.waitsForUser = false
		c.makeCandidate(s)
	case asking:
		c.ask(s)
	case down:
		c.watchReturn(s)
	case returned:
		c.send(s, call{verb: licensing})
	case awaiting:
		c.watchRequest(s)
	case unread, waking, checking, stopping, closing, out, phases: // no alarm is set in these
	}
}

// learnLicences takes over what Windows says of its licences.
func (c *cycle) learnLicences(s *station, l kms.Licensing) {
	s.licensing, s.licensed, s.read = l, c.now, true
	s.adds = 0
	for p, product := range c.managed {
		if l.Holds(product) && !s.exhausted.has(p) {
			s.adds = s.adds.with(p)
		}
	}
}

// readOn goes on with a station's first read.
func (c *cycle) readOn(s *station, r report) {
	switch {
	case r.err != nil:
		c.markUnreachable(s, r.err)
	case r.verb == presence:
		c.send(s, call{verb: licensing})
	default:
		c.admit(s)
	}
}

// absent puts aside a member that does not answer. It may be off, or on its way back from
// a restart of an earlier run that ended in the middle: it is never restarted, but tried
// again, and woken where there is a way.
func (c *cycle) markUnreachable(s *station, err error) {
	if errors.Is(err, kms.ErrDenied) {
		c.exclude(s, "its Windows refused the account: "+err.Error())
		return
	}
	answered := s.phase == unread && s.bootedWhileWaiting // a moment ago
	c.removeCandidate(s)
	c.move(s, away)
	s.up, s.lastError = false, err
	if answered && s.pendingCounts == 0 && s.age(c.now) <= c.now.Sub(s.unreachableSince)+c.slowCycle(s) {
		c.setExpectedBack(s, true) // it has started: its services are still starting
	}
	if s.unreachableSince.IsZero() {
		s.unreachableSince, s.pollsBefore = c.now, c.host.pollsBegun
		s.watch, s.lastLook = watch{from: firstProbe, until: firstProbe, step: firstProbe, slack: unreachableProbeEvery}, 0
		c.setExpectedBack(s, true)
		if c.canWake {
			c.wakeable = append(c.wakeable, s)
		}
	}
	s.lastLook = s.watch.next(max(s.lastLook, c.now.Sub(s.unreachableSince)))
	c.alarms.set(s, s.unreachableSince.Add(s.lastLook))
}

// hope notes whether a member that does not answer may be coming back by itself.
func (c *cycle) setExpectedBack(s *station, hoped bool) {
	if s.expectedBack == hoped {
		return
	}
	s.expectedBack = hoped
	if hoped {
		c.expectedBack++
	} else {
		c.expectedBack--
	}
}

// tryAgain probes a member that did not answer, until its time is over.
func (c *cycle) tryAgain(s *station) {
	silent := c.now.Sub(s.unreachableSince)
	if silent >= c.limits.StationTimeout {
		reason := fmt.Sprintf("it did not answer for %s: %v", c.limits.StationTimeout, s.lastError)
		if s.wakeError != nil {
			reason = fmt.Sprintf("it could not be switched on (%v), and %s", s.wakeError, reason)
		}
		c.exclude(s, reason)
		return
	}
	if silent > c.slowCycle(s) {
		c.setExpectedBack(s, false)
	}
	c.send(s, call{verb: probe})
}

// slowCycle is the longest that a restart of an earlier run may take: no longer than a slow
// one of this.
func (c *cycle) slowCycle(s *station) time.Duration {
	return max(c.expectedCycle(s)*3/2, pool.UsualCycle)
}

func (c *cycle) triedAgain(s *station, r report) {
	if r.err != nil {
		c.markUnreachable(s, r.err)
		return
	}
	c.setExpectedBack(s, false)
	s.bootedWhileWaiting = true
	c.move(s, unread)
	c.send(s, call{verb: presence})
}

// join lets a station that was read take part.
func (c *cycle) admit(s *station) {
	// One that only failed to answer has not started.
	late := s.bootedWhileWaiting && s.age(c.now) <= c.now.Sub(s.unreachableSince)
	s.bootedAfterWake, s.wakePending = s.bootedAfterWake || s.wakePending && late, false
	s.unreachableSince, s.bootedWhileWaiting = time.Time{}, false
	c.setExpectedBack(s, false)
	if s.adds == 0 {
		c.exclude(s, neverAdds(s, c.managed))
		return
	}
	c.dropCounts(s, s.pendingCounts&^s.adds)
	c.cmidChanges = c.cmidChanges || c.host.cmidVaries[kms.HostLabel(s.presence.Name)]
	c.move(s, ready)
	if late && !c.isCounted(s) {
		// It started while the cycle waited: it asks by itself, as after a restart.
		s.started, s.startedByUs, s.askedAfterStart, s.cmidBefore = true, false, false, ""
		s.startedAt, s.backAt, s.waitingSince = c.now, c.now, c.now
		c.expectCounts(s, s.adds&c.lacking())
		c.underWay = append(c.underWay, s)
		c.await(s)
		return
	}
	c.dropCounts(s, s.pendingCounts)
	for p := range c.managed {
		if _, can := s.askable(c.managed[p]); can && s.adds.has(p) && (!c.isWindows(p) || !c.isCounted(s)) {
			c.askable[p] = append(c.askable[p], s)
		}
	}
	c.makeCandidate(s)
}

// neverAdds says why a station adds to none of the managed products.
func neverAdds(s *station, managed []kms.Product) string {
	reason := ""
	for _, product := range managed {
		for _, l := range s.licensing.Of(product) {
			if why := l.NeverCounts(); why != "" && reason == "" {
				reason = l.Name + ": " + why
			}
		}
	}
	return cmp.Or(reason, fmt.Sprintf("it has no %s with a KMS client key", managed[0].Title()))
}

// place makes a station that has nothing under way a candidate for a restart, unless
// something keeps it from being one.
func (c *cycle) makeCandidate(s *station) {
	switch {
	case c.closing:
		c.closeWith(s)
	case s.adds == 0:
		c.exclude(s, cmp.Or(s.reason, neverAdds(s, c.managed)))
	case s.restarts >= c.limits.MaxRestartsPerStation:
		s.reason = fmt.Sprintf("it was restarted %d times, the most allowed", s.restarts)
	case s.waitsForUser || s.isCandidate:
	case c.skipIfInUse(s):
	default:
		s.expectedCycle = c.expectedCycle(s)
		at, _ := slices.BinarySearchFunc(c.candidates, s, byExpectedCycle)
		c.candidates = slices.Insert(c.candidates, at, s)
		s.isCandidate = true
	}
}

// fleetLearnt takes the fleet's pace over for the stations that wait to be chosen and of
// which nothing is known themselves: what was assumed of them must not make the first
// station that was seen look quicker than all others. Once: later samples move it little.
func (c *cycle) fleetLearnt(learnt pool.Span) {
	if learnt.Samples != 1 {
		return
	}
	for _, s := range c.candidates {
		s.expectedCycle = c.expectedCycle(s)
	}
	slices.SortFunc(c.candidates, byExpectedCycle)
}

// spare leaves a station alone that somebody used when it was looked at last.
func (c *cycle) skipIfInUse(s *station) bool {
	user := s.presence.InUse(c.limits.IgnoreUsers)
	if user == "" || c.limits.WhenInUse == pool.ForceWhenInUse || c.now.Sub(s.seen) >= userCheckEvery {
		return false
	}
	c.inUse(s, user)
	return true
}

// inUse comes back to a station later, or never.
func (c *cycle) inUse(s *station, user string) {
	c.removeCandidate(s)
	if c.limits.WhenInUse == pool.SkipWhenInUse {
		s.reason = user + " uses it, and stations in use are skipped"
		c.emit(KindLeftOut, s, Event{Reason: s.reason})
		return
	}
	s.waitsForUser, s.reason = true, "used by "+user
	c.emit(KindInUse, s, Event{Reason: s.reason})
	c.alarms.set(s, c.now.Add(userCheckEvery))
}

// quicker orders candidates by their cycle time, then as the job names them.
func byExpectedCycle(a, b *station) int {
	return cmp.Or(cmp.Compare(a.expectedCycle, b.expectedCycle), cmp.Compare(a.index, b.index))
}

func (c *cycle) removeCandidate(s *station) {
	if s.isCandidate {
		at, _ := slices.BinarySearchFunc(c.candidates, s, byExpectedCycle)
		c.candidates = slices.Delete(c.candidates, at, at+1)
		s.isCandidate = false
	}
}

// leave ends a station's part.
func (c *cycle) exclude(s *station, reason string) {
	c.removeCandidate(s)
	c.endStart(s)
	c.setExpectedBack(s, false)
	c.alarms.clear(s)
	s.reason, s.excluded = reason, true
	c.move(s, out)
	c.emit(KindLeftOut, s, Event{Reason: reason})
	if c.closing {
		c.closeWith(s)
	}
}
