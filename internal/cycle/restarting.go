package cycle

import (
	"errors"
	"slices"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/outcome"
	"github.com/timago/terraform-provider-timago/internal/scheduler"
)

// check looks at a station's user once more, immediately before its restart (A3). What the
// restart will add is under way from here on.
func (c *cycle) check(s *station) {
	c.removeCandidate(s)
	c.move(s, onChosen)
	c.ledger.Hold(s.key)
	s.holdsLedger = true
	needs := s.adds & c.lacking()
	s.start = &start{byUs: true, needs: needs, unneeded: s.adds &^ needs, at: c.now}
	c.expectCounts(s, needs)
	c.underWay = append(c.underWay, s)
	c.host.pollSpacing = min(c.host.pollSpacing, scheduler.PollSpacing(s.expectedCycle))
	if !c.isProven(needs) {
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
	used := r.presence.InUse(c.limits.IgnoreUsers) != ""
	if s.reason == outcome.UserLoggedOn && !used {
		c.progressed(s)
	}
	needed := false
	for p := range c.managed {
		// Its own count is among those under way: where exactly nothing more is missing, it is needed.
		needed = needed || s.pendingCounts.Has(p) && c.short(p) >= 0
	}
	switch {
	case used && c.limits.WhenInUse != kms.ForceWhenInUse:
		c.endStart(s)
		c.move(s, onInUse)
		c.inUse(s)
	case !needed, !c.windowAdmits(c.cycleTime(s)), c.closing, c.cancelCause != nil, c.nextToWake() != nil,
		c.endsCapped(): // the last to be asked, since it closes the cycle
		c.endStart(s)
		c.move(s, onNotNeeded)
		c.makeCandidate(s)
	case s.age(c.now) < c.now.Sub(s.licensed): // it has started since, and its licences are others
		c.endStart(s)
		c.move(s, onStale)
		c.send(s, call{verb: whole})
	default:
		s.reason = ""
		st := s.start
		st.begun, st.before, st.cmidBefore = true, r.presence.Uptime, s.licensing.CMID
		st.at, st.pollsBefore = c.now, c.host.pollsBegun
		s.restarts++
		c.move(s, onCommand)
		// A user who does not count would make Windows refuse.
		c.send(s, call{verb: restart, force: c.limits.WhenInUse == kms.ForceWhenInUse || r.presence.User != "" || r.presence.Desktops > 0})
		c.emit(outcome.KindRestarting, s, outcome.Event{})
	}
}

// commanded takes in what became of the restart's command.
func (c *cycle) commanded(s *station, r report) {
	switch {
	case r.err == nil, errors.Is(r.err, kms.ErrUnknownOutcome):
		st := s.start
		st.outcomeUnknown = r.err != nil
		c.move(s, onCommanded)
		s.refusesSince = time.Time{}
		st.watch, st.lastLook, st.looks = scheduler.WatchFor(c.paces.Of(s.index).Return, scheduler.ClosestProbes), 0, 0
		c.watchAgain(s)
	case errors.Is(r.err, kms.ErrInUse):
		c.refusesRestart(s, r.err)
	case errors.Is(r.err, kms.ErrShutdownPending):
		c.othersShutdown(s, r.err)
	case errors.Is(r.err, kms.ErrDenied):
		c.undoRestart(s)
		c.exclude(s, "its restart was refused: "+r.err.Error())
	case errors.Is(r.err, kms.ErrUnreachable), errors.Is(r.err, kms.ErrShortage):
		c.undoRestart(s)
		c.markUnreachable(s, r.err)
	case errors.Is(r.err, kms.ErrNotYet):
		c.notReady(s, r.err)
	default:
		c.undoRestart(s)
		c.exclude(s, "it could not be restarted: "+r.err.Error())
	}
}

// refusesRestart: Windows says that somebody is logged on, or that it is locked. Where
// nobody was seen there a moment before it is asked again for a while only (A14).
func (c *cycle) refusesRestart(s *station, err error) {
	c.undoRestart(s)
	seen := s.presence.InUse(c.limits.IgnoreUsers) != ""
	switch {
	case seen:
		s.refusesSince = time.Time{}
	case s.refusesSince.IsZero():
		s.refusesSince = c.now
	case c.now.Sub(s.refusesSince) >= c.limits.StationTimeout:
		c.exclude(s, "Windows refused to restart it, and nobody was seen logged on: "+err.Error())
		return
	}
	c.move(s, onInUse)
	c.inUse(s)
}

// notReady: Windows is going down, and comes back by itself, or it is not ready for another
// reason. Where it answers again and is still not ready it is asked for a while only (A14).
func (c *cycle) notReady(s *station, err error) {
	c.undoRestart(s)
	switch {
	case s.refusesSince.IsZero():
		s.refusesSince = c.now
		c.markUnreachable(s, err)
	case c.now.Sub(s.refusesSince) >= c.limits.StationTimeout:
		c.exclude(s, "Windows was never ready to be restarted: "+err.Error())
	default:
		c.move(s, onShutdownPending)
		c.postpone(s, "Windows is not ready to be restarted")
	}
}

// othersShutdown: somebody else has scheduled a shutdown, perhaps for hours later. It may
// also be the command of an earlier run, which takes the station down in a moment: it is
// tried once more, then left out.
func (c *cycle) othersShutdown(s *station, err error) {
	c.undoRestart(s)
	if s.shutdownPending {
		c.exclude(s, "somebody else has scheduled a shutdown there: "+err.Error())
		return
	}
	s.shutdownPending = true
	c.move(s, onShutdownPending)
	if c.earlierRunSeen() {
		c.expectCounts(s, s.adds&c.lacking()) // it is likely to be that run's: its count is not made twice (A11)
	}
	c.postpone(s, "somebody else has scheduled a shutdown there")
}

// postpone comes back to a station that cannot be restarted yet.
func (c *cycle) postpone(s *station, reason string) {
	s.waitsForUser, s.reason = true, reason
	c.emit(outcome.KindInUse, s, outcome.Event{Reason: reason})
	c.setAlarm(s, c.now.Add(userCheckEvery))
}

// undoRestart undoes the tally of a restart that was not carried out.
func (c *cycle) undoRestart(s *station) {
	s.restarts--
	c.endStart(s)
}

// watchAgain sets the alarm for the next probe.
func (c *cycle) watchAgain(s *station) {
	st := s.start
	st.lastLook = st.watch.Next(max(st.lastLook, c.now.Sub(st.at)))
	c.setAlarm(s, st.at.Add(st.lastLook))
}

func (c *cycle) watchReturn(s *station) {
	s.start.looks++
	c.pollWhileDue(s)
	c.send(s, call{verb: probe})
}

// probed judges whether the station has started anew.
func (c *cycle) probed(s *station, r report) {
	st := s.start
	silence := c.now.Sub(st.at)
	st.wentSilent = st.wentSilent || r.verb == probe && r.err != nil
	switch {
	case r.verb == licensing:
		c.compareCMID(s, r)
	case r.err == nil && c.restarted(s):
		c.back(s)
	case r.err == nil && (s.presence.RestartedSince(st.before) || st.wentSilent && st.cmidBefore != ""):
		c.send(s, call{verb: licensing}) // a clock that was set would show the same
	case r.err == nil && st.outcomeUnknown && silence > kms.UnsureFor:
		c.undoRestart(s)
		c.move(s, onNotCarriedOut)
		c.makeCandidate(s)
	default:
		c.watchAgain(s)
	}
}

// restarted reports whether the uptime read last proves a start (A5). It does where it is
// shorter than before. Where it is longer, and shorter than what has passed on the
// station's clock, that clock may have been put forward instead: then the station must
// have been seen down as well.
func (c *cycle) restarted(s *station) bool {
	now, before := s.presence.Uptime, s.start.before
	return now.Duration() < before.Duration() || s.start.wentSilent && now.RestartedSince(before)
}

// compareCMID decides by the client machine id whether a station has started anew whose
// uptime proves nothing: it was never seen down, or its clock was set meanwhile. Where the id
// is the old one its uptime is held from now on against what it shows now.
func (c *cycle) compareCMID(s *station, r report) {
	if r.err == nil && s.licensing.CMID != s.start.cmidBefore {
		c.back(s)
		return
	}
	if r.err == nil {
		s.start.before, s.start.wentSilent = s.presence.Uptime, false
	}
	c.watchAgain(s)
}

// back takes in the return of a station that has started anew.
func (c *cycle) back(s *station) {
	s.start.backAt, s.start.waitingSince, s.start.outcomeUnknown = c.now, c.now, false
	clear(s.refusals)
	c.progressed(s)
	// It came back between the last look that failed and this one.
	if c.paces.Returned(s.index, c.now.Sub(s.start.at), s.start.looks) {
		c.reorderCandidates()
	}
	c.emit(outcome.KindBack, s, outcome.Event{})
	c.move(s, onBack)
	c.send(s, call{verb: licensing})
}

// readAfter takes in the licences of a station that is back.
func (c *cycle) readAfter(s *station, r report) {
	switch {
	case r.err == nil:
		if c.showsNewID(s) {
			c.cmidChangeSeenHere = c.cmidChangeSeenHere.With(0)
		}
		c.await(s, onLicencesRead)
	case errors.Is(r.err, kms.ErrDenied):
		c.exclude(s, "its Windows refused the account: "+r.err.Error())
	default: // its services are still starting
		s.start.failedReads++
		c.setAlarm(s, c.now.Add(time.Duration(min(s.start.failedReads, 10))*time.Second))
	}
}

// endStart takes the station out of what is under way.
func (c *cycle) endStart(s *station) {
	c.dropCounts(s, s.pendingCounts)
	c.freeInLedger(s)
	s.start, s.asking = nil, nil
	c.alarms.Clear(s.index)
	c.underWay = slices.DeleteFunc(c.underWay, func(other *station) bool { return other == s })
	if c.canary == s {
		c.canary = nil
	}
}

// freeInLedger lets other cycles have the station.
func (c *cycle) freeInLedger(s *station) {
	if s.holdsLedger {
		c.ledger.Free(s.key)
		s.holdsLedger = false
	}
}
