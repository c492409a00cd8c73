package acctest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/timago/terraform-provider-timago/internal/acctest"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

func actionBlock(kind, name string, lines ...string) string {
	return fmt.Sprintf("action %q %q {\n  config {\n    %s\n  }\n}\n", kind, name, strings.Join(lines, "\n    "))
}

func TestTerraformInvokesActions(t *testing.T) {
	t.Parallel()
	site := acctest.NewSite(t, acctest.Classroom(3, world.Station{}, acctest.Counted(30)))
	w := acctest.NewWorkspace(t, site.Env()...)
	acctest.Needs(t, "actions", acctest.Terraform(14))
	if err := site.World.LogOn("PC02", `SCHULE\erika`); err != nil {
		t.Fatal(err)
	}
	stations := "stations = " + hclStrings(site.PlainAddresses())
	w.Write("main.tf", site.Provider()+
		actionBlock(restartAction, "some", stations, `when_in_use = "skip"`)+
		actionBlock(restartAction, "all", stations, `station_timeout = "20s"`)+
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

// Terraform itself says nothing of an action that it has stopped, so that only what the
// stations did is looked at.
func TestCtrlCEndsAnActionOfTerraform(t *testing.T) {
	t.Parallel()
	site := acctest.NewSite(t, acctest.Classroom(3, world.Station{}, acctest.Counted(30)))
	w := acctest.NewWorkspace(t, site.Env()...).Built()
	acctest.Needs(t, "actions", acctest.Terraform(14))
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
	acctest.Needs(t, "terraform query", acctest.Terraform(14))
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

func hclStrings(values []string) string {
	return `["` + strings.Join(values, `", "`) + `"]`
}
