package cycle_test

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/outcome"
)

// slack is what looking may cost beside a time that a promise names.
const slack = 3 * time.Minute

// watchLiveness holds every call against A14: a member of which something is awaited is
// left out when it has made no progress for station_timeout, and a cycle that calls on has
// somebody of whom something is awaited. Time in which the host could not be read does not
// run, but has the same bound itself. Users waited for are excepted.
func (p *promises) watchLiveness(c *call) {
	now := c.began
	dark := p.dark.until(now)
	if since := p.darkFor[c.by].since; !since.IsZero() && now.Sub(since) > p.timeout()+slack {
		p.breachOnce("A14", "the host has not been read for station_timeout and more, and the cycle goes on")
	}
	m := p.members[c.station]
	if m != nil && len(m.described.Aliases) == 0 && m.withoutAnswer(now) > p.timeout()+slack { // each name has its time
		p.breachOnce("A14", "%s has not answered for station_timeout and more, and is still looked for (%s)", m.name, c.kind)
	}
	if p.waitsForUsers() {
		p.progressed = now
		return
	}
	since := latest(p.progressed, p.begunLast)
	for _, other := range p.members {
		since = latest(since, other.failing)
	}
	if idle := now.Sub(since) - dark; idle > p.timeout()+slack {
		p.breachOnce("A14", "nothing has come of anything for station_timeout and more, and the cycle goes on")
	}
	if m != nil && c.kind == "activate" && !p.reached {
		if first := m.askedFirst[c.licence]; !first.IsZero() && m.asks[c.licence] > 3 && now.Sub(latest(first, m.progressed))-dark > p.timeout()+slack {
			p.breachOnce("A14", "%s is asked for ever", m.name)
		}
	}
}

// withoutAnswer is how long, in all, the member has failed to answer since its last progress.
func (m *member) withoutAnswer(now time.Time) time.Duration {
	if m.failing.IsZero() {
		return m.failed
	}
	return m.failed + now.Sub(m.failing)
}

// isAnswer tells whether a call's outcome is an answer of its station, be it a refusal.
func (c *call) isAnswer() bool {
	var code *kms.CodeError
	err := c.err
	refusesRestart := c.kind == "restart" && !errors.Is(err, kms.ErrUnreachable) && !errors.Is(err, kms.ErrUnknownOutcome)
	return err == nil || refusesRestart || errors.As(err, &code) || errors.Is(err, kms.ErrDenied)
}

// answers is told whether a call was answered.
func (m *member) answers(is bool, now time.Time) {
	switch {
	case !is && m.failing.IsZero():
		m.failing = now
	case is:
		m.failed, m.failing = m.withoutAnswer(now), time.Time{}
	}
}

// waitsForUsers: somebody's leaving may be waited for, or has been a moment ago.
func (p *promises) waitsForUsers() bool {
	if p.limits.WhenInUse != kms.WaitWhenInUse && p.limits.WhenInUse != "" {
		return false
	}
	for _, m := range p.members {
		if m.users {
			return true
		}
	}
	return false
}

func latest(times ...time.Time) time.Time {
	var last time.Time
	for _, t := range times {
		if t.After(last) {
			last = t
		}
	}
	return last
}

// breachOnce notes a breach that would repeat itself at every call once.
func (p *promises) breachOnce(promise, format string, args ...any) {
	if !slices.Contains(p.broken, promise+": "+fmt.Sprintf(format, args...)) {
		p.breach(promise, format, args...)
	}
}

// judgeKind: a cycle ends in one of the ways that it names.
func (p *promises) judgeKind(err error) {
	for _, known := range []any{
		new(*outcome.Stalled), new(*outcome.SameCMID), new(*outcome.CountCapped), new(*outcome.OutsideWindow), new(*outcome.Cancelled),
		new(*outcome.HostUnreadable), new(*outcome.HostWithoutKey),
	} {
		if err == nil || errors.As(err, known) {
			return
		}
	}
	p.breach("A8", "unknown end: %v", err)
}

// judgeParts: every member's part has ended, unless the cycle was cut short.
func (p *promises) judgeParts(r outcome.Result, err error) {
	var cancelled *outcome.Cancelled
	if errors.As(err, &cancelled) && p.drawn.Cancel == 0 && !p.waitsForUsers() {
		p.breachOnce("A14", "it did not end by itself")
	}
	if _, ok := errors.AsType[*outcome.Stalled](err); ok {
		for name, s := range r.ByStation {
			if s.Outcome == outcome.UnderWay || s.Outcome == outcome.NotJudged {
				p.breach("A14", "nobody can add anything, and %s is %q", name, s.Outcome)
			}
		}
	}
}
