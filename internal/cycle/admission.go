package cycle

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/outcome"
	"github.com/timago/terraform-provider-timago/internal/scheduler"
)

// admit lets a station that was read take part.
func (c *cycle) admit(s *station) {
	if s.firstReadPending {
		c.endFirstRead(s)
		c.progressed(s)
	}
	if other := c.sameMachine(s); other != "" {
		s.licensing = kms.Licensing{} // what it holds is asked under the other name
		c.exclude(s, "it is the same machine as "+other)
		return
	}
	silence := s.silence
	// One that only failed to answer has not started.
	booted := silence != nil && s.age(c.now) <= c.now.Sub(silence.since)
	if booted && silence.wakePending {
		s.bootedAfterWake = true
		c.progressed(s)
		c.emit(outcome.KindBack, s, outcome.Event{})
	}
	if booted {
		clear(s.refusals)
	}
	c.endSilence(s)
	if s.adds == 0 {
		c.exclude(s, cmp.Or(s.refusal(), neverAdds(s, c.managed)))
		return
	}
	c.dropCounts(s, s.pendingCounts&^s.adds)
	c.move(s, onRead)
	if booted && !c.closing && !c.isCounted(s) {
		// It started while the cycle waited: it asks by itself, as after a restart.
		s.start = &start{begun: true, pollsBefore: silence.pollsBefore, at: c.now, backAt: c.now, waitingSince: c.now}
		c.expectCounts(s, s.adds&c.lacking())
		c.underWay = append(c.underWay, s)
		c.await(s, onBoot)
		return
	}
	c.dropCounts(s, s.pendingCounts)
	for p := range c.managed {
		if s.adds.Has(p) && !c.isCountedFor(s, p) && len(s.refused.Askable(s.licensing.Of(c.managed[p]))) > 0 {
			c.askable[p] = append(c.askable[p], s)
		}
	}
	c.makeCandidate(s)
}

// sameMachine names the member that is this machine under another name; "" where none is.
// Machines made from one image may share a computer name, but not its client machine id or
// the moment of its start as well. While the other is being restarted both are about to
// change.
func (c *cycle) sameMachine(s *station) string {
	label := kms.HostLabel(s.presence.Name)
	if s.admitted || label == "" {
		return ""
	}
	for _, other := range c.byComputer[label] {
		sameStart := other.presence.Boot.Sub(s.presence.Boot).Abs() < time.Second
		if sameStart || other.licensing.CMID == s.licensing.CMID || other.startedByUs() {
			return other.name
		}
	}
	c.byComputer[label], s.admitted = append(c.byComputer[label], s), true
	return ""
}

