package scheduler

import (
	"cmp"
	"slices"
	"time"
)

// pack spreads works, the longest first, over places that are taken for so long already,
// so that all are done soon: it gives the place of each, or nil where no way was found
// that is sooner than to start the longest whenever a place is free. The least time of all
// is not to be had: its search is that of packing bins. What first fit, the longest first,
// gets into a time is near it (MULTIFIT: Coffman, Garey and Johnson, 1978).
func pack(works, loads []time.Duration) []int {
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
