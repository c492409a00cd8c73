package acctest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/timago/terraform-provider-timago/internal/acctest"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

func TestAClosedKMSPortIsTold(t *testing.T) {
	t.Parallel()
	s := begin(t, 2, world.Station{}, acctest.Counted(24))
	const portClosed = "The KMS port of "
	if plan := s.Plan(2); plan.Contains(portClosed) {
		t.Errorf("it is open:\n%s", plan.Output)
	}
	s.Inject(world.Fault{Name: world.KMSAway})
	closed := s.Plan(2)
	for _, said := range []string{portClosed + "127.1.0.1 is not reachable", "refused", "sppsvc"} {
		if !closed.Contains(said) {
			t.Errorf("it does not say %q:\n%s", said, closed.Output)
		}
	}
	s.Saw(world.KMSAway)
	s.World.Heal(world.KMSAway)
	if plan := s.Plan(2); plan.Contains(portClosed) {
		t.Errorf("it is open again:\n%s", plan.Output)
	}
	s.Apply()
	if len(s.knocks()) == 0 {
		t.Error("nobody was at the KMS port")
	}
}

func TestAKMSHostAmongTheMembersIsToldOnce(t *testing.T) {
	t.Parallel()
	s := begin(t, 2, world.Station{}, acctest.Counted(20))
	members := append(s.PlainAddresses(), s.Plain().KMSHost)
	s.Write("main.tf", s.Provider()+fmt.Sprintf("resource \"timago_activation_pool\" \"room\" {\n  name = \"R101\"\n  stations = [%q, %q, %q]\n}\n", members[0], members[1], members[2]))
	said := func(summary string) {
		t.Helper()
		_, said := s.Diagnostics("plan")
		var as []string
		for _, d := range said {
			if strings.Contains(d.Detail, "it has the key of a KMS host, not of a client") {
				as = append(as, d.Summary)
			}
		}
		if !slices.Equal(as, []string{summary}) {
			t.Errorf("it is told as %q, want %q once", as, summary)
		}
	}
	said("1 of 3 members can never be counted by a KMS host")
	s.Apply()
	said("Unable to count on 1 of the 3 members of activation pool R101")
	s.Inject(world.Fault{Name: world.CountFalls, On: []string{"kms01"}, Number: 20})
	said("1 of 3 members can never be counted by a KMS host")
	s.Saw(world.CountFalls)
}

func TestAWindowThatIsTooShortIsTold(t *testing.T) {
	t.Parallel()
	s := begin(t, 4, world.Station{}, acctest.Counted(5))
	window := func(end string) string {
		return `maintenance_window = { days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"], start = "03:00", end = "` + end + `", timezone = "UTC" }`
	}
	for _, tt := range []struct {
		end  string
		exit int
		says string // "": nothing of the window
	}{
		{"03:02", 1, "No restart fits into the maintenance window"},
		{"03:10", 2, "The maintenance window is too short for 16 restarts"},
		{"03:00", 2, ""}, // a whole day
	} {
		s.configure(window(tt.end))
		plan := s.Plan(tt.exit)
		if tt.says != "" && !plan.Contains(tt.says) || tt.says == "" && plan.Contains("maintenance window") {
			t.Errorf("until %s it does not say %q:\n%s", tt.end, tt.says, plan.Output)
		}
	}
	s.Apply()
	s.made(20, 16)

	// What a window is too short for is no change, as long as nothing is missing; and a
	// threshold that is lost shows whatever the window.
	s.configure(window("03:02"))
	s.Apply()
	s.Inject(world.Fault{Name: world.CountFalls, Number: 8})
	plan := s.Plan(2)
	// The simulated cycle takes a second or two here, and that is remembered.
	if !plan.Contains(`"not_activated" -> "activated"`) || plan.Contains("fits into the maintenance window") || plan.Contains("window is too short") {
		t.Errorf("the plan:\n%s", plan.Output)
	}
	s.Saw(world.CountFalls)
}