func (c *cycle) endFirstRead(s *station) {
	if s.firstReadPending {
		s.firstReadPending = false
		c.firstReads--
	}
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

// markUnreachable puts aside a member that does not answer. It may be off, or on its way
// back from a restart of an earlier run that ended in the middle: it is never restarted,
// but tried again, and woken where there is a way (A11).
func (c *cycle) markUnreachable(s *station, err error) {
	c.endFirstRead(s)
	if errors.Is(err, kms.ErrDenied) {
		c.exclude(s, "its Windows refused the account: "+err.Error())
		return
	}
	unknown := errors.Is(err, kms.ErrUnknownName)
	if unknown && !c.canWake {
		c.exclude(s, "no machine of its name is known: "+err.Error())
		return
	}
	answered := s.silence != nil && s.silence.answered // a moment ago
	c.removeCandidate(s)
	c.move(s, onNoAnswer)
	s.up, s.lastError = false, err
	if s.silence == nil {
		c.beginSilence(s, unknown)
	}
	if answered && s.pendingCounts == 0 && s.age(c.now) <= c.paces.Slow(s.index) {
		c.setExpectation(s, expectStarted) // its services are still starting
	}
	s.silence.answered = false
	c.probeLater(s)
}

func (c *cycle) beginSilence(s *station, unknown bool) {
	s.silence = &silence{
		since: c.now, pollsBefore: c.host.pollsBegun, unknownName: unknown,
		watch: scheduler.Watch{From: scheduler.FirstProbe, Until: scheduler.FirstProbe, Step: scheduler.FirstProbe, Slack: unreachableProbeEvery},
	}
	// A command of an earlier run takes a station down soon after it was read as up, or not at all.
	if passed := c.now.Sub(c.started); !unknown && passed <= c.slowBefore && (!s.read || passed <= kms.UnsureFor) && !c.isExpectedElsewhere(s) {
		c.setExpectation(s, expectFromEarlier)
	}
	if c.canWake {
		c.wakeable = append(c.wakeable, s)
	}
}

// isExpectedElsewhere tells whether a count is expected already under another name of what is
// likely the same machine: none is kept twice (A15).
func (c *cycle) isExpectedElsewhere(s *station) bool {
	return slices.ContainsFunc(c.byLabel[kms.StationLabel(s.name)], func(other *station) bool {
		return other != s && other.silence != nil && other.silence.expected != expectNothing
	})
}

func (c *cycle) endSilence(s *station) {
	if s.silence != nil {
		c.setExpectation(s, expectNothing)
		s.silence = nil
	}
}

func (c *cycle) probeLater(s *station) {
	silence := s.silence
	silence.lastLook = silence.watch.Next(max(silence.lastLook, c.now.Sub(silence.since)))
	c.setAlarm(s, silence.since.Add(silence.lastLook))
}

// setExpectation notes why a member that does not answer may yet add a count.
func (c *cycle) setExpectation(s *station, now expectation) {
	c.expected[s.silence.expected]--
	c.expected[now]++
	s.silence.expected = now
}

// probeSilent probes a member that did not answer. What was expected of it is expected no
// longer than a slow cycle (A15).
func (c *cycle) probeSilent(s *station) {
	silent := c.now.Sub(s.silence.since)
	if c.now.Sub(c.started) > c.slowBefore && s.silence.expected == expectFromEarlier { // an earlier run has ended before this one began
		c.setExpectation(s, expectNothing)
	}
	if silent > c.paces.Slow(s.index) {
		c.setExpectation(s, expectNothing)
		c.dropCounts(s, s.pendingCounts)
	}
	c.send(s, call{verb: probe})
}

func (c *cycle) triedAgain(s *station, r report) {
	if r.err != nil {
		c.markUnreachable(s, r.err)
		return
	}
	if s.age(c.now) <= c.paces.Slow(s.index) {
		c.setExpectation(s, expectStarted)
	} else {
		c.setExpectation(s, expectNothing)
	}
	s.silence.answered = true
	c.move(s, onAnswer)
	c.send(s, call{verb: whole})
}

// nextToWake is a member that may be off and would be woken next; nil when none should be.
func (c *cycle) nextToWake() *station {
	for len(c.wakeable) > 0 && (c.wakeable[0].phase != silent || c.wakeable[0].woken) {
		c.wakeable = c.wakeable[1:]
	}
	for _, s := range c.wakeable {
		if s.phase != silent || s.woken || slices.ContainsFunc(c.byLabel[kms.StationLabel(s.name)], (*station).isWaking) {
			continue // another one of its first name is likely to be the same machine
		}
		for p := range c.managed {
			if c.short(p) > c.firstReads+len(c.askable[p]) && c.windowAdmits(c.cycleTime(s)) {
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
	c.setExpectation(s, expectNothing)
	c.alarms.Clear(s.index)
	c.move(s, onWake)
	c.expectCounts(s, c.lacking())
	s.silence.since = c.now // it may start before the command is reported
	c.progressed(s)         // once for each station: its time begins when it is switched on
	c.send(s, call{verb: wake})
}

func (c *cycle) woke(s *station, r report) {
	c.move(s, onWakeSent)
	silence := s.silence
	silence.pollsBefore = c.host.pollsBegun
	switch {
	case r.err == nil, errors.Is(r.err, kms.ErrUnknownOutcome):
		s.woken, silence.wakePending = true, true
		c.woken++
		c.emit(outcome.KindWoken, s, outcome.Event{})
		silence.watch = scheduler.WatchFor(c.paces.Of(s.index).Return, time.Second)
	case silence.unknownName:
		c.dropCounts(s, s.pendingCounts)
		c.exclude(s, fmt.Sprintf("no machine of its name is known, and it could not be switched on: %v", r.err))
		return
	default:
		silence.wakeError = r.err
		c.dropCounts(s, s.pendingCounts)
		c.setExpectation(s, expectFromEarlier)
	}
	silence.lastLook = silence.watch.Next(0)
	c.setAlarm(s, c.now.Add(silence.lastLook))
}
