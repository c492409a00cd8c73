package cycle_test

import (
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/cycle"
	"github.com/timago/terraform-provider-timago/internal/outcome"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// A start after which Windows makes no request by itself is asked for one when it is two
// minutes old, and not only at the next look that is due anyway (A7). Who gives stations less
// time sees it asked before that is over.
func TestAStartWithoutARequestIsAskedForOne(t *testing.T) {
	t.Parallel()
	for timeout, at := range map[time.Duration]time.Duration{
		0: 2 * time.Minute, 5 * time.Minute: 2 * time.Minute, 2 * time.Minute: time.Minute, time.Minute + 30*time.Second: 45 * time.Second,
	} {
		t.Run(timeout.String(), func(t *testing.T) {
			t.Parallel()
			asksAt(t, timeout, at)
		})
	}
}

func asksAt(t *testing.T, timeout, at time.Duration) {
	t.Helper()
	site := room(1, func(_ int, s *world.Station) {
		s.Counted, s.Products = true, []world.Product{{Title: "windows-11-education", Silent: true}}
	})
	site.Host = counted(23)
	var asked []time.Duration
	run(t, site, func(j *cycle.Job, s *fakeSite) {
		j.Limits.StationTimeout = timeout
		progress := j.Progress
		j.Progress = func(e outcome.Event) {
			if progress(e); e.Kind == outcome.KindAsked {
				presence, err := s.World.Presence(e.Station)
				if err != nil {
					t.Error(err)
				}
				asked = append(asked, presence.Duration())
			}
		}
	}, func(t *testing.T, _ *fakeSite, r outcome.Result, err error) {
		if err != nil || r.Restarts != 1 || len(asked) != 1 || asked[0] < at || asked[0] > at+time.Second {
			t.Errorf("%d restarts, asked at the age of %s: %v", r.Restarts, asked, err)
		}
	})
}
