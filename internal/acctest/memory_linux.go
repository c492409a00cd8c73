package acctest

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
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

// providersPeak reads the peaks of the providers that the CLI of this process id runs now.
func providersPeak(cli int) (peak int64) {
	var children strings.Builder
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", cli))
	for _, task := range tasks { // what has ended meanwhile has none
		started, _ := os.ReadFile(task)
		children.Write(started)
	}
	for child := range strings.FieldsSeq(children.String()) {
		folder := filepath.Join("/proc", child)
		command, _ := os.ReadFile(filepath.Join(folder, "comm"))
		if !strings.HasPrefix(string(command), "terraform-provi") { // the kernel keeps 15 letters
			continue
		}
		status, _ := os.ReadFile(filepath.Join(folder, "status"))
		_, rest, _ := strings.Cut(string(status), "VmHWM:")
		line, _, _ := strings.Cut(rest, "\n")
		kilobytes, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(line), " kB"), 10, 64)
		peak = max(peak, kilobytes<<10)
	}
	return peak
}
