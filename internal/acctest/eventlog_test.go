package acctest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/acctest"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// The forecast needs the KMS host's log, however it is read.
func TestTheLogIsReadWhereWMICannot(t *testing.T) {
	t.Parallel()
	scenario := acctest.Classroom(1, world.Station{Off: true}, world.Host{
		Keys: []world.Key{{Key: "windows", Counted: []world.Counted{{Number: 30, Age: 20 * day, Over: 5 * day}}}},
	})
	scenario.Start = noon
	s := reading(t, scenario, host())
	s.Inject(world.Fault{Name: world.ProviderFails, On: []string{"kms01"}, Of: "Win32_NTLogEvent"})
	s.Apply()
	s.Saw(world.ProviderFails)
	s.reads(hostSource, map[string]any{
		"log_error": nil, "log_since": noon.Add(-25 * day).Format(time.RFC3339), "windows.count": 30.0, "windows.forecast_reason": nil,
	})
	if steps, _ := acctest.At(s.Values(hostSource), "windows.forecast").([]any); len(steps) != 31 {
		t.Errorf("%d steps, want one for each of the 30 that leave", len(steps))
	}
}

// Where neither way is open the log stays unread for the first reason, and the counts are
// read all the same.
func TestALogThatCannotBeReadSaysWhy(t *testing.T) {
	t.Parallel()
	s := reading(t, acctest.Classroom(1, world.Station{Off: true}, acctest.Counted(30)), host())
	for _, of := range []string{"Win32_NTLogEvent", "create"} { // the class, and a shell
		s.Inject(world.Fault{Name: world.ProviderFails, On: []string{"kms01"}, Of: of})
	}
	s.Apply()
	for _, fault := range s.State().Faults {
		if fault.Seen == 0 {
			t.Error("not both ways were tried")
		}
	}
	why, _ := s.Values(hostSource)["log_error"].(string)
	if want := "0x80041013"; !strings.Contains(why, want) {
		t.Errorf("the reason is %q, want %s", why, want)
	}
	s.reads(hostSource, map[string]any{"windows.count": 30.0, "windows.forecast": nil})
}
