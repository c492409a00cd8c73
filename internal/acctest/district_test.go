package acctest_test

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/timago/terraform-provider-timago/internal/acctest"
)

const district = examples + "/district"

// generated is what the district's example writes for an engine.
func generated(t *testing.T, engine ...string) []byte {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("needs bash: the example is for a runner that has it")
	}
	script := filepath.Join(district, "generate")
	said, err := exec.CommandContext(t.Context(), "bash", append([]string{script}, engine...)...).Output()
	if err != nil {
		t.Fatalf("generate %q: %v", engine, err)
	}
	return said
}

// Every engine gets each of the 100 schools once, with a place, a lock and an environment of
// its own.
func TestTheDistrictsEnginesKnowEverySchool(t *testing.T) {
	t.Parallel()
	var matrix []string
	if err := json.Unmarshal(generated(t, "github"), &matrix); err != nil {
		t.Fatal(err)
	}
	if once := slices.Compact(slices.Sorted(slices.Values(matrix))); len(once) != 100 || len(matrix) != 100 {
		t.Errorf("the matrix has %d schools, %d different ones", len(matrix), len(once))
	}

	var atlantis struct {
		Projects []struct{ Name, Workspace, Workflow string }
	}
	if err := yaml.Unmarshal(generated(t, "atlantis"), &atlantis); err != nil {
		t.Fatal(err)
	}
	var projects []string
	for _, p := range atlantis.Projects {
		if projects = append(projects, p.Name); p.Workspace != p.Name || p.Workflow != "school" {
			t.Errorf("project %+v", p)
		}
	}
	if !slices.Equal(projects, matrix) {
		t.Errorf("atlantis.yaml has other schools: %q", projects)
	}

	for task, runs := range map[string]string{"check": "bash drift-check.sh", "apply": "terraform apply "} {
		var pipeline map[string]struct {
			Extends, Timeout string
			Tags, Script     []string
			Environment      struct{ Name, Action string }
			ResourceGroup    string `yaml:"resource_group"`
			Variables        map[string]string
		}
		if err := yaml.Unmarshal(generated(t, "gitlab", task), &pipeline); err != nil {
			t.Fatal(err)
		}
		template := pipeline[".school"]
		if delete(pipeline, ".school"); len(template.Script) != 1 || !strings.HasPrefix(template.Script[0], runs) || template.Timeout == "" {
			t.Errorf("%s: the jobs do %+v", task, template)
		}
		for _, school := range matrix {
			job := pipeline[school]
			if job.Extends != ".school" || !slices.Equal(job.Tags, []string{school}) || job.Environment.Name != school ||
				job.Environment.Action != "access" || job.ResourceGroup != "kms-"+school || job.Variables["TF_VAR_school"] != school {
				t.Errorf("%s: the job of %s is %+v", task, school, job)
			}
		}
		if len(pipeline) != len(matrix) {
			t.Errorf("%s: %d jobs for %d schools", task, len(pipeline), len(matrix))
		}
	}
}

// The configuration takes a school's rooms and stations from the one file, and refuses a
// school that is not in it.
func TestTheDistrictsConfigurationReadsItsSchool(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("needs bash: the example is for a runner that has it")
	}
	w := acctest.NewWorkspace(t, "TIMAGO_WINRM_USERNAME=nobody", "TIMAGO_WINRM_PASSWORD=none")
	w.Copy(district)
	w.Write("main.tf", strings.Replace(w.Read("main.tf"), `backend "http" {}`, "", 1))
	for school, tt := range map[string]struct{ asked, says string }{
		"s001": {`local.stations.R101[29], local.stations.BIB[14]`, "R101-PC30 BIB-PC15 s001.schule.example 100"},
		"s099": {`local.stations.R011[31], local.stations.LZ[11]`, "R011-PC32 LZ-PC12 s099.schule.example 100"},
	} {
		question := `join(" ", [` + tt.asked + `, local.school.domain, length(flatten(values(local.stations)))])`
		if got := w.Bash("echo '"+question+"' | terraform console", "TF_VAR_school="+school); !got.Contains(tt.says) {
			t.Errorf("%s has other stations, want %q:\n%s", school, tt.says, got.Output)
		}
	}
	if got := w.Run("plan", "-no-color", "-input=false", "-var=school=s101"); got.Exit == 0 || !got.Contains("schools.csv lists no such school") {
		t.Errorf("a school that is not listed:\n%s", got.Output)
	}
}
