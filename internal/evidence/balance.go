package evidence

import "github.com/timago/terraform-provider-timago/internal/kms"

// Balance holds a product's count against the requests that the host's log has shown since
// the balance was begun. An id that the log does not know may have been counted before the
// log begins, or before it lost records. Each that was shown is known to have added one
// where the log was complete, or where the count has risen by all that was shown.
type Balance struct {
	poll         int // at which it was begun; 0: it was not
	first, shown int
	missed       int // at the last poll
	last, before int // counts of the last poll and of the one before
}

// Poll takes in the count of a poll and how many new ids its log shows. missed is how many
// requests in all may have been counted and were never seen. It is false for the first one,
// whose log shows what was asked at any time.
func (b *Balance) Poll(poll, count, fresh, missed int) (begun bool) {
	if b.poll == 0 {
		*b = Balance{poll: poll, first: count, last: count, before: count, missed: missed}
		return false
	}
	b.shown += fresh + missed - b.missed
	b.missed = missed
	b.before, b.last = b.last, count
	return true
}

// Explains tells whether the count has risen by all that was shown, and by so many more
// requests that may have been made and were not shown yet. A count is read after the log:
// only that of the poll before contains nothing that this log does not show.
func (b *Balance) Explains(outstanding int) bool {
	return b.poll > 0 && b.before-b.first >= b.shown+outstanding
}

// IsComplete tells whether the log held all ids that were counted when the balance was begun.
// of tells whether a request is for the product, and whether that is known: requests of
// which it is not known are all for it or none is.
func (b *Balance) IsComplete(log *Log, of func(activationID string) (is, known bool)) bool {
	known, possible := map[kms.CMID]bool{}, map[kms.CMID]bool{}
	for request, poll := range log.firstLog {
		is, isKnown := of(request.ActivationID)
		if poll > b.poll || isKnown && !is {
			continue
		}
		possible[request.CMID] = true
		if isKnown {
			known[request.CMID] = true
		}
	}
	return b.poll > 0 && (len(known) == b.first || len(possible) == b.first)
}
