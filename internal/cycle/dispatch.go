package cycle

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/outcome"
)

// handleReport takes in what a station's call brought.
func (c *cycle) handleReport(s *station, r report) {
	if s.lastError = r.err; r.err == nil {
		s.up = r.verb != wake
		switch r.verb {
		case probe:
			s.presence.Uptime, s.seen = r.presence.Uptime, c.now
		case whole:
			c.takeWhole(s, r.whole, cmp.Or(r.whole.At, c.now)) // its uptime was read first
		case presence:
			c.takePresence(s, r.presence, c.now)
		case licensing:
			c.takeLicences(s, r.licensing, c.now)
		case requests, activate, restart, wake, pollHost:
		}
	}
	if r.err != nil && r.verb <= requests && transient(r.err) {
		s.up = false
	}
	switch s.phase {
	case unread:
		if r.err == nil {
			c.admit(s)
		} else {
			c.markUnreachable(s, r.err)
		}
	case silent:
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
	if r.err != nil && c.overdue(s) {
		c.giveUp(s)
	}
}

// alarmed does what the station's alarm was set for.
func (c *cycle) alarmed(s *station) {
	if c.cancelCause != nil || c.done {
		return
	}
	if c.overdue(s) {
		c.giveUp(s)
		return
	}
	switch s.phase {
	case silent:
		c.probeSilent(s)
	case ready:
		s.waitsForUser = false
		c.dropCounts(s, s.pendingCounts)
		c.makeCandidate(s)
	case asking:
		c.askAgain(s)
	case down:
		c.watchReturn(s)
	case returned:
		c.send(s, call{verb: licensing})
	case awaiting:
		c.watchRequest(s)
	case unread, waking, checking, stopping, closing, out, phases: // no alarm is set in these
	}
}

// takeWhole takes over a read of all but a station's users, and when it was made.
func (c *cycle) takeWhole(s *station, read kms.Station, at time.Time) {
	c.takePresence(s, kms.Presence{Uptime: read.Uptime, Name: read.Name}, at)
	c.takeLicences(s, read.Licensing, at)
}

func (c *cycle) takePresence(s *station, read kms.Presence, at time.Time) {
	s.presence, s.seen, s.up = read, at, true
	c.noteEarlierStart(c.now.Add(-s.age(c.now)))
}

// takeLicences takes over what Windows says of its licences.
func (c *cycle) takeLicences(s *station, read kms.Licensing, at time.Time) {
	s.licensing, s.licensed, s.read = read, at, true
	c.judgeAdds(s)
}

// judgeAdds draws from all client licences of a product whether a start can add to it (A17).
func (c *cycle) judgeAdds(s *station) {
	s.adds = 0
	for p, product := range c.managed {
		if s.canAdd(product) && !s.exhausted.Has(p) {
			s.adds = s.adds.With(p)
		}
	}
}

// makeCandidate makes a station that has nothing under way a candidate for a restart,
// unless something keeps it from being one.
func (c *cycle) makeCandidate(s *station) {
	switch {
	case c.closing:
		c.closeWith(s)
	case s.adds == 0:
		c.exclude(s, cmp.Or(s.reason, s.refusal(), neverAdds(s, c.managed)))
	case s.restarts >= c.limits.MaxRestartsPerStation:
		s.reason = fmt.Sprintf("it was restarted %d times, the most allowed", s.restarts)
	case s.waitsForUser || s.isCandidate || s.skipped:
	case c.skipIfInUse(s):
	default:
		s.expectedCycle = c.cycleTime(s)
		at, _ := slices.BinarySearchFunc(c.candidates, s, byExpectedCycle)
		c.candidates = slices.Insert(c.candidates, at, s)
		s.isCandidate = true
	}
}

// reorderCandidates takes the fleet's pace over for the stations that wait to be chosen and of
// which nothing is known themselves: what was assumed of them must not make a station that
// was seen look quicker than all others.
func (c *cycle) reorderCandidates() {
	for _, s := range c.candidates {
		s.expectedCycle = c.cycleTime(s)
	}
	slices.SortFunc(c.candidates, byExpectedCycle)
}

// skipIfInUse leaves a station alone that somebody used when it was looked at last.
func (c *cycle) skipIfInUse(s *station) bool {
	used := s.presence.InUse(c.limits.IgnoreUsers) != ""
	if !used || c.limits.WhenInUse == kms.ForceWhenInUse || c.now.Sub(s.seen) >= userCheckEvery {
		return false
	}
	c.inUse(s)
	return true
}

// inUse comes back to a station later, or never. Who is logged on is nobody's business.
func (c *cycle) inUse(s *station) {
	c.removeCandidate(s)
	if c.limits.WhenInUse == kms.SkipWhenInUse {
		s.reason, s.skipped = "a user is logged on, and stations in use are skipped", true
		c.emit(outcome.KindLeftOut, s, outcome.Event{Reason: s.reason})
		return
	}
	s.waitsForUser, s.reason = true, outcome.UserLoggedOn
	c.emit(outcome.KindInUse, s, outcome.Event{Reason: s.reason})
	c.setAlarm(s, c.now.Add(userCheckEvery))
}

// byExpectedCycle orders candidates by their cycle time, then as the job names them.
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

// exclude ends a station's part.
func (c *cycle) exclude(s *station, reason string) {
	c.removeCandidate(s)
	c.endFirstRead(s)
	s.restarts, s.unconfirmed = s.restarts-s.unseenRestart(), s.unseenRestart()
	c.endStart(s)
	c.endSilence(s)
	c.alarms.Clear(s.index)
	s.reason, s.excluded = reason, true
	c.move(s, onExcluded)
	c.emit(outcome.KindLeftOut, s, outcome.Event{Reason: reason})
	if c.closing {
		c.closeWith(s)
	}
}
