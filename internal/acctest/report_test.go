package acctest_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/timago/terraform-provider-timago/internal/acctest"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// reportFiles are the files of a report with their contents, by name.
func reportFiles(t *testing.T, w *acctest.Workspace) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, path := range w.Files() {
		name := filepath.Base(path)
		if !strings.Contains(name, "kms-report") {
			continue
		}
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s is open to others: %v, %v", name, info.Mode(), err)
		}
		files[name] = string(content)
	}
	return files
}

// reported is what the tests read of a report.
type reported struct {
	State string
	Pools []struct {
		Name     string
		State    string
		Sent     struct{ Asked, Restarts, Woken int }
		Products map[string]struct{ Threshold, Count int }
		Stations []struct {
			Title, Phase, Reason string
			Restarts             int
		}
	}
}

// An apply that runs a cycle leaves a report, and nothing else does: no plan, and no apply
// that finds nothing to do. It says what was done, and of a user only that there is one.
func TestAnApplyIsReported(t *testing.T) {
	t.Parallel()
	const user = `SCHULE\anna.muster`
	site := acctest.NewSite(t, acctest.Classroom(5, world.Station{}, acctest.Counted(16)))
	if err := site.World.LogOn("PC03", user); err != nil {
		t.Fatal(err)
	}
	s := story{site, acctest.NewWorkspace(t, append(site.Env(), "TIMAGO_REPORT=kms-report.html")...).Built(), t}
	// Five are asked, and all but PC03 have to be restarted: a user is looked for right before.
	s.configure(`cycle = { when_in_use = "skip", station_timeout = "1m", max_restarts_per_station = 1 }`)

	s.Plan(2)
	if files := reportFiles(t, s.Workspace); len(files) > 0 {
		t.Errorf("a plan wrote %d files", len(files))
	}
	applied := s.Apply()
	if t.Failed() {
		return
	}
	files := reportFiles(t, s.Workspace)
	if len(files) != 3 || !strings.Contains(files["kms-report.html"], `data-state="reached"`) || !strings.Contains(files["kms-report.txt"], "R101: restarting PC") {
		t.Fatalf("%d files:\n%s", len(files), files["kms-report.txt"])
	}
	var said reported
	if err := json.Unmarshal([]byte(files["kms-report.json"]), &said); err != nil {
		t.Fatal(err)
	}
	if said.State != "reached" || len(said.Pools) != 1 || said.Pools[0].Products["windows"].Count < 25 {
		t.Fatalf("%+v", said)
	}
	pool := said.Pools[0]
	s.shows(map[string]any{"last_cycle.restarts": float64(pool.Sent.Restarts)})
	if lines := strings.Count(files["kms-report.txt"], " was asked to activate "); lines != pool.Sent.Asked || !applied.Contains(fmt.Sprintf("%d requests for activation, ", lines)) {
		t.Errorf("%d requests are reported and %d in the lines:\n%s", pool.Sent.Asked, lines, applied.Output)
	}
	taken, byStation := s.Restarts()
	if pool.Sent.Restarts != taken {
		t.Errorf("%d restarts are reported, %d were made", pool.Sent.Restarts, taken)
	}
	for _, station := range pool.Stations {
		if station.Restarts != byStation[station.Title] {
			t.Errorf("%s: %d restarts are reported, %d were made", station.Title, station.Restarts, byStation[station.Title])
		}
		if station.Title == "PC03" && (station.Phase != "left_out" || !strings.Contains(station.Reason, "a user is logged on")) {
			t.Errorf("%+v", station)
		}
	}
	for name, content := range files {
		for _, secret := range []string{"anna", "muster", s.Plain().WinRM.Username, s.Plain().WinRM.Password} {
			if strings.Contains(content, secret) {
				t.Errorf("%s holds %q", name, secret)
			}
		}
	}

	s.Run("apply", "-auto-approve", "-no-color")
	if again := reportFiles(t, s.Workspace); again["kms-report.txt"] != files["kms-report.txt"] || len(again) != 3 {
		t.Error("an apply that had nothing to do wrote a report")
	}
}

// A folder that is not there is a warning; the apply does its work.
func TestAReportThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	s := begin(t, 2, world.Station{}, acctest.Counted(23))
	s = story{s.Site, s.Elsewhere("TIMAGO_REPORT=missing/kms-report.html").Built(), t}
	applied := s.Apply()
	if !applied.Contains("Warning: Unable to write report") || !applied.Contains("no such file or directory") || !applied.Contains("The apply itself is not touched by that") {
		t.Errorf("%s", applied.Output)
	}
	s.shows(map[string]any{"status": "activated"})
	elsewhere := s.Elsewhere("TIMAGO_REPORT=kms-report.pdf")
	if refused := elsewhere.Plan(1); !refused.Contains("does not end in .html") {
		t.Errorf("%s", refused.Output)
	}
}

// Each alias of the provider is a process of its own: the second takes the next name.
func TestTwoAliasesReport(t *testing.T) {
	t.Parallel()
	site := acctest.NewSite(t, acctest.Classroom(4, world.Station{}, acctest.Counted(21)))
	s := story{site, acctest.NewWorkspace(t, site.Env()...).Built(), t}
	const report = "\n  report = \"kms-report.html\"\n"
	blocks := strings.Replace(site.Provider(), `provider "timago" {`, `provider "timago" {`+report, 1)
	_, second, _ := strings.Cut(blocks, `provider "timago" {`)
	blocks += `provider "timago" {` + "\n  alias = \"second\"" + second
	members := site.PlainAddresses()
	for i, provider := range []string{"timago", "timago.second"} {
		blocks += fmt.Sprintf("resource \"timago_activation_pool\" \"pool%d\" {\n  provider = %s\n  name = \"P%d\"\n  stations = [%q, %q]\n  cycle = { station_timeout = \"1m\" }\n}\n",
			i, provider, i, members[2*i], members[2*i+1])
	}
	s.Write("main.tf", blocks)
	applied := s.Apply()
	var names []string
	for name, content := range reportFiles(t, s.Workspace) {
		names = append(names, name)
		if strings.HasSuffix(name, ".html") && strings.Count(content, `class="card lanes"`) != 1 {
			t.Errorf("%s holds other pools than its own", name)
		}
	}
	slices.Sort(names)
	want := []string{"kms-report-2.html", "kms-report-2.json", "kms-report-2.txt", "kms-report.html", "kms-report.json", "kms-report.txt"}
	if !slices.Equal(names, want) || !applied.Contains("this one's report is kms-report-2.html") {
		t.Errorf("%v\n%s", names, applied.Output)
	}
}
