//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/timago/terraform-provider-timago/internal/provider"
)

// workspace is a folder with the configuration of a school, in which the CLI runs.
type workspace struct {
	dir   string
	cli   string
	env   []string
	usage string // the file into which its providers write what they took
}

func (s settings) workspace(of school, binary, lines string) (*workspace, error) {
	dir, err := os.MkdirTemp("", "timago-scale-")
	if err != nil {
		return nil, err
	}
	w := &workspace{dir: dir, cli: s.cli, usage: filepath.Join(dir, "usage")}
	overrides := fmt.Sprintf("disable_checkpoint = true\nprovider_installation {\n  dev_overrides {\n    %q = %q\n  }\n}\n", provider.Source, dir)
	self, err := os.Executable()
	if err == nil {
		err = errors.Join(
			os.WriteFile(filepath.Join(dir, "cli.tfrc"), []byte(overrides), 0o600),
			w.configure(of, lines),
			os.Symlink(self, filepath.Join(dir, providerName)),
		)
	}
	if err != nil {
		w.remove()
		return nil, err
	}
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "TF_") && !strings.HasPrefix(variable, "TIMAGO_") {
			w.env = append(w.env, variable)
		}
	}
	w.env = append(w.env, "TF_CLI_CONFIG_FILE="+filepath.Join(dir, "cli.tfrc"), "TF_IN_AUTOMATION=1", "CHECKPOINT_DISABLE=1",
		"TIMAGO_WINRM_PASSWORD="+password, realProvider+"="+binary, usageFile+"="+w.usage)
	return w, nil
}

// configure writes the configuration anew, with the inventory.
func (w *workspace) configure(of school, lines string) error {
	return errors.Join(
		os.WriteFile(filepath.Join(w.dir, "main.tf"), []byte(configuration(of, lines)), 0o600),
		os.WriteFile(filepath.Join(w.dir, "stations.csv"), []byte(of.inventory()), 0o600),
	)
}

// configuration is a pool of all stations of a school, as a district's state has it. lines
// say more of the pool.
func configuration(of school, lines string) string {
	return fmt.Sprintf(`terraform {
  required_providers {
    timago = { source = %q }
  }
}

provider "timago" {
  inventory = "stations.csv"
  winrm     = { username = %q, port = %d }
  kms       = { host = %q }
}

resource "timago_activation_pool" "school" {
  name     = "school"
  location = %q
  timeouts = { read = "30m", create = "1h", update = "1h" }
%s}
`, provider.Source, of.User, of.Port, of.Host, room, lines)
}

// run runs the CLI to its end, which must have the exit code, and gives what its providers
// took.
func (w *workspace) run(ctx context.Context, exit int, args ...string) (usage, error) {
	if err := os.Remove(w.usage); err != nil && !errors.Is(err, os.ErrNotExist) { //nolint:gosec // made by this process
		return usage{}, err
	}
	command := exec.CommandContext(ctx, w.cli, append(args, "-no-color", "-input=false")...) //nolint:gosec // the CLI that the user named
	command.Dir, command.Env = w.dir, w.env
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = 10 * time.Second
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	err := command.Run()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		return usage{}, err
	}
	if code := command.ProcessState.ExitCode(); code != exit {
		said := output.String()
		return usage{}, fmt.Errorf("%s ended with exit code %d, expected %d:\n%s", args[0], code, exit, said[max(0, len(said)-4000):])
	}
	taken, err := readUsage(w.usage)
	taken.WithCLI = usageOf(command.ProcessState).CPU
	return taken, err
}

func (w *workspace) remove() { _ = os.RemoveAll(w.dir) } //nolint:gosec // likewise
