package main

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// summary runs the tests of a package under testdata for real and summarises them.
func summary(t *testing.T, cli string, args ...string) (text string, well bool) {
	t.Helper()
	// Failing is what most of them are for: only a go command that cannot be started is an error.
	events, err := exec.CommandContext(t.Context(), "go", append([]string{"test", "-json"}, args...)...).Output()
	if len(events) == 0 {
		t.Fatalf("go test %v printed nothing: %v", args, err)
	}
	var out bytes.Buffer
	run := newRun(cli, &out)
	if err := run.read(bytes.NewReader(events)); err != nil {
		t.Fatal(err)
	}
	well = run.report()
	return out.String(), well
}

func TestSummary(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		last    string
		well    bool
		tells   []string
		silence []string
	}{
		"passing": {
			last: "3 passed, 0 failed, 0 skipped", well: true,
			tells:   []string{"ok    ", "/testdata/passing  3 tests"},
			silence: []string{"a word that nobody needs"},
		},
		"failing": {
			last:    "2 passed, 1 failed, 0 skipped",
			tells:   []string{"FAIL  ", "count is 24, want 25", "--- FAIL: TestBad/bad"},
			silence: []string{"a word of the good one"},
		},
		"panicking": {
			last:  "0 passed, 2 failed, 0 skipped",
			tells: []string{"panic: assignment to entry in nil map", "panicking_test.go:11", "--- FAIL: TestWaiting (did not end)"},
		},
		"fatal": {
			last:  "1 passed, 0 failed, 0 skipped",
			tells: []string{"a goroutine was left behind", "1 packages did not build or broke outside their tests"},
		},
		"unbuilt": {
			last:  "0 passed, 0 failed, 0 skipped",
			tells: []string{"unbuilt_test.go:5:", `"25"`, "1 packages did not build"},
		},
		"missing": {
			last:  "0 passed, 0 failed, 0 skipped",
			tells: []string{"FAIL  "},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, well := summary(t, "Terraform 1.11.4", "./testdata/"+name)
			if well != test.well {
				t.Errorf("well = %t, want %t", well, test.well)
			}
			if !strings.HasSuffix(text, "\n"+test.last+"\n") {
				t.Errorf("the last line is not %q", test.last)
			}
			for _, words := range test.tells {
				if !strings.Contains(text, words) {
					t.Errorf("it does not tell %q", words)
				}
			}
			for _, words := range test.silence {
				if strings.Contains(text, words) {
					t.Errorf("it tells %q", words)
				}
			}
			if t.Failed() {
				t.Log(text)
			}
		})
	}
}

func TestSkips(t *testing.T) {
	t.Parallel()
	const needed = "Test(Newer|Other|Chromium)$"
	tests := map[string]struct {
		cli, run string
		well     bool
		tells    []string
	}{
		"needed": {
			cli: "Terraform 1.11.4", run: needed, well: true,
			tells: []string{
				"skipping.TestNewer: needs Terraform 1.14: terraform query\n",
				"skipping.TestOther/long: needs OpenTofu 1.10: its own way of reading addresses\n",
				"skipping.TestChromium: needs Chromium: a screenshot\n",
				"0 passed, 0 failed, 3 skipped\n",
			},
		},
		"new enough":           {cli: "Terraform 1.14.0", run: "TestNewer", tells: []string{"(Terraform 1.14.0 is at hand)"}},
		"new enough as a beta": {cli: "Terraform 1.14.0-beta1", run: "TestNewer", tells: []string{"is at hand"}},
		"other name":           {cli: "OpenTofu 1.14.0", run: "TestNewer", well: true},
		"either will do":       {cli: "OpenTofu 1.12.6", run: "TestUnneeded", tells: []string{"(OpenTofu 1.12.6 is at hand)"}},
		"no interface at hand": {run: "TestUnneeded", well: true},
		"without a reason":     {cli: "Terraform 1.11.4", run: "TestUntold", tells: []string{"TestUntold: no reason"}},
		"with a bad reason":    {cli: "Terraform 1.11.4", run: "TestLazy", tells: []string{`TestLazy: flaky on Mondays (a reason reads "needs`}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, well := summary(t, test.cli, "-run", test.run, "./testdata/skipping")
			if well != test.well {
				t.Errorf("well = %t, want %t", well, test.well)
			}
			for _, words := range test.tells {
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

// A run that was cut off in the middle is not a good one.
func TestCutOff(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	run := newRun("", &out)
	err := run.read(strings.NewReader(`{"Action":"start","Package":"a"}
{"Action":"run","Package":"a","Test":"TestA"}
{"Action":"pass","Package":"a","Test":"TestA"}
{"Action":"pass","Package":"a"}
{"Action":"start","Package":"b"}
`))
	if err != nil {
		t.Fatal(err)
	}
	if run.report() {
		t.Error("all is said to be well")
	}
	if !strings.Contains(out.String(), "FAIL  b  did not end") {
		t.Errorf("the package that did not end is not named:\n%s", out.String())
	}
}
