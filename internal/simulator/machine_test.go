package simulator

import (
	"encoding/xml"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
	"github.com/timago/terraform-provider-timago/internal/simulator/wsman"
)

// at gives a machine of a site whose time is stepped.
func at(t *testing.T, name string, site world.Site) machine {
	t.Helper()
	w, err := world.New(site, world.Options{Start: time.Date(2026, 1, 12, 7, 30, 0, 0, time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	return machine{world: w, name: name}
}

func pc() world.Site { return world.Site{Stations: []world.Station{{Name: "PC1"}}} }

func all(t *testing.T, m machine, class string) []map[string]any {
	t.Helper()
	instances, err := m.Instances(t.Context(), class)
	if err != nil {
		t.Fatal(err)
	}
	var rows []map[string]any
	for _, i := range instances {
		row := map[string]any{}
		for _, p := range i.Properties {
			row[p.Name] = p.Value
		}
		rows = append(rows, row)
	}
	return rows
}

func TestProductsAsWindowsListsThem(t *testing.T) {
	t.Parallel()
	site := pc()
	site.Host.Keys = []world.Key{{Key: "windows"}, {Key: "office-2024", NoData: true}}
	var withKey []map[string]any
	products := all(t, at(t, "PC1", site), "SoftwareLicensingProduct")
	for _, p := range products {
		if p["PartialProductKey"] != nil {
			withKey = append(withKey, p)
		}
	}
	if len(withKey) != 1 || len(products) < 30 {
		t.Fatalf("%d products of %d have a key", len(withKey), len(products))
	}
	if p := withKey[0]; p["KeyManagementServiceCurrentCount"] != noData || p["IsKeyManagementServiceMachine"] != uint32(0) ||
		p["LicenseStatusReason"] != uint32(0xC004F074) || p["GracePeriodRemaining"] != uint32(43180) {
		t.Errorf("a client's entry: %v", p)
	}
	counts := map[any]any{}
	for _, p := range all(t, at(t, "kms01", site), "softwarelicensingproduct") {
		if p["IsKeyManagementServiceMachine"] == uint32(1) {
			counts[p["ApplicationID"]] = p["KeyManagementServiceCurrentCount"]
		}
	}
	want := map[any]any{"55c92734-d682-4d71-983e-d6ec3f16059f": uint32(0), "0ff1ce16-a989-479d-af46-f275c6370663": noData}
	if fmt.Sprint(counts) != fmt.Sprint(want) {
		t.Errorf("the host's entries: %v, want %v", counts, want)
	}
}

func TestWhatAMachineRefuses(t *testing.T) {
	t.Parallel()
	restart := wsman.Call{
		Class: "Win32_OperatingSystem", Method: "Win32ShutdownTracker",
		Arguments: map[string]string{"Timeout": "0", "Comment": "", "ReasonCode": "0", "Flags": "2"},
	}
	without := restart
	without.Arguments = map[string]string{"Flags": "2"}
	code := func(err error) uint32 {
		if fault, ok := errors.AsType[*wsman.Fault](err); ok {
			return fault.Code
		}
		return 0
	}
	if _, err := at(t, "kms01", pc()).Invoke(t.Context(), restart); code(err) != wsman.CodeDeniedByWMI {
		t.Errorf("restarting the KMS host: %v", err)
	}
	if _, err := at(t, "PC1", pc()).Invoke(t.Context(), without); code(err) != errorInvalidParameter {
		t.Errorf("without its parameters: %v", err)
	}
	if _, err := at(t, "PC1", pc()).Invoke(t.Context(), wsman.Call{Class: "SoftwareLicensingProduct", Method: "Activate"}); code(err) != wsman.CodeNoSuchInstance {
		t.Errorf("Activate on nothing: %v", err)
	}
	for _, method := range []string{"UninstallProductKey", "SetKeyManagementServiceMachine"} {
		if _, err := at(t, "PC1", pc()).Invoke(t.Context(), wsman.Call{Class: "SoftwareLicensingProduct", Method: method}); !errors.Is(err, wsman.ErrNoSuchClass) {
			t.Errorf("%s: %v", method, err)
		}
	}
	if _, err := at(t, "PC1", pc()).Instances(t.Context(), "OfficeSoftwareProtectionProduct"); !errors.Is(err, wsman.ErrNoSuchClass) {
		t.Errorf("a class of older Windows: %v", err)
	}
	site := pc()
	site.Host.Denied = true
	if _, err := at(t, "kms01", site).Instances(t.Context(), "SoftwareLicensingProduct"); code(err) != wsman.CodeDeniedByWMI {
		t.Errorf("an account without rights: %v", err)
	}
}

// Flags as Microsoft documents them for Win32ShutdownTracker (cimwin32prov).
func TestHowAStationGoesDown(t *testing.T) {
	t.Parallel()
	for flags, want := range map[string]string{
		"0":  "87 ready", // logging off
		"1":  "0 off",
		"8":  "0 off",
		"12": "0 off", // forced
		"2":  "0 restarted",
		"6":  "0 restarted",
	} {
		m := at(t, "PC1", pc())
		result, err := m.Invoke(t.Context(), wsman.Call{
			Class: "Win32_OperatingSystem", Method: "Win32ShutdownTracker",
			Arguments: map[string]string{"Timeout": "0", "Comment": "", "ReasonCode": "0", "Flags": flags},
		})
		m.world.Advance(10 * time.Minute)
		state := m.world.State().Stations[0]
		if state.Restarts == 1 {
			state.Phase = "restarted"
		}
		if got := fmt.Sprint(result.ReturnValue, " ", state.Phase); got != want || err != nil {
			t.Errorf("flags %s: %s, want %s (%v)", flags, got, want, err)
		}
	}
	m := at(t, "PC1", pc())
	if output := m.Run(t.Context(), wsman.Command{Line: "shutdown /s /t 60"}); output.Exit != 0 {
		t.Errorf("by command: %+v", output)
	}
	if _, err := m.world.AbortShutdown("PC1"); err != nil {
		t.Error(err)
	}
	if state := m.world.State().Stations[0]; state.Phase != "ready" || state.Restarts != 0 || state.Counters[world.KindShutdown] != 1 {
		t.Errorf("taken back: %+v", state)
	}
}

func TestActivateRefusesInItsWay(t *testing.T) {
	t.Parallel()
	for by, want := range map[ActivateBy]string{RefuseByFault: "fault", RefuseByWMIError: "wmi fault", RefuseByReturn: "value"} {
		m := at(t, "PC1", pc())
		m.refuses = by
		id := ""
		for _, p := range all(t, m, "SoftwareLicensingProduct") {
			if p["PartialProductKey"] != nil {
				id, _ = p["ID"].(string)
			}
		}
		result, err := m.Invoke(t.Context(), wsman.Call{Class: "SoftwareLicensingProduct", Method: "Activate", Selectors: map[string]string{"ID": strings.ToUpper(id)}})
		got := "nothing"
		var fault *wsman.Fault
		switch {
		case errors.As(err, &fault) && fault.Code == uint32(kms.CodeNotEnoughCount) && fault.WMI:
			got = "wmi fault"
		case errors.As(err, &fault) && fault.Code == uint32(kms.CodeNotEnoughCount):
			got = "fault"
		case result.ReturnValue == uint32(kms.CodeNotEnoughCount):
			got = "value"
		}
		if got != want {
			t.Errorf("%s: %s (%v, %v)", by, got, result, err)
		}
	}
}

func TestCommands(t *testing.T) {
	t.Parallel()
	const restart = "shutdown /r /t 0"
	for line, want := range map[string]string{
		"hostname":                              "0 PC1",
		`C:\Windows\System32\HOSTNAME.EXE`:      "0 PC1",
		"whoami":                                `0 schule\admin`,
		"dir /b":                                "1",
		restart:                                 "0",
		"shutdown -r -f -t 5 -c \"bis gleich\"": "0",
		"shutdown /r /t soon":                   "87",
		"shutdown":                              "87",
		"wevtutil qe System /f:xml":             "0",
		"wevtutil qe Nowhere /f:xml":            "15007",
		"wevtutil cl Application":               "87",
		"":                                      "0",
	} {
		m := at(t, "PC1", pc())
		output := m.Run(t.Context(), wsman.Command{Line: line, User: `SCHULE\Admin`})
		if got := strings.TrimSpace(fmt.Sprint(output.Exit, " ", string(output.Stdout))); got != want {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
		restarted := m.world.State().Stations[0].Restarts == 1
		if should := want == "0" && strings.HasPrefix(line, "shutdown"); restarted != should {
			t.Errorf("%s: restarted %t", line, restarted)
		}
	}
}

func TestEventsByCommand(t *testing.T) {
	t.Parallel()
	m := at(t, "PC1", pc())
	id := "e0c42288-980c-4788-a014-c080d2e1926e"
	for range 3 {
		m.world.Advance(time.Hour)
		if _, err := m.world.Ask("PC1", id); err != nil {
			t.Fatal(err)
		}
	}
	type found struct {
		System struct {
			EventID     int
			TimeCreated struct {
				SystemTime time.Time `xml:",attr"`
			}
		}
		Data []string `xml:"EventData>Data"`
	}
	read := func(options string) (events []found) {
		t.Helper()
		output := m.Run(t.Context(), wsman.Command{Line: "wevtutil", Arguments: []string{"qe Application /f:xml " + options}})
		decoder := xml.NewDecoder(strings.NewReader(string(output.Stdout)))
		for {
			var event found
			if err := decoder.Decode(&event); err != nil {
				return events
			}
			events = append(events, event)
		}
	}
	if events := read(`"/q:*[System[(EventID=12288)]]"`); len(events) != 4 { // with the one before the start
		t.Errorf("%d requests", len(events))
	}
	if events := read(`"/q:*[System[(EventID=12289) and TimeCreated[timediff(@SystemTime) <= 4000000]]]"`); len(events) != 2 {
		t.Errorf("%d answers in 4000 s", len(events))
	}
	events := read(`"/q:*[System[(EventID=12288 or EventID=12289) and TimeCreated[@SystemTime>='2026-01-12T08:00:00Z']]]" /c:1 /rd:true`)
	if len(events) != 1 || events[0].System.EventID != kms.EventAnswer {
		t.Fatalf("the newest: %+v", events)
	}
	answer, err := kms.ParseAnswer(events[0].System.TimeCreated.SystemTime, events[0].Data)
	if err != nil || answer.Count != 1 || answer.Code != kms.CodeNotEnoughCount {
		t.Errorf("%+v, %v", answer, err)
	}
}

func TestExplorersOfOneSession(t *testing.T) {
	t.Parallel()
	site := pc()
	site.Stations[0].User, site.Stations[0].Explorers, site.Stations[0].Sessions = `SCHULE\lehrer`, 3, 1
	var sessions []any
	for _, p := range all(t, at(t, "PC1", site), "Win32_Process") {
		if p["Name"] == "explorer.exe" {
			sessions = append(sessions, p["SessionId"])
		}
	}
	if got := fmt.Sprint(sessions); got != "[1 1 1 2 2 2]" {
		t.Errorf("sessions %s", got)
	}
}
