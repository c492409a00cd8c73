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
	"github.com/timago/terraform-provider-timago/internal/inventory"
	"github.com/timago/terraform-provider-timago/internal/simulator"
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

// checkedOut is a site with a folder that holds what a runner checks out: the example as it
// is, but for where things are and when it runs. The site's stations are those of its
// inventory.
func checkedOut(t *testing.T, host world.Host) story {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("needs bash: the pipelines are for a runner that has it")
	}
	listed, err := inventory.ReadFile(filepath.Join(pipelines, "stationen.csv"))
	if err != nil {
		t.Fatal(err)
	}
	var stations []world.Station
	for _, row := range listed.Rows {
		if row.MAC == "" {
			t.Fatalf("%s cannot be switched on: the inventory does not tell its MAC address", row.Name)
		}
		stations = append(stations, world.Station{Name: row.Name, MAC: row.MAC})
	}
	site := acctest.NewSite(t, simulator.Scenario{Site: world.Site{Seed: 3, Host: host, Stations: stations}})
	s := story{site, acctest.NewWorkspace(t, append(site.Env(), "TIMAGO_WINRM_USERNAME="+site.Plain().WinRM.Username)...).Built(), t}
	s.Copy(pipelines)

	addressed := "Bezeichnung;MAC;Adresse\n"
	for i, address := range site.PlainAddresses() {
		addressed += stations[i].Name + ";" + stations[i].MAC + ";" + address + "\n"
	}
	s.Write("stationen.csv", addressed)
	config, opens := s.Read("main.tf"), time.Now().UTC().Add(-time.Hour).Format("15:04")
	for _, line := range [][2]string{
		{`backend "http".*`, ""}, // Terraform's own
		{`kms01\.schule\.example`, site.Plain().KMSHost},
		{`10\.1\.101\.255`, segment(t, site)},
		{`days +=.*`, `days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]`}, {`"20:30"`, `"` + opens + `"`}, {`"05:00"`, `"` + opens + `"`}, {"Europe/Berlin", "UTC"}, // since an hour, for a day
	} {
		pattern := regexp.MustCompile(line[0])
		if !pattern.MatchString(config) {
			t.Fatalf("main.tf has no %s", line[0])
		}
		config = pattern.ReplaceAllString(config, line[1])
	}
	s.Write("main.tf", config)
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
	s, run := checkedOut(t, world.Host{}), gitHub(t)
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
	for _, station := range s.Plain().Stations {
		if err := s.World.PowerOff(station.Name); err != nil {
			t.Fatal(err)
		}
	}
	s.ends(0, run.apply) // at night
	if woken := s.Happened(world.KindWake); woken != 5 {
		t.Errorf("%d stations were switched on", woken)
	}
	s.ends(0, run.check)

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
