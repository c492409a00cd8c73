package acctest

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Measured is Run with the most memory in bytes that any one provider held that the CLI
// started (VmHWM), as often as it was seen.
func (w *Workspace) Measured(args ...string) (outcome Outcome, peak int64) {
	w.t.Helper()
	if !w.built {
		w.t.Fatal("a provider in this process has no memory of its own")
	}
	r := w.Start(args...)
	ended, measured := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(measured)
		for {
			peak = max(peak, providersPeak(r.command.Process.Pid))
			select {
			case <-ended:
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	outcome = r.Wait()
	close(ended)
	<-measured
	return outcome, peak
}

// Strike sends a signal to the provider that the CLI has started.
func (r *Running) Strike(signal syscall.Signal) {
	r.t.Helper()
	found := providers(r.command.Process.Pid)
	if len(found) != 1 {
		r.t.Fatalf("the CLI runs %d providers", len(found))
	}
	if err := syscall.Kill(found[0], signal); err != nil {
		r.t.Fatal(err)
	}
}

// providers are the process ids of the providers that the CLI of this one runs now.
func providers(cli int) (found []int) {
	var children strings.Builder
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", cli))
	for _, task := range tasks { // what has ended meanwhile has none
		started, _ := os.ReadFile(task)
		children.Write(started)
	}
	for child := range strings.FieldsSeq(children.String()) {
		command, _ := os.ReadFile(filepath.Join("/proc", child, "comm"))
		id, err := strconv.Atoi(child)
		if err == nil && strings.HasPrefix(string(command), "terraform-provi") { // the kernel keeps 15 letters
			found = append(found, id)
		}
	}
	return found
}

// providersPeak reads the peaks of the providers that the CLI of this process id runs now.
func providersPeak(cli int) (peak int64) {
	for _, id := range providers(cli) {
		status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", id))
		_, rest, _ := strings.Cut(string(status), "VmHWM:")
		line, _, _ := strings.Cut(rest, "\n")
		kilobytes, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(line), " kB"), 10, 64)
		peak = max(peak, kilobytes<<10)
	}
	return peak
}
