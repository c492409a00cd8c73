package acctest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/timago/terraform-provider-timago/internal/acctest"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// needs skips a test of what came with Terraform 1.minor, where the CLI at hand is older.
// OpenTofu's versions say nothing about Terraform's features, so the name counts too.
func needs(t *testing.T, w *acctest.Workspace, minor int, what string) {
	t.Helper()
	if !runs(w, "Terraform", 1, minor) {
		t.Skipf("needs Terraform 1.%d: %s", minor, what)
	}
}

func actionBlock(kind, name string, lines ...string) string {
	return fmt.Sprintf("action %q %q {\n  config {\n    %s\n  }\n}\n", kind, name, strings.Join(lines, "\n    "))
}

func TestTerraformInvokesActions(t *testing.T) {
	t.Parallel()
	site := acctest.NewSite(t, acctest.Classroom(3, world.Station{}, acctest.Counted(30)))
	w := acctest.NewWorkspace(t, site.Env()...)
	needs(t, w, 14, "actions")
	if err := site.World.LogOn("PC02", `SCHULE\erika`); err != nil {
		t.Fatal(err)
	}
	stations := "stations = " + hclStrings(site.PlainAddresses())
	w.Write("main.tf", site.Provider()+
		actionBlock(restartAction, "some", stations, `when_in_use = "skip"`)+
		actionBlock(restartAction, "all", stations)+
		actionBlock(imageAction, "all", stations))
	outcome := w.Run("apply", "-auto-approve", "-no-color", "-invoke=action.timago_station_restart.some")
	if outcome.Exit != 0 {
		t.Fatalf("exit %d:\n%s", outcome.Exit, outcome.Output)
	}
	for _, said := range []string{
		"Restarting 3 stations, at most 10 at once", ": told to restart, it was up for", ": back after", "2 of 3 stations restarted, 1 left as they are",
		"Unable to restart 1 of 3 stations", `it is in use by SCHULE\erika`,
	} {
		if !outcome.Contains(said) {
			t.Errorf("it does not say %q:\n%s", said, outcome.Output)
		}
	}
	if outcome := w.Run("apply", "-auto-approve", "-no-color", "-invoke=action.timago_station_restart.all"); outcome.Exit != 1 || !outcome.Contains("in use by") {
		t.Errorf("exit %d:\n%s", outcome.Exit, outcome.Output)
	}
	if outcome := w.Run("plan", "-no-color", "-invoke=action.timago_station_reset_image.all"); outcome.Exit != 1 || !outcome.Contains("in Timago's own window") {
		t.Errorf("exit %d:\n%s", outcome.Exit, outcome.Output)
	}
	if all, by := site.Restarts(); all != 4 || by["PC02"] != 0 {
		t.Errorf("restarts: %v", by)
	}
}

func TestAChangeTriggersAnAction(t *testing.T) {
	t.Parallel()
	site := acctest.NewAPISite(t, acctest.Room(2, world.Station{Off: true}), acctest.Speed)
	w := acctest.NewWorkspace(t, site.APIEnv()...)
	needs(t, w, 14, "actions")
	w.Write("main.tf", site.APIProvider()+actionBlock(wakeAction, "room", `location = "R101"`)+`
resource "terraform_data" "lesson" {
  lifecycle {
    action_trigger {
      events  = [before_create]
      actions = [action.timago_station_wake.room]
    }
  }
}
`)
	w.Apply()
	if ready := site.Happened(world.KindReady); ready != 2 {
		t.Errorf("%d stations have started", ready)
	}
}

// Terraform itself says nothing of an action that it has stopped, so that only what the
// stations did is looked at.
func TestCtrlCEndsAnActionOfTerraform(t *testing.T) {
	t.Parallel()
	site := acctest.NewSite(t, acctest.Classroom(3, world.Station{}, acctest.Counted(30)))
	w := acctest.NewWorkspace(t, site.Env()...).Built()
	needs(t, w, 14, "actions")
	site.Inject(world.Fault{Name: world.NeverComesBack}) // which the action would wait for longer than the run may take
	w.Write("main.tf", site.Provider()+actionBlock(restartAction, "room", "stations = "+hclStrings(site.PlainAddresses()), "max_parallel = 1"))
	running := w.Start("apply", "-auto-approve", "-no-color", "-invoke=action.timago_station_restart.room")
	site.Until("the first goes down", func() bool { all, _ := site.Restarts(); return all == 1 })
	running.Interrupt()
	if outcome := running.Wait(); !outcome.Contains("Stopping operation") || outcome.Contains("of 3)") {
		t.Errorf("it goes on:\n%s", outcome.Output)
	}
	if all, by := site.Restarts(); all != 1 {
		t.Errorf("restarts: %v", by)
	}
}

