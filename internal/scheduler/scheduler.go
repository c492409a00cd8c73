// Package scheduler decides who is restarted and when it is looked at: whether a restart is
// among those that will be needed, how an even spread falls, and how looks are spread over
// the time in which something is expected. It knows numbers and durations, no stations.
package scheduler

import (
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
	// Capacity says how many restarts stations that add to all of these products can
	// still make.
	Capacity func(Products) int
}

// Wants reports whether a restart of the candidate is among those that will be needed: if,
// by the time it would be counted, the stations under way, each going again at once, will
// not have made all that is missing. A slow station is so left alone near the end, and no
// fast one ever waits. Need is what is missing less one count for each station under way,
// so that there are never more restarts under way than counts missing.
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
