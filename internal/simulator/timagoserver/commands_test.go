package timagoserver_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/simulator/timagoserver"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
	"github.com/timago/terraform-provider-timago/internal/timago/contract"
)

const (
	moment    = 5 * time.Second  // a station that is on has taken its command, and is not down
	aRestart  = 3 * time.Minute  // is over
	aNewImage = 10 * time.Minute // is made and has started
)

// without are stations whose image was made with the option off.
func without(n int) world.Site {
	return world.Site{Stations: world.Rows(n, world.Station{Name: "PC%02d", Room: "R101", Image: world.Image{WithoutKMS: true}})}
}

func (s *served) restarts(name string) int {
	for _, station := range s.State().Stations {
		if station.Name == name {
			return station.Restarts
		}
	}
	return -1
}

func TestTheImageDiffersFromTheOptionUntilTheNewOneHasStarted(t *testing.T) {
	t.Parallel()
	s := open(t, without(1))
	set := read[contract.Station](t, s.setOption(s.station("PC01"), "Windows 11", true), 200)
	reset := s.command(body("reset_image", `, "operating_system": "Windows 11", "unless_in_use": true`, set))
	if pending := s.station("PC01").PendingCommand; pending == nil || pending.ID != reset.ID || pending.Command != "reset_image" {
		t.Errorf("pending: %+v", pending)
	}
	states := []string{}
	for range 600 {
		state, _ := s.now(reset)
		if len(states) == 0 || states[len(states)-1] != state {
			states = append(states, state)
		}
		station := s.station("PC01")
		system := station.OperatingSystems[0]
		started := station.Online && station.LastStart.After(*set.LastStart)
		if *system.ImageKMSActivation != started || system.ImageGeneration == 2 != started || (station.PendingCommand == nil) != started {
			t.Fatalf("%s: %+v", state, station)
		}
		s.Advance(time.Second)
	}
	if got := strings.Join(states, " "); got != "sent running succeeded" {
		t.Errorf("states: %s", got)
	}
	if station := s.station("PC01"); !station.OperatingSystems[0].KMSActivation || station.ETag != set.ETag {
		t.Errorf("%+v", station)
	}
}

func TestAPlainRestartLeavesTheImage(t *testing.T) {
	t.Parallel()
	s := open(t, without(1))
	set := read[contract.Station](t, s.setOption(s.station("PC01"), "Windows 11", true), 200)
	restart := s.command(body("restart", "", set))
	s.Advance(aRestart)
	s.wants(restart, "succeeded")
	if system := s.station("PC01").OperatingSystems[0]; *system.ImageKMSActivation || system.ImageGeneration != 1 {
		t.Errorf("%+v", system)
	}
}

func TestNobodyLosesTheirSessionUnlessItIsForced(t *testing.T) {
	t.Parallel()
	for command, restarts := range map[string]int{"restart": 1, "reset_image": 1, "shutdown": 0} {
		for when, comes := range map[string]func(*served){
			"before": func(s *served) { _ = s.LogOn("PC01", `SCHULE\lehrer`) },
			"between the command and its turn": func(s *served) {
				s.inject(world.Fault{Name: world.UserBeforeRestart, User: `SCHULE\lehrer`, Times: 1})
			},
		} {
			t.Run(command+" "+when, func(t *testing.T) {
				t.Parallel()
				s := open(t, without(1))
				station := s.station("PC01")
				comes(s)
				polite := s.command(body(command, `, "unless_in_use": true`, station))
				s.Advance(aNewImage)
				s.wants(polite, "failed in_use")
				if state := s.State().Stations[0]; state.Lost != 0 || state.Restarts != 0 || state.User == "" {
					t.Errorf("%+v", state)
				}
				if after := s.station("PC01"); after.OperatingSystems[0].ImageGeneration != 1 || !after.LastStart.Equal(*station.LastStart) {
					t.Errorf("%+v", after)
				}
				forced := s.command(body(command, "", station)) // the key is free again
				s.Advance(aNewImage)
				s.wants(forced, "succeeded")
				if state := s.State().Stations[0]; state.Lost != 1 || state.Restarts != restarts {
					t.Errorf("forced: %+v", state)
				}
			})
		}
	}
}

func TestThirtyStationsAreResetSideBySide(t *testing.T) {
	t.Parallel()
	s := open(t, without(30))
	all, _ := s.list("location=R101")
	var commands []contract.Command
	for _, station := range all {
		commands = append(commands, s.command(body("reset_image", `, "unless_in_use": true`, station)))
		s.Advance(time.Second)
	}
	s.Advance(aNewImage)
	for _, command := range commands {
		s.wants(command, "succeeded")
	}
	log := s.log("POST", "image", "start")
	accepted := log[:min(30, len(log))]
	if slices.ContainsFunc(accepted, func(line string) bool { return line != "POST /commands 202" }) {
		t.Errorf("not all were accepted before the first new image had started: %v", accepted)
	}
	images := s.log("image")
	if len(images) != 30 {
		t.Errorf("%d new images", len(images))
	}
}

