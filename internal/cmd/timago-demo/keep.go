package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/timago/terraform-provider-timago/internal/simulator"
)

// environmentFile is where a shell finds what the CLI needs; it stands in the act's own
// folder, which only this user can read and which goes with the site.
const environmentFile = "environment"

// keep holds the site until the user ends it.
func (s *story) keep(ctx context.Context) {
	if s.err != nil {
		return
	}
	// Without the KMS host's outputs, which move: a plan by hand is to say whether the pool holds.
	said, code, err := "", 0, s.cli.write(hostFile, "")
	if err == nil {
		said, code, err = s.cli.run(ctx, "apply", "-refresh-only", "-auto-approve", "-no-color")
	}
	if err == nil && code != 0 {
		err = fmt.Errorf("apply -refresh-only ended with exit code %d:\n%s", code, said)
	}
	if err == nil {
		err = s.cli.write(environmentFile, exports(s.cli.own))
	}
	if s.err = err; err != nil {
		return
	}
	s.say("%s", byHand(s.site.Plain(), s.cli))
	<-ctx.Done()
}

// exports sets variables in a POSIX shell.
func exports(variables []string) string {
	var text strings.Builder
	for _, variable := range variables {
		name, value, _ := strings.Cut(variable, "=")
		fmt.Fprintf(&text, "export %s=%s\n", name, quoted(value))
	}
	return text.String()
}

func quoted(word string) string { return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'" }

// byHand says how to try things at a site. Token and password are not part of it: a
// terminal's contents are kept, and shown to others.
func byHand(ready simulator.Ready, cli *terraform) string {
	var text strings.Builder
	fmt.Fprintf(&text, `
The site stays up until Ctrl-C, and its time goes on. To try things by hand, in another shell:

   cd %s
   . ./%s
   %s plan

The folder holds this act's configuration (main.tf: change it) and its state. The file sets TIMAGO_TOKEN,
TIMAGO_WINRM_PASSWORD and the built provider for the CLI, also for configurations of your own in other
folders; "terraform init" is not needed. Token and password are made up for this run, and end with it.

   Page          %s
`, quoted(cli.dir), environmentFile, quoted(cli.path), ready.Page)
	if ready.Endpoint != "" {
		fmt.Fprintf(&text, "   Timago        %s (endpoint; its certificate's authority: ca.pem)\n", ready.Endpoint)
	}
	fmt.Fprintf(&text, "   WinRM         user %s, TLS %t\n   KMS host      %s\n", ready.WinRM.Username, ready.WinRM.UseTLS, ready.KMSHost)
	title := "Stations"
	for _, station := range ready.Stations {
		fmt.Fprintf(&text, "   %-13s %s  %s\n", title, station.Address, station.Name)
		title = ""
	}
	fmt.Fprintf(&text, `
Things to happen at the site:

   curl -fsS -o /dev/null -X POST %[1]s/faults -d '{fault: count-falls, number: 20}'
   curl -fsS -o /dev/null -X POST %[1]s/holidays -d '{for: 960h, stay_off: true}'
   curl -fsS -o /dev/null -X POST %[1]s/stations/%[2]s/power-on
`, ready.Control, ready.Stations[0].Name)
	return text.String()
}
