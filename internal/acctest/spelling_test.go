package acctest_test

import (
	"fmt"
	"testing"

	"github.com/timago/terraform-provider-timago/internal/acctest"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

const second = "R101-PC02"

// It would be counted as two members, and restarted as both at once.
func TestAPoolNamesAStationOnce(t *testing.T) {
	t.Parallel()
	s := enter(t, acctest.Room(2, world.Station{}), "")
	provider, id := s.Read("main.tf"), s.ClientID(first)
	of := func(one, other, more string) {
		s.Write("main.tf", provider+fmt.Sprintf(`
resource "timago_activation_pool" "room" {
  name       = "R101"
  stations   = compact([%q, %q, %q])
  thresholds = { windows = 2 }
}
`, one, other, more))
	}
	of(first, second, id)
	plan := s.Plan(1)
	if !plan.Contains(first+" and "+id+" are one station") && !plan.Contains(id+" and "+first+" are one station") {
		t.Errorf("it does not say who is named twice:\n%s", plan.Output)
	}
	of(second, id, "")
	s.Apply()
	s.shows(map[string]any{"status": "activated", "windows.members": 2.0})
}

func TestAnActionTakesAStationOnce(t *testing.T) {
	t.Parallel()
	a := actByTimago(t, 2, world.Station{})
	a.invoke(imageAction, acctest.Values{"stations": []string{first, a.ClientID(first), second}})
	a.well()
	a.reports("^Resetting the image of 2 stations", "^2 of 2 stations given a new image$")
}

func TestAnOperatingSystemIsKnownInAnyCase(t *testing.T) {
	t.Parallel()
	p := takePart(t, acctest.Room(1, world.Station{}))
	p.Apply()
	p.configure(`operating_system = "WINDOWS 11"`)
	if plan := p.Plan(2); plan.Contains("effective") {
		t.Errorf("another case is taken for another system:\n%s", plan.Output)
	}
	p.Apply()
	p.shows(map[string]any{"operating_system": "WINDOWS 11", "effective": true})
	if p.Commands() != 0 {
		t.Errorf("%d commands", p.Commands())
	}
}
