package scheduler

import (
	"cmp"
	"slices"
	"time"
)

// Sharer is a station among which an even spread divides what is missing.
type Sharer struct {
	Candidate
	Ready bool // it may be restarted now
}

// Even chooses who is restarted next where all are to be restarted equally often, among
// sharers from the quickest to the slowest; false when nobody should be. For the product
// that lacks most, each station that adds to it gets an equal share of what is missing.
func (v View) Even(sharers []Sharer) (chosen int, found bool) {
	loads := make([]time.Duration, 0, v.Parallel)
	for _, station := range v.InFlight {
		if !station.Up {
			loads = append(loads, station.End)
		}
	}
	loads = append(loads, make([]time.Duration, max(0, v.Parallel-len(loads)))...)
	v.InFlight = nil // nobody repeats in another's place: what falls to a station is its own
	for _, p := range v.byNeed() {
		if chosen, found = v.evenFor(p, sharers, loads); found || v.Need[p] <= 0 {
			return chosen, found
		}
	}
	return 0, false
}

// byNeed lists the products, the one that lacks most first.
func (v View) byNeed() []int {
	products := make([]int, len(v.Need))
	for p := range products {
		products[p] = p
	}
	slices.SortStableFunc(products, func(p, q int) int { return cmp.Compare(v.Need[q], v.Need[p]) })
	return products
}

// evenFor chooses for one product: one whose work starts on a free place, or else the one
// with the longest work.
func (v View) evenFor(p int, sharers []Sharer, loads []time.Duration) (chosen int, found bool) {
	if v.Need[p] <= 0 {
		return 0, false
	}
	works := divide(p, v.Need[p], sharers)
	takes := make([]time.Duration, len(works))
	for i, w := range works {
		takes[i] = w.takes
	}
	places := pack(takes, loads)
	for i, w := range works {
		if s := sharers[w.sharer]; !s.Ready || !v.Wants(s.Candidate) {
			continue
		}
		if places != nil && loads[places[i]] == 0 {
			return w.sharer, true
		}
		if !found {
			chosen, found = w.sharer, true
		}
	}
	return chosen, found
}

// work is what is before a station, one restart after the other.
type work struct {
	sharer int
	takes  time.Duration
}

// divide divides what is missing of a product among the stations that add to it; the rest
// of the division falls to the quickest. The longest work comes first.
func divide(p, need int, sharers []Sharer) []work {
	var made []int
	for _, s := range sharers {
		if s.Adds.Has(p) {
			made = append(made, s.Made)
		}
	}
	share := evenly(made, need)
	rest := share.rest
	var works []work
	for i, s := range sharers {
		if !s.Adds.Has(p) {
			continue
		}
		owed := share.owed(s.Made)
		if rest > 0 && s.Made <= share.level {
			owed++
			rest--
		}
		if owed > 0 {
			works = append(works, work{i, time.Duration(owed) * s.Cycle})
		}
	}
	slices.SortStableFunc(works, func(a, b work) int { return cmp.Compare(b.takes, a.takes) })
	return works
}

// share says how an even spread fills up: every station makes at least level counts, and
// rest of them one more.
type share struct{ level, rest int }

// evenly spreads need counts over stations that have made so many already.
func evenly(made []int, need int) share {
	if len(made) == 0 {
		return share{}
	}
	filled := slices.Sorted(slices.Values(made))
	level := filled[0]
	for n := 1; ; n++ { // the n lowest stand at level
		if n == len(filled) {
			return share{level: level + need/n, rest: need % n}
		}
		if rise := (filled[n] - level) * n; rise >= need {
			return share{level: level + need/n, rest: need % n}
		}
		need -= (filled[n] - level) * n
		level = filled[n]
	}
}

// owed is how many counts fall to a station that has made so many, the rest of the division
// left out.
func (s share) owed(made int) int { return max(0, s.level-made) }
