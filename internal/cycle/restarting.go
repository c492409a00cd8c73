package cycle

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/timago/terraform-provider-timago/internal/pool"

	"github.com/timago/terraform-provider-timago/internal/kms"
)

// check looks at a station's user once more, immediately before its restart. What the
// restart will add is under way from here on.
func (c *cycle) check(s *station) {
	c.removeCandidate(s)
	c.move(s, checking)
	c.ledger.busy[s.key], s.holdsLedger = true, true
	c.expectCounts(s, s.adds&c.lacking())
	s.startedAt = c.now
	c.underWay = append(c.underWay, s)
	c.host.pollSpacing = min(c.host.pollSpacing, spacingFor(s.expectedCycle))
	if !c.cmidChanges {
		c.canary = s
	}
	c.send(s, call{verb: presence})
}

// checked restarts the station if nobody uses it and it is still needed.
func (c *cycle) checked(s *station, r report) {
	if r.err != nil {
		c.endStart(s)
		c.markUnreachable(s, r.err)
		return
	}
	user := r.presence.InUse(c.limits.IgnoreUsers)
	needed := false
	for p := range c.managed {
		// Its own part is in what is under way.
		needed = needed || s.pendingCounts.has(p) && c.short(p) >= 0
	}
	switch {
	case user != "" && c.limits.WhenInUse != pool.ForceWhenInUse:
		c.endStart(s)
		c.move(s, ready)
		c.inUse(s, user)
	case !needed, !c.allows(c.expectedCycle(s)), c.closing, c.cancelCause != nil:
		c.endStart(s)
		c.move(s, ready)
		c.makeCandidate(s)
	default:
		s.before, s.cmidBefore, s.reason = r.presence.Uptime, s.licensing.CMID, ""
		s.started, s.startedByUs, s.outcomeUnknown, s.askedAfterStart = true, true, false, false
		s.startedAt, s.pollsBefore = c.now, c.host.pollsBegun
		s.restarts++
		c.move(s, stopping)
		// A user who does not count would make Windows refuse.
		c.send(s, call{verb: restart, force: c.limits.WhenInUse == pool.ForceWhenInUse || r.presence.User != "" || r.presence.Desktops > 0})
		c.emit(KindRestarting, s, Event{})
	}
}

// commanded takes in what became of the restart's command.
func (c *cycle) commanded(s *station, r report) {
	switch {
	case r.err == nil, errors.Is(r.err, kms.ErrUnknownOutcome):
		s.outcomeUnknown = r.err != nil
		c.move(s, down)
		s.watch, s.lastLook, s.looks = watchFor(c.paceOf(s).Return, closestProbes), 0, 0
		c.watchAgain(s)
	case errors.Is(r.err, kms.ErrInUse):
		c.undoRestart(s)
		c.move(s, ready)
		c.inUse(s, "somebody")
	case errors.Is(r.err, kms.ErrDenied):
		c.undoRestart(s)
		c.exclude(s, "its restart was refused: "+r.err.Error())
	case errors.Is(r.err, kms.ErrUnreachable), errors.Is(r.err, kms.ErrNotYet):
		c.undoRestart(s)
		c.markUnreachable(s, r.err)
	default:
		c.undoRestart(s)
		c.exclude(s, "it could not be restarted: "+r.err.Error())
	}
}

// takeBack undoes the tally of a restart that was not carried out.
func (c *cycle) undoRestart(s *station) {
	s.restarts--
	c.endStart(s)
}

// paceOf is what is known of the station's pace, or else of the fleet's.
func (c *cycle) paceOf(s *station) pool.Pace {
	if s.pace.Return.Samples > 0 {
		return s.pace
	}
	fleet := c.fleet
	fleet.Return.Deviation = max(fleet.Return.Deviation, fleet.Return.Mean/4)
	fleet.Request.Deviation = max(fleet.Request.Deviation, fleet.Request.Mean/4)
	return fleet
}

// watchAgain sets the alarm for the next probe.
func (c *cycle) watchAgain(s *station) {
	s.lastLook = s.watch.next(max(s.lastLook, c.now.Sub(s.startedAt)))
	at := s.startedAt.Add(s.lastLook)
	if end := s.startedAt.Add(c.limits.StationTimeout); at.After(end) {
		at = kms.Later(end, c.now)
	}
	c.alarms.set(s, at)
}

func (c *cycle) watchReturn(s *station) {
	s.looks++
	c.lookWhileDue(s)
	c.send(s, call{verb: probe})
}

