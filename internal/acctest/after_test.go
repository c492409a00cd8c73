package acctest_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/acctest"
	"github.com/timago/terraform-provider-timago/internal/simulator"
	"github.com/timago/terraform-provider-timago/internal/simulator/timeline"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// realTime is how fast time runs where a station's uptime is held against what passed here.
// A start takes a second there too.
const realTime = 1

var quick = timeline.Timing{
	Shutdown: 200 * time.Millisecond, Boot: 900 * time.Millisecond, Ask: 250 * time.Millisecond,
	Netlogon: 50 * time.Millisecond, Services: 50 * time.Millisecond, Spread: 0.2, Jitter: 0.05,
}

// fromHome lets a story happen in both modes: a room of six stations, of which the second
// half is off, and 19 other machines that were counted. Three stations that are asked and
// three that are woken make 25.
func fromHome(t *testing.T, cycle string, faults []world.Fault, check func(t *testing.T, s story)) {
	t.Helper()
	evening := func(scenario simulator.Scenario) simulator.Scenario {
		for i := 3; i < 6; i++ {
			scenario.Stations[i].Off = true
		}
		scenario.Host, scenario.Faults = acctest.Counted(19), faults
		return scenario
	}
	const pool = `
resource "timago_activation_pool" "room" {
  name             = "R101"
  location         = "R101"
  require_licensed = "all"
  cycle            = { %s }
}
`
	t.Run("API mode", func(t *testing.T) {
		t.Parallel()
		scenario := acctest.Room(6, world.Station{Timing: &quick})
		for i := range scenario.Stations {
			scenario.Stations[i].Name = fmt.Sprintf("PC%02d", i+1)
		}
		check(t, enterAt(t, evening(scenario), realTime, fmt.Sprintf(pool, cycle)))
	})
	t.Run("direct mode", func(t *testing.T) {
		t.Parallel()
		site := acctest.NewSiteAt(t, evening(acctest.Classroom(6, world.Station{Timing: &quick}, world.Host{})), realTime)
		list := "Bezeichnung;Standort;Adresse;MAC-Adresse\n"
		for i, address := range site.PlainAddresses() {
			view, err := site.World.View(fmt.Sprintf("PC%02d", i+1))
			if err != nil {
				t.Fatal(err)
			}
			list += fmt.Sprintf("%s;R101;%s;%s\n", view.Name, address, view.MAC)
		}
		inventory := filepath.Join(t.TempDir(), "stationen.csv")
		if err := os.WriteFile(inventory, []byte(list), 0o600); err != nil {
			t.Fatal(err)
		}
		s := story{site, acctest.NewWorkspace(t, site.Env()...), t}
		broadcast := segment(t, site)
		s.Write("main.tf", strings.Replace(s.Provider(), "  kms = {", fmt.Sprintf("  inventory = %q\n  kms = {", inventory), 1)+
			fmt.Sprintf(pool, fmt.Sprintf("wake_broadcast = %q, %s", broadcast, cycle)))
		check(t, s)
	})
}

// on are the members that are on once everything has come to rest.
func (s story) on() []string {
	s.t.Helper()
	resting := func() bool {
		return !slices.ContainsFunc(s.State().Stations, func(st world.StationState) bool { return st.Phase != "ready" && st.Phase != "off" })
	}
	s.Until("nobody starts or goes down", resting)
	var on []string
	for _, station := range s.State().Stations {
		if station.Phase == "ready" {
			on = append(on, station.Name)
		}
	}
	return on
}

