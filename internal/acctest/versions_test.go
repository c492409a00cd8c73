package acctest_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// The oldest versions that the pages promise are those with which the workflow begins, and
// it ends with the newest.
func TestThePromisedVersionsAreTested(t *testing.T) {
	t.Parallel()
	var workflow struct {
		Jobs map[string]struct {
			Strategy struct{ Matrix struct{ Version []string } }
		}
	}
	text, err := os.ReadFile("../../.github/workflows/test.yml")
	if err == nil {
		err = yaml.Unmarshal(text, &workflow)
	}
	if err != nil {
		t.Fatal(err)
	}
	for job, cli := range map[string]string{"terraform": "Terraform", "opentofu": "OpenTofu"} {
		versions := workflow.Jobs[job].Strategy.Matrix.Version
		if len(versions) < 2 || versions[len(versions)-1] != "latest" {
			t.Fatalf("%s is tested with %q", cli, versions)
		}
		supported := cli + " " + strings.TrimSuffix(versions[0], ".*") + " or later"
		for _, page := range []string{"../../README.md", "../../templates/index.md.tmpl", guides + "/getting-started.md.tmpl", guides + "/versions.md.tmpl"} {
			text, err := os.ReadFile(page)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(strings.Join(strings.Fields(string(text)), " "), supported) {
				t.Errorf("%s does not say %q", page, supported)
			}
		}
	}
}

// The pages name the Go version that the module wants, for those who build it.
func TestThePagesWantTheGoOfTheModule(t *testing.T) {
	t.Parallel()
	module, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	wants := regexp.MustCompile(`(?m)^go ([0-9]+\.[0-9]+)`).FindSubmatch(module)
	for page, phrase := range map[string]string{"../../README.md": "Go (%s or later)", guides + "/installation.md.tmpl": "[Go](https://go.dev/dl/) %s or later"} {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		if said := fmt.Sprintf(phrase, wants[1]); !strings.Contains(string(text), said) {
			t.Errorf("%s does not say %q", page, said)
		}
	}
}
