//go:build unix

package report

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/outcome"
)

func init() {
	acts["write for ever"] = func(path string) {
		r := New(path)
		c := begin(r, Pool{Name: "R101", Stations: room(300), Targets: windows25})
		for i := 0; ; i++ {
			c.count(i%25, 0)
			r.writeOnce()
			if i == 0 {
				fmt.Println("written")
			}
		}
	}
	// A limit on the size of files stands for a disk that is full: writes end in the middle.
	acts["fill the disk"] = func(path string) {
		signal.Ignore(syscall.SIGXFSZ)
		const space = 40_000
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: space, Max: space}); err != nil {
			panic(err)
		}
		r := New(path)
		c := begin(r, Pool{Name: "R101", Stations: []string{"PC01"}, Targets: windows25})
		r.writeOnce()
		for i := range 300 {
			c.report(outcome.KindRestarting, fmt.Sprintf("PC%04d", i))
		}
		for _, problem := range c.reach() {
			fmt.Println(problem)
		}
	}
}

// itself is this test program, as a process that writes a report.
func itself(t *testing.T, act, path string) *exec.Cmd {
	t.Helper()
	command := exec.CommandContext(t.Context(), os.Args[0]) //nolint:gosec // this very program
	command.Env = append(os.Environ(), actVariable+"="+act, pathVariable+"="+path)
	command.Stderr = os.Stderr
	return command
}

// Whenever the provider is killed, the page and the JSON are whole: the last ones or those
// before. Nothing that a killed process left keeps the next apply from its report.
func TestTheProviderIsKilled(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "report.html")
	for i := range 10 {
		command := itself(t, "write for ever", path)
		output, err := command.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		if said, err := bufio.NewReader(output).ReadString('\n'); said != "written\n" {
			t.Fatalf("%q, %v", said, err)
		}
		time.Sleep(time.Duration(i*11) * time.Millisecond)
		if err := command.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		if err := command.Wait(); err == nil {
			t.Fatal("it ended by itself")
		}
		whole(t, folder)
		if files, _ := filepath.Glob(filepath.Join(folder, "report-*")); len(files) > 0 {
			t.Fatalf("the next apply did not get the report's name: %v", files)
		}
	}
}

// whole checks that the page and the JSON are there to their ends.
func whole(t *testing.T, folder string) {
	t.Helper()
	if page := read(t, folder, "report.html"); !strings.HasSuffix(page, "</html>\n") {
		t.Errorf("a page of %d bytes has no end", len(page))
	}
	if data := read(t, folder, "report.json"); !json.Valid([]byte(data)) {
		t.Errorf("JSON of %d bytes is not whole", len(data))
	}
}

// A disk that is full costs a warning, and what was shown before stays whole.
func TestADiskThatIsFull(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	output, err := itself(t, "fill the disk", filepath.Join(folder, "report.html")).Output()
	if err != nil {
		t.Fatal(err)
	}
	if said := string(output); strings.Count(said, syscall.EFBIG.Error()) == 0 {
		t.Errorf("the disk was not full: %q", said)
	}
	whole(t, folder)
	if page := read(t, folder, "report.html"); !strings.Contains(page, `data-state="running"`) {
		t.Error("the page was replaced")
	}
	if left, _ := filepath.Glob(filepath.Join(folder, ".report*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// Another process holds the report: this one's stands beside it.
func TestAnotherProcessWrites(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "report.html")
	command := itself(t, "write for ever", path)
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = command.Process.Kill(), command.Wait() }()
	if said, err := bufio.NewReader(output).ReadString('\n'); said != "written\n" {
		t.Fatalf("%q, %v", said, err)
	}
	var taken *TakenError
	if problems := apply(t, path, time.Now()); len(problems) != 1 || !errors.As(problems[0], &taken) {
		t.Errorf("%v", problems)
	}
	if beside := read(t, folder, "report-2.html"); !strings.HasSuffix(beside, "</html>\n") {
		t.Error("no report beside it")
	}
}
