package scheduler

import (
	"time"

	"github.com/timago/terraform-provider-timago/internal/pool"
)

// Watch spreads looks over the time in which something is expected: none while it
// cannot have happened yet, close ones while it is due, ever rarer ones after that.
type Watch struct {
	From  time.Duration // first look
	Until time.Duration // end of the close looks
	Step  time.Duration // between them
	Slack time.Duration // longest distance between looks
}

// Looks are so far apart where nothing is known of a station.
const (
	FirstProbe    = 5 * time.Second
	ClosestProbes = 200 * time.Millisecond
	rarestProbes  = 15 * time.Second
)

// WatchFor plans looks for a span of which nothing, or something, is known. floor is
// the least distance between looks.
func WatchFor(s pool.Span, floor time.Duration) Watch {
	if s.Samples == 0 {
		return Watch{From: max(FirstProbe, floor), Until: FirstProbe, Step: max(time.Second, floor), Slack: rarestProbes}
	}
	// A span known to a hundredth is met by a look just before and one just after. A
	// wider one is covered from end to end: evenly distributed, its ends are two mean
	// deviations away.
	wide := 2*s.Deviation + s.Mean/200
	return Watch{
		From:  max(s.Mean-wide, floor),
		Until: s.Mean + wide,
		Step:  max(s.Mean/100, s.Deviation/2, floor),
		Slack: max(rarestProbes, s.Mean/20),
	}
}

// Next gives the time of the look after one at last; all are counted from the start of
// the span.
func (w Watch) Next(last time.Duration) time.Duration {
	switch {
	case last < w.From:
		return w.From
	case last < w.Until:
		return last + min(w.Step, max(last/8, FirstProbe/5))
	default:
		// Overdue: each look waits a tenth longer than what has passed already, or half
		// of what it is overdue, whichever is sooner.
		overdue := last - w.Until
		return last + min(max(w.Step, min(overdue/2, last/10)), max(w.Slack, w.Step))
	}
}

// UsualPolls is the distance between two polls of the KMS host while stations are under way.
const UsualPolls = time.Second

const closestPolls = 250 * time.Millisecond

// PollSpacing is the least distance between two polls while a station is under way whose
// cycle takes so long: a second, less where the whole takes only some.
func PollSpacing(cycle time.Duration) time.Duration {
	return min(max(cycle/60, closestPolls), UsualPolls)
}
