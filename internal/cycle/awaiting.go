package cycle

import (
	"fmt"
	"slices"
	"time"

	"github.com/timago/terraform-provider-timago/internal/evidence"
	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/outcome"
	"github.com/timago/terraform-provider-timago/internal/pool"
	"github.com/timago/terraform-provider-timago/internal/scheduler"
)

// await waits for the request that a start makes to be counted.
func (c *cycle) await(s *station, on occasion) {
	if c.closing && s.phase != ready {
		c.finish(s)
		return
	}
	c.move(s, on)
	st := s.start
	span := c.paces.Of(s.index).Request
	if st.asked {
		span = pool.Span{} // it is the answer to our command that is awaited
	}
	st.watch = scheduler.WatchFor(span, c.host.pollSpacing)
	if span.Samples == 0 && !c.host.logUnreadable {
		st.watch.From = c.host.pollSpacing // a poll of the host costs the station nothing
	}
	st.lastLook = c.now.Sub(st.waitingSince)
	if !c.judgeByHost(s) {
		c.awaitOn(s)
	}
}

// awaitOn sets the alarm for the next look at what was counted, or for asking.
func (c *cycle) awaitOn(s *station) {
	st := s.start
	st.lastLook = st.watch.Next(max(st.lastLook, c.now.Sub(st.waitingSince)))
	at := st.waitingSince.Add(st.lastLook)
	if ask := c.now.Add(c.asksAfter() - s.age(c.now)); !st.asked && ask.After(c.now) && ask.Before(at) {
		at = ask
	}
	c.setAlarm(s, at)
}

// asksAfter is how long after a start a product without a request is asked to make one: in
// time for its answer, also where stations are given little.
func (c *cycle) asksAfter() time.Duration { return min(requestGrace, c.limits.StationTimeout/2) }

// watchRequest wants the host, or where its log may not be read the station, to be asked
// what was counted; after a while without a request it asks the station to make one (A7).
func (c *cycle) watchRequest(s *station) {
	st := s.start
	switch {
	case !st.asked && s.age(c.now) >= c.asksAfter():
		st.asked, st.pollsAsked = true, c.host.pollsBefore()
		st.waitingSince, st.lastLook = c.now, 0 // what it takes counts from its return
		s.asking = &attempt{toAsk: s.pendingCounts}
		c.move(s, onNoRequest)
		c.ask(s)
	case st.asked && c.now.Sub(st.waitingSince) >= askedRequestGrace:
		c.requestNotSeen(s)
	case c.host.logUnreadable, c.mayHaveAskedEarlier(s):
		c.send(s, call{verb: requests, since: s.presence.Boot})
	default:
		c.requestHostPoll(c.now)
		c.awaitOn(s)
	}
}

// requestNotSeen ends the wait for requests that do not show though they were commanded.
func (c *cycle) requestNotSeen(s *station) {
	for p := range c.managed {
		if s.pendingCounts.Has(p) {
			reason := "no request of it was seen though it was asked to make one"
			if asks := s.licensing.KMSHost; asks != "" && !c.isOurHost(asks) {
				reason = "no request of it reached this KMS host: it asks " + asks
			}
			c.endStartsOf(s, p, reason)
		}
	}
	if s.phase == awaiting {
		c.finish(s)
	}
}

// readRequests takes in a station's own events.
func (c *cycle) readRequests(s *station, r report) {
	if r.err == nil {
		c.judgeByEvents(s, r.exchanges)
	}
	if s.phase != awaiting {
		return
	}
	if s.pendingCounts == 0 {
		c.finish(s)
		return
	}
	c.awaitOn(s)
}

// judgeByHost judges a station by what the host has shown so far; true when that ended its
// wait.
func (c *cycle) judgeByHost(s *station) bool {
	for p := range c.managed {
		if !s.pendingCounts.Has(p) {
			continue
		}
		if id, seen := c.requestSeen(s, p); seen {
			c.judgeRequest(s, p, id)
		}
		if c.missing(p) == 0 && s.pendingCounts.Has(p) {
			c.dropCounts(s, scheduler.Only(p))
			s.start.unneeded = s.start.unneeded.With(p)
		}
	}
	if s.phase == awaiting && s.pendingCounts == 0 {
		c.finish(s)
	}
	return s.phase != awaiting
}

