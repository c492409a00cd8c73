package cycle_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/timago/terraform-provider-timago/internal/cycle"
	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/outcome"
	"github.com/timago/terraform-provider-timago/internal/pool"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// emptied is a site on one of whose stations the events were cleared.
type emptied struct {
	*fakeSite
	station string
}

func (s emptied) Requests(ctx context.Context, station string, since time.Time) ([]kms.Exchange, error) {
	if station == s.station {
		return nil, nil
	}
	return s.fakeSite.Requests(ctx, station, since)
}

// The station that went first did not reach the KMS host. Whoever follows must have reached it
// since its own start, as its events show: else it is left out, and says why.
func TestWhoFollowsOneThatDidNotReachTheHost(t *testing.T) {
	t.Parallel()
	const doubted = "nothing shows that it reaches the KMS host, and PC01 did not: no KMS host could be reached (0xC004F074)"
	for name, cleared := range map[string]string{"its events show the host's answer": "", "they show none": "PC02"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				site := room(2, func(_ int, s *world.Station) { s.Counted = true })
				site.Host = counted(22)
				site.Faults = []world.Fault{{Name: world.RequestFails, On: []string{"PC01"}}}
				w, err := world.New(site, world.Options{Speed: 1})
				if err != nil {
					t.Fatal(err)
				}
				r, err := cycle.New().Run(t.Context(), emptied{&fakeSite{World: w, latency: time.Millisecond}, cleared}, cycle.Job{
					Host: "kms01", Members: w.Names(), Thresholds: map[kms.Product]int{kms.Windows: 25}, Limits: pool.Limits{MaxParallel: 1},
				})
				first, next := r.ByStation["PC01"], r.ByStation["PC02"]
				if first.Restarts != 1 || first.Outcome != outcome.LeftOut || !strings.Contains(first.Reason, "0xC004F074") {
					t.Errorf("PC01: %+v", first)
				}
				if cleared == "" && (err != nil || next.Restarts != 1 || r.Counts[kms.Windows] != 25) {
					t.Errorf("PC02: %+v, count %d, %v", next, r.Counts[kms.Windows], err)
				}
				if cleared != "" && (err == nil || next.Restarts != 0 || next.Reason != doubted) {
					t.Errorf("PC02: %+v, %v", next, err)
				}
			})
		})
	}
}
