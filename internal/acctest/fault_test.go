package acctest_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/acctest"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

func TestAnUnreadableHostIsNotNotActivated(t *testing.T) {
	t.Parallel()
	s := begin(t, 2, world.Station{Licensed: true}, acctest.Counted(30))
	s.Apply()
	s.Inject(world.Fault{Name: world.Refuses, On: []string{"kms01"}})
	s.Until("its port is closed", func() bool { return !s.World.Listens("kms01") })
	plan := s.Plan(1)
	for _, said := range []string{"Unable to read KMS host " + s.Plain().KMSHost, "refused the connection", "See that the machine is on"} {
		if !plan.Contains(said) {
			t.Errorf("it does not say %q:\n%s", said, plan.Output)
		}
	}
	if plan.Contains("not_activated") {
		t.Errorf("unreachable passes for not activated:\n%s", plan.Output)
	}
	s.shows(map[string]any{"status": "activated"})
	s.Saw(world.Refuses)
	s.World.Heal(world.Refuses)
	s.Until("its port is open", func() bool { return s.World.Listens("kms01") })
	s.Plan(0)
}

func TestStationsThatAreOffTurnNothing(t *testing.T) {
	t.Parallel()
	s := begin(t, 3, world.Station{Licensed: true}, acctest.Counted(30), `require_licensed = "all"`)
	s.Apply()
	for _, name := range s.World.Names() {
		if err := s.World.PowerOff(name); err != nil {
			t.Fatal(err)
		}
	}
	s.Until("they are down", func() bool { return !s.World.Listens("PC01") && !s.World.Listens("PC03") })
	if plan := s.Plan(0); !plan.Contains("Unable to reach 3 of the 3 members of activation pool R101") {
		t.Errorf("nobody is told:\n%s", plan.Output)
	}
	s.Write("new.tf", strings.Replace(s.Bare(), `"room"`, `"new"`, 1))
	plan := s.Plan(1)
	answered, refused, none := strings.Index(plan.Output, "0 of 3 stations answered;"), strings.LastIndex(plan.Output, "refused the connection"), strings.Index(plan.Output, "no product with a KMS client key")
	if answered < 0 || refused < answered || none < refused {
		t.Errorf("a pool of which nothing was ever read:\n%s", plan.Output)
	}
}

// What was last known of stations that are off lets them be planned with; an apply then
// needs them on.
func TestStationsThatAreOffAreToBeSwitchedOn(t *testing.T) {
	t.Parallel()
	s := begin(t, 2, world.Station{Licensed: true}, acctest.Counted(30))
	s.Apply()
	s.Inject(world.Fault{Name: world.CountFalls, On: []string{"kms01"}, Number: 20})
	for _, name := range []string{"PC01", "PC02"} {
		if err := s.World.PowerOff(name); err != nil {
			t.Fatal(err)
		}
	}
	s.Until("they are down", func() bool { return !s.World.Listens("PC01") && !s.World.Listens("PC02") })
	for _, tt := range []struct{ cycle, says string }{
		{`cycle = { station_timeout = "2s" }`, "Switch on the stations that do not answer, or set cycle.wake_broadcast, so that an apply does. Mend what"},
		{`cycle = { station_timeout = "2s", wake_broadcast = "127.0.0.1", wake = false }`, "Switch on the stations that do not answer, or set cycle.wake = true, so that an apply does. Mend what"},
		{`cycle = { station_timeout = "2s", wake_broadcast = "127.0.0.1" }`, "Switch on the stations that do not answer. Mend what"},
	} {
		s.configure(tt.cycle)
		if outcome := s.Run("apply", "-auto-approve", "-no-color"); outcome.Exit != 1 || !outcome.Contains(tt.says) {
			t.Errorf("it does not say %q:\n%s", tt.says, outcome.Output)
		}
	}
	s.Saw(world.CountFalls)
}

func TestAWrongPasswordCostsOneLogon(t *testing.T) {
	t.Parallel()
	s := begin(t, 12, world.Station{}, world.Host{})
	wrong := acctest.NewWorkspace(t, "TIMAGO_WINRM_PASSWORD=not-the-password")
	wrong.Write("main.tf", s.Provider()+s.Pool())
	plan := wrong.Plan(1)
	if !plan.Contains("HTTP 401") || !plan.Contains(`SCHULE\\kms-admin`) && !plan.Contains(`SCHULE\kms-admin`) {
		t.Errorf("it does not say what to check:\n%s", plan.Output)
	}
	if failed := s.FailedLogons(); failed != 1 {
		t.Errorf("%d failed logons in the run, want 1", failed)
	}
}

