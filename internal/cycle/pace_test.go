package cycle_test

import (
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/cycle"
	"github.com/timago/terraform-provider-timago/internal/outcome"
	"github.com/timago/terraform-provider-timago/internal/simulator/timeline"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// A station that was back at the first look may have been so for a while: it is looked at
// earlier next time.
func TestWhoWasBackBeforeTheFirstLookIsExpectedEarlier(t *testing.T) {
	t.Parallel()
	site := room(1, func(_ int, s *world.Station) { s.Timing = &timeline.Timing{Shutdown: time.Second, Boot: time.Second} })
	site.Host = counted(23)
	var commanded, back time.Time
	run(t, site, func(j *cycle.Job, _ *fakeSite) {
		j.Progress = func(e outcome.Event) {
			switch e.Kind {
			case outcome.KindRestarting:
				commanded = time.Now()
			case outcome.KindBack:
				back = time.Now()
			default:
			}
		}
	}, func(t *testing.T, _ *fakeSite, r outcome.Result, err error) {
		learnt, took := r.Memory.Paces["PC01"].Return, back.Sub(commanded)
		if err != nil || r.Restarts != 1 || learnt.Samples != 1 || learnt.Mean >= took {
			t.Errorf("it was seen back after %s, and %s are expected of it; %d restarts, %v", took, learnt.Mean, r.Restarts, err)
		}
	})
}
