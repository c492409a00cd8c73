package pool

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
)

// maintenance finds restarts that the maintenance window has no room for, judged over the
// whole opening that is next, or is now.
func (p *preflight) maintenance() {
	if p.Window == nil || p.Restarts == 0 {
		return
	}
	expected, seen := p.cycles()
	opens, closes, ever := p.Window.Next(p.Now)
	if len(expected) == 0 || !ever {
		return
	}
	length, longest := closes.Sub(opens), closes.Sub(opens)
	// A change of the clocks shifts one opening, not two in a row.
	if again, end, found := p.Window.Next(closes); found {
		longest = max(longest, end.Sub(again))
	}
	known := "as is usual, since no restart of these members was seen yet"
	if seen {
		known = "as earlier ones did"
	}
	window := fmt.Sprintf("The opening of %s lasts %s (%s). A restart is expected to take %s until it is counted, %s",
		opens.In(p.Window.Zone()).Format("2006-01-02 15:04 MST"), length, p.Window, expected[0].Round(time.Second), known)
	if longest < expected[0] {
		p.find(WindowTooShort, Error, "No restart fits into the maintenance window",
			window+"; nothing is started that cannot be expected to be through before the window closes.",
			fmt.Sprintf("Make maintenance_window longer than %s.", expected[0].Round(time.Second)))
		return
	}
	fits := p.fit(expected, length)
	if fits >= p.Restarts {
		return
	}
	parallel, alone, more := min(p.limits.MaxParallel, len(expected)), "", "add stations"
	if p.Memory.Proof.IsZero() {
		alone = " The first goes alone, since it proves the image."
	}
	if p.limits.MaxParallel < len(expected) {
		more = "raise cycle.max_parallel"
	}
	openings := (p.Restarts-1)/max(1, p.fit(expected, longest)) + 1
	p.find(WindowTooShort, Warning, fmt.Sprintf("The maintenance window is too short for %s", kms.Plural(p.Restarts, "restart")),
		fmt.Sprintf("%s, and %s may be down at once: %s can be restarted, and cycle.max_parallel is %d.%s At most %s fit into one opening, so that all take about %s.",
			window, kms.Plural(parallel, "station"), kms.Plural(len(expected), "member"), p.limits.MaxParallel, alone,
			kms.Plural(fits, "restart"), kms.Plural(openings, "opening")),
		fmt.Sprintf("Make maintenance_window longer, or %s. Else an apply ends with what fits, which stays counted for 30 days, and the next opening's apply makes more: "+
			"early_renewal begins with that before a threshold is lost.", more))
}

// cycles are the expected cycles of the members that restarts may be made on, the shortest
// first; seen reports whether one of them is remembered.
func (p *preflight) cycles() (expected []time.Duration, seen bool) {
	var names, able []string
	for _, m := range p.Members {
		names = append(names, m.Name)
		if slices.ContainsFunc(kms.Products(), func(product kms.Product) bool { return p.mayRestart(m, product) }) {
			able = append(able, m.Name)
		}
	}
	fleet := p.Memory.Fleet(names)
	for _, name := range able {
		expected = append(expected, cmp.Or(p.Memory.Paces[name].Cycle(), fleet.Cycle(), UsualCycle)) // as the cycle expects it
	}
	slices.Sort(expected)
	return expected, fleet.Cycle() > 0
}

// fit is how many restarts can be expected to be through after so long, where the quickest
// stations repeat. Without proof the first goes alone.
func (p *preflight) fit(expected []time.Duration, length time.Duration) int {
	fits := 0
	if p.Memory.Proof.IsZero() {
		if length -= expected[0]; length < 0 {
			return 0
		}
		fits = 1
	}
	for _, cycle := range expected[:min(p.limits.MaxParallel, len(expected))] {
		fits += int(length / cycle)
	}
	return fits
}
