package cycle_test

import (
	"testing"

	"github.com/timago/terraform-provider-timago/internal/outcome"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// A restart that Windows denies is none: nothing of it is under way, and it is not counted.
func TestADeniedRestartIsNone(t *testing.T) {
	t.Parallel()
	site := room(1, func(_ int, s *world.Station) { s.Counted = true })
	site.Host = counted(23)
	site.Faults = []world.Fault{{Name: world.Denied, On: []string{"PC01"}, Of: world.AboutRestart}}
	run(t, site, nil, func(t *testing.T, _ *fakeSite, r outcome.Result, err error) {
		if part := r.ByStation["PC01"]; err == nil || r.Restarts != 0 || part.Restarts != 0 || part.Outcome != outcome.LeftOut {
			t.Errorf("restarts %d, %+v, %v", r.Restarts, part, err)
		}
	})
}
