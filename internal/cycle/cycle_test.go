package cycle_test

import (
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/outcome"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

func TestVendorsExample(t *testing.T) {
	t.Parallel()
	run(t, room(5, nil), nil, func(t *testing.T, s *fakeSite, r outcome.Result, err error) {
		if err != nil {
			t.Fatal(err)
		}
		if r.Asked != 5 || r.Restarts != 20 || r.Counts[kms.Windows] != 25 {
			t.Errorf("asked %d, restarts %d, counts %v; want 5, 20, 25", r.Asked, r.Restarts, r.Counts)
		}
		added := 0
		for _, part := range r.ByStation {
			added += part.Counted
		}
		if added != 25 {
			t.Errorf("stations are said to have added %d of 25", added)
		}
		for _, station := range s.World.State().Stations {
			if station.Restarts < 3 || station.Restarts > 5 {
				t.Errorf("%s was restarted %d times, of 20 on 5 stations alike", station.Name, station.Restarts)
			}
		}
		t.Logf("took %s", r.Finished.Sub(r.Started))
	})
}

func TestOnlyWhatIsMissing(t *testing.T) {
	t.Parallel()
	site := room(5, nil)
	site.Host = counted(18)
	run(t, site, nil, func(t *testing.T, s *fakeSite, r outcome.Result, err error) {
		if err != nil {
			t.Fatal(err)
		}
		if r.Asked != 5 || r.Restarts != 2 {
			t.Errorf("asked %d, restarts %d; want 5, 2", r.Asked, r.Restarts)
		}
	})
}

func TestNothingMissing(t *testing.T) {
	t.Parallel()
	site := room(5, func(_ int, s *world.Station) { s.Licensed = true })
	site.Host = counted(20)
	run(t, site, nil, func(t *testing.T, s *fakeSite, r outcome.Result, err error) {
		if err != nil {
			t.Fatal(err)
		}
		if r.Asked+r.Restarts+r.AskedAfter != 0 || r.Finished.Sub(r.Started) > time.Second {
			t.Errorf("asked %d and %d, restarts %d, took %s", r.Asked, r.AskedAfter, r.Restarts, r.Finished.Sub(r.Started))
		}
	})
}
