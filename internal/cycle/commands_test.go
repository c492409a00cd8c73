package cycle_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// missing is what the station could still add by the count that the cycle knows.
func (w *invariantChecker) missing(station world.StationState) map[kms.Product]int {
	missing := map[kms.Product]int{}
	for product, threshold := range w.job.Thresholds {
		count, _ := w.read.Count(product)
		for _, p := range station.Products {
			if short := threshold - count - w.landed[product]; p.Family == product && short > 0 {
				missing[product] = short
			}
		}
	}
	return missing
}

// restart holds a command against A1 to A3.
func (w *invariantChecker) restart(station string, force bool) {
	if w == nil {
		return
	}
	station = w.machine(station)
	site := w.world.State()
	state := stateOf(site, station)
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	w.cheapest(station, site)
	fmt.Fprintf(&w.log, "%s asked  %s to restart\n", now.Format(clockFace), station)
	if !w.cancelled.IsZero() && now.After(w.cancelled) {
		w.breach("A10", "%s was restarted after the end", station)
	}
	if !w.resumed.IsZero() && now.Sub(w.resumed) > expectedFor {
		clear(w.underWay)
		w.resumed = time.Time{}
	}
	w.inWindow(station, "restarted")
	missing := w.missing(state)
	w.underWay[station] = map[kms.Product]bool{}
	w.requestsBefore[station] = w.requests[station]
	delete(w.requests, station)
	needed := false
	for product, short := range missing {
		if w.leftOutFor[station][product] {
			continue // nothing is expected of it
		}
		w.underWay[station][product] = true
		underWay := 0
		for _, products := range w.underWay {
			if products[product] {
				underWay++
			}
		}
		needed = needed || underWay <= short
	}
	if !needed && !w.fromClients {
		w.breach("A1", "%s is restarted where %v is missing and %v under way", station, missing, w.underWay)
	}
	if age := now.Sub(w.readAt); !w.fromClients && (w.readAt.IsZero() || age > 3*time.Second+dialTimeout+w.slowest) {
		w.breach("A1", "the count was read %s before %s was restarted", age, station)
	}
	w.down[station] = true
	if len(w.down) > max(1, w.limits.MaxParallel) {
		w.breach("A2", "%d stations are down", len(w.down))
	}
	if w.restarts[station]++; w.restarts[station] > w.limits.MaxRestartsPerStation {
		w.breach("A2", "%s is restarted for the %dth time", station, w.restarts[station])
	}
	switch look := w.seen[station]; {
	case look.err != nil || now.Sub(look.at) > time.Second:
		w.breach("A3", "%s was looked at %s ago (%v)", station, now.Sub(look.at), look.err)
	case look.user != "" && w.limits.WhenInUse != kms.ForceWhenInUse:
		w.breach("A3", "%s is used by %s", station, look.user)
	case force && w.limits.WhenInUse != kms.ForceWhenInUse && len(w.limits.IgnoreUsers) == 0:
		w.breach("A3", "%s was forced", station)
	}
}

// cheapest holds a restart against A0: no member that is known to be off, and could be
// woken, is left asleep. What a window keeps, and what is another pool's, is left out.
func (w *invariantChecker) cheapest(station string, site world.State) {
	if !w.job.Limits.Wake || w.windowed || w.twin {
		return
	}
	for _, s := range site.Stations {
		if s.Phase == "off" && !w.leftOut[s.Name] && w.seen[s.Name].err != nil && !w.down[s.Name] && !w.awakened[s.Name] && w.restarts[s.Name] == 0 && len(w.missing(s)) > 0 {
			w.breach("A0", "%s is restarted while %s is off and was not woken", station, s.Name)
		}
	}
}

// UsualCycle is expected of a station where nothing was seen of any.
const UsualCycle = 3 * time.Minute

// inWindow holds a start against A4: the window is open, for as long as the shortest of
// the cycles that were seen at least, the station's own if there were any.
func (w *invariantChecker) inWindow(station, how string) {
	if !w.windowed {
		return
	}
	shortest := func(seen map[string][]time.Duration) (time.Duration, bool) {
		if own := seen[station]; len(own) > 0 {
			return slices.Min(own), true
		}
		all := slices.Concat(slices.Collect(maps.Values(seen))...)
		if len(all) == 0 {
			return 0, false
		}
		return slices.Min(all), true
	}
	expected, seen := shortest(w.returns)
	expected -= expected / 100 // a return may have been seen late
	if !seen {
		expected = UsualCycle
	} else if w.twin && len(w.returns[station]) == 0 { // it may be the other pool that has seen something
		expected = min(expected, UsualCycle)
	} else if answer, seen := shortest(w.answers); seen && (len(w.returns[station]) == 0 || len(w.answers[station]) > 0) {
		expected += answer
	}
	if left := left(w.open, time.Now()); left < expected {
		w.breach("A4", "%s is %s while the window is open for %s more; %s are to be expected", station, how, left, expected)
	}
}

// longest is the longest cycle that can be expected of any station.
func (w *invariantChecker) longest() time.Duration {
	longest := func(seen map[string][]time.Duration) time.Duration {
		most := time.Duration(0)
		for _, spans := range seen {
			most = max(most, slices.Max(spans))
		}
		return most
	}
	return max(UsualCycle, longest(w.returns)+longest(w.answers))
}

// wake holds the switching on of a station against A4 and A10.
func (w *invariantChecker) wake(station string) {
	if w == nil {
		return
	}
	station = w.machine(station)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.inWindow(station, "woken")
	w.awakened[station] = true
	if w.woken++; !w.cancelled.IsZero() && time.Now().After(w.cancelled) {
		w.breach("A10", "%s was woken after the end", station)
	}
}

// readBefore is how long before Activate a product's licence may have been read.
const readBefore = 11 * time.Second

// restarted is told what became of the command.
func (w *invariantChecker) restarted(station string, err error) {
	if w == nil || err == nil || errors.Is(err, kms.ErrUnknownOutcome) {
		return
	}
	station = w.machine(station)
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.down, station)
	delete(w.underWay, station)
	w.requests[station] = w.requestsBefore[station]
	w.restarts[station]--
}

// activate holds a request on command against A7 and A9: it uses up an activation on
// anything but an unlicensed product with a KMS client key.
func (w *invariantChecker) activate(station, licence string) {
	if w == nil {
		return
	}
	station = w.machine(station)
	state := stateOf(w.world.State(), station)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.asked++; !w.cancelled.IsZero() && time.Now().After(w.cancelled) {
		w.breach("A10", "%s was asked after the end", station)
	}
	for _, p := range state.Products {
		// What became licensed only since it was read cannot be known.
		if p.ID == licence && p.Status == kms.Licensed.String() && time.Since(w.licensed[station+p.Name]) > readBefore {
			w.breach("A9", "%s was asked to activate %s, which is licensed", station, p.Name)
		}
	}
}