func TestTerraformQueriesStations(t *testing.T) {
	t.Parallel()
	site := acctest.NewAPISite(t, school(), acctest.Speed)
	w := acctest.NewWorkspace(t, site.APIEnv()...)
	needs(t, w, 14, "terraform query")
	w.Write("main.tf", site.APIProvider())
	w.Write("stations.tfquery.hcl", `
list "timago_station_kms" "room" {
  provider = timago
  config {
    location = "R101"
  }
}
`)
	if outcome := w.Run("query", "-no-color", "-generate-config-out=generated.tf"); outcome.Exit != 0 {
		t.Fatalf("exit %d:\n%s", outcome.Exit, outcome.Output)
	}
	generated := w.Read("generated.tf")
	for _, name := range []string{"R101-PC01", "R101-PC02", "R101-PC03"} {
		if !strings.Contains(generated, name) || !strings.Contains(generated, site.ClientID(name)) {
			t.Errorf("%s is not in:\n%s", name, generated)
		}
	}
	if strings.Contains(generated, "R102") {
		t.Errorf("a station of another room is in:\n%s", generated)
	}
	w.Apply()
	if site.Commands() != 0 {
		t.Errorf("%d commands", site.Commands())
	}
}

func TestTerraformImportsByIdentity(t *testing.T) {
	t.Parallel()
	site := acctest.NewAPISite(t, acctest.Room(1, world.Station{}), acctest.Speed)
	w := acctest.NewWorkspace(t, site.APIEnv()...)
	needs(t, w, 12, "import by identity")
	w.Write("main.tf", site.APIProvider()+fmt.Sprintf(`
import {
  to       = timago_station_kms.one
  identity = { id = %q }
}
resource "timago_station_kms" "one" {
  station = %q
}
`, site.ClientID(first), first))
	w.Apply()
	if values := w.Values("timago_station_kms.one"); values["id"] != site.ClientID(first) || values["effective"] != true || site.Commands() != 0 {
		t.Errorf("%v, %d commands", values, site.Commands())
	}
}

func TestTheFunctionComputes(t *testing.T) {
	t.Parallel()
	for expression, want := range map[string]string{
		"restarts_needed(5, 25, 0).total":                       "25",
		"restarts_needed(5, 25, 0).per_station":                 "5",
		"restarts_needed(4, 25, null).per_station":              "7",
		"restarts_needed(4, 25, coalesce(null, 0)).per_station": "7", // as OpenTofu wants it
	} {
		t.Run(expression, func(t *testing.T) {
			t.Parallel()
			w := acctest.NewWorkspace(t)
			if strings.Contains(expression, ", null)") { // OpenTofu 1.12 leaves the argument out of its call
				needs(t, w, 8, "null for a provider's function")
			}
			w.Write("main.tf", "terraform {\n  required_providers {\n    timago = { source = \"timago/timago\" }\n  }\n}\noutput \"it\" {\n  value = provider::timago::"+expression+"\n}\n")
			w.Apply()
			if got := w.Run("output", "-no-color", "it").Output; !strings.HasSuffix(strings.TrimSpace(got), want) {
				t.Errorf("%s is %s", expression, got)
			}
		})
	}
	w := acctest.NewWorkspace(t)
	w.Write("main.tf", "terraform {\n  required_providers {\n    timago = { source = \"timago/timago\" }\n  }\n}\noutput \"it\" {\n  value = provider::timago::restarts_needed(0, 25, 24)\n}\n")
	if got := w.Plan(1); !got.Contains(`Invalid value for "members" parameter: without members nothing can be added to the count: members must be at least 1`) {
		t.Errorf("it says:\n%s", got.Output)
	}
}

func hclStrings(values []string) string {
	return `["` + strings.Join(values, `", "`) + `"]`
}
