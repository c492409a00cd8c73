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

// watchLiveness holds every call against A14: a cycle that calls on has had progress, or
// has begun something, within station_timeout. Time in which the host could not be read
// does not run, but has the same bound itself. Users waited for are excepted.
func (p *promises) watchLiveness(c *call) {
	now := c.began
	if p.waitsForUsers() {
		p.progressed = now
		return
	}
	since := latest(p.progressed, p.begunLast)
	dark := p.dark.until(now)
	if !p.dark.since.IsZero() && now.Sub(p.dark.since) > p.timeout()+slack {
		p.breachOnce("A14", "the host has not been read for station_timeout and more, and the cycle goes on")
	}
	if idle := now.Sub(since) - dark; idle > p.timeout()+slack {
		p.breachOnce("A14", "nothing has come of anything for station_timeout and more, and the cycle goes on")
	}
	if m := p.members[c.station]; m != nil && c.kind == "activate" && !p.reached {
		if first := m.askedFirst[c.licence]; !first.IsZero() && m.asks[c.licence] > 2 && now.Sub(latest(first, m.progressed))-dark > p.timeout()+slack {
			p.breachOnce("A14", "%s is asked for ever", m.name)
		}
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
