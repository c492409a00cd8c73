package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/timago/terraform-provider-timago/internal/simulator"
)

// Exit codes of a plan with -detailed-exitcode.
const (
	nothingToDo   = 0
	somethingToDo = 2
)

// terraform is the CLI in a folder of its own, with the built provider and no other
// configuration of the machine.
type terraform struct {
	path, provider string
	verbose        bool

	name string // as it calls itself
	dir  string
	env  []string
}

// prepare writes the configuration for a site; the returned function removes it.
func (t *terraform) prepare(ctx context.Context, ready simulator.Ready) (func(), error) {
	if t.path == "" {
		return nil, errors.New("no terraform or tofu is named: run `make demo`, or set -cli")
	}
	provider, err := filepath.Abs(t.provider)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(provider); err != nil {
		return nil, fmt.Errorf("the provider is not built: %w", err)
	}
	if t.dir, err = os.MkdirTemp("", "timago-demo-"); err != nil {
		return nil, err
	}
	remove := func() { _ = os.RemoveAll(t.dir) }
	for name, content := range map[string]string{"main.tf": configuration(ready), "cli.tfrc": overrides(filepath.Dir(provider))} {
		if err := os.WriteFile(filepath.Join(t.dir, name), []byte(content), 0o600); err != nil {
			remove()
			return nil, err
		}
	}
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "TF_") && !strings.HasPrefix(variable, "TIMAGO_") {
			t.env = append(t.env, variable)
		}
	}
	t.env = append(t.env, "TF_CLI_CONFIG_FILE="+filepath.Join(t.dir, "cli.tfrc"), "TF_IN_AUTOMATION=1",
		"TIMAGO_WINRM_PASSWORD="+ready.WinRM.Password)
	version, _, err := t.run(ctx, "version")
	t.name, _, _ = strings.Cut(version, "\n")
	if err != nil {
		remove()
	}
	return remove, err
}

func overrides(dir string) string {
	return fmt.Sprintf("disable_checkpoint = true\nprovider_installation {\n  dev_overrides {\n    \"timago/timago\" = %q\n  }\n}\n", dir)
}

// configuration is what a site would write, but for the addresses. Timeouts are of this
// machine's time, which runs slower than the site's.
func configuration(ready simulator.Ready) string {
	var stations strings.Builder
	for _, station := range ready.Stations {
		fmt.Fprintf(&stations, "    %q, # %s\n", station.Address, station.Name)
	}
	return fmt.Sprintf(`terraform {
  required_providers {
    timago = { source = "timago/timago" }
  }
}

provider "timago" {
  winrm = { username = %q }
  kms   = { host = %q }
}

resource "timago_activation_pool" "r101" {
  name = "R101"
  stations = [
%s  ]
  cycle = { station_timeout = "30s" }
}

output "r101" {
  value = timago_activation_pool.r101.status
}
`, ready.WinRM.Username, ready.KMSHost, stations.String())
}

func (t *terraform) command() string {
	return strings.TrimSuffix(filepath.Base(t.path), ".exe")
}

// run runs the CLI. It gives all that it wrote and its exit code.
func (t *terraform) run(ctx context.Context, args ...string) (string, int, error) {
	command := exec.CommandContext(ctx, t.path, args...) //nolint:gosec // the CLI that the user named
	command.Dir, command.Env = t.dir, t.env
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = 10 * time.Second
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	err := command.Run()
	if t.verbose {
		fmt.Print(output.String())
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return "", 0, err
	}
	return output.String(), command.ProcessState.ExitCode(), nil
}

// asked is how many stations the last cycle asked without a restart, by the state.
func (t *terraform) asked(ctx context.Context) (int, error) {
	said, _, err := t.run(ctx, "show", "-json")
	if err != nil {
		return 0, err
	}
	var state struct {
		Values struct {
			Root struct {
				Resources []struct {
					Values struct {
						LastCycle struct {
							Asked int `json:"asked"`
						} `json:"last_cycle"`
					} `json:"values"`
				} `json:"resources"`
			} `json:"root_module"`
		} `json:"values"`
	}
	// The CLI may warn of the development override before its answer.
	if err := json.NewDecoder(strings.NewReader(said[max(0, strings.Index(said, "{")):])).Decode(&state); err != nil {
		return 0, fmt.Errorf("reading the state: %w", err)
	}
	if len(state.Values.Root.Resources) == 0 {
		return 0, errors.New("the state holds no pool")
	}
	return state.Values.Root.Resources[0].Values.LastCycle.Asked, nil
}

// What a person would look for in the CLI's output.
var (
	framed  = regexp.MustCompile(`^\s*[│╷╵]\s?`)
	worth   = regexp.MustCompile(`^(Plan:|No changes\.|Apply complete!|Warning: Activation|r101 = )|(status|planned_restarts|reason) +=`)
	already = regexp.MustCompile(`^\s+[~+-]?\s*`)
)

func telling(output string) []string {
	var lines []string
	for line := range strings.Lines(output) {
		line = strings.TrimSpace(framed.ReplaceAllString(line, ""))
		if worth.MatchString(line) {
			lines = append(lines, already.ReplaceAllString(line, ""))
		}
	}
	return lines
}
