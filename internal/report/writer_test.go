package report

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
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
	var seen, data []time.Duration
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		r := New(filepath.Join(folder, "report.html"))
		c := begin(r, Pool{Name: "R101", Stations: room(1), Targets: windows25})
		look := func() {
			page := read(t, folder, "report.html")
			_, written, _ := strings.Cut(page[:min(len(page), 200)], `data-written="`)
			written, _, _ = strings.Cut(written, `"`)
			ms, err := strconv.ParseInt(written, 10, 64)
			if err != nil {
				t.Error(err)
			}
			if at := time.UnixMilli(ms).Sub(began); !slices.Contains(seen, at) {
				seen = append(seen, at)
			}
			var d document
			if err := json.Unmarshal([]byte(read(t, folder, "report.json")), &d); err != nil {
				t.Error(err)
			}
			if at := d.Written.Sub(began); !slices.Contains(data, at) {
				data = append(data, at)
			}
		}
		for i := range 180 {
			time.Sleep(100 * time.Millisecond)
			synctest.Wait()
			look()
			c.count(i, 0)
		}
		for range 14_800 {
			time.Sleep(100 * time.Millisecond)
			synctest.Wait()
			look()
		}
		c.reach()
		look()
	})
	times := func(seconds ...int) (all []time.Duration) {
		for _, n := range seconds {
			all = append(all, time.Duration(n)*time.Second)
		}
		return all
	}
	if want := times(0, 5, 10, 15, 20, 140, 380, 860, 1340, 1498); !slices.Equal(seen, want) {
		t.Errorf("written at %v, want %v", seen, want)
	}
	if want := times(0, 140, 380, 860, 1340, 1498); !slices.Equal(data, want) {
		t.Errorf("written for machines at %v, want %v", data, want)
	}
}

// An hour in which something happens all the time in a process that uses a thousandth of a
// processor: writes of 4 ms take a twentieth of that at most, and what is there to see is
// never older than two minutes. A process that is busy is followed closely.
func TestWritesKeepToTheirShare(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		uses   float64
		writes int
	}{{0.001, 50}, {0.1, 600}} {
		var clock, used, written, longest time.Duration
		p := pace{used: func() time.Duration { return used }}
		writes := 0
		for ; clock < time.Hour; clock += time.Second {
			used += time.Duration(tt.uses * float64(time.Second))
			if p.due(clock-written, true, true) {
				longest, written = max(longest, clock-written), clock
				used += 4 * time.Millisecond
				p.took(5*time.Millisecond, 4*time.Millisecond)
				writes++
			}
		}
		if p.spent*20 > used || longest > longestPause || writes < tt.writes*7/10 {
			t.Errorf("%v of a processor: %d writes, %v of %v, at most %v apart", tt.uses, writes, p.spent, used, longest)
		}
	}
}

// Lines do not wait for a page that is too dear to be written.
func TestLinesAreWrittenWhereThePageIsNot(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		r := New(filepath.Join(folder, "report.html"))
		r.pace.spent = 24 * time.Hour
		c := begin(r, Pool{Name: "R101", Stations: room(1), Targets: windows25})
		time.Sleep(20 * time.Second)
		page := read(t, folder, "report.html")
		c.report(outcome.KindRestarting, "R101-PC01")
		time.Sleep(2 * time.Second)
		if lines := read(t, folder, "report.txt"); !strings.Contains(lines, "restarting R101-PC01") || read(t, folder, "report.html") != page {
			t.Errorf("%q", lines)
		}
		c.reach()
	})
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
