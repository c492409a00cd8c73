// Package acctest is for acceptance tests: the real Terraform (or OpenTofu) binary with
// the built provider, against a simulated site.
package acctest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/timago/terraform-provider-timago/internal/provider"
)

// cli is the binary to run.
func cli(t testing.TB) string {
	t.Helper()
	path := findCLI()
	if path == "" {
		t.Skip("needs terraform or tofu: run the tests by make test, which builds one where there is none")
	}
	return path
}

// findCLI finds the binary by the environment that `make test` sets, else on PATH; "" where
// there is none.
var findCLI = sync.OnceValue(func() string {
	if path := os.Getenv("TF_ACC_TERRAFORM_PATH"); path != "" {
		return path
	}
	for _, name := range []string{"terraform", "tofu"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
})

// buildDir holds what is built, for as long as the process lives.
var buildDir = sync.OnceValues(func() (string, error) {
	built.Store(true)
	return os.MkdirTemp("", "timago-provider-")
})

// buildProvider builds the provider once a process: as it is released, but with the race
// detector where the tests have it.
var buildProvider = sync.OnceValues(func() (string, error) { return build(raceEnabled, nil) })

// buildRelease builds it once a process as it is released.
var buildRelease = sync.OnceValues(func() (string, error) {
	if !raceEnabled {
		return buildProvider()
	}
	return build(false, nil)
})

// build builds the provider, with other text in the place of some of its files.
func build(race bool, instead map[string]string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), runLimit)
	defer cancel()
	root, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return "", err
	}
	dir, err := buildDir()
	if err != nil {
		return "", err
	}
	dir = filepath.Join(dir, fmt.Sprintf("race-%t", race))
	var args []string
	if len(instead) > 0 {
		if dir, err = os.MkdirTemp(filepath.Dir(dir), "altered-"); err != nil {
			return "", err
		}
		if args, err = overlay(dir, strings.TrimSpace(string(root)), instead); err != nil {
			return "", err
		}
	}
	args = append([]string{"build", "-trimpath", "-o", filepath.Join(dir, "terraform-provider-timago")}, args...)
	if race {
		args = append(args, "-race")
	}
	command := exec.CommandContext(ctx, "go", append(args, ".")...)
	command.Dir = strings.TrimSpace(string(root))
	if output, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the provider: %w\n%s", err, output)
	}
	return dir, nil
}

// overlay are go build's arguments for other text in the place of files below root.
func overlay(dir, root string, instead map[string]string) ([]string, error) {
	replaced := map[string]string{}
	for name, text := range instead {
		replaced[filepath.Join(root, name)] = filepath.Join(dir, filepath.Base(name))
		if err := os.WriteFile(replaced[filepath.Join(root, name)], []byte(text), 0o600); err != nil {
			return nil, err
		}
	}
	list, err := json.Marshal(map[string]any{"Replace": replaced})
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, "overlay.json")
	return []string{"-overlay=" + path}, os.WriteFile(path, list, 0o600)
}

// Main runs a package's tests and removes what they shared. Call it from TestMain.
//
// These tests wait for much of their time, so more of them run at once than there are
// cores; and not many more, since the site's time goes on while they wait for a core.
func Main(m interface{ Run() int }) int {
	flag.Parse()
	if err := flag.Set("test.parallel", strconv.Itoa(testsPerCore*runtime.GOMAXPROCS(0))); err != nil {
		panic(err)
	}
	net.DefaultResolver = Names.resolver()
	if err := useCLI(); err != nil {
		panic(err)
	}
	code := m.Run()
	if err := goleak.Find(pluginStdio...); code == 0 && err != nil {
		fmt.Fprintln(os.Stderr, "left running:", err)
		code = 1
	}
	if built.Load() {
		if dir, err := buildDir(); err == nil {
			_ = os.RemoveAll(dir)
		}
	}
	return code
}

const testsPerCore = 4

