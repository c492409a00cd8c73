package acctest_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/timago/terraform-provider-timago/internal/acctest"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

const pipelines = examples + "/pipelines"

// work is what a job of a pipeline runs, but for init, which has nothing to install here.
type work string

// jobs are the work of the pipelines' check and apply.
type jobs struct{ check, apply work }

func readYAML(t *testing.T, file string, into any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(pipelines, file))
	if err == nil {
		err = yaml.Unmarshal(text, into)
	}
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

func workOf(t *testing.T, lines []string) work {
	t.Helper()
	var kept []string
	for _, line := range lines {
		if line != "" && !strings.HasPrefix(line, "terraform init") {
			kept = append(kept, line)
		}
	}
	if len(kept) == 0 {
		t.Fatal("a job that does nothing")
	}
	return work(strings.Join(kept, "\n"))
}

func gitHub(t *testing.T) jobs {
	t.Helper()
	read := func(file, job string) work {
		var workflow struct {
			Jobs map[string]struct{ Steps []struct{ Run string } }
		}
		readYAML(t, "github/workflows/"+file, &workflow)
		var lines []string
		for _, step := range workflow.Jobs[job].Steps {
			lines = append(lines, step.Run)
		}
		return workOf(t, lines)
	}
	return jobs{read("kms-drift.yml", "drift"), read("kms-apply.yml", "apply")}
}

func gitLab(t *testing.T) jobs {
	t.Helper()
	var pipeline struct{ Check, Apply struct{ Script []string } }
	readYAML(t, "gitlab/.gitlab-ci.yml", &pipeline)
	return jobs{workOf(t, pipeline.Check.Script), workOf(t, pipeline.Apply.Script)}
}

// checkedOut is a site with a folder that holds what a runner checks out.
func checkedOut(t *testing.T, like world.Station, host world.Host) story {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("needs bash: the pipelines are for a runner that has it")
	}
	site := acctest.NewSite(t, acctest.Classroom(5, like, host))
	s := story{site, acctest.NewWorkspace(t, site.Env()...), t}
	s.Copy(pipelines)
	s.configure() // in place of the example's, whose stations are elsewhere
	return s
}

// ends runs a job and fails the test unless it ends with this code.
func (s story) ends(exit int, job work) acctest.Outcome {
	s.t.Helper()
	outcome := s.Bash(string(job))
	if outcome.Exit != exit {
		s.t.Fatalf("%q ended with %d, want %d:\n%s", job, outcome.Exit, exit, outcome.Output)
	}
	return outcome
}

func TestThePipelinesAtASite(t *testing.T) {
	t.Parallel()
	s, run := checkedOut(t, world.Station{}, world.Host{}), gitHub(t)
	s.ends(2, run.check)
	s.made(0, 0)
	s.ends(0, run.apply)
	s.made(25, 20)
	if outcome := s.ends(0, run.check); !outcome.Contains("Every threshold holds.") {
		t.Errorf("it does not say so:\n%s", outcome.Output)
	}

	s.World.Holidays(40*day, false)
	s.Until("the stations have started and asked", func() bool { return s.Happened(world.KindCounted) == 30 })
	s.World.Advance(20 * time.Minute) // longer than settle
	s.ends(2, run.check)
	if plan := s.Read("plan.txt"); !strings.Contains(plan, "restarts on 5 stations") {
		t.Errorf("plan.txt does not say what is needed:\n%s", plan)
	}

	s.Inject(world.Fault{Name: world.Refuses, On: []string{"kms01"}})
	s.Until("the KMS host answers no more", func() bool { return !s.World.Listens("kms01") })
	if outcome := s.ends(1, run.check); !outcome.Contains("It cannot be known") {
		t.Errorf("it does not say so:\n%s", outcome.Output)
	}
}

func TestBothPipelinesDoTheSame(t *testing.T) {
	t.Parallel()
	if one, other := gitHub(t), gitLab(t); one != other {
		t.Errorf("GitHub: %q, GitLab: %q", one, other)
	}
}
