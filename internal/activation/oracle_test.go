package activation_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// bruteForce finds the least time in which so many cycles can be finished, by trying every
// set of stations to start whenever a place is free.
func bruteForce(cycles []int, m, missing int) int {
	best := math.MaxInt
	ends := make([]int, len(cycles)) // of what is running; 0: idle
	var search func(now, finished int)
	search = func(now, finished int) {
		if finished >= missing {
			best = min(best, now)
			return
		}
		if now >= best {
			return
		}
		running := 0
		for _, end := range ends {
			if end > 0 {
				running++
			}
		}
		for start := range 1 << len(cycles) { // every set of idle stations that finds places
			before, fits, more := slices.Clone(ends), true, running
			for i := range cycles {
				if start&(1<<i) != 0 {
					fits = fits && ends[i] == 0
					ends[i] = now + cycles[i]
					more++
				}
			}
			if fits && more > 0 && more <= m {
				next, done := math.MaxInt, 0
				for _, end := range ends {
					if end > 0 {
						next = min(next, end)
					}
				}
				for i, end := range ends {
					if end == next {
						ends[i], done = 0, done+1
					}
				}
				search(next, finished+done)
			}
			copy(ends, before)
		}
	}
	search(0, 0)
	return best
}

// TestFastestPossible holds T* against every schedule there is, for small fleets. Where
// each station has a place of its own nothing is faster. Where places are fewer than
// stations, T* is what the quickest reach by themselves; taking turns can be faster still:
// cycles of 3, 4 and 4, two at a time, make four counts in 7, not 8.
func TestFastestPossible(t *testing.T) {
	t.Parallel()
	check := func(t *rapid.T) {
		units := rapid.SliceOfN(rapid.IntRange(1, 6), 1, 3).Draw(t, "cycles")
		m, missing := rapid.IntRange(1, 3).Draw(t, "parallel"), rapid.IntRange(1, 4).Draw(t, "missing")
		cycles, means := make([][]time.Duration, len(units)), make([]time.Duration, len(units))
		for i, c := range units {
			means[i] = time.Duration(c)
			cycles[i] = slices.Repeat([]time.Duration{means[i]}, missing)
		}
		got, want := fastestPossible(cycles, means, m, missing), time.Duration(bruteForce(units, m, missing))
		if got < want || len(units) <= m && got != want {
			t.Fatalf("cycles %v, %d at a time, %d missing: %d, by brute force %d", units, m, missing, got, want)
		}
	}
	rapid.Check(t, check)
}
