// Timago-demo shows the provider's main job on a simulated site, with the real CLI and
// the provider as it is released: a room goes from nothing to activated, loses it over
// the holidays, and gets it back. `make demo` runs it.
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
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

func main() {
	provider := flag.String("provider", "bin/terraform-provider-timago", "the provider's binary")
	cli := flag.String("cli", os.Getenv("TF_ACC_TERRAFORM_PATH"), "terraform or tofu")
	scenario := flag.String("scenario", "vendor-example", "scenario file, or the name of one that comes with the simulator")
	speed := flag.Float64("speed", 60, "how much faster time runs at the site")
	verbose := flag.Bool("verbose", false, "show all that the CLI writes")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := demonstrate(ctx, *scenario, *speed, &terraform{path: *cli, provider: *provider, verbose: *verbose}); err != nil {
		stop()
		fmt.Fprintln(os.Stderr, "The demonstration failed:", err)
		os.Exit(1)
	}
}

const holidays = 40 * 24 * time.Hour

func demonstrate(ctx context.Context, file string, speed float64, cli *terraform) error {
	scenario, err := simulator.Load(file)
	if err != nil {
		return err
	}
	site, err := simulator.Start(scenario, simulator.Options{Speed: speed}) //nolint:contextcheck // it lives until Close
	if err != nil {
		return err
	}
	defer site.Close()
	remove, err := cli.prepare(ctx, site.Plain())
	if err != nil {
		return err
	}
	defer remove()

	s := story{site: site, cli: cli}
	s.say("A simulated site: %s.", scenario.Title)
	s.say("Windows, the KMS host's counting and time (%.0f times faster) are simulated. %s, the provider,", speed, cli.name)
	s.say("and WS-Management over HTTP with sealed NTLM between it and the stations are real.")

	s.act("The pool is new: a plan says what it needs.")
	s.plan(ctx, somethingToDo)
	s.act("Apply: running stations are asked first, then restarted until the count is read back.")
	s.apply(ctx)
	s.act("Plan again: nothing to do.")
	s.plan(ctx, nothingToDo)
	s.act("40 days of holidays. The stations are off; then they are switched on again and work for half an hour.")
	site.World.Holidays(holidays, false)
	site.World.Advance(30 * time.Minute)
	s.counts()
	s.act("Plan: the threshold is lost, and it shows.")
	s.plan(ctx, somethingToDo)
	s.act("Apply: only what is missing is made.")
	s.apply(ctx)
	s.act("Plan again: nothing to do.")
	s.plan(ctx, nothingToDo)
	if s.err == nil {
		s.say("\nThe room is activated. Nothing was left running.")
	}
	return s.err
}

// story tells one step after the other. After an error it goes no further.
type story struct {
	site *simulator.Simulator
	cli  *terraform
	acts int
	err  error
}

func (s *story) say(format string, args ...any) {
	if s.err == nil {
		fmt.Printf(format+"\n", args...)
	}
}

func (s *story) act(title string) {
	s.acts++
	s.say("\n%d. %s", s.acts, title)
}

// plan runs a plan that must end with the exit code, and shows what it says.
func (s *story) plan(ctx context.Context, exit int) {
	if s.err != nil {
		return
	}
	said, code, err := s.cli.run(ctx, "plan", "-detailed-exitcode", "-no-color")
	if err == nil && code != exit {
		err = fmt.Errorf("plan ended with exit code %d, expected %d:\n%s", code, exit, said)
	}
	if s.err = err; err != nil {
		return
	}
	s.say("   %s plan -detailed-exitcode: exit code %d", s.cli.command(), code)
	for _, line := range telling(said) {
		s.say("     %s", line)
	}
}

// apply applies and accounts for what that did at the site.
func (s *story) apply(ctx context.Context) {
	if s.err != nil {
		return
	}
	before, began, beganThere := s.tally(), time.Now(), s.site.World.Now()
	said, code, err := s.cli.run(ctx, "apply", "-auto-approve", "-no-color")
	if err == nil && code != 0 {
		err = fmt.Errorf("apply ended with exit code %d:\n%s", code, said)
	}
	if s.err = err; err != nil {
		return
	}
	asked, err := s.cli.asked(ctx)
	if s.err = err; err != nil {
		return
	}
	after := s.tally()
	s.say("   %s apply: %s here, %s at the site", s.cli.command(),
		time.Since(began).Round(time.Second), s.site.World.Now().Sub(beganThere).Round(time.Minute))
	s.say("     %d stations were asked, %d restarts were made, %d requests were counted",
		asked, after.restarts-before.restarts, after.counted-before.counted)
	for i, station := range after.stations {
		s.say("       %s: restarted %d times", station.Name, station.Restarts-before.stations[i].Restarts)
	}
	s.counts()
	for _, line := range telling(said) {
		if !strings.HasPrefix(line, "Apply complete!") && !strings.HasPrefix(line, "r101") {
			continue // what it said as a plan stands above
		}
		s.say("     %s", line)
	}
}

type tally struct {
	counted, restarts int
	stations          []world.StationState
}

func (s *story) tally() tally {
	state := s.site.State()
	t := tally{counted: state.Counters[world.KindCounted], stations: state.Stations}
	for _, station := range state.Stations {
		t.restarts += station.Restarts
	}
	return t
}

// counts shows what the KMS host has counted.
func (s *story) counts() {
	for _, key := range s.site.State().Host.Keys {
		s.say("     KMS host: count %d of %d for %s", key.Count, key.Threshold, key.Product.Title())
	}
}
