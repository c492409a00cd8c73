package cycle

import (
	"slices"
	"time"

	"github.com/timago/terraform-provider-timago/internal/pool"
	"github.com/timago/terraform-provider-timago/internal/scheduler"
)

// missing is what the host's count lacks.
func (c *cycle) missing(p int) int { return max(0, c.wanted[p]-c.host.counts[p]) }

// short is what is missing beyond all that is under way, here and in other cycles.
func (c *cycle) short(p int) int { return c.missing(p) - c.ledger.UnderWay(c.managed[p]) }

// lacking are the products whose thresholds do not hold.
func (c *cycle) lacking() scheduler.Products {
	var lacking scheduler.Products
	for p := range c.managed {
		if c.missing(p) > 0 {
			lacking = lacking.With(p)
		}
	}
	return lacking
}

// expectCounts notes counts as under way. Only what is missing is waited for.
func (c *cycle) expectCounts(s *station, counts scheduler.Products) {
	for p, product := range c.managed {
		if counts.Has(p) && !s.pendingCounts.Has(p) {
			s.pendingCounts = s.pendingCounts.With(p)
			c.ledger.Add(product)
		}
	}
}

// dropCounts takes counts out of what is under way. A start's may have been made by now,
// whatever was seen of it: the host must be read again before anyone relies on its count.
func (c *cycle) dropCounts(s *station, counts scheduler.Products) {
	for p, product := range c.managed {
		if counts.Has(p) && s.pendingCounts.Has(p) {
			s.pendingCounts = s.pendingCounts.Without(p)
			c.ledger.Drop(product, s.started())
			if s.started() && !c.isRequestSeen(s, p) {
				c.ledger.Miss(product)
			}
		}
	}
}

// choose picks the station to be restarted next; nil when none should be.
func (c *cycle) choose() *station {
	down := c.in[checking] + c.in[stopping] + c.in[down]
	if down >= c.limits.MaxParallel || c.keepsCMID != nil || c.canary != nil && !c.isProven(c.canary.start.needs) {
		return nil
	}
	if c.in[unread] > 0 && c.now.Sub(c.started) < firstReadsGrace {
		return nil // a quicker one may be among them
	}
	needed := false
	need := make([]int, len(c.managed))
	for p, product := range c.managed {
		if c.host.noCountKnown(p) {
			continue // restarts rest on a count that was read
		}
		need[p] = c.short(p) - c.ledger.Expected(product)
		needed = needed || need[p] > 0
	}
	if !needed || len(c.candidates) == 0 {
		return nil
	}
	view := scheduler.View{Need: need, InFlight: c.inFlightStations(), Parallel: c.limits.MaxParallel, Capacity: c.capacity}
	if c.limits.Spread == pool.SpreadEven {
		return c.chooseEven(view)
	}
	free := c.limits.MaxParallel - down
	var unwanted [1 << 8]bool // what is not wanted of one is not wanted of a slower one that adds the same
	for _, s := range c.candidates {
		switch candidate := c.candidate(s); {
		case unwanted[s.adds], !c.mayRestart(s):
		case free > view.Sooner(candidate) && view.Wants(candidate):
			return s
		default:
			unwanted[s.adds] = true
			if s.adds == c.all() {
				return nil
			}
		}
	}
	return nil
}

// mayRestart is the one definition of "may be restarted now": nothing is under way on the
// station, here or in another cycle, nothing keeps it from being a candidate, and the
// window has room.
func (c *cycle) mayRestart(s *station) bool {
	return s.isCandidate && !c.ledger.IsBusy(s.key) && c.windowAdmits(s.expectedCycle)
}

// chooseEven picks the station to be restarted next where all are to be restarted equally
// often.
func (c *cycle) chooseEven(view scheduler.View) *station {
	var stations []*station
	for _, s := range c.stations {
		// Who cannot be through before the window closes leaves its share to the others.
		if s.isCandidate && c.windowAdmits(s.expectedCycle) || s.pendingCounts != 0 {
			stations = append(stations, s)
		}
	}
	slices.SortFunc(stations, byExpectedCycle)
	sharers := make([]scheduler.Sharer, len(stations))
	for i, s := range stations {
		sharers[i] = scheduler.Sharer{Candidate: c.candidate(s), Ready: c.mayRestart(s)}
	}
	if chosen, found := view.Even(sharers); found {
		return stations[chosen]
	}
	return nil
}

func (c *cycle) candidate(s *station) scheduler.Candidate {
	made := s.counted
	if s.pendingCounts != 0 {
		made++
	}
	return scheduler.Candidate{Adds: s.adds, Cycle: s.expectedCycle, Made: made}
}

// cycleTime is how long the station's cycle is expected to take.
func (c *cycle) cycleTime(s *station) time.Duration {
	return c.paces.Cycle(s.index)
}

// What is lost each time a station goes again: the time until its count is noticed, which
// the looks keep to a part of the cycle, and the calls before its next restart. Both are
// estimates: nothing waits for them.
const (
	lossPerCycle  = 64 // a 64th of the cycle
	callsEstimate = 100 * time.Millisecond
)

// inFlightStations are those that were started and whose counts are awaited.
func (c *cycle) inFlightStations() []scheduler.InFlight {
	inFlight := c.inFlightBuffer[:0]
	for _, s := range c.underWay {
		cycle := c.cycleTime(s)
		end := s.start.at.Add(cycle).Sub(c.now)
		cycle += cycle/lossPerCycle + callsEstimate
		// One that is overdue may take as long again as it is late.
		inFlight = append(inFlight, scheduler.InFlight{Adds: s.adds, Up: c.isDue(s), End: max(end, -end, time.Second), Cycle: cycle, Left: c.limits.MaxRestartsPerStation - s.restarts})
	}
	c.inFlightBuffer = inFlight
	return inFlight
}

// placeKept is how much longer than its request usually takes a place is kept for a station
// that is back: no longer than that it holds others up (A15).
const placeKept = time.Minute

// isDue reports whether a station is back and its request is about to be counted.
func (c *cycle) isDue(s *station) bool {
	return (s.phase == awaiting || s.phase == returned) && c.now.Sub(s.start.waitingSince) < c.paces.Of(s.index).Request.Mean+placeKept
}

// capacity says how many restarts stations that add to all of these can still make.
func (c *cycle) capacity(of scheduler.Products) int {
	sum := 0
	for _, s := range c.stations {
		if s.adds.Contains(of) && (s.isCandidate || s.pendingCounts != 0) {
			sum += max(0, c.limits.MaxRestartsPerStation-s.restarts)
		}
	}
	return sum
}