// judgeRequest decides what a request seen after a start adds: an id that the host had
// counted already adds nothing.
func (c *cycle) judgeRequest(s *station, p int, id evidence.Request) {
	st := s.start
	if c.host.log.IsUndated(id, st.pollsBefore) {
		c.dropCounts(s, scheduler.Only(p)) // it was counted, by this start or before it
		return
	}
	// Windows' id that stayed adds nothing after this, whatever the host had seen of it
	// before: its log may be short, or was not readable then.
	if st.byUs && c.isWindows(p) && id.CMID == st.cmidBefore || !c.host.log.IsNew(id, st.pollsBefore) {
		c.countedBefore(s, p, id.CMID)
		return
	}
	if st.byUs {
		c.prove(s, p, id)
	}
	c.host.log.Remember(id, c.host.pollsBegun)
	c.credit(s, p)
}

// prove notes that a restart brought a new client machine id for a product. That a request
// of Office is new does not say so: Office may share Windows' id, and ask with it for the
// first time.
func (c *cycle) prove(s *station, p int, id evidence.Request) {
	if !c.isWindows(p) && (id.CMID == s.start.cmidBefore || id.CMID != s.licensing.CMID && !c.host.log.HadOtherID(s.presence.Name, id)) {
		return
	}
	c.cmidChanges = c.cmidChanges.With(p)
	c.cmidChangeSeenHere = c.cmidChangeSeenHere.With(p)
	c.cmidChangeSeenAt = s.clock(c.now)
}

// credit ends the wait for a request that the host took. A restart that changed Windows' id
// has added a count; of any other request that is yet to be shown.
func (c *cycle) credit(s *station, p int) {
	if !s.pendingCounts.Has(p) {
		return
	}
	c.dropCounts(s, scheduler.Only(p))
	s.reachesHost, s.lastRefusal, c.doubt = true, "", nil
	c.progressed(s)
	if !s.startedByUs() || s.licensing.CMID == s.start.cmidBefore {
		c.claims = append(c.claims, claim{s, p, s.restarts})
		return
	}
	if c.showsNewID(s) { // a restart whose request of any product was counted brings new ids for Windows
		c.cmidChanges = c.cmidChanges.With(0)
	}
	c.counted(s, p)
	if c.isWindows(p) {
		took := max(0, c.now.Sub(s.start.backAt))
		if c.paces.Requested(s.index, took) {
			c.reorderCandidates()
		}
	}
}

func (c *cycle) counted(s *station, p int) {
	s.counted++
	c.emit(outcome.KindCounted, s, outcome.Event{Product: c.managed[p]})
}

// claim is a request that the host took, with an id that it may have counted before.
type claim struct {
	s        *station
	p        int
	restarts int // of the station, before it
}

// proveClaim counts what was claimed. Of a station that was restarted since, or left out,
// nothing is said any more.
func (c *cycle) proveClaim(claimed claim) {
	if s := claimed.s; s.restarts == claimed.restarts && s.phase != out {
		c.counted(s, claimed.p)
	} else {
		s.counted++
	}
}

// balance holds the counts of a poll against the requests that the log shows, and counts
// the claims that they prove.
func (c *cycle) balance() {
	fresh := c.freshRequests()
	if c.host.log.Gap {
		c.logJudged = c.all() // from now on it is not
	}
	for p := range c.managed {
		balance := &c.host.balances[p]
		if c.host.log.Gap {
			*balance = evidence.Balance{} // who has asked in between cannot be known
		}
		begun := balance.Poll(c.host.pollsBegun, c.host.counts[p], fresh[p].All, c.ledger.Missed(c.managed[p]))
		isProven := begun && (balance.Explains(c.unseenRequests(p)) || c.isLogComplete(p))
		if begun && !isProven {
			continue
		}
		c.claims = slices.DeleteFunc(c.claims, func(claimed claim) bool {
			if claimed.p == p && isProven {
				c.proveClaim(claimed)
			}
			return claimed.p == p // what the first log shows may be of any time
		})
	}
}

