package cycle

import (
	"time"

	"github.com/timago/terraform-provider-timago/internal/pool"
)

// watch spreads looks over the time in which something is expected: none while it
// cannot have happened yet, close ones while it is due, ever rarer ones after that.
type watch struct {
	from  time.Duration // first look
	until time.Duration // end of the close looks
	step  time.Duration // between them
	slack time.Duration // longest distance between looks
}

// Looks are so far apart where nothing is known of a station.
const (
	firstProbe    = 5 * time.Second
	closestProbes = 200 * time.Millisecond
	rarestProbes  = 15 * time.Second
)

// watchFor plans looks for a span of which nothing, or something, is known. floor is
// the least distance between looks.
func watchFor(s pool.Span, floor time.Duration) watch {
	if s.Samples == 0 {
		return watch{from: max(firstProbe, floor), until: firstProbe, step: max(time.Second, floor), slack: rarestProbes}
	}
	// A span known to a hundredth is met by a look just before and one just after. A
	// wider one is covered from end to end: evenly distributed, its ends are two mean
	// deviations away.
	wide := 2*s.Deviation + s.Mean/200
	return watch{
		from:  max(s.Mean-wide, floor),
		until: s.Mean + wide,
		step:  max(s.Mean/100, s.Deviation/2, floor),
		slack: max(rarestProbes, s.Mean/20),
	}
}

// next gives the time of the look after one at last; all are counted from the start of
// the span.
func (w watch) next(last time.Duration) time.Duration {
	switch {
	case last < w.from:
		return w.from
	case last < w.until:
		return last + min(w.step, max(last/8, firstProbe/5))
	default:
		// Overdue: each look waits a tenth longer than what has passed already, or half
		// of what it is overdue, whichever is sooner.
		overdue := last - w.until
		return last + min(max(w.step, min(overdue/2, last/10)), max(w.slack, w.step))
	}
}
