package cycle

import (
	"slices"

	"github.com/timago/terraform-provider-timago/internal/evidence"
	"github.com/timago/terraform-provider-timago/internal/kms"
)

// isCountedFor reports whether the host is known to have counted, for a product, the id that
// Windows has now.
func (c *cycle) isCountedFor(s *station, p int) bool {
	return slices.ContainsFunc(s.licensing.Of(c.managed[p]), func(l kms.Licence) bool {
		return c.host.log.Knows(evidence.Request{CMID: s.licensing.CMID, ActivationID: l.ID})
	})
}

// isCounted reports whether the host is known to have counted the id that Windows has now,
// for the first product that the station can add to.
func (c *cycle) isCounted(s *station) bool {
	p, found := s.adds.First()
	return found && c.isCountedFor(s, p)
}

// hasAsked reports whether the host has shown a request of a station's start.
func (c *cycle) hasAsked(s *station) bool {
	return slices.ContainsFunc(s.pendingCounts.List(), func(p int) bool { return c.isRequestSeen(s, p) })
}

// unseenRequests is how many requests are under way, here and in other cycles, that the host
// has not shown.
func (c *cycle) unseenRequests(p int) int {
	unseen := c.ledger.UnderWay(c.managed[p])
	for _, s := range c.underWay {
		if s.pendingCounts.Has(p) && c.isRequestSeen(s, p) {
			unseen--
		}
	}
	return unseen
}

func (c *cycle) isRequestSeen(s *station, p int) bool {
	_, seen := c.requestSeen(s, p)
	return seen
}

// requestSeen is a request of the product that the host has shown since the station's
// start. The host shows names, not starts: an earlier request of Office looks the same where
// its id is an old one, unless it was shown since the station was asked for one.
func (c *cycle) requestSeen(s *station, p int) (evidence.Request, bool) {
	st, product := s.start, c.managed[p]
	start := evidence.Start{Client: s.presence.Name, CMID: s.licensing.CMID, CMIDBefore: st.cmidBefore, Poll: st.pollsBefore, ByUs: st.byUs}
	id, seen := c.host.log.Seen(start, product, s.licensing.Of(product))
	if c.isWindows(p) || seen && c.host.log.IsNew(id, st.pollsBefore) {
		return id, seen
	}
	if !st.asked {
		return evidence.Request{}, false
	}
	start.CMIDBefore, start.Poll = "", st.pollsAsked
	return c.host.log.Seen(start, product, s.licensing.Of(product))
}

// mayHaveAskedEarlier reports whether the host has shown a request with an old id of which it
// cannot tell whether it was made before the station's start: the station's own events can.
func (c *cycle) mayHaveAskedEarlier(s *station) bool {
	return slices.ContainsFunc(s.pendingCounts.List(), func(p int) bool {
		start := evidence.Start{Client: s.presence.Name, Poll: s.start.pollsBefore, ByUs: true}
		_, seen := c.host.log.Seen(start, c.managed[p], s.licensing.Of(c.managed[p]))
		return seen && !c.isWindows(p) && !c.isRequestSeen(s, p)
	})
}
