// Timago-demo shows the provider's main job on simulated sites, with the real CLI and the
// provider as it is released. In its first act, direct mode, a room goes from nothing to
// activated, loses it over the holidays and gets it back. In its second, API mode, a
// classroom is set up from the option to the count. `make demo` runs it.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/timago/terraform-provider-timago/internal/simulator"
)

func main() {
	provider := flag.String("provider", "bin/terraform-provider-timago", "the provider's binary")
	path := flag.String("cli", os.Getenv("TF_ACC_TERRAFORM_PATH"), "terraform or tofu")
	speed := flag.Float64("speed", 60, "how much faster time runs at the sites")
	keep := flag.Bool("keep", false, "keep the last site up until Ctrl-C, for trying things by hand")
	verbose := flag.Bool("verbose", false, "show all that the CLI writes")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	d := &demonstration{path: *path, provider: *provider, speed: *speed, verbose: *verbose, address: "127.0.0.1:0"}
	err := d.act(ctx, "vendor-example", false, d.directMode)
	if err == nil {
		err = d.act(ctx, "classroom", true, func(ctx context.Context, s *story) {
			d.apiMode(ctx, s)
			if *keep {
				s.keep(ctx)
			}
		})
	}
	if err != nil {
		stop()
		fmt.Fprintln(os.Stderr, "The demonstration failed:", err)
		os.Exit(1)
	}
	fmt.Println("\nNothing was left running. To be looked at in a browser:", strings.Join(d.reports, ", "))
}

// demonstration is how both acts are run.
type demonstration struct {
	path, provider string
	speed          float64
	verbose        bool
	address        string // of the site's page: the second act's is where the first act's was
	reports        []string
}

// act opens a site and plays a story there.
func (d *demonstration) act(ctx context.Context, scenarioName string, api bool, play func(context.Context, *story)) error {
	scenario, err := simulator.Embedded(scenarioName)
	if err != nil {
		return err
	}
	site, err := simulator.Start(scenario, simulator.Options{Speed: d.speed, API: api, Control: d.address}) //nolint:contextcheck // it lives until Close
	if err != nil {
		return err
	}
	defer site.Close()
	ready := site.Ready()
	d.address = strings.TrimPrefix(ready.Control, "http://")
	cli := &terraform{path: d.path, provider: d.provider, verbose: d.verbose}
	remove, err := cli.prepare(ctx, site, api)
	if err != nil {
		return err
	}
	defer remove()
	s := &story{site: site, cli: cli}
	s.say("\nA simulated site: %s. Look at it in a browser: %s", scenario.Title, ready.Page)
	s.say("An apply that asks or restarts stations is seen in its report, also afterwards: %s", cli.report)
	play(ctx, s)
	if _, err := os.Stat(cli.report); err == nil { // where an apply had something to do
		d.reports = append(d.reports, cli.report)
	}
	return s.err
}

const holidays = 40 * 24 * time.Hour

// directMode: everything is asked of Windows itself.
func (d *demonstration) directMode(ctx context.Context, s *story) {
	s.say("Windows, the KMS host's counting and time (%.0f times faster) are simulated. %s, the provider,", d.speed, s.cli.name)
	s.say("and WS-Management over HTTP with sealed NTLM between it and the stations are real.")
	s.say("\nAct one, direct mode.")

	s.step("The pool is new: a plan says what it needs.")
	s.plan(ctx, somethingToDo)
	s.step("Apply: running stations are asked first, then restarted until the count is read back.")
	s.apply(ctx)
	s.step("Plan again: nothing to do.")
	s.plan(ctx, nothingToDo)
	s.step("40 days of holidays. The stations are off; then they are switched on again and work for half an hour.")
	s.site.World.Holidays(holidays, false)
	s.site.World.Advance(30 * time.Minute)
	s.counts()
	s.step("Plan: the threshold is lost, and it shows.")
	s.plan(ctx, somethingToDo)
	s.step("Apply: only what is missing is made.")
	s.apply(ctx)
	s.step("Plan again: nothing to do.")
	s.plan(ctx, nothingToDo)
}

// apiMode: an HTTP interface stands in front of the Timago server.
func (d *demonstration) apiMode(ctx context.Context, s *story) {
	s.say("\nAct two, API mode: the option and the images are commanded through an HTTP interface in front of the")
	s.say("Timago server. Its contract is this project's own; the vendor publishes none.")

	s.step("The classroom is new: 30 timago_station_kms and a pool of them.")
	s.plan(ctx, somethingToDo)
	s.step("Apply: the option is set, all images are made side by side, then the pool sees to the count.")
	s.apply(ctx)
	s.step("Plan again: nothing to do.")
	s.plan(ctx, nothingToDo)
	s.step("What the KMS host itself says, and what becomes of its count if nobody starts any more.")
	s.forecast(ctx)
}
