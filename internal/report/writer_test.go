package report

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/outcome"
)

var windows25 = map[kms.Product]int{kms.Windows: 25}

// Events come every tenth of a second: the files are written at once, then every five
// seconds, and at the end. Where nothing happens they are written all the same, rarely.
func TestTheRhythmOfWriting(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	var seen []time.Duration
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		r := New(filepath.Join(folder, "report.html"))
		c := begin(r, Pool{Name: "R101", Stations: room(1), Targets: windows25})
		look := func() {
			var d document
			if err := json.Unmarshal([]byte(read(t, folder, "report.json")), &d); err != nil {
				t.Error(err)
			}
			if at := d.Written.Sub(began); !slices.Contains(seen, at) {
				seen = append(seen, at)
			}
		}
		for i := range 180 {
			time.Sleep(100 * time.Millisecond)
			synctest.Wait()
			look()
			c.count(i, 0)
		}
		for range 700 {
			time.Sleep(100 * time.Millisecond)
			synctest.Wait()
			look()
		}
		c.reach()
		look()
	})
	want := []time.Duration{0, 5 * time.Second, 10 * time.Second, 15 * time.Second, 20 * time.Second, 50 * time.Second, 80 * time.Second, 88 * time.Second}
	if !slices.Equal(seen, want) {
		t.Errorf("written at %v, want %v", seen, want)
	}
}

// Pools begin and end as they like: the last one writes the end of all.
func TestPoolsOneAfterTheOther(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		r := New(filepath.Join(folder, "report.html"))
		for _, name := range []string{"R103", "R101", "R102"} {
			c := begin(r, Pool{Name: name, Stations: room(1), Targets: windows25})
			time.Sleep(time.Second)
			c.reach()
		}
	})
	var d struct {
		State state
		Pools []poolDocument
	}
	if err := json.Unmarshal([]byte(read(t, folder, "report.json")), &d); err != nil {
		t.Fatal(err)
	}
	if len(d.Pools) != 3 || d.Pools[0].Name != "R101" || d.State != reached {
		t.Errorf("%+v", d)
	}
	if lines := read(t, folder, "report.txt"); strings.Count(lines, "All that was wanted holds.") != 3 {
		t.Error(lines)
	}
}

// A folder that is not there costs a warning, once. What cannot be written for a while
// costs nothing: the next write has all of it.
func TestAFolderThatIsNotThere(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "missing")
	synctest.Test(t, func(t *testing.T) {
		r := New(filepath.Join(folder, "report.html"))
		var problems []error
		for range 3 {
			c := begin(r, Pool{Name: "R101", Stations: room(1), Targets: windows25})
			time.Sleep(time.Second)
			problems = append(problems, c.reach()...)
		}
		var unwritten *WriteError
		if len(problems) != 1 || !errors.As(problems[0], &unwritten) || !errors.Is(unwritten, fs.ErrNotExist) || unwritten.Path != r.path {
			t.Errorf("%v", problems)
		}
		c := begin(r, Pool{Name: "R102", Stations: room(1), Targets: windows25})
		time.Sleep(10 * time.Second)
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Error(err)
		}
		time.Sleep(10 * time.Second)
		if lines := read(t, folder, "report.txt"); strings.Count(lines, "R101: All that was wanted holds.") != 3 {
			t.Errorf("what could not be written is lost:\n%s", lines)
		}
		if problems := c.reach(); len(problems) > 0 {
			t.Error(problems)
		}
	})
}

// The page is replaced as a whole or not at all; here a folder has its name.
func TestAPageThatCannotBeReplaced(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if err := os.MkdirAll(filepath.Join(folder, "report.html", "full"), 0o700); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		r := New(filepath.Join(folder, "report.html"))
		c := begin(r, Pool{Name: "R101", Stations: room(1), Targets: windows25})
		if problems := c.reach(); len(problems) != 1 {
			t.Errorf("%v", problems)
		}
	})
	if data := read(t, folder, "report.json"); !json.Valid([]byte(data)) {
		t.Error("the other files were not written")
	}
	if left, _ := filepath.Glob(filepath.Join(folder, ".report*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// A disk that does not answer holds up the end of an apply for five seconds, and nothing
// before that.
func TestADiskThatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		r := New(filepath.Join(folder, "report.html"))
		r.writing <- struct{}{} // as a write that hangs does
		began := time.Now()
		c := begin(r, Pool{Name: "R101", Stations: room(1), Targets: windows25})
		c.count(25, 0)
		if time.Since(began) > 0 {
			t.Error("an event waited for the disk")
		}
		if problems := c.reach(); len(problems) != 1 || time.Since(began) != lastWrite {
			t.Errorf("%v after %s", problems, time.Since(began))
		}
		<-r.writing
		synctest.Wait()
	})
}

// A fault of the report itself is no more than a warning.
func TestAFaultOfTheReport(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		r := New(filepath.Join(folder, "report.html"))
		c := begin(r, Pool{Name: "R101", Stations: room(1), Targets: windows25})
		r.mu.Lock()
		c.section.products = append(c.section.products, nil)
		r.mu.Unlock()
		time.Sleep(time.Minute)
		r.mu.Lock()
		c.section.products = c.section.products[:1]
		r.mu.Unlock()
		if problems := c.section.End(Outcome{Result: outcome.Result{}, Holds: true}); len(problems) != 0 {
			t.Errorf("it did not mend: %v", problems)
		}
	})
}
