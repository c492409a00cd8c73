package acctest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/acctest"
	"github.com/timago/terraform-provider-timago/internal/simulator"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// at a site of these stations, with a pool of all of them.
func atSite(t *testing.T, host world.Host, stations []world.Station, pool ...string) story {
	t.Helper()
	site := acctest.NewSite(t, simulator.Scenario{Site: world.Site{Seed: 3, Host: host, Stations: stations}})
	s := story{site, acctest.NewWorkspace(t, site.Env()...), t}
	s.configure(pool...)
	return s
}

// leftOut is what last_cycle says of a station that was left out.
func (s story) leftOut(station int) string {
	left, _ := acctest.At(s.Values(room), "last_cycle.left_out").(map[string]any)
	reason, _ := left[s.PlainAddresses()[station]].(string)
	return reason
}

// Three of seven stations cannot add anything, each for a reason of its own: the others
// make what is missing, and the warning names station, code and remedy.
func TestWhatKeepsAStationKeepsNoOther(t *testing.T) {
	t.Parallel()
	s := begin(t, 7, world.Station{}, acctest.Counted(19))
	s.Inject(world.Fault{Name: world.RequestFails, On: []string{"PC01"}})
	s.Inject(world.Fault{Name: world.ClockSkew, On: []string{"PC02"}, By: 5 * time.Hour})
	s.Inject(world.Fault{Name: world.ActivateFails, On: []string{"PC03"}, Code: 0x8007000D})
	outcome := s.Apply()
	s.shows(map[string]any{"status": "activated", "windows.count": 25.0})
	if all, byStation := s.Restarts(); all > 3 || byStation["PC01"] > 1 || byStation["PC02"] > 1 || byStation["PC03"] > 1 {
		t.Errorf("2 restarts are needed, and the canary may come to nothing: %v", byStation)
	}
	for station, code := range map[int]string{1: "0xC004F06C", 2: "0x8007000D"} {
		if reason := s.leftOut(station); !strings.Contains(reason, code) {
			t.Errorf("station %d is not told with %s, but with %q", station, code, reason)
		}
	}
	// PC01 may still be tried again when the thresholds hold: then it is named as unlicensed.
	for _, said := range []string{
		"members of activation pool R101 were left out", "0xC004F06C", "0x8007000D", "no KMS host could be reached (0xC004F074)",
		s.PlainAddresses()[0], s.PlainAddresses()[1], s.PlainAddresses()[2], "w32tm",
	} {
		if !outcome.Contains(said) {
			t.Errorf("it does not say %q:\n%s", said, outcome.Output)
		}
	}
}

// Where no station reaches the KMS host the apply fails soon, names the code, and has
// restarted one station at most.
func TestAKMSServiceThatIsAwayCostsOneRestart(t *testing.T) {
	t.Parallel()
	s := begin(t, 5, world.Station{}, world.Host{})
	s.Inject(world.Fault{Name: world.KMSAway, On: []string{"kms01"}})
	outcome := s.Run("apply", "-auto-approve", "-no-color")
	if all, byStation := s.Restarts(); outcome.Exit != 1 || all > 1 {
		t.Errorf("exit %d after %d restarts: %v", outcome.Exit, all, byStation)
	}
	for _, said := range []string{"Unable to activate pool R101", "no KMS host could be reached (0xC004F074)", "port 1688"} {
		if !outcome.Contains(said) || outcome.Contains("timeouts.create") {
			t.Errorf("it does not say %q:\n%s", said, outcome.Output)
		}
	}
}

// Office shares Windows' client machine id on some stations, asks first, later or never,
// and has a key for one of its two products: no more is restarted than Windows needs.
func TestOfficesRequestsAreNotWindows(t *testing.T) {
	t.Parallel()
	first, later := time.Duration(0), 90*time.Second
	office := func(oneID bool, products ...world.Product) world.Station {
		return world.Station{Image: world.Image{OneCMID: oneID}, Products: append(products, world.Product{Title: "windows-11-education"})}
	}
	stations := []world.Station{
		office(true, world.Product{Title: "office-2019"}, world.Product{Title: "office-2024", Asks: &first}),
		office(true, world.Product{Title: "office-2024", Asks: &later}, world.Product{Title: "office-2019"}),
		office(false, world.Product{Title: "office-2024", Silent: true}),
		office(false), office(false),
	}
	for i, name := range []string{"PC01", "PC02", "PC03", "PC04", "PC05"} {
		stations[i].Name = name
	}
	host := acctest.Counted(17)
	host.Keys = append(host.Keys, world.Key{Key: "office-2024", Counted: []world.Counted{{Number: 2, Age: time.Hour}}})
	s := atSite(t, host, stations, officeTimeout)
	s.Apply()
	if all, byStation := s.Restarts(); all != 3 {
		t.Errorf("%d restarts, 3 are needed: %v", all, byStation)
	}
	s.shows(map[string]any{"status": "activated", "windows.count": 25.0})
}

// Servers are counted up to 10: the plan says so before anything is restarted.
func TestServersAreNotRestartedTowardsWhatTheyCannotReach(t *testing.T) {
	t.Parallel()
	servers := world.Rows(5, world.Station{Name: "PC%02d", Products: []world.Product{{Title: "windows-server-2022"}}})
	s := atSite(t, world.Host{}, servers, `thresholds = { windows = 25 }`)
	for _, outcome := range []acctest.Outcome{s.Plan(1), s.Run("apply", "-auto-approve", "-no-color")} {
		for _, said := range []string{
			"KMS host " + s.Plain().KMSHost + " counts Windows up to 10, and 25 is to hold", "However often they start, the count stays at 10",
			"set thresholds = { windows = 5 }",
		} {
			if !outcome.Contains(said) || outcome.Contains("max_restarts") {
				t.Errorf("it does not say %q:\n%s", said, outcome.Output)
			}
		}
		if all, _ := s.Restarts(); outcome.Exit != 1 || all != 0 || outcome.Contains("needs about") {
			t.Errorf("exit %d after %d restarts:\n%s", outcome.Exit, all, outcome.Output)
		}
	}
}

// Somebody else has scheduled a shutdown for hours later: the station is tried once more, then
// named. A user who does not count, with several shells, keeps nothing.
func TestASharedStationAndAForeignShutdown(t *testing.T) {
	t.Parallel()
	stations := world.Rows(2, world.Station{Name: "PC%02d"})
	stations[1].User, stations[1].Explorers = `SCHULE\kiosk`, 3
	s := atSite(t, acctest.Counted(20), stations, `cycle = { station_timeout = "1m", ignore_users = ["kiosk"], max_restarts_per_station = 1 }`)
	s.Inject(world.Fault{Name: world.ShutdownScheduled, On: []string{"PC01"}, By: 9 * time.Hour})
	outcome := s.Run("apply", "-auto-approve", "-no-color")
	if _, byStation := s.Restarts(); outcome.Exit != 1 || byStation["PC01"] != 0 || byStation["PC02"] != 1 {
		t.Errorf("exit %d, restarts %v", outcome.Exit, byStation)
	}
	const shutdown = "somebody else has scheduled a shutdown there"
	if reason := s.leftOut(0); !strings.Contains(reason, shutdown) || !outcome.Contains(shutdown) {
		t.Errorf("PC01 is told with %q:\n%s", reason, outcome.Output)
	}
	s.shows(map[string]any{"last_cycle.restarts": 1.0, "windows.count": 23.0})
}
