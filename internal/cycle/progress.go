package cycle

import (
	"fmt"
	"time"
)

// A14: of every member of which something is awaited the time is kept in which nothing
// came of it. What counts as progress is listed where progressed is called; an answer to
// something else is none.

// awaited reports whether something is to come from the station. Somebody who is logged on
// is waited for without an end: such a station is ready.
func (s *station) awaited() bool { return s.phase != ready && s.phase != closing && s.phase != out }

// awaitsEvidence reports whether it is the host's or the station's records that are awaited:
// while the host cannot be read that time does not run.
func (s *station) awaitsEvidence() bool { return s.phase == asking || s.phase == awaiting }

// keepTime adds what has passed in the phase that ends to the time without progress.
func (c *cycle) keepTime(s *station) {
	s.withoutProgress = c.withoutProgress(s)
	s.awaitedSince, s.hostSilentBefore = c.now, c.hostSilent()
}

func (c *cycle) withoutProgress(s *station) time.Duration {
	if s.awaitedSince.IsZero() {
		return s.withoutProgress
	}
	passed := c.now.Sub(s.awaitedSince)
	if s.awaitsEvidence() {
		passed -= c.hostSilent() - s.hostSilentBefore
	}
	return s.withoutProgress + passed
}

// hostSilent is for how long, in all, the host could not be read.
func (c *cycle) hostSilent() time.Duration {
	if c.host.failures == 0 {
		return c.host.silentFor
	}
	return c.host.silentFor + c.now.Sub(c.host.failing)
}

// progressed gives the station its full time again.
func (c *cycle) progressed(s *station) {
	c.keepTime(s)
	s.withoutProgress = 0
}

func (c *cycle) overdue(s *station) bool {
	return s.awaited() && c.withoutProgress(s) >= c.limits.StationTimeout
}

// setAlarm wants the station looked after at a moment, or when its time is over.
func (c *cycle) setAlarm(s *station, at time.Time) {
	if s.awaited() {
		end := c.now.Add(max(0, c.limits.StationTimeout-c.withoutProgress(s)))
		if end.Before(at) {
			at = end
		}
	}
	c.alarms.Set(s.index, at)
}

// giveUp leaves out a station whose time is over.
func (c *cycle) giveUp(s *station) {
	within := c.withoutProgress(s).Round(time.Second)
	if s.start != nil && s.start.begun {
		within = min(within, c.now.Sub(s.start.at).Round(time.Second))
	}
	reason := ""
	switch s.phase {
	case silent, unread:
		reason = fmt.Sprintf("it did not answer for %s", within)
		if s.silence != nil && s.silence.wakeError != nil {
			reason = fmt.Sprintf("it could not be switched on (%v), and %s", s.silence.wakeError, reason)
		}
	case down:
		reason = fmt.Sprintf("it did not come back within %s after its restart", within)
		switch {
		case s.lastError == nil:
			reason = fmt.Sprintf("its restart was commanded, and no new start of it was seen within %s", within)
			s.start.outcomeUnknown = true
		case s.start.outcomeUnknown:
			reason = fmt.Sprintf("its restart was commanded and not answered, and it did not answer within %s", within)
		}
	case returned:
		reason = fmt.Sprintf("it came back, but its licences could not be read within %s", within)
	case asking:
		reason = fmt.Sprintf("it was to be asked to activate, and nothing came of it within %s", within)
	case awaiting:
		reason = fmt.Sprintf("no request of it was seen within %s after its start", within)
	case waking, checking, stopping, ready, closing, out, phases:
		reason = fmt.Sprintf("nothing came of it within %s (%s)", within, s.phase)
	}
	if s.lastError != nil {
		reason += ": " + s.lastError.Error()
	}
	c.exclude(s, s.afterRefusal(reason))
}
