package acctest_test

import (
	"strings"
	"testing"

	"github.com/timago/terraform-provider-timago/internal/acctest"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// A KMS host that refuses the account has counted nobody yet: nothing shows its keys, and
// the plan says what helps. It does help.
func TestAFreshSiteWhoseKMSHostRefusesTheAccount(t *testing.T) {
	t.Parallel()
	s := begin(t, 5, world.Station{}, world.Host{Denied: true})
	plan := s.Plan(1)
	for _, said := range []string{"5 of 5 stations answered", "nothing shows yet whether the KMS host has a key", "thresholds = { windows = 25 }", "kms.winrm"} {
		if !plan.Contains(said) || plan.Contains("Switch") {
			t.Errorf("it does not say %q:\n%s", said, plan.Output)
		}
	}
	s.configure(`thresholds = { windows = 25 }`)
	if plan := s.Plan(2); !plan.Contains("no member has an answer of the KMS host for Windows yet") || !plan.Contains("threshold = 25") {
		t.Errorf("the plan with what helps:\n%s", plan.Output)
	}
	s.Apply()
	s.made(25, 20)
	s.shows(map[string]any{"status": "activated", "windows.threshold": 25.0})
}

// The host is lost in the middle: the numbers are those last seen.
func TestAHostThatIsLostInTheMiddleLeavesItsNumbers(t *testing.T) {
	t.Parallel()
	s := begin(t, 5, world.Station{}, world.Host{}, `cycle = { station_timeout = "10s" }`)
	running := s.Start("apply", "-auto-approve", "-no-color")
	s.Until("some are counted", func() bool { return s.Happened(world.KindCounted) > 6 })
	s.Inject(world.Fault{Name: world.Refuses, On: []string{"kms01"}})
	outcome := running.Wait()
	s.Saw(world.Refuses)
	_, seen, _ := strings.Cut(strings.Join(strings.Fields(outcome.Output), " "), "Windows: count ")
	count, _, said := strings.Cut(seen, " of 25 when last seen")
	if outcome.Exit != 1 || !said || outcome.Contains("none yet") || outcome.Contains("nothing counted") {
		t.Errorf("it does not say what was last seen:\n%s", outcome.Output)
	}
	if got, _ := acctest.At(s.Values(room), "windows.count").(float64); got < 5 || count == "0" {
		t.Errorf("the state keeps a count of %v, and it says %q", got, count)
	}
}

// Where the thresholds hold, a plan says who is not licensed, and an apply asks them. What
// it has read stands for stations that are off later.
func TestAPoolThatHoldsHasItsMembersAsked(t *testing.T) {
	t.Parallel()
	s := begin(t, 3, world.Station{}, acctest.Counted(30))
	if plan := s.Plan(2); !plan.Contains("3 of the 3 members of activation pool R101 are not licensed") || !plan.Contains("Applying asks them to activate, which restarts nothing.") {
		t.Errorf("the plan:\n%s", plan.Output)
	}
	if outcome := s.Apply(); !outcome.Contains("3 requests for activation, 0 restarts") || !outcome.Contains("3 of 3 members licensed") {
		t.Errorf("the apply:\n%s", outcome.Output)
	}
	s.made(3, 0)
	for _, name := range s.World.Names() {
		if name == "kms01" {
			continue
		}
		if err := s.World.PowerOff(name); err != nil {
			t.Fatal(err)
		}
	}
	s.Until("they are down", func() bool { return !s.World.Listens("PC01") && !s.World.Listens("PC03") })
	if outcome := s.Run("apply", "-refresh-only", "-auto-approve", "-no-color"); outcome.Exit != 0 {
		t.Fatal(outcome.Output)
	}
	s.shows(map[string]any{"status": "activated", "windows.licensed": 3.0})
}
