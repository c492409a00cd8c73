package cycle_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/timago/terraform-provider-timago/internal/cycle"
	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/simulator/timeline"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// denied is a site whose KMS host refuses the account, in part or altogether.
type denied struct {
	*fakeSite
	host bool
}

func (d denied) Host(ctx context.Context) (kms.Host, error) {
	if d.host {
		return kms.Host{}, kms.ErrDenied
	}
	return d.fakeSite.Host(ctx)
}

func (denied) Counted(context.Context, time.Time) ([]kms.Counted, error) {
	return nil, kms.ErrDenied
}

func TestStationsEventsAreTheEvidence(t *testing.T) {
	t.Parallel()
	for name, host := range map[string]bool{"log refused": false, "host refused": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w, err := world.New(room(5, nil), world.Options{Speed: 1})
				if err != nil {
					t.Fatal(err)
				}
				r, err := cycle.New().Run(t.Context(), denied{&fakeSite{World: w, latency: time.Millisecond}, host},
					cycle.Job{Host: "kms01", Members: w.Names(), Thresholds: map[kms.Product]int{kms.Windows: 25}})
				if err != nil || r.Asked != 5 || r.Restarts != 20 || r.Counts[kms.Windows] != 25 {
					t.Errorf("asked %d, restarts %d, counts %v, %v", r.Asked, r.Restarts, r.Counts, err)
				}
			})
		})
	}
}

// TestCountsOfStationsWhoseClocksRunAway: where stations are told the counts, what they were
// told last is not judged by their clocks, which here run sixty times as fast as the cycle's.
func TestCountsOfStationsWhoseClocksRunAway(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		site := room(5, func(_ int, s *world.Station) {
			timing := timeline.DefaultTiming()
			timing.Jitter, timing.Spread, s.Timing = 0.3, 0.3, &timing
		})
		site.Seed = seed
		synctest.Test(t, func(t *testing.T) {
			w, err := world.New(site, world.Options{Speed: 60})
			if err != nil {
				t.Fatal(err)
			}
			r, err := cycle.New().Run(t.Context(), denied{&fakeSite{World: w, latency: 10 * time.Millisecond}, true},
				cycle.Job{Host: "kms01", Members: w.Names(), Thresholds: map[kms.Product]int{kms.Windows: 25}})
			if err != nil || r.Restarts != 20 {
				t.Errorf("seed %d: %d restarts where 20 are needed, count %d, %v", seed, r.Restarts, r.Counts[kms.Windows], err)
			}
		})
	}
}
