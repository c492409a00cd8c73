//go:build linux

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

const (
	// providerName is what the CLI starts: this program, which starts the real provider and
	// writes down what that took.
	providerName = "terraform-provider-timago"
	realProvider = "TIMAGO_SCALE_PROVIDER"
	usageFile    = "TIMAGO_SCALE_USAGE"
)

// usage is what processes took.
type usage struct {
	CPU   time.Duration `json:"cpu"`
	RSS   int64         `json:"rss"`   // the largest, in bytes
	Files int           `json:"files"` // the most that were open at once
	// WithCLI is the CPU that the CLI took, with all that it started.
	WithCLI time.Duration `json:"-"`
}

// with adds those of a process that ran at another time.
func (u usage) with(other usage) usage {
	return usage{CPU: u.CPU + other.CPU, RSS: max(u.RSS, other.RSS), Files: max(u.Files, other.Files), WithCLI: u.WithCLI + other.WithCLI}
}

// wrap runs the real provider in the place of this process, with one line of usage at the
// end of the file.
func wrap(provider, file string) error {
	command := exec.Command(provider, os.Args[1:]...) //nolint:gosec,noctx // the provider that is measured; the CLI ends it
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := command.Start(); err != nil {
		return err
	}
	most, stop := make(chan int, 1), make(chan struct{})
	go func() { most <- mostFiles(command.Process.Pid, stop) }()
	err := command.Wait()
	close(stop)
	taken := usageOf(command.ProcessState)
	taken.Files = <-most
	return errors.Join(err, appendLine(file, taken))
}

func usageOf(state *os.ProcessState) usage {
	taken := usage{CPU: state.UserTime() + state.SystemTime()}
	if resources, is := state.SysUsage().(*syscall.Rusage); is {
		taken.RSS = resources.Maxrss * 1024
	}
	return taken
}

// mostFiles watches how many files a process has open, its standard ones included.
func mostFiles(pid int, stop <-chan struct{}) int {
	ticker := time.NewTicker(25 * time.Millisecond)
	defer ticker.Stop()
	most := 0
	for {
		// The size of the folder is the number of its entries, where the kernel tells it (Linux 6.2).
		folder, err := os.Stat(fmt.Sprintf("/proc/%d/fd", pid)) //nolint:gosec // of a process that this one started
		if err == nil {
			most = max(most, int(folder.Size()))
		}
		select {
		case <-stop:
			return most
		case <-ticker.C:
		}
	}
}

func appendLine(file string, taken usage) error {
	line, err := json.Marshal(taken)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600) //nolint:gosec // named by the process that started this one
	if err != nil {
		return err
	}
	_, err = f.Write(append(line, '\n'))
	return errors.Join(err, f.Close())
}

// readUsage sums up the processes that wrote into a file.
func readUsage(file string) (usage, error) {
	content, err := os.ReadFile(file) //nolint:gosec // made by this process
	if err != nil {
		return usage{}, fmt.Errorf("the provider left no usage: %w", err)
	}
	var all usage
	for line := range strings.Lines(string(content)) {
		var one usage
		if err := json.Unmarshal([]byte(line), &one); err != nil {
			return usage{}, err
		}
		all = all.with(one)
	}
	return all, nil
}