func (c *cycle) notBack(s *station) string {
	if s.lastError == nil {
		return fmt.Sprintf("it did not restart within %s after it was told to", c.limits.StationTimeout)
	}
	return fmt.Sprintf("it did not come back within %s after its restart: %v", c.limits.StationTimeout, s.lastError)
}

// probed judges whether the station has started anew. Only its uptime proves that.
func (c *cycle) probed(s *station, r report) {
	silence := c.now.Sub(s.startedAt)
	switch {
	case r.err == nil && r.presence.RestartedSince(s.before):
		s.backAt, s.waitingSince = c.now, c.now
		c.learnReturn(s, silence)
		c.emit(KindBack, s, Event{})
		c.move(s, returned)
		c.send(s, call{verb: licensing})
	case r.err == nil && s.outcomeUnknown && silence > kms.UnsureFor:
		c.undoRestart(s)
		c.move(s, ready)
		c.makeCandidate(s)
	case silence >= c.limits.StationTimeout:
		c.exclude(s, c.notBack(s))
	default:
		c.watchAgain(s)
	}
}

// learnReturn takes the time until the return for the next one. It lies between the last
// look that failed and this one.
func (c *cycle) learnReturn(s *station, took time.Duration) {
	if s.looks == 1 {
		// Nobody looked before: it may have been back for a while. Look earlier next time.
		took -= took / 100
	}
	s.pace.Return = s.pace.Return.With(took)
	c.fleet.Return = c.fleet.Return.With(took)
	c.fleetLearnt(c.fleet.Return)
	c.paces[s.name] = s.pace
}

// readAfter takes in the licences of a station that is back.
func (c *cycle) readAfter(s *station, r report) {
	switch {
	case r.err == nil:
		c.await(s)
	case c.now.Sub(s.startedAt) >= c.limits.StationTimeout:
		c.exclude(s, fmt.Sprintf("it came back, but its licences could not be read within %s: %v", c.limits.StationTimeout, r.err))
	case errors.Is(r.err, kms.ErrDenied):
		c.exclude(s, "its Windows refused the account: "+r.err.Error())
	default: // its services are still starting
		s.tries++
		c.alarms.set(s, c.now.Add(time.Duration(min(s.tries, 10))*time.Second))
	}
}

// endStart takes the station out of what is under way.
func (c *cycle) endStart(s *station) {
	c.dropCounts(s, s.pendingCounts)
	c.freeInLedger(s)
	s.started, s.startedByUs, s.toAsk = false, false, 0
	c.alarms.clear(s)
	c.underWay = slices.DeleteFunc(c.underWay, func(other *station) bool { return other == s })
	if c.canary == s {
		c.canary = nil
	}
}

// free lets other cycles have the station.
func (c *cycle) freeInLedger(s *station) {
	if s.holdsLedger {
		delete(c.ledger.busy, s.key)
		s.holdsLedger = false
	}
}

// sleeper is a member that may be off and would be woken next; nil when none should be.
func (c *cycle) nextToWake() *station {
	for len(c.wakeable) > 0 {
		s := c.wakeable[0]
		if s.phase != away || s.woken {
			c.wakeable = c.wakeable[1:]
			continue
		}
		for p := range c.managed {
			if c.short(p) > c.in[unread]+len(c.askable[p]) && c.allows(c.expectedCycle(s)) {
				return s
			}
		}
		return nil
	}
	return nil
}

// wake switches a station on. Its start counts, as a restart does; what it adds is known
// only when it is read.
func (c *cycle) wake(s *station) {
	c.wakeable = c.wakeable[1:]
	c.setExpectedBack(s, false)
	c.alarms.clear(s)
	c.move(s, waking)
	c.expectCounts(s, c.lacking())
	s.unreachableSince = c.now // it may start before the command is reported
	c.send(s, call{verb: wake})
}

func (c *cycle) woke(s *station, r report) {
	c.move(s, away)
	s.pollsBefore = c.host.pollsBegun
	if r.err == nil || errors.Is(r.err, kms.ErrUnknownOutcome) {
		s.woken, s.wakePending = true, true
		c.woken++
		c.emit(KindWoken, s, Event{})
		s.watch, s.lastLook = watchFor(c.paceOf(s).Return, time.Second), 0
	} else {
		s.wakeError = r.err
		c.dropCounts(s, s.pendingCounts)
		c.setExpectedBack(s, true)
	}
	s.lastLook = s.watch.next(0)
	c.alarms.set(s, c.now.Add(s.lastLook))
}
