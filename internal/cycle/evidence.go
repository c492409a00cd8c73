package cycle

import (
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
)

// requestID is what a KMS host counts: a client machine id, for one product. An id alone
// says nothing about the product, since Windows and Office may share it (A6).
type requestID struct {
	cmid         kms.CMID
	activationID string
}

// requestKey is a client's name, as kms.HostLabel gives it, and an activation id.
type requestKey struct{ client, activationID string }

// seenRequest is the newest request under a key.
type seenRequest struct {
	id       requestID
	poll     int      // that showed it
	previous kms.CMID // another id under the same key before it; "": none was seen
}

// evidence is what the host's log and the stations' events have shown of requests.
type evidence struct {
	firstPoll, lastPoll map[requestID]int // that showed it
	byClient            map[requestKey]seenRequest
	lastTime            map[requestID]time.Time // on the host's clock
	newest              time.Time               // the same
	largestThreshold    int                     // that a request named
	recentRecords       map[kms.Counted]bool
}

func newEvidence() evidence {
	return evidence{
		firstPoll: map[requestID]int{}, lastPoll: map[requestID]int{},
		lastTime: map[requestID]time.Time{}, byClient: map[requestKey]seenRequest{}, recentRecords: map[kms.Counted]bool{},
	}
}

// record takes over records of the host's log that were not read before.
func (e *evidence) record(records []kms.Counted, poll int) {
	for _, r := range records {
		if r.Time.After(e.newest) {
			e.newest = r.Time
		}
	}
	recent := map[kms.Counted]bool{}
	for _, r := range records {
		if r.Time.After(e.newest.Add(-logOverlap)) {
			recent[r] = true
		}
		if e.recentRecords[r] || !r.Code.Counted() || e.newest.Sub(r.Time) > kms.CountedFor {
			continue
		}
		id, key := requestID{r.CMID, r.ActivationID}, requestKey{kms.HostLabel(r.Client), r.ActivationID}
		seen := seenRequest{id: id, poll: poll}
		if before, known := e.byClient[key]; known {
			seen.previous = before.previous
			if before.id.cmid != r.CMID {
				seen.previous = before.id.cmid
			}
		}
		e.byClient[key] = seen
		e.lastPoll[id], e.lastTime[id] = poll, r.Time
		e.largestThreshold = max(e.largestThreshold, r.Threshold)
		if _, known := e.firstPoll[id]; !known && r.CMID != "" {
			e.firstPoll[id] = poll
		}
	}
	e.recentRecords = recent
}

// remember notes a request that was seen elsewhere than in the log.
func (h *host) remember(id requestID) {
	if _, known := h.firstPoll[id]; !known && id.cmid != "" {
		h.firstPoll[id] = h.pollsBegun
	}
}

// isNew tells whether a request was not counted when poll number mark had begun.
func (e *evidence) isNew(id requestID, mark int) bool {
	first, known := e.firstPoll[id]
	return !known || first > mark
}

// hadOtherID tells whether another id was seen under a station's name for the same product.
func (e *evidence) hadOtherID(s *station, id requestID) bool {
	seen := e.byClient[requestKey{kms.HostLabel(s.presence.Name), id.activationID}]
	return seen.id.cmid != "" && seen.id.cmid != id.cmid || seen.previous != "" && seen.previous != id.cmid
}

// isCountedFor tells whether the host is known to have counted, for a product, the id that
// Windows has now.
func (c *cycle) isCountedFor(s *station, p int) bool {
	for _, l := range s.licensing.Of(c.managed[p]) {
		if _, known := c.host.firstPoll[requestID{s.licensing.CMID, l.ID}]; known {
			return true
		}
	}
	return false
}

// isCounted tells whether the host is known to have counted the id that Windows has now,
// for the first product that the station can add to.
func (c *cycle) isCounted(s *station) bool {
	p, any := s.adds.first()
	return any && c.isCountedFor(s, p)
}

// requestSeen is a request of the product that the host has shown since the station's
// start. Windows' is known by its id; Office's only the station's events show, next to the
// computer's name.
func (e *evidence) requestSeen(s *station, product kms.Product) (requestID, bool) {
	st := s.start
	for _, l := range s.licensing.Of(product) {
		id := requestID{s.licensing.CMID, l.ID}
		if poll, seen := e.lastPoll[id]; product == kms.Windows && seen && (poll > st.pollsBefore || !st.byUs) {
			return id, true
		}
	}
	if product == kms.Windows && !st.byUs {
		return requestID{}, false
	}
	for _, l := range s.licensing.Of(product) {
		seen, known := e.byClient[requestKey{kms.HostLabel(s.presence.Name), l.ID}]
		if known && seen.poll > st.pollsBefore && seen.id.cmid != st.cmidBefore {
			return seen.id, true
		}
	}
	return requestID{}, false
}

// hasAsked tells whether the host has shown a request of a station's start.
func (c *cycle) hasAsked(s *station) bool {
	for p := range c.managed {
		if _, seen := c.host.requestSeen(s, c.managed[p]); seen && s.pendingCounts.has(p) {
			return true
		}
	}
	return false
}
