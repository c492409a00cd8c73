package simulator_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/simulator"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// inject puts a fault in place through the control address.
func inject(t *testing.T, s *simulator.Simulator, fault string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.Ready().Control+"/faults", strings.NewReader(fault))
	if err != nil {
		t.Fatal(err)
	}
	client := http.Client{Transport: &http.Transport{}}
	t.Cleanup(client.CloseIdleConnections)
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s", fault, response.Status)
	}
}

// saw wants the ordered log to show that the fault acted on the machine.
func saw(t *testing.T, s *simulator.Simulator, machine string, fault world.FaultName) {
	t.Helper()
	if !slices.ContainsFunc(s.Log(0), func(e simulator.Entry) bool {
		return e.Kind == string(world.KindFault) && e.Machine == machine && strings.HasPrefix(e.Detail, string(fault))
	}) {
		t.Errorf("the log does not show that %s acted on %s", fault, machine)
	}
}

func TestHowActivateFailsOverTheWire(t *testing.T) {
	t.Parallel()
	for fault, test := range map[string]struct {
		name    world.FaultName
		code    uint32 // 0: it succeeds
		counted string
	}{
		"{fault: request-fails, times: 1}":                     {world.RequestFails, 0xC004F074, "0"},
		"{fault: request-fails, code: 0x800706BA, times: 1}":   {world.RequestFails, 0x800706BA, "0"},
		"{fault: request-fails, code: 0x8007232B, times: 1}":   {world.RequestFails, 0x8007232B, "0"},
		"{fault: request-refused, times: 1}":                   {world.RequestRefused, 0xC004F042, "0"},
		"{fault: activate-fails, times: 1}":                    {world.ActivateFails, 0x8007000D, "0"},
		"{fault: activate-fails, code: 0x803F7001, times: 1}":  {world.ActivateFails, 0x803F7001, "0"},
		"{fault: activate-fails, code: 0x12345678, times: 1}":  {world.ActivateFails, 0x12345678, "0"},
		"{fault: activate-ignored, times: 1}":                  {world.ActivateIgnored, 0, "0"},
		"{fault: clock-skew, by: 5h}":                          {world.ClockSkew, 0xC004F06C, "0"},
		"{fault: clock-skew, by: -5h}":                         {world.ClockSkew, 0xC004F06C, "0"},
		"{fault: kms-away}":                                    {world.KMSAway, 0xC004F074, "0"},
		"{fault: request-refused, of: office, code: 0xC004F0}": {"", 0xC004F038, "1"},
	} {
		for _, by := range []simulator.ActivateBy{simulator.RefuseByFault, simulator.RefuseByWMIError, simulator.RefuseByReturn} {
			t.Run(fault+string(by), func(t *testing.T) {
				t.Parallel()
				s := run(t, basic+"activate_refuses_by: "+string(by)+"\nstations: [{ name: PC1 }]")
				inject(t, s, fault)
				c := newClient(t, s)
				_, answer := c.activate(s.Addresses()[0], education)
				found := map[simulator.ActivateBy]string{
					simulator.RefuseByFault:    fmt.Sprintf(`Code="%d"`, test.code),
					simulator.RefuseByWMIError: fmt.Sprintf(">HRESULT 0x%08x<", test.code),
					simulator.RefuseByReturn:   fmt.Sprintf("<p:ReturnValue>%d<", test.code),
				}[by]
				if test.code == 0 {
					found = "<p:ReturnValue>0<"
				}
				if !strings.Contains(answer, found) {
					t.Errorf("no %s in %s", found, answer)
				}
				_, answer = c.query(s.Ready().KMSHost, "SELECT KeyManagementServiceCurrentCount FROM SoftwareLicensingProduct WHERE IsKeyManagementServiceMachine = 1")
				if got := value(t, answer, "KeyManagementServiceCurrentCount"); got != test.counted {
					t.Errorf("counted %s, want %s", got, test.counted)
				}
				switch test.name {
				case "":
				case world.KMSAway:
					saw(t, s, "kms01", test.name)
				default:
					saw(t, s, "PC1", test.name)
				}
			})
		}
	}
}

// An hour of the site takes a second here.
const hourly = 3600

func TestActivateTakesAMinuteOverTheWire(t *testing.T) {
	t.Parallel()
	scenario, err := simulator.Parse([]byte("stations: [{ name: PC1 }]\nfaults: [{ fault: slow-activate, by: 20m }]"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := simulator.Start(scenario, simulator.Options{Speed: hourly})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	began := s.World.Now()
	err = dial(t, s).Activate(t.Context(), s.Addresses()[0], education)
	var refused *kms.CodeError
	if took := s.World.Now().Sub(began); !errors.As(err, &refused) || refused.Code != kms.CodeNotEnoughCount || took < 20*time.Minute {
		t.Errorf("%v after %s", err, took)
	}
	saw(t, s, "PC1", world.SlowActivate)
}

func TestRestartsAreRefusedOverTheWire(t *testing.T) {
	t.Parallel()
	for fault, test := range map[string]struct {
		name          world.FaultName
		plain, forced string
	}{
		"{fault: restart-fails}":                 {world.RestartFails, "1271", "0"},
		"{fault: restart-fails, code: 1722}":     {world.RestartFails, "1722", "1722"},
		"{fault: restart-fails, code: 21}":       {world.RestartFails, "21", "21"},
		"{fault: restart-fails, code: 1115}":     {world.RestartFails, "1115", "1115"},
		"{fault: shutdown-scheduled, by: 6h}":    {world.ShutdownScheduled, "1190", "1190"},
		"{fault: restart-scheduled, by: 6h}":     {world.RestartScheduled, "1190", "1190"},
		"{fault: denied, of: restart, times: 2}": {world.Denied, "2150859012", "2150859012"},
	} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			s := run(t, basic+"stations: [{ name: PC1 }]")
			inject(t, s, fault)
			c := newClient(t, s)
			// The forced one comes last: where it is taken, the station goes down.
			for _, asked := range []struct {
				flags int
				want  string
			}{{2, test.plain}, {6, test.forced}} {
				if _, answer := c.restart(s.Addresses()[0], asked.flags); !strings.Contains(answer, ">"+asked.want+"<") && !strings.Contains(answer, `Code="`+asked.want+`"`) {
					t.Errorf("flags %d: no %s in %s", asked.flags, asked.want, answer)
				}
			}
			saw(t, s, "PC1", test.name)
		})
	}
}

