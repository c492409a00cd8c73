package cycle_test

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/timago/terraform-provider-timago/internal/cycle"
	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/outcome"
	"github.com/timago/terraform-provider-timago/internal/simulator/catalogue"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// end holds the result against what the world shows.
func (w *invariantChecker) end(s scenario, r outcome.Result, err error) {
	state := w.world.State()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.outcome = err
	fmt.Fprintf(&w.log, "%s end    %v\n%+v\n", time.Now().Format(clockFace), err, r)
	if late := time.Since(w.cancelled); late > 2*time.Second {
		w.breach("A10", "it returned %s after the end", late)
	}
	if made := w.started - w.earlier; r.Restarts > made || made > r.Restarts+r.Unconfirmed {
		w.breach("A10", "%d restarts are reported, and %d that may have been made: %d were", r.Restarts, r.Unconfirmed, made)
	}
	for _, station := range state.Stations {
		for _, p := range station.Products {
			if p.Used > 0 {
				w.breach("A9", "%s used up an activation of %s", station.Name, p.Name)
			}
		}
	}
	var (
		stalled   *outcome.Stalled
		same      *outcome.SameCMID
		cancelled *outcome.Cancelled
		silent    *outcome.HostUnreadable
		outside   *outcome.OutsideWindow
	)
	switch {
	case s.Twin && err != nil: // the other has its own part in the end
	case err == nil:
		w.endReached(s, state)
	case errors.As(err, &stalled):
		w.endStalled(s, stalled.Stations, state)
	case errors.As(err, &same):
		w.endStalled(s, same.Stations, state)
	case errors.As(err, &outside):
		w.endBlockedByWindow(s, state)
	case errors.As(err, &cancelled):
		// Only somebody at work keeps a cycle waiting for a day.
		if s.Cancel == 0 && !slices.ContainsFunc(state.Stations, func(s world.StationState) bool { return s.User != "" }) {
			w.breach("A8", "it did not end by itself: %v", err)
		}
	case errors.As(err, &silent):
		if !slices.ContainsFunc(s.Site.Faults, func(f world.Fault) bool { return slices.Contains(f.On, "kms01") }) {
			w.breach("A8", "the host was readable: %v", err)
		}
	default:
		w.breach("A8", "unknown end: %v", err)
	}
}

// exact: in a calm world nothing is made that was not needed.
func (w *invariantChecker) exact(s scenario) {
	for product, threshold := range w.job.Thresholds {
		count, _ := w.read.Count(product)
		if len(w.job.Thresholds) == 1 && count > max(threshold, w.first[product]) && w.started > 0 && !slices.ContainsFunc(s.Site.Stations, func(d world.Station) bool { return d.Image.KeepsCMID }) {
			w.breach("A1", "%s stands at %d after %d restarts, %d was wanted", product, count, w.started, threshold)
		}
	}
}

func (w *invariantChecker) endReached(s scenario, state world.State) {
	if s.calm() {
		w.exact(s)
	}
	for product, threshold := range w.job.Thresholds {
		if count, _ := w.last.Count(product); count < threshold {
			w.breach("A9", "it stopped at count %d of %s, below %d", count, product, threshold)
		}
	}
	if len(s.Site.Faults) > 0 {
		return
	}
	for i, station := range state.Stations {
		if s.Twin && i < len(state.Stations)/2 {
			continue // the other pool's
		}
		described := s.Site.Stations[i]
		for i, p := range station.Products {
			if by := described.Products[i].By; w.job.Thresholds[p.Family] >= p.Family.Threshold() && (by == "" || by == catalogue.ByKMS) && station.Phase == "ready" && p.Status != kms.Licensed.String() {
				w.breach("A9", "%s was left with %s %s", station.Name, p.Name, p.Status)
			}
		}
	}
}

// endStalled asks of each station whether it could not have added something.
func (w *invariantChecker) endStalled(s scenario, reasons map[string]string, state world.State) {
	for _, station := range state.Stations {
		if reasons[station.Name] == "" {
			w.breach("A8", "%s has no reason", station.Name)
		}
		if w.able(s, station) && s.free(station) && len(s.Site.Faults) == 0 && !s.keeps() {
			w.breach("A8", "%s could have added %v: %s", station.Name, w.missing(station), reasons[station.Name])
		}
	}
}

// keeps reports whether some image keeps its client machine id, which may end all.
func (s scenario) keeps() bool {
	return slices.ContainsFunc(s.Site.Stations, func(d world.Station) bool { return d.Image.KeepsCMID })
}

// able reports whether the station could be restarted and add something that is missing,
// whoever uses it.
func (w *invariantChecker) able(s scenario, station world.StationState) bool {
	described := s.station(station.Name)
	able := station.Phase == "ready" && w.restarts[station.Name] < w.limits.MaxRestartsPerStation && !described.Image.KeepsCMID && len(w.missing(station)) > 0
	for _, p := range described.Products {
		able = able && (p.By == "" || p.By == catalogue.ByKMS)
	}
	return able
}

// free says that nobody uses the station, or did at the start.
func (s scenario) free(station world.StationState) bool {
	return station.User == "" && s.station(station.Name).User == ""
}

// endBlockedByWindow: what is missing is missing, and it was the window that kept stations from
// being started. Where it was never open nothing was touched.
func (w *invariantChecker) endBlockedByWindow(s scenario, state world.State) {
	missing := false
	for product, threshold := range w.job.Thresholds {
		count, _ := w.last.Count(product)
		missing = missing || count < threshold
	}
	if !missing {
		w.breach("A4", "it stopped for want of nothing")
	}
	able, toBlame := false, false
	for product, threshold := range w.job.Thresholds {
		count, _ := w.last.Count(product)
		startable, withoutStart := 0, 0
		for _, station := range state.Stations {
			// Users are looked at right before a restart: until then one may be in nobody's use.
			_, looked := w.seen[station.Name]
			mayRestart := w.able(s, station) && (s.Limits.WhenInUse != kms.SkipWhenInUse || s.free(station) || !looked)
			able = able || w.able(s, station) && s.free(station)
			mayComeUp := station.Phase == "off" && !w.leftOut[station.Name] // nobody waits for who was left out
			// Who was off from the start was never read, and may hold any product.
			_, adds := w.missing(station)[product]
			if adds = adds || mayComeUp && s.station(station.Name).Off && count < threshold; !adds || !mayComeUp && !mayRestart {
				continue
			}
			startable++
			// Who is off, and cannot be switched on, may come up: asked then, it adds one, and more
			// only by restarts.
			if mayComeUp && !s.Limits.Wake {
				withoutStart++
			}
		}
		toBlame = toBlame || cycle.WindowToBlame(threshold-count, withoutStart, startable)
	}
	// It was decided between the last look at the host and the end, which waits for calls.
	if longest := w.longest(); left(w.open, w.left) > longest && left(w.open, w.readAt) > longest && able && !w.twin {
		w.breach("A4", "it stopped for the window, which is open for %s; a cycle takes %s at most", left(w.open, w.left), longest)
	}
	if s.calm() && !s.keeps() && !toBlame {
		w.breach("A4", "it stopped for the window, which is not to blame")
	}
	shut := !slices.ContainsFunc(w.open, func(o span) bool { return o.opens.Before(w.left) && o.closes.After(w.begun) })
	if touched := w.started + w.asked + w.woken; shut && touched > 0 && s.calm() && len(w.job.Thresholds) == 1 && !slices.ContainsFunc(s.Site.Stations, func(d world.Station) bool { return d.Off }) {
		w.breach("A4", "the window was never open, and stations were touched %d times", touched)
	}
}
