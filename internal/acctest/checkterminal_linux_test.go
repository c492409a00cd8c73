package acctest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/timago/terraform-provider-timago/internal/simulator"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

const (
	ctrlC = "\x03"
	ctrlD = "\x04"

	question = "Type yes to go on: "
)

// terminal is a pseudo terminal at which the built provider's check runs: what is typed
// becomes lines, ends of files and signals as at a real one.
type terminal struct {
	t       *testing.T
	keys    *os.File
	command *exec.Cmd
	ended   chan struct{} // all that was shown has been read

	mu    sync.Mutex
	shown bytes.Buffer
}

// openTerminal gives the side of who sits at a new pseudo terminal, and that of programs.
func openTerminal(t *testing.T) (keys, screen *os.File) {
	t.Helper()
	keys, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Skip("needs a pseudo terminal:", err)
	}
	t.Cleanup(func() { _ = keys.Close() })
	fd := int(keys.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Skip("needs a pseudo terminal:", err)
	}
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Skip("needs a pseudo terminal:", err)
	}
	screen, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Skip("needs a pseudo terminal:", err)
	}
	return keys, screen
}

// checkAtATerminal starts the built provider's check with the site's account in its environment.
func checkAtATerminal(t *testing.T, site *Site, args ...string) *terminal {
	t.Helper()
	keys, screen := openTerminal(t)
	defer screen.Close()
	built.Store(true)
	folder, err := buildProvider()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	at := &terminal{t: t, keys: keys, ended: make(chan struct{})}
	at.command = exec.CommandContext(ctx, filepath.Join(folder, "terraform-provider-timago"), append([]string{"check"}, args...)...)
	at.command.Env = []string{"TIMAGO_WINRM_USERNAME=" + site.Plain().WinRM.Username, "TIMAGO_WINRM_PASSWORD=" + site.Plain().WinRM.Password}
	at.command.Stdin, at.command.Stdout, at.command.Stderr = screen, screen, screen
	at.command.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true} // so that Ctrl-C reaches it
	if err := at.command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(at.ended)
		_, _ = io.Copy(at, keys) // ends with an error once no program has the terminal open
	}()
	return at
}

func (at *terminal) Write(p []byte) (int, error) {
	at.mu.Lock()
	defer at.mu.Unlock()
	return at.shown.Write(p)
}

func (at *terminal) screen() string {
	at.mu.Lock()
	defer at.mu.Unlock()
	return strings.ReplaceAll(at.shown.String(), "\r\n", "\n")
}

func (at *terminal) press(keys string) {
	at.t.Helper()
	if _, err := at.keys.WriteString(keys); err != nil {
		at.t.Fatal(err)
	}
}

// answer gives one answer to each question, in turn.
func (at *terminal) answer(site *Site, answers ...string) {
	at.t.Helper()
	for i, keys := range answers {
		site.Until(fmt.Sprintf("question %d", i+1), func() bool { return strings.Count(at.screen(), question) > i })
		at.press(keys)
	}
}

// end waits for the program's end. One that does not end by itself is killed: exit is -1.
func (at *terminal) end() (shown string, exit int) {
	at.t.Helper()
	_ = at.command.Wait() // its exit code is looked at
	<-at.ended
	return at.screen(), at.command.ProcessState.ExitCode()
}

func lastLine(shown string) string {
	lines := strings.Split(strings.TrimSpace(shown), "\n")
	return lines[len(lines)-1]
}

