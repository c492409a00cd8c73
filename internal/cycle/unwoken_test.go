package cycle_test

import (
	"context"
	"errors"
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

// powerless has no way to reach a network card.
type powerless struct{ *fakeSite }

func (powerless) Wake(context.Context, string) error {
	return errors.New("the MAC address is not known")
}

func TestAStationThatCouldNotBeSwitchedOnSaysWhy(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		site := room(2, func(i int, s *world.Station) { s.Off = i == 1 })
		site.Host = counted(10)
		w, err := world.New(site, world.Options{Speed: 1})
		if err != nil {
			t.Fatal(err)
		}
		_, err = cycle.New().Run(t.Context(), powerless{&fakeSite{World: w, latency: time.Millisecond}}, cycle.Job{
			Host: "kms01", Members: w.Names(), Thresholds: map[kms.Product]int{kms.Windows: 25}, Limits: pool.Limits{Wake: true},
		})
		var stalled *outcome.Stalled
		if !errors.As(err, &stalled) || !strings.Contains(stalled.Stations["PC02"], "it could not be switched on (the MAC address is not known), and it did not answer for 15m0s") {
			t.Error(err)
		}
	})
}

// Whom an earlier run may have restarted is expected back also where it could not be
// switched on: what it adds when it answers again is not made by a restart.
func TestWhoCouldNotBeSwitchedOnMayStillBeOnItsWayBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		site := room(2, func(i int, s *world.Station) { s.Uptime, s.Counted = time.Minute, i == 0 })
		site.Host = counted(23)
		site.Faults = []world.Fault{{Name: world.Refuses, On: []string{"PC02"}, For: 90 * time.Second}}
		w, err := world.New(site, world.Options{Speed: 1})
		if err != nil {
			t.Fatal(err)
		}
		r, err := cycle.New().Run(t.Context(), powerless{&fakeSite{World: w, latency: time.Millisecond}}, cycle.Job{
			Host: "kms01", Members: w.Names(), Thresholds: map[kms.Product]int{kms.Windows: 25}, Limits: pool.Limits{Wake: true},
		})
		if err != nil || r.Restarts != 0 {
			t.Errorf("%d restarts where PC02's return was enough, count %d, %v", r.Restarts, r.Counts[kms.Windows], err)
		}
	})
}