// isLogComplete tells whether the first log held all that the host had counted, by the
// licences of members that were read. It is judged once, when somebody's claim depends on it.
func (c *cycle) isLogComplete(p int) bool {
	if !c.logJudged.Has(p) && c.firstReads == 0 && len(c.claims) > 0 {
		c.logJudged = c.logJudged.With(p)
		products := c.productsHeld()
		isOf := func(activationID string) (is, known bool) {
			product, known := products[activationID]
			return product == c.managed[p], known
		}
		if c.host.balances[p].IsComplete(c.host.log, isOf) {
			c.logComplete = c.logComplete.With(p)
		}
	}
	return c.logComplete.Has(p)
}

// showsNewID reports whether Windows, where it is managed, shows another id than before the
// station's restart.
func (c *cycle) showsNewID(s *station) bool {
	return c.isWindows(0) && s.start.cmidBefore != "" && s.licensing.CMID != s.start.cmidBefore
}

// countedBefore takes out a station whose start brought a client machine id that the host
// had counted already.
func (c *cycle) countedBefore(s *station, p int, cmid kms.CMID) {
	if first, _ := s.start.needs.First(); s.start.byUs && first == p && !c.cmidChangeSeenHere.Has(p) {
		if c.canary == s {
			c.keepsCMID = &outcome.SameCMID{Station: s.name, Seen: s.start.keptID(cmid), Members: len(c.stations)}
		}
		c.cmidChanges, c.cmidChangeSeenAt = c.cmidChanges.Without(p), time.Time{}
	}
	c.endStartsOf(s, p, s.start.keptID(cmid))
}

// keptID says what was seen of an id that is not new.
func (st *start) keptID(cmid kms.CMID) string {
	switch {
	case st.stayedUp:
		return fmt.Sprintf("its request added nothing: the KMS host had counted %s already", cmid)
	case st.byUs && cmid == st.cmidBefore:
		return fmt.Sprintf("its start brought no new client machine id: it asked with %s, which it had before", cmid)
	}
	return fmt.Sprintf("its start brought no new client machine id: the KMS host had counted %s already", cmid)
}

// isProven reports whether restarts are known to bring new ids for the first product of
// these. Where they are not, one station goes first.
func (c *cycle) isProven(needs scheduler.Products) bool {
	p, found := needs.First()
	return !found || c.cmidChanges.Has(p)
}

// endStartsOf ends a station's part for a product to which its starts add nothing. What its
// starts do not bring to Windows they bring to no other product. A missing request of
// Office ends Office's part alone.
func (c *cycle) endStartsOf(s *station, p int, reason string) {
	if c.isWindows(p) {
		c.dropCounts(s, s.pendingCounts)
		s.exhausted, s.adds = c.all(), 0
	}
	c.excludeProduct(s, p, reason)
}

// excludeProduct ends a station's part for one product, and altogether where that was the
// last.
func (c *cycle) excludeProduct(s *station, p int, reason string) {
	c.dropCounts(s, scheduler.Only(p))
	s.exhausted = s.exhausted.With(p)
	s.adds = s.adds.Without(p)
	if s.asking != nil {
		s.asking.toAsk = s.asking.toAsk.Without(p)
	}
	s.reason = c.managed[p].Title() + ": " + reason
	if s.adds == 0 {
		c.exclude(s, s.reason)
		return
	}
	c.emit(outcome.KindLeftOut, s, outcome.Event{Product: c.managed[p], Reason: reason})
}

// finish ends a start whose requests were seen.
func (c *cycle) finish(s *station) {
	c.endStart(s)
	c.move(s, onStartEnded)
	c.makeCandidate(s)
}
