package acctest_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/acctest"
	"github.com/timago/terraform-provider-timago/internal/simulator"
	"github.com/timago/terraform-provider-timago/internal/simulator/timeline"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// slowNetlogon is a start of 17 seconds here, for the last 14 of which WinRM answers and
// refuses every account: whoever waits for the station meets it.
func slowNetlogon() *timeline.Timing {
	timing := timeline.DefaultTiming()
	timing.Boot, timing.Netlogon, timing.Spread, timing.Jitter = 17*time.Minute, 14*time.Minute, 0, 0
	return &timing
}

// metNetlogon fails the test unless stations refused the account though it is right, and
// not as a wrong password.
func metNetlogon(t *testing.T, s *acctest.Site) {
	t.Helper()
	refusals := 0
	for _, entry := range s.Log(0) {
		if entry.Trouble == "unauthorized" {
			refusals++
		}
	}
	if refusals == 0 {
		t.Error("nobody met a station whose Netlogon was starting")
	}
	if failed := s.FailedLogons(); failed > 0 {
		t.Errorf("%d failed logons", failed)
	}
}

// A station that is woken has accepted nothing in this run: its first word may be a 401.
func TestWokenStationsMayFirstRefuseTheAccount(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		winrm simulator.WinRM
		auth  string
	}{
		"before they look at it": {simulator.WinRM{}, "ntlm"},
		"after that":             {simulator.WinRM{HTTPS: true, Basic: true, Username: "kms-admin"}, "basic"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			scenario := acctest.Room(3, world.Station{Off: true, Timing: slowNetlogon()})
			scenario.Stations[0].Off = false
			scenario.Host, scenario.WinRM = acctest.Counted(22), tt.winrm
			s := enter(t, scenario, "")
			s.Write("main.tf", s.APIProvider(
				fmt.Sprintf("winrm = { username = %q, auth = %q, use_tls = %t, insecure_skip_verify = true }", s.Ready().WinRM.Username, tt.auth, s.Ready().WinRM.UseTLS),
				fmt.Sprintf("kms = { host = %q }", s.Ready().KMSHost))+
				"resource \"timago_activation_pool\" \"room\" {\n  name = \"R101\"\n  location = \"R101\"\n  cycle = { station_timeout = \"5m\" }\n}\n")
			s.Apply()
			s.shows(map[string]any{"status": "activated", "last_cycle.woken": 2.0, "last_cycle.restarts": 0.0})
			metNetlogon(t, s.Site)
		})
	}
}

// Nobody has proved the account when a whole room is woken.
func TestTheWakeActionOutlastsNetlogon(t *testing.T) {
	t.Parallel()
	site := acctest.NewSite(t, acctest.Classroom(2, world.Station{Off: true, Timing: slowNetlogon()}, acctest.Counted(30)))
	list := "Bezeichnung;Standort;Adresse;MAC-Adresse\n"
	for i, address := range site.PlainAddresses() {
		view, err := site.World.View(fmt.Sprintf("PC%02d", i+1))
		if err != nil {
			t.Fatal(err)
		}
		list += fmt.Sprintf("PC%02d;R101;%s;%s\n", i+1, address, view.MAC)
	}
	inventory := filepath.Join(t.TempDir(), "stationen.csv")
	if err := os.WriteFile(inventory, []byte(list), 0o600); err != nil {
		t.Fatal(err)
	}
	config := site.Direct()
	config["inventory"] = inventory
	a := &acting{Site: site, Protocol: acctest.NewProtocol(t, config), t: t}
	a.invoke(wakeAction, acctest.Values{"location": "R101", "wake_broadcast": segment(t, site), "station_timeout": "60s"})
	a.well()
	a.reports("^2 of 2 stations up$")
	if ready := a.Happened(world.KindReady); ready != 2 {
		t.Errorf("%d stations have started", ready)
	}
	metNetlogon(t, site)
}