func TestWhatAnApplyWokeIsSwitchedOffAgain(t *testing.T) {
	t.Parallel()
	fromHome(t, `station_timeout = "60s", after = "shutdown"`, nil, func(t *testing.T, s story) {
		if said := s.Apply(); said.Contains("Unable to switch off") || !said.Contains(`after = "shutdown"`) {
			t.Errorf("the apply said:\n%s", said.Output)
		}
		s.shows(map[string]any{
			"status": "activated", "windows.count": 25.0, "windows.licensed": 6.0, "last_cycle.woken": 3.0, "last_cycle.restarts": 0.0,
		})
		if on := s.on(); !slices.Equal(on, []string{"PC01", "PC02", "PC03"}) {
			t.Errorf("on: %v", on)
		}
		if commanded := s.Happened(world.KindShutdown); commanded != 3 {
			t.Errorf("%d told to switch off", commanded)
		}
		s.Plan(0) // also while they are off
		s.shows(map[string]any{"status": "activated", "windows.licensed": 6.0})
	})
}

func TestAUserWhoLoggedOnMeanwhileKeepsTheStation(t *testing.T) {
	t.Parallel()
	const user = `SCHULE\erika`
	faults := []world.Fault{{Name: world.UserAfterStart, On: []string{"PC05"}, User: user}}
	fromHome(t, `station_timeout = "60s", when_in_use = "force", after = "shutdown"`, faults, func(t *testing.T, s story) {
		said := s.Apply()
		for _, what := range []string{"Unable to switch off stations of activation pool R101", "The cycle woke 3 stations", "- PC05: a user is logged on"} {
			if !said.Contains(what) {
				t.Errorf("the apply does not say %q:\n%s", what, said.Output)
			}
		}
		s.Saw(world.UserAfterStart)
		if on := s.on(); !slices.Equal(on, []string{"PC01", "PC02", "PC03", "PC05"}) {
			t.Errorf("on: %v", on)
		}
		if station := s.State().Stations[4]; station.User != user || station.Lost != 0 {
			t.Errorf("%+v", station)
		}
		s.shows(map[string]any{"status": "activated", "last_cycle.woken": 3.0})
	})
}

func TestWhatAnApplyWokeStaysOnUnlessSaidOtherwise(t *testing.T) {
	t.Parallel()
	fromHome(t, `station_timeout = "60s"`, nil, func(t *testing.T, s story) {
		s.Apply()
		s.shows(map[string]any{"status": "activated", "last_cycle.woken": 3.0, "cycle.after": "leave"})
		if on, commanded := s.on(), s.Happened(world.KindShutdown); len(on) != 6 || commanded != 0 {
			t.Errorf("on: %v, %d told to switch off", on, commanded)
		}
	})
}

// No apply comes to 30 with two restarts a station, and it leaves the room as it was.
func TestWhatAFailedApplyWokeIsSwitchedOffToo(t *testing.T) {
	t.Parallel()
	fromHome(t, `station_timeout = "60s", max_restarts_per_station = 1, after = "shutdown"`, nil, func(t *testing.T, s story) {
		config := s.Read("main.tf")
		s.Write("main.tf", strings.Replace(config, `require_licensed = "all"`, "thresholds = { windows = 50 }", 1))
		said := s.Run("apply", "-auto-approve", "-no-color")
		if said.Exit == 0 || !said.Contains("no station can add to the count any more") {
			t.Errorf("exit %d:\n%s", said.Exit, said.Output)
		}
		if on := s.on(); !slices.Equal(on, []string{"PC01", "PC02", "PC03"}) {
			t.Errorf("on: %v", on)
		}
	})
}

func TestSwitchingOffWhatIsNeverWokenIsPointless(t *testing.T) {
	t.Parallel()
	s := begin(t, 1, world.Station{Licensed: true}, acctest.Counted(30), `cycle = { wake = false, after = "shutdown" }`)
	if plan := s.Plan(2); !plan.Contains("Warning: Nothing to switch off") {
		t.Errorf("the plan:\n%s", plan.Output)
	}
	s.configure(`cycle = { after = "shutdown" }`)
	if plan := s.Plan(2); plan.Contains("Nothing to switch off") {
		t.Errorf("the plan:\n%s", plan.Output)
	}
	s.configure(`cycle = { after = "hibernate" }`)
	if plan := s.Plan(1); !plan.Contains("cycle.after") || !plan.Contains("hibernate") {
		t.Errorf("the plan:\n%s", plan.Output)
	}
}
