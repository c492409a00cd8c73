package acctest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/acctest"
	"github.com/timago/terraform-provider-timago/internal/simulator"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// withKMS says more in the provider's kms block.
func (s story) withKMS(lines string) {
	s.Write("main.tf", strings.Replace(s.Provider(), "kms = { ", "kms = { "+lines+", ", 1)+s.Pool())
}

func TestWithoutRightsOnTheHostTheStationsTellTheCount(t *testing.T) {
	t.Parallel()
	host := acctest.Counted(18)
	host.Denied = true
	s := begin(t, 5, world.Station{Counted: true}, host)
	plan := s.Plan(2)
	if !plan.Contains("The counts of activation pool R101 are those that its stations were told") {
		t.Errorf("it does not say where the count comes from:\n%s", plan.Output)
	}
	s.Apply()
	s.shows(map[string]any{"status": "activated", "windows.count": 25.0, "renewal_due": nil})
	s.made(2, 2) // 23 were counted before
	s.withKMS(`count_source = "host"`)
	refused := s.Plan(1)
	for _, said := range []string{"Unable to read KMS host", "denied access", "kms.winrm", "kms.count_source"} {
		if !refused.Contains(said) {
			t.Errorf("it does not say %q:\n%s", said, refused.Output)
		}
	}
}

func TestAHostThatIsNotToBeAskedIsNotAsked(t *testing.T) {
	t.Parallel()
	s := begin(t, 3, world.Station{Licensed: true}, acctest.Counted(30))
	s.withKMS(`count_source = "stations"`)
	s.Apply()
	s.shows(map[string]any{"status": "activated"})
	if asked := s.State().Wire["kms01"].Requests; asked != 0 {
		t.Errorf("%d requests to the KMS host", asked)
	}
}

func TestGreenDoesNotRestOnStaleFacts(t *testing.T) {
	t.Parallel()
	s := begin(t, 2, world.Station{Licensed: true}, acctest.Counted(30))
	s.withKMS(`count_source = "stations"`)
	s.Apply()
	for _, name := range []string{"PC01", "PC02"} {
		if err := s.World.PowerOff(name); err != nil {
			t.Fatal(err)
		}
	}
	s.Until("they are down", func() bool { return !s.World.Listens("PC01") && !s.World.Listens("PC02") })
	if plan := s.Plan(0); !plan.Contains("No station of activation pool R101 tells the KMS host's count") {
		t.Errorf("nobody is told:\n%s", plan.Output)
	}
	s.shows(map[string]any{"status": "activated"})
	s.withKMS(`count_source = "stations", max_age = "1s"`)
	time.Sleep(2 * time.Second)
	plan := s.Plan(2)
	if !plan.Contains(`"unknown" -> "activated"`) {
		t.Errorf("what is too old passes for today:\n%s", plan.Output)
	}
}

func TestTheHostsOwnAccount(t *testing.T) {
	t.Parallel()
	scenario := acctest.Classroom(2, world.Station{Licensed: true}, acctest.Counted(30))
	scenario.WinRM.Host = &simulator.Account{Username: `SCHULE\kms-reader`, Password: "another-password"}
	s := story{acctest.NewSite(t, scenario), nil, t}
	s.Workspace = acctest.NewWorkspace(t, append(s.Env(), "TIMAGO_KMS_WINRM_PASSWORD=another-password")...)
	s.withKMS(`winrm = { username = "SCHULE\\kms-reader" }, count_source = "host"`)
	s.Apply()
	s.shows(map[string]any{"status": "activated"})
	if failed := s.FailedLogons(); failed != 0 {
		t.Errorf("%d failed logons", failed)
	}
}
