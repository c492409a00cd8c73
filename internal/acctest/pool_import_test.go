package acctest_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/timago/terraform-provider-timago/internal/acctest"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// What Terraform writes of an imported pool is a configuration that changes nothing.
func TestAPoolsConfigurationIsGeneratedFromAnImport(t *testing.T) {
	t.Parallel()
	site := acctest.NewSite(t, acctest.Classroom(2, world.Station{Licensed: true}, acctest.Counted(30)))
	list := "Bezeichnung;Standort;Adresse\n"
	for i, address := range site.PlainAddresses() {
		list += []string{"PC01", "PC02"}[i] + ";R101;" + address + "\n"
	}
	inventory := filepath.Join(t.TempDir(), "stationen.csv")
	if err := os.WriteFile(inventory, []byte(list), 0o600); err != nil {
		t.Fatal(err)
	}
	for members, writes := range map[string]string{
		"stations=" + strings.Join(site.PlainAddresses(), ","): `["` + strings.Join(site.PlainAddresses(), `", "`) + `"]`,
		"location=R101": `"R101"`,
	} {
		kind, _, _ := strings.Cut(members, "=")
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			w := acctest.NewWorkspace(t, append(site.Env(), "TIMAGO_INVENTORY="+inventory)...)
			w.Write("main.tf", site.Provider()+"import {\n  to = timago_activation_pool.room\n  id = \"R101@"+site.Plain().KMSHost+"/"+members+"\"\n}\n")
			if outcome := w.Run("plan", "-no-color", "-generate-config-out=generated.tf"); outcome.Exit != 0 {
				t.Fatalf("exit %d:\n%s", outcome.Exit, outcome.Output)
			}
			generated := strings.Join(strings.Fields(w.Read("generated.tf")), " ")
			if !strings.Contains(generated, kind+" = "+writes) {
				t.Errorf("%s is not in:\n%s", writes, generated)
			}
			w.Apply()
			w.Plan(0)
			if got, by := site.Restarts(); got != 0 {
				t.Errorf("%d restarts: %v", got, by)
			}
		})
	}
}
