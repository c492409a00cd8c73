package acctest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/timago/terraform-provider-timago/internal/acctest"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// Terraform refreshes what the state names before it looks at a configuration that was
// mended: what the refresh could not read must not keep the mended one from being planned.

func TestAStationThatNoLongerExistsIsTakenOut(t *testing.T) {
	t.Parallel()
	scenario := acctest.Room(3, world.Station{Licensed: true})
	scenario.Host = acctest.Counted(30)
	pool := func(stations ...string) string {
		return fmt.Sprintf("resource \"timago_activation_pool\" \"room\" {\n  name = \"R101\"\n  stations = [%s]\n}\n", strings.Join(stations, ", "))
	}
	s := enter(t, scenario, "")
	provider := s.Read("main.tf")
	s.Write("main.tf", provider+pool(`"R101-PC01"`, `"R101-PC02"`, `"R101-PC03"`))
	s.Apply()
	s.Inject(world.Fault{Name: world.StationDeleted, On: []string{"R101-PC03"}})
	s.Until("it is deleted", func() bool { return len(s.World.Listings()) == 2 })
	if plan := s.Plan(1); !plan.Contains("Unable to read activation pool R101") || !plan.Contains("Take stations that no longer exist out of stations") {
		t.Errorf("it does not say what to do:\n%s", plan.Output)
	}
	s.Write("main.tf", provider+pool(`"R101-PC01"`, `"R101-PC02"`))
	s.Plan(2)
	s.Apply()
	s.shows(map[string]any{"status": "activated", "windows.members": 2.0})
}

// A refresh reads with the state's timeouts, whatever the configuration says now. A plan
// reads with its own, so that one in which nothing can be read is not applied.
func TestATimeoutThatWasTooShortIsRaised(t *testing.T) {
	t.Parallel()
	tooShort := `timeouts = { read = "1ms" }`
	s := begin(t, 2, world.Station{Licensed: true}, acctest.Counted(30), tooShort)
	if plan := s.Plan(1); !plan.Contains("Raise timeouts.read") {
		t.Errorf("a new pool:\n%s", plan.Output)
	}
	s.configure(`timeouts = { read = "61s" }`)
	s.Apply()
	s.Write("terraform.tfstate", strings.ReplaceAll(s.Read("terraform.tfstate"), `"61s"`, `"1ms"`)) // as if the site had become slow
	s.configure(tooShort)
	if plan := s.Plan(1); !plan.Contains("Unable to read activation pool R101") || !plan.Contains("Raise timeouts.read") {
		t.Errorf("it does not say what to do:\n%s", plan.Output)
	}
	s.configure()
	s.Apply()
	s.shows(map[string]any{"status": "activated", "timeouts": nil})
}

func TestAnotherKMSHostIsTakenWhereTheOldOneIsGone(t *testing.T) {
	t.Parallel()
	s := begin(t, 2, world.Station{Licensed: true}, acctest.Counted(30))
	s.Apply()
	moved := s.Elsewhere(s.Env()...)
	moved.Write("terraform.tfstate", strings.ReplaceAll(s.Read("terraform.tfstate"), s.Plain().KMSHost, "127.0.0.1:1"))
	plan := moved.Plan(2)
	if !plan.Contains("Unable to read KMS host 127.0.0.1:1") || !plan.Contains(`"127.0.0.1:1" -> "`+s.Plain().KMSHost) {
		t.Errorf("the plan does not show where the pool moves:\n%s", plan.Output)
	}
	moved.Apply()
	if host := moved.Values(room)["kms_host"]; host != s.Plain().KMSHost {
		t.Errorf("kms_host is %v", host)
	}
}

