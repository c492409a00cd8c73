package acctest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/timago/terraform-provider-timago/internal/acctest"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

const byHand = "warning: KMS-Aktivierung is to be set in Timago's own window\n"

// direct is a site in direct mode whose stations take part under their addresses.
func direct(t *testing.T, n int) story {
	t.Helper()
	site := acctest.NewSite(t, acctest.Room(n, world.Station{}))
	s := story{site, acctest.NewWorkspace(t, site.Env()...), t}
	s.Write("main.tf", s.Provider()+stations(s.PlainAddresses()))
	return s
}

func TestDirectModeSaysWhereToClick(t *testing.T) {
	t.Parallel()
	s := direct(t, 1)
	address := s.PlainAddresses()[0]
	station := fmt.Sprintf("timago_station_kms.room[%q]", address)
	tail := "\n\nIn direct mode the provider reaches Windows and not Timago: it cannot do that, nor see whether it is done. timago_activation_pool shows whether it took effect."
	said := func(step, want string, args ...string) {
		t.Helper()
		outcome, diagnostics := s.Diagnostics(args...)
		for _, d := range diagnostics {
			if d.Severity+": "+d.Summary+"\n"+d.Detail == want+tail {
				return
			}
		}
		t.Errorf("%s: it says\n%q\nwant\n%q\nexit %d", step, diagnostics, want+tail, outcome.Exit)
	}
	said("create", byHand+"Station "+address+`: in Timago, under Stationen > Betriebssystem, switch on the option "KMS-Aktivierung" and reset the image: `+
		"without a new image the option has no effect.", "plan")
	s.Apply()
	values := s.Values(station)
	for attribute, want := range map[string]any{"id": address, "name": "R101-PC01", "location": nil, "effective": nil, "operating_system": nil, "enabled": true} {
		if values[attribute] != want {
			t.Errorf("%s is %v, want %v", attribute, values[attribute], want)
		}
	}
	requests := s.State().Wire[first].Requests
	s.Plan(0)
	if more := s.State().Wire[first].Requests - requests; more != 0 {
		t.Errorf("a refresh asked a station whose name is known: %d requests", more)
	}
	s.Write("main.tf", s.Provider()+stations(s.PlainAddresses(), "enabled = false", `operating_system = "Windows 11"`))
	said("switched off", byHand+"Station R101-PC01 (Windows 11): in Timago, under Stationen > Betriebssystem, switch off the option \"KMS-Aktivierung\".", "plan")
	s.Apply()
	s.Write("main.tf", s.Provider()+stations(s.PlainAddresses()))
	s.Apply()
	said("destroy", byHand+"Station R101-PC01 (Windows 11): in Timago, under Stationen > Betriebssystem, switch off the option \"KMS-Aktivierung\".", "plan", "-destroy")
	if outcome := s.Run("destroy", "-auto-approve", "-no-color"); outcome.Exit != 0 {
		t.Errorf("destroy:\n%s", outcome.Output)
	}
}

func TestInDirectModeAStationMayBeOff(t *testing.T) {
	t.Parallel()
	s := direct(t, 2)
	if err := s.World.PowerOff(first); err != nil {
		t.Fatal(err)
	}
	s.Until("it is down", func() bool { return !s.World.Listens(first) })
	off := fmt.Sprintf("timago_station_kms.room[%q]", s.PlainAddresses()[0])
	outcome := s.Apply()
	if !outcome.Contains("Unable to reach stations") || !outcome.Contains("refused the connection") {
		t.Errorf("nobody is told:\n%s", outcome.Output)
	}
	if values := s.Values(off); values["name"] != nil || values["id"] == nil {
		t.Errorf("%v", values)
	}
	if err := s.World.PowerOn(first); err != nil {
		t.Fatal(err)
	}
	s.Until("it is back", func() bool { return s.World.Listings()[0].Online })
	s.Apply()
	if values := s.Values(off); values["name"] != first {
		t.Errorf("%v", values)
	}
}

func TestInDirectModeAWrongPasswordIsAnError(t *testing.T) {
	t.Parallel()
	s := direct(t, 3)
	wrong := acctest.NewWorkspace(t, "TIMAGO_WINRM_PASSWORD=not-the-password")
	wrong.Write("main.tf", s.Provider()+stations(s.PlainAddresses()))
	outcome := wrong.Run("apply", "-auto-approve", "-no-color")
	if outcome.Exit != 1 || !outcome.Contains("Unable to ask station "+s.PlainAddresses()[0]) || !outcome.Contains("HTTP 401") {
		t.Errorf("exit %d:\n%s", outcome.Exit, outcome.Output)
	}
	if failed := s.FailedLogons(); failed != 1 {
		t.Errorf("%d failed logons in the run, want 1", failed)
	}
}

// What was an address in direct mode is no station of Timago's.
func TestFromAddressesToAPIMode(t *testing.T) {
	t.Parallel()
	site := acctest.NewAPISite(t, acctest.Room(1, world.Station{}), acctest.Speed)
	w := acctest.NewWorkspace(t, append(site.Env(), site.APIEnv()...)...)
	w.Write("main.tf", site.Provider()+stations(site.PlainAddresses()))
	w.Apply()
	w.Write("main.tf", site.APIProvider()+stations([]string{first}))
	if plan := w.Plan(1); !plan.Contains("no station is named "+site.PlainAddresses()[0]) || !plan.Contains("terraform state rm") {
		t.Errorf("it does not say what to do:\n%s", plan.Output)
	}
	if outcome := w.Run("state", "rm", "timago_station_kms.room"); outcome.Exit != 0 {
		t.Fatalf("state rm:\n%s", outcome.Output)
	}
	w.Apply()
	if values := w.Values(firstPart); values["id"] != site.ClientID(first) || site.Commands() != 0 {
		t.Errorf("%d commands, %v", site.Commands(), values)
	}
}

// A site that was in direct mode gets an interface: the same resources are then what
// Timago calls them.
func TestFromDirectModeToAPIMode(t *testing.T) {
	t.Parallel()
	site := acctest.NewAPISite(t, acctest.Room(1, world.Station{}), acctest.Speed)
	w := acctest.NewWorkspace(t, append(site.Env(), site.APIEnv()...)...).Built()
	plain := site.Plain()
	list := strings.Replace("Bezeichnung;Standort;Adresse\nR101-PC01;R101;ADDRESS\n", "ADDRESS", plain.Stations[0].Address, 1)
	w.Write("stationen.csv", list)
	directly := strings.Replace(site.Provider(), "winrm = {", "inventory = \"stationen.csv\"\n  winrm = {", 1)
	w.Write("main.tf", directly+stations([]string{first}))
	w.Apply()
	if values := w.Values(firstPart); values["id"] != "r101-pc01" || values["location"] != "R101" || values["name"] != first || values["effective"] != nil {
		t.Errorf("in direct mode: %v", values)
	}
	w.Write("main.tf", site.APIProvider()+stations([]string{first}))
	w.Apply()
	if values := w.Values(firstPart); values["id"] != site.ClientID(first) || values["effective"] != true || values["operating_system"] != "Windows 11" {
		t.Errorf("in API mode: %v", values)
	}
	w.Write("main.tf", directly+stations([]string{first}))
	w.Apply()
	if values := w.Values(firstPart); values["effective"] != nil || values["name"] != first {
		t.Errorf("back in direct mode: %v", values)
	}
}