// A password that has expired since must not pass for a KMS host that refuses the account:
// whatever the threshold does, nothing is known.
func TestAnExpiredPasswordIsNotGreen(t *testing.T) {
	t.Parallel()
	s := begin(t, 3, world.Station{Licensed: true}, acctest.Counted(30))
	s.Apply()
	s.Inject(world.Fault{Name: world.CountFalls, On: []string{"kms01"}, Number: 20})
	s.Plan(2)
	expired := s.Elsewhere("TIMAGO_WINRM_PASSWORD=expired")
	plan := expired.Plan(1)
	for _, said := range []string{
		"HTTP 401", "Check the user name", `Unable to use account SCHULE\kms-admin`, "it was not asked: 127.1.0.", "refused the account before (one failed logon)",
	} {
		if !plan.Contains(said) {
			t.Errorf("it does not say %q:\n%s", said, plan.Output)
		}
	}
	if failed := s.FailedLogons(); failed != 1 {
		t.Errorf("%d failed logons, want 1", failed)
	}
	s.Saw(world.CountFalls)
}

// What stands in the way of mending it does not hide that it is lost.
func TestALostThresholdShowsWhateverStandsInTheWay(t *testing.T) {
	t.Parallel()
	s := begin(t, 2, world.Station{Licensed: true}, acctest.Counted(30), `cycle = { max_restarts_per_station = 1 }`)
	s.Apply()
	s.Inject(world.Fault{Name: world.CountFalls, On: []string{"kms01"}, Number: 20})
	plan := s.Plan(2)
	for _, said := range []string{`"not_activated" -> "activated"`, "Windows lacks 13 counts, and at most 2 can be made"} {
		if !plan.Contains(said) {
			t.Errorf("the plan does not say %q:\n%s", said, plan.Output)
		}
	}
}

func TestAStationThatNeverComesBackIsLeftOutAndReported(t *testing.T) {
	t.Parallel()
	s := begin(t, 5, world.Station{}, acctest.Counted(8), `cycle = { station_timeout = "30s" }`)
	s.Inject(world.Fault{Name: world.NeverComesBack, On: []string{"PC02"}})
	outcome := s.Apply()
	s.shows(map[string]any{"status": "activated"})
	if _, byStation := s.Restarts(); byStation["PC02"] > 1 {
		t.Errorf("it was restarted again: %v", byStation)
	}
	if all, byStation := s.Restarts(); byStation["PC02"] == 1 {
		s.Saw(world.NeverComesBack)
		left, _ := acctest.At(s.Values(room), "last_cycle.left_out").(map[string]any)
		for _, said := range []string{
			"Unable to reach 1 of the 5 members", "1 of the 5 members of activation pool R101 was left out",
			"See on the screen of a station that did not come back", "Activation pool R101 is activated", "13 restarts on 5 stations",
		} {
			if !outcome.Contains(said) || len(left) != 1 {
				t.Errorf("it does not say %q, and keeps %v:\n%s", said, left, outcome.Output)
			}
		}
		if all != 13 {
			t.Errorf("%d restarts: 12 that count and the one that came to nothing", all)
		}
	} else {
		t.Error("the fault was never seen: PC02 was not restarted")
	}
}

func TestAnImageThatKeepsItsIDStopsAfterOneStation(t *testing.T) {
	t.Parallel()
	s := begin(t, 5, world.Station{Image: world.Image{KeepsCMID: true}}, world.Host{})
	outcome := s.Run("apply", "-auto-approve", "-no-color")
	for _, said := range []string{
		"Unable to activate pool R101", "this image keeps its client machine id: 5 members can add at most 5",
		"Stationen > Betriebssystem", "KMS-Aktivierung",
	} {
		if !outcome.Contains(said) {
			t.Errorf("it does not say %q:\n%s", said, outcome.Output)
		}
	}
	s.made(5, 1)
	s.shows(map[string]any{"status": "not_activated", "windows.count": 5.0})
}

func TestOneStationThatKeepsItsIDIsLeftOut(t *testing.T) {
	t.Parallel()
	s := begin(t, 4, world.Station{}, acctest.Counted(15))
	s.Inject(world.Fault{Name: world.SameCMID, On: []string{"PC03"}})
	s.Apply()
	s.shows(map[string]any{"status": "activated", "windows.count": 25.0})
	if _, byStation := s.Restarts(); byStation["PC03"] > 1 {
		t.Errorf("it was restarted again: %v", byStation)
	}
}

func TestAStationInUseIsLeftAlone(t *testing.T) {
	t.Parallel()
	s := begin(t, 3, world.Station{}, acctest.Counted(18), `cycle = { when_in_use = "skip", station_timeout = "1m" }`)
	if err := s.World.LogOn("PC02", `SCHULE\erika`); err != nil {
		t.Fatal(err)
	}
	s.Apply()
	all, byStation := s.Restarts()
	if byStation["PC02"] != 0 || all != 4 {
		t.Errorf("restarts: %v", byStation)
	}
	for _, station := range s.State().Stations {
		if station.Lost > 0 {
			t.Errorf("%s: a user lost a session", station.Name)
		}
	}
}