func TestAKMSHostThatIsGoneDoesNotKeepAPoolFromBeingDestroyed(t *testing.T) {
	t.Parallel()
	s := begin(t, 2, world.Station{Licensed: true}, acctest.Counted(30))
	s.Apply()
	s.Inject(world.Fault{Name: world.Refuses, On: []string{"kms01"}})
	s.Until("its port is closed", func() bool { return !s.World.Listens("kms01") })
	s.Plan(1)
	if outcome := s.Run("apply", "-refresh-only", "-auto-approve", "-no-color"); outcome.Exit != 0 || !outcome.Contains("Unable to read KMS host") {
		t.Errorf("a refresh that cannot read does not say so:\n%s", outcome.Output)
	}
	s.shows(map[string]any{"status": "activated"})
	if outcome := s.Run("destroy", "-auto-approve", "-no-color"); outcome.Exit != 1 || !outcome.Contains("terraform destroy -refresh=false") {
		t.Errorf("destroy does not say how it can be done:\n%s", outcome.Output)
	}
	if outcome := s.Run("destroy", "-refresh=false", "-auto-approve", "-no-color"); outcome.Exit != 0 {
		t.Errorf("destroy:\n%s", outcome.Output)
	}
	s.Saw(world.Refuses)
}

// A configuration that is wrong keeps nobody from destroying what it is about.
func TestAPoolThatCannotBePlannedIsDestroyedAllTheSame(t *testing.T) {
	t.Parallel()
	for lines, said := range map[string]string{
		"thresholds = { windows = 0, office = 5 }":                                 "has no key for Office",
		`cycle = { method = "reset_image" }` + "\n  thresholds = { windows = 40 }": "Images are reset by Timago alone",
		"thresholds = { windows = 0 }":                                             "Windows is left out by thresholds, and no member that was read holds Office with a KMS client key: nothing is left to keep",
	} {
		t.Run(said, func(t *testing.T) {
			t.Parallel()
			s := begin(t, 2, world.Station{Licensed: true}, acctest.Counted(30))
			s.configure(lines)
			const way = "To destroy the pool all the same: terraform destroy -refresh=false. It touches no station."
			if plan := s.Plan(1); !plan.Contains(said) || plan.Contains(way) {
				t.Errorf("a pool that is not there yet:\n%s", plan.Output)
			}
			s.configure()
			s.Apply()
			s.Inject(world.Fault{Name: world.CountFalls, On: []string{"kms01"}, Number: 20})
			s.configure(lines)
			if outcome := s.Run("destroy", "-auto-approve", "-no-color"); outcome.Exit != 1 || !outcome.Contains(said) || !outcome.Contains(way) {
				t.Errorf("destroy does not say how it can be done:\n%s", outcome.Output)
			}
			if outcome := s.Run("destroy", "-refresh=false", "-auto-approve", "-no-color"); outcome.Exit != 0 {
				t.Errorf("destroy:\n%s", outcome.Output)
			}
			s.Saw(world.CountFalls)
		})
	}
}

// What is imported was never read: there is nothing that could stay.
func TestAPoolThatCannotBeReadIsNotImported(t *testing.T) {
	t.Parallel()
	s := begin(t, 1, world.Station{Licensed: true}, acctest.Counted(30))
	outcome := s.Run("import", "-no-color", room, "R101@127.0.0.1:1/stations="+s.PlainAddresses()[0])
	if outcome.Exit == 0 || !outcome.Contains("Unable to read KMS host 127.0.0.1:1") {
		t.Errorf("the import:\n%s", outcome.Output)
	}
}

// The provider's own KMS host is not asked where the pool has another one.
func TestAPoolsOwnKMSHostThatIsKnownOnlyLater(t *testing.T) {
	t.Parallel()
	s := begin(t, 1, world.Station{Licensed: true}, acctest.Counted(30))
	s.Write("main.tf", strings.Replace(s.Provider(), fmt.Sprintf("host = %q", s.Plain().KMSHost), `host = "127.0.0.1:1"`, 1)+
		fmt.Sprintf("resource \"terraform_data\" \"host\" {\n  input = %q\n}\n", s.Plain().KMSHost)+
		fmt.Sprintf("resource \"timago_activation_pool\" \"room\" {\n  name = \"R101\"\n  stations = [%q]\n  kms_host = terraform_data.host.output\n}\n", s.PlainAddresses()[0]))
	s.Plan(2)
	s.Apply()
	s.shows(map[string]any{"status": "activated", "kms_host": s.Plain().KMSHost})
}
