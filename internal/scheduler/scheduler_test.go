package scheduler

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/timago/terraform-provider-timago/internal/pool"
)

const both = Products(3)

func second(n int) time.Duration { return time.Duration(n) * time.Second }

func TestWants(t *testing.T) {
	t.Parallel()
	underWay := func(end, cycle int) InFlight {
		return InFlight{Adds: Only(0), End: second(end), Cycle: second(cycle), Left: 9}
	}
	for name, test := range map[string]struct {
		need  []int
		legs  []InFlight
		cycle int
		adds  Products
		able  int // restarts that stations adding to both can make
		want  bool
	}{
		"something is missing":                    {need: []int{1}, cycle: 60, adds: Only(0), want: true},
		"nothing is":                              {need: []int{0}, cycle: 60, adds: Only(0)},
		"it cannot add what is":                   {need: []int{0, 1}, cycle: 60, adds: Only(0)},
		"a quick one will have made it twice":     {need: []int{2}, legs: []InFlight{underWay(10, 25)}, cycle: 60, adds: Only(0)},
		"a quick one will have made it once":      {need: []int{2}, legs: []InFlight{underWay(11, 25)}, cycle: 60, adds: Only(0), want: true},
		"others will just make it at its end":     {need: []int{1}, legs: []InFlight{underWay(30, 30)}, cycle: 60, adds: Only(0)},
		"one may not be restarted so often":       {need: []int{2}, legs: []InFlight{{Adds: Only(0), End: second(10), Cycle: second(10), Left: 1}}, cycle: 60, adds: Only(0), want: true},
		"what both lack is left to those of both": {need: []int{3, 3}, cycle: 60, adds: Only(0), able: 5},
		"those of both cannot make it all":        {need: []int{3, 3}, cycle: 60, adds: Only(0), able: 2, want: true},
		"more is missing of one than of both":     {need: []int{4, 3}, cycle: 60, adds: Only(0), able: 5, want: true},
		"one of both":                             {need: []int{0, 1}, cycle: 60, adds: both, able: 5, want: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := View{Need: test.need, InFlight: test.legs, Parallel: 5, Capacity: func(Products) int { return test.able }}
			if got := l.Wants(Candidate{Adds: test.adds, Cycle: second(test.cycle)}); got != test.want {
				t.Errorf("wants: %t", got)
			}
		})
	}
}

// TestEvenly: shares fill up what is missing, and nobody's exceeds another's by more than one.
func TestEvenly(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		made := rapid.SliceOfN(rapid.IntRange(0, 9), 1, 12).Draw(t, "made")
		need := rapid.IntRange(1, 60).Draw(t, "need")
		share := evenly(made, need)
		sum, lowest := 0, 99
		for _, m := range made {
			owed := share.owed(m)
			sum += owed
			lowest = min(lowest, m+owed)
			if owed > 0 && m+owed != share.level {
				t.Fatalf("%d made, %d owed, level %d", m, owed, share.level)
			}
		}
		if sum+share.rest != need || lowest != share.level || share.rest >= len(made) {
			t.Fatalf("%v need %d: %+v gives %d", made, need, share, sum)
		}
	})
}

// TestPack: a way that is found is sooner than to start the longest whenever a place is
// free; and where the longest first goes wrong there is one.
func TestPack(t *testing.T) {
	t.Parallel()
	end := func(works, loads []time.Duration, places []int) time.Duration {
		after := slices.Clone(loads)
		for i, work := range works {
			if places != nil {
				after[places[i]] += work
				continue
			}
			after[slices.Index(after, slices.Min(after))] += work
		}
		return slices.Max(after)
	}
	if works, loads := []time.Duration{200, 200, 190, 190, 130, 130, 130}, make([]time.Duration, 3); end(works, loads, pack(works, loads)) > 391 {
		t.Errorf("%v on three places end after %d; 390 is possible, the longest first takes 460", works, end(works, loads, pack(works, loads)))
	}
	rapid.Check(t, func(t *rapid.T) {
		duration := rapid.Map(rapid.IntRange(1, 100), second)
		works := rapid.SliceOfN(duration, 1, 12).Draw(t, "works")
		slices.SortFunc(works, func(a, b time.Duration) int { return cmp.Compare(b, a) })
		loads := append(rapid.SliceOfN(duration, 0, 4).Draw(t, "loads"), 0)
		if places := pack(works, loads); places != nil && end(works, loads, places) >= end(works, loads, nil) {
			t.Fatalf("works %v, loads %v: %v ends after %s, not before %s", works, loads, places, end(works, loads, places), end(works, loads, nil))
		}
	})
}

func TestWatch(t *testing.T) {
	t.Parallel()
	for name, span := range map[string]pool.Span{
		"known":   {Mean: time.Minute, Samples: 5},
		"noisy":   {Mean: time.Minute, Deviation: 9 * time.Second, Samples: 5},
		"unknown": {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := WatchFor(span, ClosestProbes)
			looks, at := 0, time.Duration(0)
			for at < time.Hour {
				next := w.Next(at)
				if next <= at {
					t.Fatalf("the look after %s is at %s", at, next)
				}
				if looks++; next > 2*time.Minute && next-at > max(rarestProbes, span.Mean/20)+time.Second {
					t.Fatalf("nobody looks between %s and %s", at, next)
				}
				at = next
			}
			if looks > 400 {
				t.Errorf("%d looks in an hour", looks)
			}
		})
	}
}
