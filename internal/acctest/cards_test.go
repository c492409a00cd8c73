package acctest_test

import (
	"fmt"
	"testing"

	"github.com/timago/terraform-provider-timago/internal/acctest"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// MAC addresses are read while stations answer, also where nothing was to be done then and
// nobody thought of waking them yet.
func TestAPoolThatWasHealthyWakesItsStationsAfterTheHolidays(t *testing.T) {
	t.Parallel()
	s := begin(t, 3, world.Station{Licensed: true}, acctest.Counted(30))
	s.Apply()
	for _, name := range []string{"PC01", "PC02", "PC03"} {
		if err := s.World.PowerOff(name); err != nil {
			t.Fatal(err)
		}
	}
	s.Until("they are down", func() bool { return !s.World.Listens("PC01") && !s.World.Listens("PC02") && !s.World.Listens("PC03") })
	s.Inject(world.Fault{Name: world.CountFalls, On: []string{"kms01"}, Number: 10})
	s.configure(fmt.Sprintf(`cycle = { station_timeout = "1m", wake_broadcast = %q }`, segment(t, s.Site)))
	s.Plan(2)
	s.Saw(world.CountFalls)
	s.Apply()
	s.shows(map[string]any{"status": "activated", "last_cycle.woken": 2.0, "last_cycle.restarts": 0.0})
	s.Plan(0)
}
