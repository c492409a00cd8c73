package acctest_test

import (
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/acctest"
	"github.com/timago/terraform-provider-timago/internal/simulator"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
	"github.com/timago/terraform-provider-timago/internal/timago/conformance"
)

// rooms have stations that differ in all that is filtered by; the first can start two systems.
func rooms() simulator.Scenario {
	scenario := acctest.Room(5, world.Station{Others: []world.System{{Name: "Windows 10"}}})
	scenario.Stations = append(scenario.Stations,
		world.Station{Name: "Lehrer PC+1", Room: "R 103", Group: "Unterricht", Off: true, Uptime: 48 * time.Hour},
		world.Station{Name: "VERWALTUNG", Group: "Verwaltung", User: `SCHULE\erika`, Image: world.Image{WithoutKMS: true}})
	return scenario
}

// Both servers keep to everything that can be asked of any: what they differ in, the contract
// leaves open.
func TestBothServersConform(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(features []string) conformance.Config{
		"the simulator's server": func(features []string) conformance.Config {
			scenario := rooms()
			scenario.Timago.Features = features
			return acctest.CheckedServer(t, scenario, 600)
		},
		"the second server": func(features []string) conformance.Config {
			site := acctest.NewSecondAPISite(t, rooms(), 600)
			if features != nil {
				site.Second().Control("POST", "/site", map[string]any{"features": features}, nil)
			}
			return site.Second().Checked()
		},
	} {
		for _, features := range [][]string{nil, {"restart", "reset_image"}} {
			config := open(features)
			config.Station, config.Level = first, conformance.Changes
			results, err := conformance.Run(t.Context(), config)
			if err != nil {
				t.Fatal(err)
			}
			var table strings.Builder
			if err := conformance.Table(&table, results); err != nil {
				t.Fatal(err)
			}
			t.Logf("%s, features %v:\n%s", name, features, table.String())
			if failed := conformance.Failed(results); failed > 0 {
				t.Errorf("%s fails %d of %d checks", name, failed, len(results))
			}
		}
	}
}

// Its author's own tests hold, too.
func TestTheSecondServersOwnTests(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("needs OpenSSL: a certificate for the second server's own tests")
	}
	tests := exec.CommandContext(t.Context(), acctest.Python(t), "-B", "-m", "unittest")
	tests.Dir = "testdata/secondserver"
	if output, err := tests.CombinedOutput(); err != nil || !strings.Contains(string(output), "\nOK\n") {
		t.Errorf("%v\n%s", err, output)
	}
}
