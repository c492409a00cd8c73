package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/timago/terraform-provider-timago/internal/simulator"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestByHandSaysWhereAllIsAndNoSecret(t *testing.T) {
	t.Parallel()
	scenario, err := simulator.Embedded("classroom")
	if err != nil {
		t.Fatal(err)
	}
	site, err := simulator.Start(scenario, simulator.Options{API: true, Control: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(site.Close)
	ready := site.Plain()
	said := byHand(ready, &terraform{dir: "/tmp/a b", path: "/usr/bin/tofu"})
	wanted := []string{"cd '/tmp/a b'\n", ". ./environment", "'/usr/bin/tofu' plan", ready.Page, ready.Endpoint, ready.KMSHost, ready.WinRM.Username}
	for _, station := range ready.Stations {
		wanted = append(wanted, station.Address+"  "+station.Name)
	}
	for _, text := range wanted {
		if text == "" || !strings.Contains(said, text) {
			t.Errorf("no %q in %s", text, said)
		}
	}
	if strings.Contains(said, ready.Token) || strings.Contains(said, ready.WinRM.Password) {
		t.Errorf("a secret is shown: %s", said)
	}
}

func TestAShellReadsTheEnvironmentAsItIs(t *testing.T) {
	t.Parallel()
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("needs sh: the file is for one")
	}
	cli := &terraform{dir: t.TempDir()}
	const token = `it's "$HOME" \ of=mine`
	if err := cli.write(environmentFile, exports([]string{"TIMAGO_TOKEN=" + token, "TF_CLI_CONFIG_FILE=/a b/cli.tfrc"})); err != nil {
		t.Fatal(err)
	}
	read := exec.CommandContext(t.Context(), shell, "-c", `. "$0"; printf '%s|%s' "$TIMAGO_TOKEN" "$TF_CLI_CONFIG_FILE"`, filepath.Join(cli.dir, environmentFile))
	if said, err := read.CombinedOutput(); err != nil || string(said) != token+"|/a b/cli.tfrc" {
		t.Errorf("%s %v", said, err)
	}
}
