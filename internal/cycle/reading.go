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
func (c *cycle) heard(s *station, r report) {
	if s.trouble = r.err; r.err == nil {
		s.tries = 0
		switch r.verb {
		case probe:
			s.sawUptime(r.presence.Uptime, c.now)
		case presence:
			s.presence, s.seen, s.up = r.presence, c.now, true
		case licensing:
			c.learnLicences(s, r.licensing)
		case requests, activate, restart, wake, look:
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
	if c.ended != nil || c.done {
		return
	}
	switch s.phase {
	case away:
		c.tryAgain(s)
	case ready:
		s.busy = false
		c.place(s)
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
		if l.Holds(product) && !s.dead.has(p) {
			s.adds = s.adds.with(p)
		}
	}
}

// readOn goes on with a station's first read.
func (c *cycle) readOn(s *station, r report) {
	switch {
	case r.err != nil:
		c.absent(s, r.err)
	case r.verb == presence:
		c.send(s, call{verb: licensing})
	default:
		c.join(s)
	}
}

// absent puts aside a member that does not answer. It may be off, or on its way back from
// a restart of an earlier run that ended in the middle: it is never restarted, but tried
// again, and woken where there is a way.
func (c *cycle) absent(s *station, err error) {
	if errors.Is(err, kms.ErrDenied) {
		c.leave(s, "its Windows refused the account: "+err.Error())
		return
	}
	answered := s.phase == unread && s.late // a moment ago
	c.unlist(s)
	c.move(s, away)
	s.up, s.trouble = false, err
	if answered && s.owes == 0 && s.age(c.now) <= c.now.Sub(s.gone)+c.slowCycle(s) {
		c.hope(s, true) // it has started: its services are still starting
	}
	if s.gone.IsZero() {
		s.gone, s.mark = c.now, c.host.begunLooks
		s.watch, s.last = watch{from: firstLook, until: firstLook, step: firstLook, slack: fewestAwayLook}, 0
		c.hope(s, true)
		if c.canWake {
			c.sleeping = append(c.sleeping, s)
		}
	}
	s.last = s.watch.next(max(s.last, c.now.Sub(s.gone)))
	c.alarms.set(s, s.gone.Add(s.last))
}

// hope notes whether a member that does not answer may be coming back by itself.
func (c *cycle) hope(s *station, hoped bool) {
	if s.expected == hoped {
		return
	}
	s.expected = hoped
	if hoped {
		c.hoped++
	} else {
		c.hoped--
	}
}

// tryAgain probes a member that did not answer, until its time is over.
func (c *cycle) tryAgain(s *station) {
	silent := c.now.Sub(s.gone)
	if silent >= c.limits.StationTimeout {
		reason := fmt.Sprintf("it did not answer for %s: %v", c.limits.StationTimeout, s.trouble)
		if s.unwoken != nil {
			reason = fmt.Sprintf("it could not be switched on (%v), and %s", s.unwoken, reason)
		}
		c.leave(s, reason)
		return
	}
	if silent > c.slowCycle(s) {
		c.hope(s, false)
	}
	c.send(s, call{verb: probe})
}

// slowCycle is the longest that a restart of an earlier run may take: no longer than a slow
// one of this.
func (c *cycle) slowCycle(s *station) time.Duration { return max(c.cycleOf(s)*3/2, pool.UsualCycle) }

func (c *cycle) triedAgain(s *station, r report) {
	if r.err != nil {
		c.absent(s, r.err)
		return
	}
	c.hope(s, false)
	s.late = true
	c.move(s, unread)
	c.send(s, call{verb: presence})
}

// join lets a station that was read take part.
func (c *cycle) join(s *station) {
	// One that only failed to answer has not started.
	late := s.late && s.age(c.now) <= c.now.Sub(s.gone)
	s.roused, s.called = s.roused || s.called && late, false
	s.gone, s.late = time.Time{}, false
	c.hope(s, false)
	if s.adds == 0 {
		c.leave(s, neverAdds(s, c.managed))
		return
	}
	c.release(s, s.owes&^s.adds)
	c.proven = c.proven || c.host.varied[kms.HostLabel(s.presence.Name)]
	c.move(s, ready)
	if late && !c.isCounted(s) {
		// It started while the cycle waited: it asks by itself, as after a restart.
		s.started, s.ours, s.verified, s.old = true, false, false, ""
		s.since, s.back, s.patient = c.now, c.now, c.now
		c.owe(s, s.adds&c.lacking())
		c.underWay = append(c.underWay, s)
		c.await(s)
		return
	}
	c.release(s, s.owes)
	for p := range c.managed {
		if _, can := s.askable(c.managed[p]); can && s.adds.has(p) && (!c.isWindows(p) || !c.isCounted(s)) {
			c.askable[p] = append(c.askable[p], s)
		}
	}
	c.place(s)
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
func (c *cycle) place(s *station) {
	switch {
	case c.closing:
		c.closeWith(s)
	case s.adds == 0:
		c.leave(s, cmp.Or(s.reason, neverAdds(s, c.managed)))
	case s.restarts >= c.limits.MaxRestartsPerStation:
		s.reason = fmt.Sprintf("it was restarted %d times, the most allowed", s.restarts)
	case s.busy || s.idle:
	case c.spare(s):
	default:
		s.expects = c.cycleOf(s)
		at, _ := slices.BinarySearchFunc(c.idle, s, quicker)
		c.idle = slices.Insert(c.idle, at, s)
		s.idle = true
	}
}

// fleetLearnt takes the fleet's pace over for the stations that wait to be chosen and of
// which nothing is known themselves: what was assumed of them must not make the first
// station that was seen look quicker than all others. Once: later samples move it little.
func (c *cycle) fleetLearnt(learnt pool.Span) {
	if learnt.Samples != 1 {
		return
	}
	for _, s := range c.idle {
		s.expects = c.cycleOf(s)
	}
	slices.SortFunc(c.idle, quicker)
}

// spare leaves a station alone that somebody used when it was looked at last.
func (c *cycle) spare(s *station) bool {
	user := s.presence.InUse(c.limits.IgnoreUsers)
	if user == "" || c.limits.WhenInUse == pool.ForceWhenInUse || c.now.Sub(s.seen) >= userLook {
		return false
	}
	c.inUse(s, user)
	return true
}

// inUse comes back to a station later, or never.
func (c *cycle) inUse(s *station, user string) {
	c.unlist(s)
	if c.limits.WhenInUse == pool.SkipWhenInUse {
		s.reason = user + " uses it, and stations in use are skipped"
		c.tell(KindLeftOut, s, Event{Reason: s.reason})
		return
	}
	s.busy, s.reason = true, "used by "+user
	c.tell(KindInUse, s, Event{Reason: s.reason})
	c.alarms.set(s, c.now.Add(userLook))
}

// quicker orders candidates by their cycle time, then as the job names them.
func quicker(a, b *station) int {
	return cmp.Or(cmp.Compare(a.expects, b.expects), cmp.Compare(a.index, b.index))
}

func (c *cycle) unlist(s *station) {
	if s.idle {
		at, _ := slices.BinarySearchFunc(c.idle, s, quicker)
		c.idle = slices.Delete(c.idle, at, at+1)
		s.idle = false
	}
}

// leave ends a station's part.
func (c *cycle) leave(s *station, reason string) {
	c.unlist(s)
	c.endStart(s)
	c.hope(s, false)
	c.alarms.clear(s)
	s.reason, s.left = reason, true
	c.move(s, out)
	c.tell(KindLeftOut, s, Event{Reason: reason})
	if c.closing {
		c.closeWith(s)
	}
}
