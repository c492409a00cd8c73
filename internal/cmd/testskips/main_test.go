package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// skips runs tests of testdata/skipping for real and judges their skips.
func skips(t *testing.T, cli, run string) (text string, well bool) {
	t.Helper()
	events, err := exec.CommandContext(t.Context(), "go", "test", "-json", "-run", run, "./testdata/skipping").Output()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "test.json")
	if err := os.WriteFile(file, events, 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	well, err = runOn(file, cli, &out)
	if err != nil {
		t.Fatal(err)
	}
	return out.String(), well
}

func TestSkips(t *testing.T) {
	t.Parallel()
	const needed = "Test(Newer|Other|Chromium)$"
	tests := map[string]struct {
		cli, run string
		well     bool
		lines    []string
	}{
		"needed": {
			cli: "Terraform 1.11.4", run: needed, well: true,
			lines: []string{
				"skipping.TestNewer: needs Terraform 1.14: terraform query\n",
				"skipping.TestOther/long: needs OpenTofu 1.10: its own way of reading addresses\n",
				"skipping.TestChromium: needs Chromium: a screenshot\n",
			},
		},
		"new enough":           {cli: "Terraform 1.14.0", run: "TestNewer", lines: []string{"(Terraform 1.14.0 is at hand)"}},
		"new enough as a beta": {cli: "Terraform 1.14.0-beta1", run: "TestNewer", lines: []string{"is at hand"}},
		"other name":           {cli: "OpenTofu 1.14.0", run: "TestNewer", well: true},
		"either will do":       {cli: "OpenTofu 1.12.6", run: "TestUnneeded", lines: []string{"(OpenTofu 1.12.6 is at hand)"}},
		"no interface at hand": {run: "TestUnneeded", well: true},
		"without a reason":     {cli: "Terraform 1.11.4", run: "TestUntold", lines: []string{"TestUntold: no reason"}},
		"with a bad reason":    {cli: "Terraform 1.11.4", run: "TestLazy", lines: []string{`TestLazy: flaky on Mondays (a reason reads "needs`}},
		"nothing ran":          {cli: "Terraform 1.11.4", run: "TestThatIsNotThere", lines: []string{"no test ran"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, well := skips(t, test.cli, test.run)
			if well != test.well {
				t.Errorf("well = %t, want %t", well, test.well)
			}
			for _, words := range test.lines {
				if !strings.Contains(text, words) {
					t.Errorf("it does not tell %q", words)
				}
			}
			if t.Failed() {
				t.Log(text)
			}
		})
	}
}

func TestWhatIsNoEventIsAnError(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "test.json")
	if err := os.WriteFile(file, []byte(`{"Action":"run","Package":"a","Test":"TestA"}`+"\nflag provided but not defined\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if well, err := runOn(file, "", &bytes.Buffer{}); err == nil || well {
		t.Errorf("well = %t, %v", well, err)
	}
}
