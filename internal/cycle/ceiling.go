package cycle

import (
	"fmt"
	"slices"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/pool"
)

// CountCapped: the host counts no further than to a ceiling that lies below what is wanted.
type CountCapped struct {
	Product          kms.Product
	Count, Threshold int
	Ceiling          int // by what asks this host; 0 where only the count that stands still shows it
}

func (e *CountCapped) Error() string {
	if e.Ceiling > 0 {
		return fmt.Sprintf("the KMS host counts %s up to %d, twice the largest threshold that its clients have, and %d is wanted (the count is %d)",
			e.Product.Title(), e.Ceiling, e.Threshold, e.Count)
	}
	return fmt.Sprintf("the KMS host's count of %s stands at %d of %d: its log shows the requests of the last %d restarts, and its count does not",
		e.Product.Title(), e.Count, e.Threshold, unshownRestarts)
}

// unshownRestarts is how many restarts in a row the host's log may show and its count not.
const unshownRestarts = 2

// capped finds a target above the ceiling that the host's count can reach by what asks it.
// It is known once every member was read (A18). A count beyond it says that others ask the
// host whose records were not read.
func (c *cycle) capped() *CountCapped {
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
			return &CountCapped{Product: product, Count: c.host.counts[p], Threshold: c.wanted[p], Ceiling: ceiling}
		}
	}
	return nil
}

// isUnknown tells of a member that was not read yet, nor under another name.
func (c *cycle) isUnknown(s *station) bool {
	return !s.read && s.phase != out && len(c.byComputer[kms.HostLabel(s.name)]) == 0
}

// watchCeiling ends the cycle after restarts that the host's log shows and its count does
// not. before are the counts of the last poll that read the log.
func (c *cycle) watchCeiling(before []int) {
	for p, product := range c.managed {
		rise, fresh := c.host.counts[p]-before[p], c.freshRequests(p)
		// A count is read after the log: it may show a request that the log shows with the next poll.
		late := max(0, fresh-rise-c.risenEarly[p])
		c.risenEarly[p] = max(0, c.risenEarly[p]+rise-fresh)
		if rise == 0 && fresh == 0 {
			c.risenEarly[p] = 0 // it was of others
		}
		switch {
		case rise < 0: // others move it, too
			c.unshown[p], c.countMovedAt[p] = 0, c.host.log.Newest
		case rise > 0:
			c.unshown[p], c.countMovedAt[p] = max(0, c.unshown[p]+late-max(0, rise-fresh)), c.host.log.Newest
		default:
			c.unshown[p] += late
		}
		suspect := c.unshown[p] >= unshownRestarts+c.host.log.ExpiredSince(c.countMovedAt[p]) && c.missing(p) > 0 && !c.closing
		if !suspect || rise != 0 {
			c.suspectPolls[p] = 0
			continue
		}
		// A poll may fall between a record and its count: another one decides.
		if c.suspectPolls[p]++; c.suspectPolls[p] > confirmingPolls {
			c.err = &CountCapped{Product: product, Count: c.host.counts[p], Threshold: c.wanted[p]}
			c.close()
			return
		}
		c.requestHostPoll(c.now)
	}
}

// confirmingPolls must show the same before a ceiling is believed.
const confirmingPolls = 2

// suspectsCeiling tells whether a ceiling is about to be confirmed: nothing is started.
func (c *cycle) suspectsCeiling() bool {
	return slices.ContainsFunc(c.suspectPolls, func(polls int) bool { return polls > 0 })
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