// Nothing is changed without a yes to each question, and all of it once with one.
func TestAtATerminalTheCheckDoesWhatWasConfirmed(t *testing.T) {
	t.Parallel()
	const (
		works      = "A pool would work here: "
		declined   = "terraform-provider-timago check: nothing was sent to any machine: the answer was not yes"
		unanswered = "terraform-provider-timago check: nothing was sent to any machine: there was no answer"
		broken     = "terraform-provider-timago check: interrupted: nothing was sent to any machine"
	)
	activate, restart, both := []string{"-activate"}, []string{"-restart"}, []string{"-activate", "-restart"}
	for name, test := range map[string]struct {
		options, answers      []string
		last                  string
		activations, restarts int
	}{
		"yes to an activation": {activate, []string{"yes\n"}, works, 1, 0},
		"yes to a restart":     {restart, []string{"yes\n"}, works, 0, 1},
		"yes to both":          {both, []string{"yes\n", " yes \n"}, works, 1, 1},

		"no to an activation":       {activate, []string{"no\n"}, declined, 0, 0},
		"no to a restart":           {restart, []string{"no\n"}, declined, 0, 0},
		"yes to the first, then no": {both, []string{"yes\n", "no\n"}, declined, 0, 0},
		"half a yes":                {restart, []string{"y\n"}, declined, 0, 0},
		"a louder yes":              {activate, []string{"YES\n"}, declined, 0, 0},
		"an empty line":             {activate, []string{"\n"}, declined, 0, 0},
		"a yes that comes too late": {restart, []string{"\nyes\n"}, declined, 0, 0},

		"end of file at the first question":  {activate, []string{ctrlD}, unanswered, 0, 0},
		"end of file at the second question": {both, []string{"yes\n", ctrlD}, unanswered, 0, 0},
		"a yes that no line end confirms":    {restart, []string{"yes" + ctrlD + ctrlD}, unanswered, 0, 0},
		"Ctrl-C at the question to activate": {activate, []string{ctrlC}, broken, 0, 0},
		"Ctrl-C at the question to restart":  {restart, []string{ctrlC}, broken, 0, 0},
		"Ctrl-C in the midst of an answer":   {restart, []string{"ye" + ctrlC}, broken, 0, 0},
		"Ctrl-C at the second question":      {both, []string{"yes\n", ctrlC}, broken, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			site := NewSite(t, simulator.Scenario{Site: Classroom(1, world.Station{Products: []world.Product{{Title: "windows-11-education", Silent: true}}}, Counted(30)).Site})
			args := append([]string{"-station", site.PlainAddresses()[0], "-kms-host", site.Plain().KMSHost}, test.options...)
			at := checkAtATerminal(t, site, args...)
			at.answer(site, test.answers...)
			shown, exit := at.end()
			if want := map[bool]int{true: 0, false: 1}[test.last == works]; exit != want || !strings.HasPrefix(lastLine(shown), test.last) {
				t.Errorf("exit %d, want %d with %q\n%s", exit, want, test.last, shown)
			}
			restarts, _ := site.Restarts()
			if n := site.Happened(world.KindActivate); n != test.activations || restarts != test.restarts {
				t.Errorf("%d activations and %d restarts, want %d and %d\n%s", n, restarts, test.activations, test.restarts, shown)
			}
			if n := site.State().Wire["PC01"].Requests; test.last != works && n > 0 {
				t.Errorf("the station was sent %d requests", n)
			}
		})
	}
}

// Ctrl-C under way ends it with what was sent.
func TestCtrlCWhileAProductIsAskedSaysThatItWasSent(t *testing.T) {
	t.Parallel()
	site := NewSiteAt(t, simulator.Scenario{Site: Classroom(1, world.Station{Products: []world.Product{{Title: "windows-11-education", Silent: true}}}, Counted(30)).Site}, 1)
	site.Inject(world.Fault{Name: world.SlowActivate, By: time.Hour})
	at := checkAtATerminal(t, site, "-station", site.PlainAddresses()[0], "-activate")
	at.answer(site, "yes\n")
	site.Until("a product is asked", func() bool { return site.Happened(world.KindActivate) == 1 })
	at.press(ctrlC)
	shown, exit := at.end()
	if last := "terraform-provider-timago check: interrupted: what is not shown was not asked"; exit != 1 || lastLine(shown) != last ||
		!strings.Contains(shown, "interrupted: Windows: sent, the outcome is unknown") || strings.Contains(shown, "KMS host 127") {
		t.Errorf("exit %d\n%s", exit, shown)
	}
	if n := site.Happened(world.KindActivate); n != 1 {
		t.Errorf("%d activations", n)
	}
}
