package acctest_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/timago/terraform-provider-timago/internal/acctest"
	"github.com/timago/terraform-provider-timago/internal/simulator"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// referenceSite is a site that has what the examples of the reference pages name, and the
// environment that configures a provider for it.
func referenceSite(t *testing.T) (site *acctest.Site, env []string, names func(clientID string) *strings.Replacer) {
	t.Helper()
	site = acctest.NewAPISite(t, simulator.Scenario{Site: world.Site{
		Seed: 3, Host: world.Host{Keys: []world.Key{{Key: "windows"}, {Key: "office-2021"}}}, Stations: append(append(
			world.Rows(5, world.Station{Name: "R101-PC%02d", Room: "R101", Group: "Unterricht"}),
			world.Rows(3, world.Station{
				Name: "BIB-PC%02d", Room: "BIB", Others: []world.System{{Name: "Windows 10"}},
				Products: []world.Product{{Title: "windows-11-education"}, {Title: "office-2021"}},
			})...),
			world.Rows(2, world.Station{Name: "LEHRER-PC%02d", Room: "L1", Group: "Lehrer"})...),
	}}, 1)
	endpoint, token, authority := site.Interface()
	ready := site.Ready()
	env = []string{
		"TIMAGO_ENDPOINT=" + endpoint, "TIMAGO_TOKEN=" + token, "TIMAGO_CA_CERTIFICATE=" + string(authority),
		"TIMAGO_WINRM_USERNAME=" + ready.WinRM.Username, "TIMAGO_WINRM_PASSWORD=" + ready.WinRM.Password,
		"TIMAGO_KMS_HOST=" + ready.KMSHost,
	}
	return site, env, func(clientID string) *strings.Replacer {
		return strings.NewReplacer("kms01.schule.example", ready.KMSHost, "2d4d7fde-e2c3-4ad2-9e58-e55beca11f18", clientID)
	}
}

// The examples of the reference pages plan at a site that has what they name, with a provider
// that the environment configures.
func TestTheReferencePagesExamplesPlan(t *testing.T) {
	t.Parallel()
	site, env, names := referenceSite(t)
	planned := 0
	for _, e := range listExamples(t) {
		if kind, _, _ := strings.Cut(e.folder, "/"); kind != "actions" && kind != "data-sources" && kind != "functions" && kind != "resources" {
			continue
		}
		planned++
		t.Run(e.String(), func(t *testing.T) {
			t.Parallel()
			w := acctest.NewWorkspace(t, env...)
			skipUnknown(t, e.String(), e.prepare(t, w))
			if strings.HasSuffix(e.folder, "_export") {
				w = w.Built() // its file has a relative path, from where the provider runs
			}
			for _, file := range w.Matching(filepath.Join(e.folder, "*.tf")) {
				w.Write(file, names(site.ClientID("BIB-PC01")).Replace(w.Read(file)))
			}
			w.Write(filepath.Join(e.folder, "stationen.csv"), "Bezeichnung;Standort\nR101-PC01;R101\n")
			if got := w.Run("-chdir="+e.folder, "plan", "-no-color"); got.Exit != 0 {
				t.Errorf("it does not plan:\n%s", got.Output)
			}
		})
	}
	if planned < 10 {
		t.Errorf("only %d examples were found: this test looks in the wrong place", planned)
	}
}

// What the pages say of importing by command imports.
func TestTheReferencePagesImport(t *testing.T) {
	t.Parallel()
	site, env, names := referenceSite(t)
	for resource, imported := range map[string]int{"timago_activation_pool": 1, "timago_station_kms": 2} {
		t.Run(resource, func(t *testing.T) {
			t.Parallel()
			e := example{folder: "resources/" + resource}
			w := acctest.NewWorkspace(t, env...)
			skipUnknown(t, e.String(), e.prepare(t, w))
			script := names(site.ClientID("R101-PC02"))
			for _, file := range append(w.Matching(filepath.Join(e.folder, "*.tf")), filepath.Join(e.folder, "import.sh")) {
				w.Write(file, script.Replace(w.Read(file)))
			}
			if got := w.Bash("cd " + e.folder + " && bash -e import.sh"); got.Exit != 0 {
				t.Fatalf("it does not import:\n%s", got.Output)
			}
			if got := w.Bash("cd " + e.folder + " && terraform state list -no-color"); strings.Count(got.Output, resource+".") != imported {
				t.Errorf("in the state are\n%s", got.Output)
			}
		})
	}
}
