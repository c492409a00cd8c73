package cycle_test

import (
	"fmt"
	"strings"

	"github.com/timago/terraform-provider-timago/internal/outcome"
)

// judgeTold holds the result against A19: who was left out is named with a reason, numbers
// are those last seen, restarts those that were, and nobody's name is in it.
func (p *promises) judgeTold(r outcome.Result, err error) {
	for product := range p.job.Thresholds {
		seen, known := p.lastRead[product]
		if reported, given := r.Counts[product]; known && (!given || reported != seen) && !p.twin && !p.fromClients {
			p.breach("A19", "the count of %s was last seen at %d, and %d is reported (%t)", product, seen, reported, given)
		}
	}
	if made := p.started - p.earlier; r.Restarts > made || made > r.Restarts+r.Unconfirmed {
		p.breach("A19", "%d restarts are reported, and %d that may have been made: %d were", r.Restarts, r.Unconfirmed, made)
	}
	for _, m := range p.members {
		s := r.ByStation[m.name]
		// One that is skipped may have been asked, and be under way when the cycle is cut short.
		ended := s.Outcome == outcome.LeftOut || s.Outcome == outcome.TookPart || s.Outcome == outcome.UnderWay
		if reason, out := m.out[""]; out && m.wanted && len(m.described.Aliases) == 0 && (s.Reason == "" || !ended) {
			p.breach("A19", "%s was left out (%s), and the result says %q, %q", m.name, reason, s.Outcome, s.Reason)
		}
		if gone := !m.ready && m.restarts > 0 && p.left.Sub(m.restartedAt) > p.timeout()+slack; gone && s.Reason == "" && !p.twin {
			p.breach("A19", "%s did not come back from its restart, and nothing is said of it: %q", m.name, s.Outcome)
		}
		if name, used := userIn(s.Reason); used {
			p.breach("A19", "the result names %s", name)
		}
	}
	if err != nil {
		return
	}
	if name, used := userIn(fmt.Sprint(r)); used {
		p.breach("A19", "a result of success names %s", name)
	}
}

func userIn(text string) (string, bool) {
	for _, name := range []string{`SCHULE\`, "schueler", "lehrer"} {
		if strings.Contains(text, name) {
			return name, true
		}
	}
	return "", false
}