func TestAKeyHasOneEffect(t *testing.T) {
	t.Parallel()
	s := open(t, without(2))
	one, two := s.station("PC01"), s.station("PC02")
	first := s.command(body("restart", "", one, two, one)) // the same entry twice, and the same key for another station
	if got := fmt.Sprint(first.Stations[0].Repeated, first.Stations[1].Repeated, first.Stations[2].Repeated); got != "false false true" {
		t.Errorf("repeated: %s", got)
	}
	s.Advance(moment)
	again := s.command(body("restart", "", one))
	if state, repeated := s.now(again); state != "running" || !repeated || again.ID == first.ID {
		t.Errorf("while it is carried out: %s, repeated %t", state, repeated)
	}
	s.Advance(aRestart)
	later := s.command(body("restart", `, "operating_system": "windows 11"`, one))
	if state, repeated := s.now(later); state != "succeeded" || !repeated {
		t.Errorf("after it succeeded: %s, repeated %t", state, repeated)
	}
	s.Advance(aRestart)
	if a, b := s.restarts("PC01"), s.restarts("PC02"); a != 1 || b != 1 {
		t.Errorf("restarts: %d and %d", a, b)
	}
	if keys := s.last().Keys; len(keys) > 0 {
		t.Errorf("a read has keys: %v", keys)
	}
}

func TestAKeyStandsForOneThing(t *testing.T) {
	t.Parallel()
	site := without(2)
	site.Stations[0].Others = []world.System{{Name: "Windows 10"}}
	s := open(t, site)
	one, two := s.station("PC01"), s.station("PC02")
	s.command(body("restart", "", one))
	s.Advance(aRestart)
	for _, text := range []string{
		strings.Replace(body("restart", "", two, one), `"restart"`, `"shutdown"`, 1),
		body("restart", `, "operating_system": "Windows 10"`, two, one),
	} {
		problem := refused(t, s.ask("POST", "/commands", text), 422, contract.ProblemCodeKeyReused)
		if problem.Errors == nil || (*problem.Errors)[0].Pointer != "/stations/1/key" {
			t.Errorf("%+v", problem)
		}
	}
	if s.Advance(aRestart); s.restarts("PC02") != 0 {
		t.Error("a command that was refused as a whole had an effect")
	}
}

func TestAKeyIsFreeWhenItsCommandCameToNothing(t *testing.T) {
	t.Parallel()
	off := world.Site{Stations: []world.Station{{Name: "PC01", Off: true}}}
	for name, test := range map[string]struct {
		site        world.Site
		fault       world.Fault
		command     string
		first, then string
		repeated    bool
	}{
		"expired: it was off all the time":      {site: off, command: "restart", first: "expired", then: "queued"},
		"a wake that did not start it":          {site: off, command: "wake", fault: world.Fault{Name: world.NeverComesBack, Times: 1}, first: "failed not_started", then: "queued"}, // it still hangs
		"a wake of a station that is on":        {site: without(1), command: "wake", first: "succeeded", then: "sent"},
		"a wake that started it":                {site: off, command: "wake", first: "succeeded", then: "succeeded", repeated: true},
		"it went down and did not come back":    {site: without(1), command: "restart", fault: world.Fault{Name: world.NeverComesBack, Times: 1}, first: "failed not_started", then: "queued"},
		"no new image could be made":            {site: without(1), command: "reset_image", fault: world.Fault{Name: world.ImageFails, Times: 1}, first: "failed image_failed", then: "sent"},
		"the power was cut while it was made":   {site: without(1), command: "reset_image", fault: world.Fault{Name: world.PowerCut, After: time.Minute, For: time.Minute}, first: "failed image_failed", then: "sent"},
		"a restart that succeeded is no longer": {site: without(1), command: "restart", first: "succeeded", then: "succeeded", repeated: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, test.site)
			if test.fault.Name != "" {
				s.inject(test.fault)
			}
			station := s.station("PC01")
			command := s.command(body(test.command, "", station))
			s.Advance(45 * time.Minute) // half an hour is the limit
			s.wants(command, test.first)
			if test.fault.Name != "" && !s.seen(test.fault.Name) {
				t.Errorf("%s was never seen", test.fault.Name)
			}
			again := s.command(body(test.command, "", station))
			if state, repeated := s.now(again); state != test.then || repeated != test.repeated {
				t.Errorf("with the same key: %s, repeated %t", state, repeated)
			}
		})
	}
}

