package acctest_test

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/timago/terraform-provider-timago/internal/acctest"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// gitLabPipeline is .gitlab-ci.yml with the keywords that it uses (docs.gitlab.com/ci/yaml).
type gitLabPipeline struct {
	Stages    []string
	Default   struct{ Tags []string }
	Variables map[string]string
	Jobs      map[string]gitLabJob `yaml:",inline"`
}

type gitLabJob struct {
	Extends       string
	Stage         string
	Environment   struct{ Name, Action string }
	ResourceGroup string `yaml:"resource_group"`
	Rules         []struct{ If string }
	Timeout       string
	Variables     map[string]string
	BeforeScript  []string `yaml:"before_script"`
	Script        []string
	AllowFailure  struct {
		ExitCodes []int `yaml:"exit_codes"`
	} `yaml:"allow_failure"`
	Artifacts artifacts
}

type artifacts struct {
	When     string
	Paths    []string
	ExpireIn string `yaml:"expire_in"`
}

// GitLab refuses a pipeline for a keyword that it does not know, a stage that is not listed
// or a job without a script, and does so only where it runs.
func TestGitLabReadsThePipeline(t *testing.T) {
	t.Parallel()
	file, err := os.Open(filepath.Join(pipelines, "gitlab", ".gitlab-ci.yml"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	decoder := yaml.NewDecoder(file)
	decoder.KnownFields(true)
	var pipeline gitLabPipeline
	if err := decoder.Decode(&pipeline); err != nil {
		t.Fatal(err)
	}
	var runs []string
	for name, job := range pipeline.Jobs {
		if strings.HasPrefix(name, ".") {
			continue // a template
		}
		runs = append(runs, name)
		from, known := pipeline.Jobs[job.Extends]
		if job.Extends != "" && !known {
			t.Errorf("%s extends %s, which there is not", name, job.Extends)
		}
		if stage := job.Stage + from.Stage; !slices.Contains(pipeline.Stages, stage) {
			t.Errorf("%s is of stage %q, of %q", name, stage, pipeline.Stages)
		}
		if len(job.Script) == 0 || len(job.Rules) == 0 || job.Timeout == "" {
			t.Errorf("%s has no script, no rule or no time limit: %+v", name, job)
		}
		if job.Artifacts.When != "always" || len(job.Artifacts.Paths) == 0 {
			t.Errorf("%s leaves nothing to look at where it fails: %+v", name, job.Artifacts)
		}
		if from.ResourceGroup == "" || from.Environment.Action != "access" {
			t.Errorf("%s may meet another on the same state, or counts as a deployment: %+v", name, from)
		}
	}
	if slices.Sort(runs); !slices.Equal(runs, []string{"apply", "check"}) {
		t.Errorf("its jobs are %q", runs)
	}
}

// left is what GitHub's job is given to tell with, and keeps as its artefacts.
func left(t *testing.T, file, job string) (env, artefacts []string) {
	t.Helper()
	var workflow struct {
		Jobs map[string]struct {
			Env   map[string]string
			Steps []struct {
				Uses, If string
				With     struct{ Path string }
			}
		}
	}
	readYAML(t, "github/workflows/"+file, &workflow)
	for name, value := range workflow.Jobs[job].Env {
		if !strings.Contains(value, "${{") {
			env = append(env, name+"="+value)
		}
	}
	for _, step := range workflow.Jobs[job].Steps {
		if strings.HasPrefix(step.Uses, "actions/upload-artifact@") && step.If == "always()" {
			artefacts = strings.Fields(step.With.Path)
		}
	}
	if len(artefacts) == 0 {
		t.Fatalf("%s keeps nothing", file)
	}
	return env, artefacts
}

// cut runs the guide's own command, which makes a log readable.
func (s story) cut(log string) string {
	s.t.Helper()
	guide, err := os.ReadFile(filepath.Join("..", "..", "templates", "guides", "pipelines.md.tmpl"))
	if err != nil {
		s.t.Fatal(err)
	}
	command := regexp.MustCompile("(?m)^sed .* cycle.log$").FindString(string(guide))
	shell := exec.CommandContext(s.t.Context(), "bash", "-c", strings.TrimSuffix(command, " cycle.log"))
	shell.Stdin = strings.NewReader(s.Read(log))
	said, err := shell.CombinedOutput()
	if err != nil || command == "" {
		s.t.Fatalf("%q: %v\n%s", command, err, said)
	}
	return string(said)
}

// What a pipeline keeps is there, says what happened, and holds no secret; nor does anything
// else that is left in the folder.
func TestThePipelinesKeepNoSecret(t *testing.T) {
	t.Parallel()
	s, run := checkedOut(t, acctest.Counted(23)), gitHub(t)
	checkEnv, plans := left(t, "kms-drift.yml", "drift")
	applyEnv, logs := left(t, "kms-apply.yml", "apply")
	plan, log, report := plans[0], logs[0], strings.TrimSuffix(logs[1], "*")+".txt"
	s.Workspace = s.Elsewhere(checkEnv...)
	s.ends(2, run.check)
	s.Workspace = s.Elsewhere(applyEnv...)
	s.ends(0, run.apply)
	s.ends(0, run.check)

	if kept := s.Read(plan); !strings.Contains(kept, "No changes.") {
		t.Errorf("%s does not tell what was found:\n%s", plan, kept)
	}
	kept := s.Read(log)
	for _, told := range []string{"pool=R101", ": counts: Windows 23 of 25: ", ": every threshold holds: Windows 2"} {
		if !strings.Contains(kept, told) {
			t.Errorf("%s does not tell what was done, no %q:\n%s", log, told, kept)
		}
	}
	if said := s.Read(report); !strings.Contains(said, "R101: every threshold holds: Windows 2") {
		t.Errorf("%s does not tell what was done:\n%s", report, said)
	}
	if said := strings.TrimSpace(s.cut(log)); strings.Count(said, "\n")+1 != strings.Count(kept, "pool=R101") ||
		!regexp.MustCompile(`(?m)^\S+Z every threshold holds: Windows 2\d of 25$`).MatchString(said) || strings.Contains(said, "pool=") {
		t.Errorf("the guide's command makes of it\n%s", said)
	}
	password := s.Plain().WinRM.Password
	for _, file := range s.Files() {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(content), password) {
			t.Errorf("%s holds the password", file)
		}
	}
}

func TestBothPipelinesKeepTheSame(t *testing.T) {
	t.Parallel()
	var pipeline gitLabPipeline
	readYAML(t, "gitlab/.gitlab-ci.yml", &pipeline)
	for job, of := range map[string]struct{ file, job string }{"check": {"kms-drift.yml", "drift"}, "apply": {"kms-apply.yml", "apply"}} {
		env, artefacts := left(t, of.file, of.job)
		var other []string
		for _, name := range slices.Sorted(maps.Keys(pipeline.Jobs[job].Variables)) {
			other = append(other, name+"="+pipeline.Jobs[job].Variables[name])
		}
		if slices.Sort(env); !slices.Equal(env, other) || !slices.Equal(pipeline.Jobs[job].Artifacts.Paths, artefacts) {
			t.Errorf("%s: GitHub %q, %q; GitLab %q, %q", job, env, artefacts, other, pipeline.Jobs[job].Artifacts.Paths)
		}
	}
}

// The pipelines' guide warns of it.
func TestWithoutARefreshNoDriftIsSeen(t *testing.T) {
	t.Parallel()
	s := begin(t, 2, world.Station{Licensed: true}, acctest.Counted(30))
	s.Apply()
	s.World.Holidays(40*day, false)
	s.Plan(0, "-refresh=false")
	s.Plan(2)
}
