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

// endsCapped ends the cycle where the host's ceiling lies below a target.
func (c *cycle) endsCapped() bool {
	capped := c.capped()
	if capped != nil {
		c.err = capped
		c.close()
	}
	return capped != nil
}

// unlessCapped puts a ceiling before another end: with nothing else in the way the target
// would still not be reached.
func (c *cycle) unlessCapped(other error) error {
	if slices.ContainsFunc(c.stations, c.neverRead) {
		return other // it may be the one that asks for more
	}
	if capped := c.capped(); capped != nil {
		return capped
	}
	return other
}

// isUnknown tells of a member that may yet ask the host, and was not read.
func (c *cycle) isUnknown(s *station) bool { return s.phase != out && c.neverRead(s) }

// neverRead tells of a member that was not read, nor under another name.
func (c *cycle) neverRead(s *station) bool {
	return !s.read && len(c.byComputer[kms.StationLabel(s.name)]) == 0
}

// watchCeiling ends the cycle after restarts that the host's log shows and its count does
// not. further says that the log was read before.
func (c *cycle) watchCeiling(further bool) {
	fresh := c.freshRequests()
	for p, product := range c.managed {
		still := &c.standstills[p]
		if !further {
			still.Begin(c.host.counts[p])
			continue
		}
		still.Poll(c.host.counts[p], fresh[p].Restarted, c.missing(p) > 0 && !c.closing, c.host.log)
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

// suspectsCeiling reports whether a ceiling is about to be confirmed: nothing is started.
func (c *cycle) suspectsCeiling() bool {
	return slices.ContainsFunc(c.standstills, func(s evidence.Standstill) bool { return s.Suspected() })
}

// freshRequests are the new ids that the log shows since the poll before, by product.
func (c *cycle) freshRequests() []evidence.FreshIDs {
	if len(c.host.log.Fresh) == 0 {
		return make([]evidence.FreshIDs, len(c.managed))
	}
	restarted := map[string]bool{}
	for _, s := range c.stations {
		if s.restarts > 0 {
			restarted[kms.HostLabel(s.presence.Name)] = true
		}
	}
	return c.host.log.CountFresh(c.managed, c.productsHeld(), restarted)
}

// productsHeld are the products that members hold, by activation id.
func (c *cycle) productsHeld() map[string]kms.Product {
	products := map[string]kms.Product{}
	for _, s := range c.stations {
		for _, l := range s.licensing.Licences {
			products[l.ID] = l.Product
		}
	}
	return products
}