func TestAStationInUseIsWaitedFor(t *testing.T) {
	t.Parallel()
	s := begin(t, 1, world.Station{}, acctest.Counted(23), `cycle = { station_timeout = "1m" }`)
	if err := s.World.LogOn("PC01", `SCHULE\erika`); err != nil {
		t.Fatal(err)
	}
	apply := s.Start("apply", "-auto-approve", "-no-color")
	s.Until("it was asked", func() bool { return s.Happened(world.KindCounted) == 1 })
	time.Sleep(2 * time.Second)
	if all, _ := s.Restarts(); all != 0 {
		t.Error("it was restarted under its user")
	}
	if err := s.World.LogOff("PC01"); err != nil {
		t.Fatal(err)
	}
	if outcome := apply.Wait(); outcome.Exit != 0 {
		t.Fatalf("apply:\n%s", outcome.Output)
	}
	s.made(2, 1)
	s.Plan(0)
}

func TestAUserWhoIsIgnoredKeepsNothing(t *testing.T) {
	t.Parallel()
	s := begin(t, 1, world.Station{User: `PC01\kiosk`}, acctest.Counted(23),
		`cycle = { station_timeout = "1m", ignore_users = ["Kiosk"], when_in_use = "skip" }`)
	s.Apply()
	s.made(2, 1)
}

func TestOutsideTheWindowNothingIsTouched(t *testing.T) {
	t.Parallel()
	day := time.Now().UTC().Add(48 * time.Hour)
	closed := fmt.Sprintf(`maintenance_window = { days = [%q], start = "01:00", end = "02:00", timezone = "UTC" }`, strings.ToLower(day.Weekday().String()))
	s := begin(t, 3, world.Station{}, acctest.Counted(20), closed)
	const ifNow = "An apply now would start nothing and fail: the maintenance window"
	opens := "it opens next on " + day.Format("Monday, 2006-01-02") + " 01:00 UTC"
	if plan := s.Plan(2); !plan.Contains(ifNow) || !plan.Contains("is closed; "+opens+".") {
		t.Errorf("the plan does not say that the window is closed:\n%s", plan.Output)
	}
	outcome := s.Run("apply", "-auto-approve", "-no-color")
	if outcome.Exit == 0 || !outcome.Contains("which the maintenance window") || !outcome.Contains("Apply again while the window is open") ||
		!outcome.Contains(opens) {
		t.Errorf("it does not say that the window is closed:\n%s", outcome.Output)
	}
	s.made(0, 0)
	s.shows(map[string]any{"status": "not_activated"})
	s.configure(`maintenance_window = { days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"], start = "00:00", end = "00:00", timezone = "Europe/Berlin" }`)
	if plan := s.Plan(2); plan.Contains(ifNow) {
		t.Errorf("a window that is open is said to be closed:\n%s", plan.Output)
	}
	s.Apply()
	s.shows(map[string]any{"status": "activated"})
}

func TestInterruptedInTheMiddleAndGoneOnWith(t *testing.T) {
	t.Parallel()
	for name, stop := range map[string]func(*acctest.Running){
		"Ctrl-C": (*acctest.Running).Interrupt, "killed": (*acctest.Running).Kill,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := begin(t, 5, world.Station{}, world.Host{}, `cycle = { station_timeout = "1m", max_parallel = 2 }`)
			s.Workspace = s.Built()
			apply := s.Start("apply", "-auto-approve", "-no-color")
			restarts := func() int { all, _ := s.Restarts(); return all }
			s.Until("some restarts were made", func() bool { return restarts() >= 4 })
			stop(apply)
			outcome := apply.Wait()
			if outcome.Exit == 0 {
				t.Fatalf("it was not interrupted:\n%s", outcome.Output)
			}
			time.Sleep(time.Second) // what it had sent is on its way
			made := restarts()
			time.Sleep(3 * time.Second)
			if after := restarts(); after != made {
				t.Errorf("%d restarts were started after it had ended", after-made)
			}
			if name == "Ctrl-C" {
				if !outcome.Contains("Unable to activate pool R101") || !outcome.Contains("of 25 when it last looked)") || !outcome.Contains("it goes on from what has been counted") {
					t.Errorf("it does not say where it stands:\n%s", outcome.Output)
				}
				s.shows(map[string]any{"status": "not_activated"})
			}
			s.Apply()
			if counted := s.Happened(world.KindCounted); counted != 25 {
				t.Errorf("%d counted in both runs, want 25: nothing is made twice", counted)
			}
			if all := restarts(); all != 20 {
				t.Errorf("%d restarts in both runs, want 20", all)
			}
			s.shows(map[string]any{"status": "activated", "windows.count": 25.0})
		})
	}
}
