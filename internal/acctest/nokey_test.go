package acctest_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/acctest"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// The examples that read a KMS host take one without a key for Windows, or with none at all:
// they warn, and are no errors.
func TestTheExamplesAtAHostWithoutAKey(t *testing.T) {
	t.Parallel()
	const host = "kms01.schule.example"
	office := world.Key{Key: "office-2024", Counted: []world.Counted{{Number: 8, Age: time.Hour}}}
	windows := world.Key{Key: "windows", Counted: []world.Counted{{Number: 30, Age: time.Hour}}}
	for name, tt := range map[string]struct {
		key     world.Key
		station bool // a station is asked in place of the KMS host
		says    map[string]string
	}{
		"a key for Windows": {windows, false, nil},
		"a key for Office": {office, false, map[string]string{
			"data-sources/timago_kms_host": "The KMS host has no activated key for Windows: it activates nobody.",
		}},
		"no key": {windows, true, map[string]string{
			"data-sources/timago_kms_host": "The KMS host has no activated key for Windows: it activates nobody.",
			"guides/licensed-site":         "The machine has no KMS host key.",
		}},
	} {
		for _, example := range []string{"data-sources/timago_kms_host", "guides/first-look", "guides/troubleshooting", "guides/licensed-site"} {
			t.Run(name+"/"+example, func(t *testing.T) {
				t.Parallel()
				scenario := acctest.Classroom(2, world.Station{Licensed: true}, world.Host{Keys: []world.Key{tt.key}})
				s := reading(t, scenario, func(*acctest.Site) string { return "" })
				config, err := os.ReadFile(filepath.Join(examples, example, "main.tf"))
				if err != nil {
					config, err = os.ReadFile(filepath.Join(examples, example, "data-source.tf"))
					config = append([]byte(s.Provider()), config...)
				}
				if err != nil {
					t.Fatal(err)
				}
				skipUnknown(t, example, string(config))
				addresses, asked := s.PlainAddresses(), s.Plain().KMSHost
				if tt.station {
					asked = addresses[0]
				}
				s.Write("main.tf", strings.NewReplacer(host, asked, "R101-PC01", addresses[0], "R101-PC02", addresses[1], "R101-PC07", addresses[1]).Replace(string(config)))
				outcome := s.Run("apply", "-auto-approve", "-no-color")
				if outcome.Exit != 0 {
					t.Fatalf("apply:\n%s", outcome.Output)
				}
				if says := tt.says[example]; says == "" == outcome.Contains("Check block assertion") || !outcome.Contains(says) {
					t.Errorf("it does not say %q alone:\n%s", says, outcome.Output)
				}
			})
		}
	}
}