var built atomic.Bool // whether a test needed the provider

// Required begins every configuration: it says where the provider comes from.
const Required = "terraform {\n  required_providers {\n    timago = { source = \"" + provider.Source + "\" }\n  }\n}\n"

// Workspace is a folder with a configuration in which the CLI runs. No other
// configuration of the machine reaches it.
type Workspace struct {
	t     testing.TB
	cli   string
	dir   string
	env   []string
	built bool // whether runs start the built provider, instead of using one in this process
}

// pluginStdio are the copies of standard output and error that go-plugin makes for a
// provider in this process. They wait for a pipe that it never closes: nothing of ours.
var pluginStdio = []goleak.Option{goleak.IgnoreAnyFunction("github.com/hashicorp/go-plugin.copyChan")}

// NewWorkspace makes a folder in which each run of the CLI uses a provider of its own in
// this process. env are variables ("NAME=value") for every run in it.
func NewWorkspace(t testing.TB, env ...string) *Workspace {
	t.Helper()
	w := &Workspace{t: t, cli: cli(t), dir: t.TempDir()}
	w.Write("cli.tfrc", "disable_checkpoint = true\n")
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "TF_") && !strings.HasPrefix(variable, "TIMAGO_") {
			w.env = append(w.env, variable)
		}
	}
	w.env = append(w.env, "TF_CLI_CONFIG_FILE="+filepath.Join(w.dir, "cli.tfrc"), "TF_IN_AUTOMATION=1", "CHECKPOINT_DISABLE=1",
		"GORACE=halt_on_error=1 atexit_sleep_ms=0") // a data race ends the provider, and with it the test; an end waits for none
	w.env = append(w.env, env...)
	return w
}

// Built is the same folder where the CLI starts the built provider, as a user's does: for
// what only a process of its own shows, such as signals, relative paths and what it logs.
func (w *Workspace) Built() *Workspace {
	w.t.Helper()
	return w.starting(buildProvider())
}

// Released is Built without the race detector, which needs many times the memory.
func (w *Workspace) Released() *Workspace {
	w.t.Helper()
	return w.starting(buildRelease())
}

// Altered is Built with other text in the place of some of the provider's files, named from
// the root of the module: for faults that no machine and no setting can bring about.
func (w *Workspace) Altered(instead map[string]string) *Workspace {
	w.t.Helper()
	return w.starting(build(false, instead))
}

func (w *Workspace) starting(folder string, err error) *Workspace {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
	w.Write("cli.tfrc", fmt.Sprintf("disable_checkpoint = true\nprovider_installation {\n  dev_overrides {\n    %q = %q\n  }\n}\n", provider.Source, folder))
	other := *w
	other.built = true
	return &other
}

// Elsewhere is the same folder with other variables.
func (w *Workspace) Elsewhere(env ...string) *Workspace {
	other := *w
	other.env = append(slices.Clone(w.env), env...)
	return &other
}

// Write puts a file into the folder.
func (w *Workspace) Write(name, content string) {
	w.t.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, name), []byte(content), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// Read gives a file of the folder.
func (w *Workspace) Read(name string) string {
	w.t.Helper()
	content, err := os.ReadFile(filepath.Join(w.dir, name))
	if err != nil {
		w.t.Fatal(err)
	}
	return string(content)
}

