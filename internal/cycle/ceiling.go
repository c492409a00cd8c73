package cycle

import (
	"slices"

	"github.com/timago/terraform-provider-timago/internal/evidence"
	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/outcome"
	"github.com/timago/terraform-provider-timago/internal/pool"
)

// capped finds a target above the ceiling that the host's count can reach by what asks it.
// It is known once every member was read (A18). A count beyond it says that others ask the
// host whose records were not read.
func (c *cycle) capped() *outcome.CountCapped {
	if c.ceilingChecked || c.firstReads > 0 || c.host.logUnreadable || slices.ContainsFunc(c.stations, c.isUnknown) {
		return nil
	}
	c.ceilingChecked = true
	for p, product := range c.managed {
		if c.missing(p) == 0 {
			continue
		}
		var licences []kms.Licence
		for _, s := range c.stations {
			licences = append(licences, s.licensing.Of(product)...)
		}
		if ceiling := pool.Ceiling(product, c.host.log.LargestThreshold, licences); ceiling >= c.host.counts[p] && ceiling < c.wanted[p] && ceiling > 0 {
			return &outcome.CountCapped{Product: product, Count: c.host.counts[p], Threshold: c.wanted[p], Ceiling: ceiling}
		}
	}
	return nil
}

// isUnknown tells of a member that was not read yet, nor under another name.
func (c *cycle) isUnknown(s *station) bool {
	return !s.read && s.phase != out && len(c.byComputer[kms.HostLabel(s.name)]) == 0
}

// watchCeiling ends the cycle after restarts that the host's log shows and its count does
// not. further says that the log was read before.
func (c *cycle) watchCeiling(further bool) {
	for p, product := range c.managed {
		still := &c.standstills[p]
		if !further {
			still.Begin(c.host.counts[p])
			continue
		}
		still.Poll(c.host.counts[p], c.freshRequests(p), c.missing(p) > 0 && !c.closing, c.host.log)
		switch {
		case still.Confirmed():
			c.err = &outcome.CountCapped{Product: product, Count: c.host.counts[p], Threshold: c.wanted[p], Unshown: evidence.Unshown}
			c.close()
			return
		case still.Suspected():
			c.requestHostPoll(c.now)
		}
	}
}

// suspectsCeiling tells whether a ceiling is about to be confirmed: nothing is started.
func (c *cycle) suspectsCeiling() bool {
	return slices.ContainsFunc(c.standstills, func(s evidence.Standstill) bool { return s.Suspected() })
}

// freshRequests is how many new ids of members the log shows since the poll before.
func (c *cycle) freshRequests(p int) int {
	if len(c.host.log.Fresh) == 0 {
		return 0
	}
	ours := map[string]*station{}
	for _, s := range c.stations {
		if s.read {
			ours[kms.HostLabel(s.presence.Name)] = s
		}
	}
	fresh := 0
	for _, record := range c.host.log.Fresh {
		if s := ours[kms.HostLabel(record.Client)]; s != nil && asksFor(s.licensing, c.managed[p], record.ActivationID) {
			fresh++
		}
	}
	return fresh
}
