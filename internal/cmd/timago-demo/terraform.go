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

	name   string // as it calls itself
	report string // the page of the last apply, which stays
	dir    string
	own    []string // what it gets beside the machine's environment
	env    []string
}

// prepare writes the configuration for a site; the returned function removes it.
func (t *terraform) prepare(ctx context.Context, site *simulator.Simulator, api bool) (func(), error) {
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
	t.report = filepath.Join(filepath.Dir(provider), "demo-direct-mode.html")
	if api {
		t.report = filepath.Join(filepath.Dir(provider), "demo-api-mode.html")
	}
	_ = os.Remove(t.report) // of an earlier demonstration
	ready, config := site.Plain(), ""
	if api {
		config = apiMode(ready, filepath.Join(t.dir, "ca.pem"))
	} else {
		config = directMode(ready)
	}
	for name, content := range map[string]string{
		"main.tf": config, "ca.pem": string(site.CACertificate()), "cli.tfrc": overrides(filepath.Dir(provider)),
	} {
		if err := t.write(name, content); err != nil {
			remove()
			return nil, err
		}
	}
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "TF_") && !strings.HasPrefix(variable, "TIMAGO_") {
			t.env = append(t.env, variable)
		}
	}
	t.own = []string{
		"TF_CLI_CONFIG_FILE=" + filepath.Join(t.dir, "cli.tfrc"),
		"TIMAGO_WINRM_PASSWORD=" + ready.WinRM.Password, "TIMAGO_TOKEN=" + ready.Token, "TIMAGO_REPORT=" + t.report,
	}
	t.env = append(append(t.env, t.own...), "TF_IN_AUTOMATION=1")
	version, _, err := t.run(ctx, "version")
	t.name, _, _ = strings.Cut(version, "\n")
	if err != nil {
		remove()
	}
	return remove, err
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

func (t *terraform) write(name, content string) error {
	return os.WriteFile(filepath.Join(t.dir, name), []byte(content), 0o600)
}

// cycle is the pool's last_cycle.
type cycle struct {
	Asked    int `json:"asked"`
	Restarts int `json:"restarts"`
}

// lastCycle is the pool's own account of what the last apply did, by the state.
func (t *terraform) lastCycle(ctx context.Context) (cycle, error) {
	var state struct {
		Values struct {
			Root struct {
				Resources []struct {
					Type   string `json:"type"`
					Values struct {
						LastCycle cycle `json:"last_cycle"`
					} `json:"values"`
				} `json:"resources"`
			} `json:"root_module"`
		} `json:"values"`
	}
	if err := t.read(ctx, &state, "show", "-json"); err != nil {
		return cycle{}, err
	}
	for _, resource := range state.Values.Root.Resources {
		if resource.Type == "timago_activation_pool" {
			return resource.Values.LastCycle, nil
		}
	}
	return cycle{}, errors.New("the state holds no pool")
}

// hostView is the output of the KMS host's data source.
type hostView struct {
	Clock      time.Time `json:"clock"`
	Count      int       `json:"count"`
	Threshold  int       `json:"threshold"`
	RenewalDue time.Time `json:"renewal_due"`
	Forecast   []struct {
		From  time.Time `json:"from"`
		Count int       `json:"count"`
	} `json:"forecast"`
}

func (t *terraform) kmsHost(ctx context.Context) (hostView, error) {
	if err := t.write(hostFile, kmsHost); err != nil {
		return hostView{}, err
	}
	if said, code, err := t.run(ctx, "apply", "-auto-approve", "-no-color"); err != nil || code != 0 {
		return hostView{}, errors.Join(err, fmt.Errorf("apply ended with exit code %d:\n%s", code, said))
	}
	var view hostView
	err := t.read(ctx, &view, "output", "-json", "kms_host")
	if err == nil && len(view.Forecast) == 0 {
		err = errors.New("the KMS host gives no forecast")
	}
	return view, err
}

// read runs the CLI for a JSON document.
func (t *terraform) read(ctx context.Context, into any, args ...string) error {
	said, _, err := t.run(ctx, args...)
	if err != nil {
		return err
	}
	// The CLI may warn of the development override before its answer.
	if err := json.NewDecoder(strings.NewReader(said[max(0, strings.Index(said, "{")):])).Decode(into); err != nil {
		return fmt.Errorf("reading the CLI's answer: %w\n%s", err, said)
	}
	return nil
}

// What a person would look for in the CLI's output.
var (
	framed  = regexp.MustCompile(`^\s*[│╷╵]\s?`)
	worth   = regexp.MustCompile(`^(Plan:|No changes\.|Apply complete!|Warning: Activation|r101 = )|(status|planned_restarts|reason) +=`)
	already = regexp.MustCompile(`^\s+[~+-]?\s*`)
)

// notable are the lines of an output that say what a plan or an apply does.
func notable(output string) []string {
	var lines []string
	for line := range strings.Lines(output) {
		line = strings.TrimSpace(framed.ReplaceAllString(line, ""))
		if worth.MatchString(line) {
			lines = append(lines, already.ReplaceAllString(line, ""))
		}
	}
	return lines
}