// Files lists all that is in the folder.
func (w *Workspace) Files() []string {
	w.t.Helper()
	var files []string
	err := filepath.WalkDir(w.dir, func(path string, entry os.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return files
}

// Outcome is how a run of the CLI ended.
type Outcome struct {
	Exit   int
	Output string // all that it wrote
}

// Contains reports whether the output says text, however the CLI broke its lines.
func (o Outcome) Contains(text string) bool {
	return strings.Contains(unwrapped(o.Output), unwrapped(text))
}

// unwrapped undoes the CLI's frames and line breaks.
func unwrapped(text string) string {
	return strings.Join(strings.Fields(strings.NewReplacer("│", " ", "╷", " ", "╵", " ").Replace(text)), " ")
}

// runLimit bounds a run, so that one that hangs fails by itself with what it had said.
const runLimit = 15 * time.Minute

// Run runs the CLI to its end.
func (w *Workspace) Run(args ...string) Outcome {
	w.t.Helper()
	return w.Start(args...).Wait()
}

// Running is a run that has not ended.
type Running struct {
	t        testing.TB
	command  *exec.Cmd
	output   bytes.Buffer
	provider *serving // nil: the CLI starts it
}

// Start starts the CLI.
func (w *Workspace) Start(args ...string) *Running {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), runLimit)
	w.t.Cleanup(cancel)
	r := &Running{t: w.t, command: exec.CommandContext(ctx, w.cli, args...)}
	r.command.Dir, r.command.Env = w.dir, w.env
	if !w.built {
		r.provider = serve(w.t, lookup(w.env))
		r.command.Env = append(slices.Clone(w.env), r.provider.variable)
	}
	r.command.Stdout, r.command.Stderr = &r.output, &r.output
	inOwnGroup(r.command)
	if err := r.command.Start(); err != nil {
		w.t.Fatal(err)
	}
	return r
}

// Interrupt is one Ctrl-C.
func (r *Running) Interrupt() {
	r.t.Helper()
	if err := r.command.Process.Signal(os.Interrupt); err != nil {
		r.t.Fatal(err)
	}
}

// Kill ends it and the provider that it started, without a chance to tidy up.
func (r *Running) Kill() {
	r.t.Helper()
	if r.provider != nil {
		r.t.Fatal("a provider in this process cannot be killed")
	}
	if err := killGroup(r.command); err != nil {
		r.t.Fatal(err)
	}
}

// Wait waits for the end.
func (r *Running) Wait() Outcome {
	r.t.Helper()
	err := r.command.Wait()
	if r.provider != nil {
		r.provider.close()
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		r.t.Fatalf("%v\n%s", err, r.output.String())
	}
	return Outcome{Exit: r.command.ProcessState.ExitCode(), Output: r.output.String()}
}

// Apply applies and fails the test where that fails; the plan after it must be empty.
func (w *Workspace) Apply() Outcome {
	w.t.Helper()
	outcome := w.Run("apply", "-auto-approve", "-no-color")
	if outcome.Exit != 0 {
		w.t.Fatalf("apply failed:\n%s", outcome.Output)
	}
	w.Plan(0)
	return outcome
}

// Plan plans with -detailed-exitcode and fails the test unless it ends so: 0 nothing to
// do, 1 it cannot be known, 2 something to do.
func (w *Workspace) Plan(exit int, args ...string) Outcome {
	w.t.Helper()
	outcome := w.Run(append([]string{"plan", "-detailed-exitcode", "-no-color"}, args...)...)
	if outcome.Exit != exit {
		w.t.Fatalf("plan ended with %d, expected %d:\n%s", outcome.Exit, exit, outcome.Output)
	}
	return outcome
}

// Values are a resource's attributes in the state.
func (w *Workspace) Values(address string) map[string]any {
	w.t.Helper()
	shown := w.Run("show", "-json")
	var state struct {
		Values struct {
			Root struct {
				Resources []struct {
					Address string
					Tainted bool
					Values  map[string]any
				}
			} `json:"root_module"`
		}
	}
	// The CLI may warn about dev_overrides on the same stream.
	document := shown.Output[max(0, strings.Index(shown.Output, "{")):]
	if err := json.NewDecoder(strings.NewReader(document)).Decode(&state); err != nil {
		w.t.Fatalf("reading the state: %v\n%s", err, shown.Output)
	}
	for _, resource := range state.Values.Root.Resources {
		if resource.Address == address {
			return resource.Values
		}
	}
	return nil
}
