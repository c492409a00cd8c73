package report

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// apply is a short apply with a report at path.
func apply(t *testing.T, path string, configured time.Time) []error {
	t.Helper()
	var problems []error
	synctest.Test(t, func(t *testing.T) {
		r := New(path)
		r.configured = configured
		c := begin(r, Pool{Name: "R101", Stations: room(1), Targets: windows25})
		problems = c.reach()
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
		yesterday := time.Now().Add(-24 * time.Hour)
		if err := os.Chtimes(path, yesterday, yesterday); err != nil {
			t.Fatal(err)
		}
	}
	if problems := apply(t, filepath.Join(folder, "report.html"), time.Now()); len(problems) > 0 {
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
	before := time.Now()
	held, err := claim(path, before, "")
	if err != nil {
		t.Fatal(err)
	}
	problems := apply(t, path, before)
	var taken *TakenError
	if len(problems) != 1 || !errors.As(problems[0], &taken) || taken.Instead != filepath.Join(folder, "report-2.html") {
		t.Errorf("%v", problems)
	}
	if _, err := held.add([]byte("of another pool\n")); err != nil {
		t.Fatal(err)
	}
	if err := held.close(); err != nil {
		t.Fatal(err)
	}
	for _, instead := range []string{"report-3.html", "report-4.html"} {
		problems := apply(t, path, before)
		if len(problems) != 1 || !errors.As(problems[0], &taken) || taken.Instead != filepath.Join(folder, instead) {
			t.Errorf("%v, want %s", problems, instead)
		}
		if page := read(t, folder, instead); page == "" {
			t.Errorf("%s is empty", instead)
		}
	}
	if problems := apply(t, path, time.Now().Add(time.Second)); len(problems) > 0 {
		t.Errorf("a later apply does not get the name: %v", problems)
	}
}

// Between two pools of one apply the files are let go; the second goes on in the same.
func TestAReportIsTakenUpAgain(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		r := New(filepath.Join(folder, "report.html"))
		for _, name := range []string{"R101", "R102"} {
			c := begin(r, Pool{Name: name, Stations: room(1), Targets: windows25})
			if problems := c.reach(); len(problems) > 0 || r.files != nil {
				t.Errorf("%v, %v", problems, r.files)
			}
		}
	})
	if lines := read(t, folder, "report.txt"); strings.Count(lines, "All that was wanted holds.") != 2 {
		t.Error(lines)
	}
}
