package cycle_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/timago/terraform-provider-timago/internal/cycle"
	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// idle are stations whose Windows takes the command to restart and does nothing.
type idle struct{ *fakeSite }

func (idle) Restart(context.Context, string, bool) error { return nil }

// A restart is counted where Windows took it or the station has started anew since. What
// nobody saw is kept apart, however the cycle ends.
func TestOnlyRestartsThatWereSeenAreCounted(t *testing.T) {
	t.Parallel()
	lost, gone := world.Fault{Name: world.Garbage, Of: world.AboutRestart}, world.Fault{Name: world.NeverComesBack}
	for name, tt := range map[string]struct {
		faults                []world.Fault
		idle                  bool
		cancelled             time.Duration
		restarts, unconfirmed int
		reason                string
	}{
		"taken":                             {restarts: 2},
		"taken, and it never comes back":    {faults: []world.Fault{gone}, restarts: 1, reason: "it did not come back within 15m0s after its restart"},
		"taken, and nothing happens":        {idle: true, unconfirmed: 1, reason: "its restart was commanded, and no new start of it was seen within 15m0s"},
		"taken, and cancelled":              {cancelled: 10 * time.Second, restarts: 1, reason: "it was restarted and had not come back yet"},
		"lost, and it comes back":           {faults: []world.Fault{lost}, restarts: 2},
		"lost, and it never comes back":     {faults: []world.Fault{lost, gone}, unconfirmed: 1, reason: "its restart was commanded and not answered, and it did not answer within 15m0s"},
		"lost, and cancelled before a look": {faults: []world.Fault{lost}, cancelled: 10 * time.Second, unconfirmed: 1, reason: "its restart was commanded, the outcome is not known"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				site := room(1, func(_ int, s *world.Station) { s.Counted = true })
				site.Host, site.Faults = counted(22), tt.faults
				w, err := world.New(site, world.Options{Speed: 1})
				if err != nil {
					t.Fatal(err)
				}
				var asked cycle.Site = &fakeSite{World: w, latency: time.Millisecond}
				if tt.idle {
					asked = idle{&fakeSite{World: w, latency: time.Millisecond}}
				}
				ctx := t.Context()
				if tt.cancelled > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, tt.cancelled)
					defer cancel()
				}
				r, err := cycle.New().Run(ctx, asked, cycle.Job{Host: "kms01", Members: w.Names(), Thresholds: map[kms.Product]int{kms.Windows: 25}})
				part := r.ByStation["PC01"]
				if r.Restarts != tt.restarts || r.Unconfirmed != tt.unconfirmed || part.Restarts != tt.restarts || part.Unconfirmed != tt.unconfirmed || !strings.Contains(part.Reason, tt.reason) {
					t.Errorf("%d restarts are counted, and %d that nobody saw; %+v, %v", r.Restarts, r.Unconfirmed, part, err)
				}
			})
		})
	}
}
