package cycle_test

import (
	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/outcome"
)

// judgeCredit holds a count that the cycle gives a member against A6: the member has made
// a request for that product which the host took, and after a restart one that the host
// counted anew.
func (p *promises) judgeCredit(m *member, product kms.Product) {
	since := p.begun
	if !m.restartedAt.IsZero() {
		since = m.restartedAt
	}
	switch {
	case m.requested[product].Before(since):
		p.breach("A6", "%s is given a count for %s, for which it has asked nobody", m.name, product)
	case !m.restartedAt.IsZero() && m.newID[product].Before(since):
		p.breach("A6", "%s is given a count for %s after its restart, and the host counted nothing new", m.name, product)
	}
}

// judgeCredits holds what the result says of counts against what the host counted.
func (p *promises) judgeCredits(r outcome.Result) {
	for name, s := range r.ByStation {
		m := p.members[p.names[name]]
		counted := 0
		for product := range p.job.Thresholds {
			counted += m.counted[product]
		}
		if len(m.described.Aliases) == 0 && s.Counted > counted {
			p.breach("A6", "%s is said to have added %d, the host counted %d of it", name, s.Counted, counted)
		}
	}
}
