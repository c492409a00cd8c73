package cycle_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/outcome"
)

// How long after its start a station's refusals may pass, and how often it is asked then.
const (
	startsFor     = 2*time.Minute + 30*time.Second
	asksInStart   = 8
	asksInAll     = 2 // an unknown code is tried once more
	evidenceLasts = 2 * time.Minute
)

// judgeAsking holds a request on command against A16: a licence that was refused twice is
// not asked again, unless that was while its station started.
func (p *promises) judgeAsking(m *member, c *call) {
	if p.reached {
		return
	}
	late, early := 0, 0
	for _, r := range m.refusals[c.licence] {
		if r.at.Sub(m.readyAt) > startsFor {
			late++
		} else {
			early++
		}
	}
	if late >= asksInAll || early >= asksInStart {
		p.breachOnce("A16", "%s is asked again for a licence that was refused %s", m.name, times(late+early))
	}
}

func times(n int) string {
	if n > asksInStart {
		return "again and again"
	}
	return fmt.Sprintf("%d times", n)
}

// judgeLeftOut holds the leaving out of a member against A17: a family is judged by all
// its licences, so that none is left that was never asked where another one was refused.
func (p *promises) judgeLeftOut(m *member, e outcome.Event) {
	for product := range p.job.Thresholds {
		// Whether it reaches the host at all is no verdict about a family.
		if e.Product != "" && e.Product != product || p.drawn.OtherHostOf(m.name) || strings.HasPrefix(e.Reason, "nothing shows that it reaches") {
			continue
		}
		refused, untried := false, ""
		for _, licence := range m.of(product) {
			if len(m.refusals[licence]) > 0 {
				refused = true
			} else if m.askedEver(p, licence).IsZero() {
				untried = licence
			}
		}
		if refused && untried != "" && m.ready && m.open && p.lacks(product) > 0 && namesACode(e.Reason) {
			p.breach("A17", "%s is left out for %s, and its licence %s was never asked: %s", m.name, product, untried, e.Reason)
		}
	}
}

// askedEver is when a licence last asked, by itself or on command.
func (m *member) askedEver(p *promises, licence string) time.Time {
	if first := m.askedFirst[licence]; !first.IsZero() {
		return first
	}
	for _, e := range slices.Backward(p.asked) {
		if e.ID == kms.EventRequest && strings.Contains(e.Insertions, licence) {
			return e.Time
		}
	}
	return time.Time{}
}

func namesACode(reason string) bool { return strings.Contains(reason, "0x") }

// OtherHostOf reports whether a station asks another KMS host.
func (s scenario) OtherHostOf(name string) bool { return s.station(name).OtherHost != "" }

// judgeRefused: a member whose licences of a family were all refused is told with a code.
func (p *promises) judgeRefused(r outcome.Result, err error) {
	var stalled *outcome.Stalled
	if err != nil && !errors.As(err, &stalled) {
		return
	}
	for _, m := range p.members {
		for product := range p.job.Thresholds {
			codes := m.refusedWith(product)
			if len(codes) == 0 || !m.requested[product].Before(p.begun) || len(m.described.Aliases) > 0 {
				continue
			}
			reasons := r.ByStation[m.name].Reason + m.out[product] + m.out[""]
			if stalled != nil {
				reasons += stalled.Stations[m.name]
			}
			if !slices.ContainsFunc(codes, func(code kms.Code) bool { return strings.Contains(reasons, code.String()) }) && (stalled != nil || p.lackedAtRefusal(m, product)) {
				p.breach("A16", "%s was refused %s with %v, and is said to be %q", m.name, product, codes, reasons)
			}
		}
	}
}

// refusedWith lists the codes of a family's licences, where each was refused as often as
// it may be.
func (m *member) refusedWith(product kms.Product) []kms.Code {
	var codes []kms.Code
	for _, licence := range m.of(product) {
		if len(m.refusals[licence]) < asksInAll {
			return nil
		}
		for _, r := range m.refusals[licence] {
			codes = append(codes, r.code)
		}
	}
	return codes
}

// lackedAtRefusal reports whether the cycle had time to say so before the thresholds held.
func (p *promises) lackedAtRefusal(m *member, product kms.Product) bool {
	return !m.outAt.IsZero() || !p.reached || p.left.Sub(m.lastRefusal(product)) > time.Minute
}

func (m *member) lastRefusal(product kms.Product) time.Time {
	var last time.Time
	for _, licence := range m.of(product) {
		for _, r := range m.refusals[licence] {
			last = latest(last, r.at)
		}
	}
	return last
}