func TestAnAnswerTakesLongOverTheWire(t *testing.T) {
	t.Parallel()
	scenario, err := simulator.Parse([]byte("stations: [{ name: PC1 }]\nfaults: [{ fault: slow-answer, by: 20m, of: Win32_OperatingSystem }]"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := simulator.Start(scenario, simulator.Options{Speed: hourly})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	began := s.World.Now()
	if _, err := dial(t, s).Probe(t.Context(), s.Addresses()[0]); err != nil || s.World.Now().Sub(began) < 20*time.Minute {
		t.Errorf("%v after %s", err, s.World.Now().Sub(began))
	}
	saw(t, s, "PC1", world.SlowAnswer)
}

func TestAnOddSiteOverTheWire(t *testing.T) {
	t.Parallel()
	scenario, err := simulator.Embedded("oddities")
	if err != nil {
		t.Fatal(err)
	}
	scenario.WinRM = simulator.WinRM{HTTP: new(bool), HTTPS: true, Basic: true, Username: `SCHULE\admin`, Password: "geheim"}
	s, err := simulator.Start(scenario, simulator.Options{Control: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	c := newClient(t, s)
	at := map[string]string{}
	for _, station := range s.Ready().Stations {
		at[station.Name] = station.Address
	}
	ask := func(station, property, from string) string {
		t.Helper()
		_, answer := c.query(at[station], "SELECT "+property+" FROM "+from)
		return value(t, answer, property)
	}

	if _, answer := c.query(at["CARDS"], "SELECT MACAddress, IPAddress, DefaultIPGateway FROM Win32_NetworkAdapterConfiguration WHERE IPEnabled = TRUE"); value(t, answer, "MACAddress") != "0A:00:27:00:00:0E" {
		t.Errorf("the first card: %s", answer)
	}
	ip, _, _ := net.SplitHostPort(at["CARDS"])
	if _, answer := c.query(at["CARDS"], "SELECT IPAddress, MACAddress FROM Win32_NetworkAdapterConfiguration WHERE Description = 'Intel(R) Ethernet Connection (17) I219-LM'"); value(t, answer, "IPAddress") != ip {
		t.Errorf("the real card holds %s, not %s", value(t, answer, "IPAddress"), ip)
	}
	if got := ask("SERVER", "ProductType", "Win32_OperatingSystem"); got != "3" {
		t.Errorf("product type of a server: %s", got)
	}
	if first, second := ask("TWO-NAMES", "ClientMachineID", "SoftwareLicensingService"), ask("TWO-NAMES.schule.example", "ClientMachineID", "SoftwareLicensingService"); first != second || at["TWO-NAMES"] == at["TWO-NAMES.schule.example"] {
		t.Errorf("one machine by two names: %s and %s", first, second)
	}
	if name, err := s.Name(at["TWO-NAMES.schule.example"]); name != "TWO-NAMES" || err != nil || s.State().Wire["TWO-NAMES"].Operations < 2 {
		t.Errorf("the machine behind its second name: %q, %v, %+v", name, err, s.State().Wire)
	}
	if host, _, _ := net.SplitHostPort(at["NOWHERE"]); host != "nowhere.invalid" {
		t.Errorf("a name that leads nowhere: %s", host)
	}
	if name, err := s.Name(at["NOWHERE"]); name != "NOWHERE" || err != nil {
		t.Errorf("%q, %v", name, err)
	}
	for station, want := range map[string]string{
		"EVALUATION": "Retail:TB:Eval", "GUEST": "VT:IA", "UNHEARD-OF": "Volume:NEXT",
	} {
		if got := ask(station, "ProductKeyChannel", "SoftwareLicensingProduct WHERE PartialProductKey IS NOT NULL"); got != want {
			t.Errorf("%s: channel %s", station, got)
		}
	}
	if got := ask("ELSEWHERE", "DiscoveredKeyManagementServiceMachineName", "SoftwareLicensingProduct WHERE PartialProductKey IS NOT NULL"); got != "kms.other.example" {
		t.Errorf("it asks %s", got)
	}
	desktops := s.World.State()
	if v, err := s.World.View("DESKTOPS"); err != nil || len(v.Explorers) != 3 || v.Desktops != 1 || len(desktops.Stations) != 20 {
		t.Errorf("%+v, %v", v, err)
	}
	s.World.Advance(3 * time.Hour) // everybody has tried once more by himself
	for station, fault := range map[string]world.FaultName{"CUT-OFF": world.RequestFails, "TONIGHT": world.ShutdownScheduled} {
		saw(t, s, station, fault)
	}
	var state struct {
		Host world.HostState `json:"kms_host"`
	}
	if text, err := json.Marshal(s.State()); err != nil || json.Unmarshal(text, &state) != nil || state.Host.Keys[0].Count < 6 || state.Host.Keys[0].Count > 20 {
		t.Errorf("the host's count: %+v, %v", state, err)
	}
}
