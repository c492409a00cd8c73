package cycle_test

import (
	"cmp"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// quickestFirst are stations by what is known of them.
func quickestFirst(means []time.Duration) []int {
	order := make([]int, len(means))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(means[a], means[b]) })
	return order
}

// fastestPossible is T*: the least T at which the fastest stations, at most m at a time
// and each going again at once, have finished so many cycles. Fast is who is known to be;
// the times are those that the world holds ready. Since no restart may be made that is
// not needed, no more than are missing can ever be at work.
func fastestPossible(cycles [][]time.Duration, means []time.Duration, m, missing int) time.Duration {
	order := quickestFirst(means)
	var finishes []time.Duration
	for _, i := range order[:min(m, missing, len(order))] {
		at := time.Duration(0)
		for _, c := range cycles[i][:missing] {
			at += c
			finishes = append(finishes, at)
		}
	}
	slices.Sort(finishes)
	return finishes[missing-1]
}

// equalShares gives every station as many cycles, and one more to the quickest.
func equalShares(means []time.Duration, missing int) []int {
	shares := make([]int, len(means))
	for n, i := range quickestFirst(means) {
		shares[i] = missing / len(means)
		if n < missing%len(means) {
			shares[i]++
		}
	}
	return shares
}

// evenPossible is T_even*: no schedule finishes every station's share sooner, where a
// station takes one of m places for a part of its cycle and waits for its count without.
// It is the most of three:
//   - what a station takes for its own share;
//   - all times on places, spread over the places without a gap;
//   - of the n longest times on places, for each n, some places have more than the others;
//     what these have at least, spread over them without a gap (see crowded).
//
// Where nobody waits for a place that is exact.
func evenPossible(cycles [][]time.Duration, means []time.Duration, m, missing int, onPlace float64) time.Duration {
	var (
		longest, sum time.Duration
		places       []time.Duration
		away         = time.Duration(math.MaxInt64) // the least time of a cycle without a place
	)
	for i, share := range equalShares(means, missing) {
		own := time.Duration(0)
		for _, c := range cycles[i][:share] {
			place := time.Duration(float64(c) * onPlace)
			own, sum, away = own+c, sum+place, min(away, c-place)
			places = append(places, place)
		}
		longest = max(longest, own)
	}
	slices.SortFunc(places, func(a, b time.Duration) int { return cmp.Compare(b, a) })
	longest = max(longest, sum/time.Duration(m)+away)
	for n := range places {
		longest = max(longest, crowded(places[:n+1], m)+away)
	}
	return longest
}

// crowded is the least time for so many restarts, longest first, on m places, by how
// crowded these are: with n = q·m + r, 0 < r <= m, some h places have more than q. They
// have all that the others, with q at most, have not: n - (m-h)·q at least.
func crowded(times []time.Duration, m int) time.Duration {
	n := len(times)
	q := (n - 1) / m
	least := time.Duration(math.MaxInt64)
	for h := 1; h <= min(m, n/(q+1)); h++ {
		together := time.Duration(0)
		for _, t := range times[n-max(n-(m-h)*q, h*(q+1)):] {
			together += t
		}
		least = min(least, together/time.Duration(h))
	}
	return least
}

// bruteForce finds the least time in which so many cycles can be finished, by trying every
// set of stations to start whenever a place is free. With shares each station makes as
// many as fall to it.
func bruteForce(cycles []int, m, missing int, shares []int) int {
	best := math.MaxInt
	ends := make([]int, len(cycles)) // of what is running; 0: idle
	made := make([]int, len(cycles)) // started ones too
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
			endsBefore, madeBefore, fits, more := slices.Clone(ends), slices.Clone(made), true, running
			for i := range cycles {
				if start&(1<<i) != 0 {
					fits = fits && ends[i] == 0 && (shares == nil || made[i] < shares[i])
					ends[i] = now + cycles[i]
					made[i]++
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
			copy(ends, endsBefore)
			copy(made, madeBefore)
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
		got, want := fastestPossible(cycles, means, m, missing), time.Duration(bruteForce(units, m, missing, nil))
		if got < want || len(units) <= m && got != want {
			t.Fatalf("cycles %v, %d at a time, %d missing: %d, by brute force %d", units, m, missing, got, want)
		}
	}
	rapid.Check(t, check)
}

// TestEvenPossible holds T_even* against every schedule of equal shares there is, for
// small fleets: it is never beyond the least, and is it where nobody waits for a place.
func TestEvenPossible(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		units := rapid.SliceOfN(rapid.IntRange(1, 6), 1, 4).Draw(t, "cycles")
		m, missing := rapid.IntRange(1, 3).Draw(t, "parallel"), rapid.IntRange(1, 5).Draw(t, "missing")
		cycles, means := make([][]time.Duration, len(units)), make([]time.Duration, len(units))
		for i, c := range units {
			means[i] = time.Duration(c)
			cycles[i] = slices.Repeat([]time.Duration{means[i]}, missing)
		}
		shares := equalShares(means, missing)
		got, want := evenPossible(cycles, means, m, missing, 1), time.Duration(bruteForce(units, m, missing, shares))
		if got > want || len(units) <= m && got != want {
			t.Fatalf("cycles %v, shares %v, %d at a time: %d, by brute force %d", units, shares, m, got, want)
		}
	})
}
