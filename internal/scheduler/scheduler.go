// Package scheduler decides who is restarted and when it is looked at: whether a restart is
// among those that will be needed, how an even spread falls, and how looks are spread over
// the time in which something is expected. It knows numbers and durations, no stations.
package scheduler

import (
	"cmp"
	"slices"
	"time"
)

// Candidate is a station that could be restarted now.
type Candidate struct {
	Adds  Products
	Cycle time.Duration // from its restart until it is counted
	Made  int           // counts it has made in this cycle, or has under way
}

// InFlight is a station under way. When it ends it can go again at once.
type InFlight struct {
	Adds  Products
	Up    bool          // back already, and in nobody's way
	End   time.Duration // from now
	Cycle time.Duration
	Left  int // restarts it may still make after this one
}

// repeats is how many further counts the station will have made by then.
func (s InFlight) repeats(by time.Duration) int {
	if s.End >= by || s.Cycle <= 0 {
		return 0
	}
	return min(s.Left, int((by-s.End)/s.Cycle))
}

// View is all that choosing depends on.
type View struct {
	Need     []int // by product: what is missing beyond all that is under way
	InFlight []InFlight
	Parallel int
	// Capacity tells how many restarts stations that add to all of these products can
	// still make.
	Capacity func(Products) int
}

// Wants tells whether a restart of the candidate is among those that will be needed: if,
// by the time it would be counted, the stations under way, each going again at once, will
// not have made all that is missing. A slow station is so left alone near the end, and no
// fast one ever waits. What is missing already excludes each station under way once, so
// that restarts under way never exceed it.
func (v View) Wants(c Candidate) bool {
	for p, need := range v.Need {
		if !c.Adds.Has(p) {
			continue
		}
		need -= v.reserved(c)
		if need > 0 && need > v.repeated(c, p) {
			return true
		}
	}
	return false
}

// Sooner counts the stations that are back, wait for their request to be counted, and
// would be through with one more restart before the candidate: places are kept for them.
func (v View) Sooner(c Candidate) int {
	n := 0
	for _, station := range v.InFlight {
		if station.Up && station.repeats(c.Cycle) > 0 {
			n++
		}
	}
	return n
}

// repeated is how much of the product will have been made by repetition when the
// candidate's restart would be counted. No more stations repeat than may be down.
func (v View) repeated(c Candidate, p int) int {
	var repeats []int
	for _, station := range v.InFlight {
		if n := station.repeats(c.Cycle); n > 0 && station.Adds.Has(p) {
			repeats = append(repeats, n)
		}
	}
	if len(repeats) > v.Parallel {
		slices.Sort(repeats)
		repeats = repeats[len(repeats)-v.Parallel:]
	}
	sum := 0
	for _, n := range repeats {
		sum += n
	}
	return sum
}

// reserved is how much of any product stations that add to more of what is missing will
// bring along: restarting the candidate for that would be a restart too many.
func (v View) reserved(c Candidate) int {
	reserved := 0
	for q, need := range v.Need {
		if !c.Adds.Has(q) && need > reserved {
			reserved = max(reserved, min(need, v.Capacity(c.Adds.With(q))))
		}
	}
	return reserved
}

// Share says how an even spread fills up: every station makes at least level counts, and
// rest of them one more.
type share struct{ Level, Rest int }

// Evenly spreads need counts over stations that have made so many already.
func Evenly(made []int, need int) share {
	if len(made) == 0 {
		return share{}
	}
	filled := slices.Sorted(slices.Values(made))
	level := filled[0]
	for n := 1; ; n++ { // the n lowest stand at level
		if n == len(filled) {
			return share{Level: level + need/n, Rest: need % n}
		}
		if rise := (filled[n] - level) * n; rise >= need {
			return share{Level: level + need/n, Rest: need % n}
		}
		need -= (filled[n] - level) * n
		level = filled[n]
	}
}

// Owed is how many counts fall to a station that has made so many, the rest of the division
// left out.
func (s share) Owed(made int) int { return max(0, s.Level-made) }

// Pack spreads works, the longest first, over places that are taken for so long already,
// so that all are done soon: it gives the place of each, or nil where no way was found
// that is sooner than to start the longest whenever a place is free. The least time of all
// is not to be had: its search is that of packing bins. What first fit, the longest first,
// gets into a time is near it (MULTIFIT: Coffman, Garey and Johnson, 1978).
func Pack(works, loads []time.Duration) []int {
	after := slices.Clone(loads)
	sum, most := time.Duration(0), slices.Max(loads)
	for _, load := range loads {
		sum += load
	}
	for _, work := range works {
		i := slices.Index(after, slices.Min(after))
		after[i] += work
		sum, most = sum+work, max(most, work)
	}
	var places []int
	high := slices.Max(after)
	low := max(most, sum/time.Duration(len(loads)))
	for high-low > max(1, high/packedWithin) {
		within := (low + high) / 2
		if found := firstFit(works, loads, within); found != nil {
			places, high = found, within
		} else {
			low = within
		}
	}
	return places
}

// packedWithin is to which part of itself a time is sought.
const packedWithin = 200

// firstFit puts each work on the fullest place that is through with it in time; nil where
// one finds none.
func firstFit(works, loads []time.Duration, within time.Duration) []int {
	order := make([]int, len(loads))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(loads[b], loads[a]) })
	after := slices.Clone(loads)
	var places []int
	for _, work := range works {
		at := slices.IndexFunc(order, func(i int) bool { return after[i]+work <= within })
		if at < 0 {
			return nil
		}
		after[order[at]] += work
		places = append(places, order[at])
	}
	return places
}
