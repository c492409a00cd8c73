package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/timago/terraform-provider-timago/internal/simulator"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// story tells one step after the other. After an error it goes no further.
type story struct {
	site  *simulator.Simulator
	cli   *terraform
	steps int
	err   error
}

func (s *story) say(format string, args ...any) {
	if s.err == nil {
		fmt.Printf(format+"\n", args...)
	}
}

func (s *story) step(title string) {
	s.steps++
	s.say("\n%d. %s", s.steps, title)
}

// plan runs a plan that must end with the exit code, and shows what it says.
func (s *story) plan(ctx context.Context, exit int) {
	if s.err != nil {
		return
	}
	before := s.tally()
	said, code, err := s.cli.run(ctx, "plan", "-detailed-exitcode", "-no-color")
	if err == nil && code != exit {
		err = fmt.Errorf("plan ended with exit code %d, expected %d:\n%s", code, exit, said)
	}
	if s.err = err; err != nil {
		return
	}
	s.say("   %s plan -detailed-exitcode: exit code %d", s.cli.command(), code)
	for _, line := range notable(said) {
		s.say("     %s", line)
	}
	s.requests(before)
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
	cycle, err := s.cli.lastCycle(ctx)
	if s.err = err; err != nil {
		return
	}
	after := s.tally()
	s.say("   %s apply: %s here, %s at the site", s.cli.command(),
		time.Since(began).Round(time.Second), s.site.World.Now().Sub(beganThere).Round(time.Minute))
	if made := after.images - before.images; made > 0 {
		s.say("     %d new images were made", made)
	}
	s.say("     %d stations were asked, %d restarts were made, %d requests were counted",
		cycle.Asked, cycle.Restarts, after.counted-before.counted)
	s.restarts(before, after)
	s.counts()
	for _, line := range notable(said) {
		if strings.HasPrefix(line, "Apply complete!") || strings.HasPrefix(line, "r101") {
			s.say("     %s", line) // what it said as a plan stands above
		}
	}
	s.requests(before)
}

// restarts shows who was restarted how often; those that got new images have started for
// that.
func (s *story) restarts(before, after tally) {
	byNumber := map[int][]string{}
	for i, station := range after.stations {
		if n := station.Restarts - before.stations[i].Restarts; n > 0 {
			byNumber[n] = append(byNumber[n], station.Name)
		}
	}
	for _, n := range slices.Sorted(maps.Keys(byNumber)) {
		names := byNumber[n]
		if len(names) > 6 {
			names = []string{names[0], "…", names[len(names)-1], fmt.Sprintf("(%d stations)", len(names))}
		}
		s.say("       %s: started anew %s", strings.Join(names, " "), map[bool]string{true: "once", false: fmt.Sprintf("%d times", n)}[n == 1])
	}
}

// tally is what can be counted at the site.
type tally struct {
	counted, images int
	stations        []world.StationState
	calls           map[string]int // of Timago's interface, by kind
	operations      int            // of WS-Management, over all machines
}

func (s *story) tally() tally {
	state := s.site.State()
	t := tally{
		counted: state.Counters[world.KindCounted], images: state.Counters[world.KindImage],
		stations: state.Stations, calls: maps.Clone(state.Wire[world.Timago].Calls),
	}
	for machine, wire := range state.Wire {
		if machine != world.Timago {
			t.operations += wire.Operations
		}
	}
	return t
}

// requests shows what a step asked of Timago and of Windows.
func (s *story) requests(before tally) {
	after := s.tally()
	var calls []string
	for _, call := range slices.Sorted(maps.Keys(after.calls)) {
		if n := after.calls[call] - before.calls[call]; n > 0 {
			calls = append(calls, fmt.Sprintf("%d x %s", n, call))
		}
	}
	if len(calls) > 0 {
		s.say("     Requests to Timago: %s", strings.Join(calls, ", "))
	}
	s.say("     WS-Management operations: %d", after.operations-before.operations)
}

// counts shows what the KMS host has counted.
func (s *story) counts() {
	for _, key := range s.site.State().Host.Keys {
		s.say("     KMS host: count %d of %d for %s", key.Count, key.Threshold, key.Product.Title())
	}
}

// forecast reads the KMS host's data source.
func (s *story) forecast(ctx context.Context) {
	if s.err != nil {
		return
	}
	host, err := s.cli.kmsHost(ctx)
	if s.err = err; err != nil {
		return
	}
	s.say("   data.timago_kms_host: count %d of %d, its clock shows %s", host.Count, host.Threshold, host.Clock.Format(time.DateTime))
	s.say("     it falls below the threshold on %s if nobody starts", host.RenewalDue.Format(time.DateTime))
	s.say("     in %d steps down to %d", len(host.Forecast)-1, host.Forecast[len(host.Forecast)-1].Count)
}