func TestCommandsWaitForTheirTurn(t *testing.T) {
	t.Parallel()
	site := without(1)
	site.Stations[0].Off = true
	s := open(t, site, func(c *timagoserver.Config) { c.TakenWithin = 2 * time.Hour })
	station := s.station("PC01")
	key := func(text string) string { return strings.ReplaceAll(text, `"key": "`, `"key": "second-`) }
	restart := s.command(body("restart", "", station))
	s.Advance(time.Hour)
	s.wants(restart, "queued")
	if err := s.PowerOn("PC01"); err != nil {
		t.Fatal(err)
	}
	s.Advance(time.Second)
	s.wants(restart, "queued") // it starts, and takes nothing yet
	s.Advance(aRestart)
	s.Advance(aRestart)
	s.wants(restart, "succeeded")

	down, up := s.command(body("shutdown", "", station)), s.command(body("wake", "", station))
	s.wants(up, "queued")
	s.Advance(moment)
	s.wants(down, "running")
	s.Advance(10 * time.Second)
	s.wants(down, "succeeded")
	s.Advance(aRestart)
	s.wants(up, "succeeded")

	// Neither a command of later nor one that waits for the station holds another up.
	at := s.Now().Add(time.Hour)
	later := s.command(strings.ReplaceAll(body("restart", fmt.Sprintf(`, "not_before": %q`, at.Format(time.RFC3339)), station), `"key": "`, `"key": "later-`))
	now := s.command(strings.ReplaceAll(body("restart", "", station), `"key": "`, `"key": "now-`))
	s.Advance(aRestart)
	s.wants(now, "succeeded")
	s.wants(later, "queued")
	if err := s.PowerOff("PC01"); err != nil {
		t.Fatal(err)
	}
	waits := s.command(strings.ReplaceAll(body("restart", "", station), `"key": "`, `"key": "waits-`))
	wake := s.command(strings.ReplaceAll(body("wake", "", station), `"key": "`, `"key": "wake-`))
	s.Advance(moment)
	s.wants(wake, "running")
	s.wants(waits, "queued")
	if pending := s.station("PC01").PendingCommand; pending == nil || pending.Command != "wake" {
		t.Errorf("pending is %+v, want the wake", pending)
	}
	s.Advance(2 * aRestart)
	s.wants(wake, "succeeded")
	s.wants(waits, "succeeded")
	s.Advance(2 * time.Hour)
	s.wants(later, "succeeded")

	at = s.Now().Add(time.Hour)
	tonight := s.command(key(body("restart", fmt.Sprintf(`, "not_before": %q`, at.Format(time.RFC3339)), station)))
	s.Advance(59 * time.Minute)
	s.wants(tonight, "queued")
	s.Advance(2 * time.Minute)
	s.Advance(aRestart)
	s.wants(tonight, "succeeded")
	if start := s.station("PC01").LastStart; start.Before(at) {
		t.Errorf("it started at %s", start)
	}
}

func TestAStationWithSeveralOperatingSystems(t *testing.T) {
	t.Parallel()
	s := open(t, world.Site{Stations: []world.Station{{Name: "PC01", Others: []world.System{{Name: "Windows 10", WithoutKMS: true, NoImage: true}}}}})
	station := s.station("PC01")
	ten := func(command, key string) contract.Command {
		return s.command(strings.ReplaceAll(body(command, `, "operating_system": "Windows 10"`, station), `"key": "`, `"key": "`+key))
	}
	s.wants(s.command(body("restart", `, "operating_system": "Windows 7"`, station)), "failed operating_system_not_found")
	early := ten("restart", "early")
	s.Advance(moment)
	s.wants(early, "failed image_failed") // there is none
	set := read[contract.Station](t, s.setOption(station, "Windows 10", true), 200)
	if set.OperatingSystems[1].ImageKMSActivation != nil || !set.OperatingSystems[1].KMSActivation {
		t.Errorf("%+v", set.OperatingSystems)
	}
	reset := ten("reset_image", "")
	s.Advance(aNewImage)
	s.wants(reset, "succeeded")
	after := s.station("PC01")
	if got := after.OperatingSystems; *after.LastOperatingSystem != "Windows 10" || got[0].ImageGeneration != 1 || got[1].ImageGeneration != 1 || !*got[1].ImageKMSActivation {
		t.Errorf("%+v", after)
	}
	back := s.command(body("restart", `, "operating_system": "Windows 11"`, station))
	s.Advance(aRestart)
	s.wants(back, "succeeded")
	if got := *s.station("PC01").LastOperatingSystem; got != "Windows 11" {
		t.Errorf("it started %s", got)
	}
}

func TestAnEntryFailsAlone(t *testing.T) {
	t.Parallel()
	s := open(t, without(1))
	unknown := contract.Station{ID: "00000000-0000-4000-8000-000000000000"}
	command := s.command(body("restart", "", unknown, s.station("PC01")))
	s.Advance(aRestart)
	outcome := read[contract.Command](t, s.ask("GET", "/commands/"+command.ID, ""), 200)
	if got := outcome.Stations[0]; got.State != contract.CommandStateFailed || got.Reason.Code != "station_not_found" || got.ID != unknown.ID {
		t.Errorf("%+v", got)
	}
	if got := outcome.Stations[1]; got.State != contract.CommandStateSucceeded || got.Reason != nil {
		t.Errorf("%+v", got)
	}
	refused(t, s.ask("GET", "/commands/c-999999", ""), 404, contract.ProblemCodeNotFound)
	for _, wrong := range []string{`{`, `{"command": "restart"}`, `{"command": "explode", "stations": []}`, `{"command": "restart", "stations": []}`,
		body("restart", `, "now": true`, unknown), strings.Replace(body("restart", "", unknown), `"key": "`, `"key": "!`, 1)} {
		refused(t, s.ask("POST", "/commands", wrong), 400, contract.ProblemCodeInvalidRequest)
	}
}
