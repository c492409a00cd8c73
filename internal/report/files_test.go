package report

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"
)

// apply is a short apply with a report at path.
func apply(t *testing.T, path string) []error {
	t.Helper()
	var problems []error
	synctest.Test(t, func(t *testing.T) {
		r := New(path)
		c := begin(r, Pool{Name: "R101", Stations: room(1), Targets: windows25})
		problems = c.reach()
		if r.files != nil {
			if err := r.files.close(); err != nil { // as the end of the process does
				t.Error(err)
			}
		}
	})
	return problems
}

// Only who runs the apply can read the files, also where older ones were open to all.
func TestTheFilesAreTheOwners(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	names := []string{"report.html", "report.json", "report.txt"}
	for _, name := range names {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte("of an earlier apply"), 0o644); err != nil { //nolint:gosec // that is what is to be mended
			t.Fatal(err)
		}
		yesterday := processStarted.Add(-24 * time.Hour)
		if err := os.Chtimes(path, yesterday, yesterday); err != nil {
			t.Fatal(err)
		}
	}
	if problems := apply(t, filepath.Join(folder, "report.html")); len(problems) > 0 {
		t.Fatal(problems)
	}
	for _, name := range names {
		info, err := os.Stat(filepath.Join(folder, name))
		if err != nil || info.Mode() != 0o600 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
	files, err := os.ReadDir(folder)
	if err != nil || len(files) != len(names) {
		t.Errorf("%v, %v", files, err)
	}
}

// While another process holds a report, and where one of the same apply has just written
// it, the next takes the same name with -2, and says so once.
func TestAReportThatIsTaken(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "report.html")
	held, err := claim(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, instead := range []string{"report-2.html", "report-3.html"} {
		problems := apply(t, path)
		var taken *TakenError
		if len(problems) != 1 || !errors.As(problems[0], &taken) || taken.Instead != filepath.Join(folder, instead) {
			t.Errorf("%v, want %s", problems, instead)
		}
		if content := read(t, folder, instead); content == "" {
			t.Errorf("%s is empty", instead)
		}
	}
	if err := held.close(); err != nil {
		t.Fatal(err)
	}
	if problems := apply(t, path); len(problems) > 0 {
		t.Errorf("nobody holds it any more, and nothing stands in it: %v", problems)
	}
}
