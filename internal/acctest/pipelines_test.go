package acctest_test

import (
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/timago/terraform-provider-timago/internal/acctest"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

const pipelines = examples + "/pipelines"

// pipeline is a site with a folder that holds what a runner checks out.
func pipeline(t *testing.T, like world.Station, host world.Host) story {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("needs Linux: the scripts are for a runner with GNU coreutils")
	}
	site := acctest.NewSite(t, acctest.Classroom(5, like, host))
	s := story{site, acctest.NewWorkspace(t, site.Env()...), t}
	s.Copy(pipelines)
	s.configure() // in place of the example's, whose stations are elsewhere
	return s
}

// ends fails the test unless a script ends with this code.
func (s story) ends(exit int, script string, args ...string) acctest.Outcome {
	s.t.Helper()
	outcome := s.Script([]string{"TZ=UTC"}, script, args...)
	if outcome.Exit != exit {
		s.t.Fatalf("%s %v ended with %d, want %d:\n%s", script, args, outcome.Exit, exit, outcome.Output)
	}
	return outcome
}

// clock is a time of the day so long from now, as the scripts take it.
func clock(from time.Duration) string { return time.Now().UTC().Add(from).Format("15:04:05") }

func TestThePipelinesScriptsAtASite(t *testing.T) {
	t.Parallel()
	const check, apply = "drift-check.sh", "apply-in-window.sh"
	s := pipeline(t, world.Station{}, world.Host{})
	s.ends(2, check)
	if outcome := s.ends(1, apply, clock(2*time.Hour), clock(3*time.Hour)); !outcome.Contains("outside the window") {
		t.Errorf("it does not say why:\n%s", outcome.Output)
	}
	s.ends(1, apply, clock(-3*time.Hour), clock(-2*time.Hour))
	s.made(0, 0)
	s.ends(0, apply, clock(-time.Hour), clock(time.Hour))
	s.made(25, 20)
	if outcome := s.ends(0, check); !outcome.Contains("Every threshold holds.") {
		t.Errorf("it does not say so:\n%s", outcome.Output)
	}

	s.World.Holidays(40*day, false)
	s.Until("the stations have started and asked", func() bool { return s.Happened(world.KindCounted) == 30 })
	s.World.Advance(20 * time.Minute) // longer than settle
	s.ends(2, check)
	if plan := s.Read("plan.txt"); !strings.Contains(plan, "restarts on 5 stations") {
		t.Errorf("plan.txt does not say what is needed:\n%s", plan)
	}

	s.Inject(world.Fault{Name: world.Refuses, On: []string{"kms01"}})
	s.Until("the KMS host answers no more", func() bool { return !s.World.Listens("kms01") })
	s.ends(1, check)
}

// A window that ends is one Ctrl-C: the provider has time to say what is true.
func TestTheWindowEndsInMidApply(t *testing.T) {
	t.Parallel()
	s := pipeline(t, world.Station{User: `SCHULE\erika`}, world.Host{})
	outcome := s.ends(124, "apply-in-window.sh", clock(-time.Hour), clock(12*time.Second))
	for _, said := range []string{"Unable to activate pool R101", "the cycle ended early", "Apply again", "The window has ended."} {
		if !outcome.Contains(said) {
			t.Errorf("it does not say %q:\n%s", said, outcome.Output)
		}
	}
	if outcome.Contains("Two interrupts received") {
		t.Errorf("it was interrupted twice:\n%s", outcome.Output)
	}
	s.shows(map[string]any{"status": "not_activated", "windows.count": 5.0}) // all were asked, none restarted
	s.made(5, 0)
}

// The definitions are well-formed, and run scripts that there are.
func TestThePipelinesRunTheirScripts(t *testing.T) {
	t.Parallel()
	calls := regexp.MustCompile(`bash ([\w./-]+\.sh)`)
	for _, file := range []string{"github/workflows/kms-drift.yml", "github/workflows/kms-apply.yml", "gitlab/.gitlab-ci.yml"} {
		text, err := os.ReadFile(filepath.Join(pipelines, file))
		if err != nil {
			t.Fatal(err)
		}
		var definition map[string]any
		if err := yaml.Unmarshal(text, &definition); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		scripts := calls.FindAllStringSubmatch(string(text), -1)
		if len(scripts) == 0 {
			t.Errorf("%s runs no script", file)
		}
		for _, script := range scripts {
			if _, err := os.Stat(filepath.Join(pipelines, script[1])); err != nil {
				t.Errorf("%s: %v", file, err)
			}
		}
	}
}
