package acctest

import (
	"bytes"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/timago/terraform-provider-timago/internal/simulator"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// The built provider checks the vendor's example as somebody does who has just installed it.
// Run the test with UPDATE_GOLDEN=1 to renew the table that is expected.
func TestTheBuiltProviderChecksASite(t *testing.T) {
	t.Parallel()
	scenario, err := simulator.Embedded("vendor-example")
	if err != nil {
		t.Fatal(err)
	}
	site := NewSiteAt(t, scenario, 1)
	ready := site.Plain()
	shown, exit := runCheck(t, site, "-station", ready.Stations[0].Address, "-station", ready.Stations[1].Address, "-kms-host", ready.KMSHost)
	if exit != 0 {
		t.Errorf("exit %d", exit)
	}
	shown = site.steady(shown)
	golden := filepath.Join("testdata", "check.txt")
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(golden, []byte(shown), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	got, expected := strings.Split(shown, "\n"), strings.Split(string(want), "\n")
	if len(got) != len(expected) {
		t.Errorf("%d lines, want %d:\n%s", len(got), len(expected), shown)
	}
	for i := range min(len(got), len(expected)) {
		if got[i] != expected[i] {
			t.Errorf("line %d is  %s\nand not     %s", i+1, got[i], expected[i])
		}
	}
	for _, entry := range site.Log(0) {
		if entry.Kind == "invoke" {
			t.Errorf("%s was told %s", entry.Machine, entry.Detail)
		}
	}
}

func TestTheCheckAsksBeforeItChangesAnything(t *testing.T) {
	t.Parallel()
	site := NewSiteAt(t, simulator.Scenario{Site: Classroom(1, world.Station{}, Counted(0)).Site}, 1)
	station := site.Plain().Stations[0].Address
	for _, option := range []string{"-activate", "-restart"} {
		shown, exit := runCheck(t, site, "-station", station, option)
		if exit != 1 || !strings.Contains(shown, "there is no terminal to ask at") {
			t.Errorf("%s: exit %d\n%s", option, exit, shown)
		}
	}
	if n := len(site.Log(0)); n > 0 && site.State().Wire["PC01"].Requests > 0 {
		t.Error("the station was asked")
	}
}

// Who starts the program by hand learns of the check.
func TestTheProgramsHelpNamesTheCheck(t *testing.T) {
	t.Parallel()
	built.Store(true)
	folder, err := buildProvider()
	if err != nil {
		t.Fatal(err)
	}
	shown, err := exec.CommandContext(t.Context(), filepath.Join(folder, "terraform-provider-timago"), "-help").CombinedOutput()
	if err != nil || !strings.Contains(string(shown), "terraform-provider-timago check -station NAME") {
		t.Errorf("%v: %s", err, shown)
	}
}

// runCheck runs the built provider's check with the site's account in its environment.
func runCheck(t *testing.T, site *Site, args ...string) (shown string, exit int) {
	t.Helper()
	built.Store(true)
	folder, err := buildProvider()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), filepath.Join(folder, "terraform-provider-timago"), append([]string{"check"}, args...)...)
	command.Env = []string{"TIMAGO_WINRM_USERNAME=" + site.Plain().WinRM.Username, "TIMAGO_WINRM_PASSWORD=" + site.Plain().WinRM.Password}
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	err = command.Run()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		t.Fatal(err)
	}
	return output.String(), command.ProcessState.ExitCode()
}

var (
	gaps      = regexp.MustCompile(`(\S)  +`)
	durations = regexp.MustCompile(`\b\d+(\.\d)? (ms|s|minutes)\b`)
)

// steady leaves out of a table what differs from run to run.
func (s *Site) steady(table string) string {
	table = gaps.ReplaceAllString(table, "$1 | ")
	table = durations.ReplaceAllString(table, "N")
	_, port, _ := net.SplitHostPort(s.Plain().KMSHost)
	return strings.NewReplacer(port, "WINRM", strconv.Itoa(s.KMSPort()), "KMS").Replace(table)
}
