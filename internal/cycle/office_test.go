package cycle_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/timago/terraform-provider-timago/internal/cycle"
	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/outcome"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// withoutOffice is a site where Office takes the command to activate and its request
// reaches nobody.
type withoutOffice struct {
	*fakeSite
	office *sync.Map // licences of Office
}

func (s withoutOffice) Licensing(ctx context.Context, station string) (kms.Licensing, error) {
	l, err := s.fakeSite.Licensing(ctx, station)
	for _, licence := range l.Of(kms.Office) {
		s.office.Store(licence.ID, true)
	}
	return l, err
}

func (s withoutOffice) Activate(ctx context.Context, station, licence string) error {
	if _, is := s.office.Load(licence); is {
		return s.travel(ctx, station, "activate")
	}
	return s.fakeSite.Activate(ctx, station, licence)
}

// A7: Office's requests may never come; the stations go on for Windows.
func TestAMissingRequestOfOfficeEndsNobodysPart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		site := room(2, func(_ int, s *world.Station) {
			s.Products = []world.Product{{Title: "windows-11-education"}, {Title: "office-2024"}}
		})
		site.Host = world.Host{Keys: []world.Key{{Key: "windows"}, {Key: "office-2024"}}}
		w, err := world.New(site, world.Options{Speed: 1})
		if err != nil {
			t.Fatal(err)
		}
		r, err := cycle.New().Run(t.Context(), withoutOffice{&fakeSite{World: w, latency: time.Millisecond}, new(sync.Map)}, cycle.Job{
			Host: "kms01", Members: w.Names(), Thresholds: map[kms.Product]int{kms.Windows: 10, kms.Office: 5},
		})
		var stalled *outcome.Stalled
		if !errors.As(err, &stalled) || len(stalled.Missing) != 1 || stalled.Missing[0].Product != kms.Office {
			t.Errorf("%v, want only Office missing", err)
		}
		if r.Counts[kms.Windows] != 10 {
			t.Errorf("Windows stands at %d after %d restarts, want 10", r.Counts[kms.Windows], r.Restarts)
		}
	})
}
