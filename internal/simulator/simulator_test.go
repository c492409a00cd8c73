package simulator_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/timago/terraform-provider-timago/internal/simulator"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// run starts a scenario whose time moves only when it is advanced.
func run(t *testing.T, text string) *simulator.Simulator {
	t.Helper()
	scenario, err := simulator.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	s, err := simulator.Start(scenario, simulator.Options{Control: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

const basic = "winrm: { http: false, https: true, basic: true, username: 'SCHULE\\admin', password: geheim }\n"

// client is a client of WS-Management in its plainest form: Basic over TLS.
type client struct {
	*http.Client
	t        *testing.T
	password string
}

func newClient(t *testing.T, s *simulator.Simulator) client {
	t.Helper()
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(s.CACertificate()) {
		t.Fatal("no certificate of the authority")
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
	t.Cleanup(transport.CloseIdleConnections)
	return client{Client: &http.Client{Transport: transport, Timeout: 10 * time.Second}, t: t, password: "geheim"}
}

const head = `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" xmlns:n="http://schemas.xmlsoap.org/ws/2004/09/enumeration"><s:Header><a:Action>%s</a:Action><a:MessageID>uuid:1</a:MessageID><w:ResourceURI>%s</w:ResourceURI>%s<w:OperationTimeout>PT20S</w:OperationTimeout></s:Header><s:Body>%s</s:Body></s:Envelope>`

const cim = "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/"

// send gives the status and the body of the answer; status 0 is no answer.
func (c client) send(address, action, resource, selectors, body string) (int, string) {
	c.t.Helper()
	text := fmt.Sprintf(head, action, resource, selectors, body)
	request, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, "https://"+address+"/wsman", strings.NewReader(text))
	if err != nil {
		c.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/soap+xml;charset=UTF-8")
	request.SetBasicAuth(`SCHULE\admin`, c.password)
	response, err := c.Do(request)
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, err.Error()
	}
	return response.StatusCode, string(answer)
}

func (c client) query(address, wql string) (int, string) {
	c.t.Helper()
	return c.send(address, "http://schemas.xmlsoap.org/ws/2004/09/enumeration/Enumerate", cim+"*", "",
		`<n:Enumerate><w:OptimizeEnumeration/><w:MaxElements>100</w:MaxElements><w:Filter Dialect="http://schemas.microsoft.com/wbem/wsman/1/WQL">`+wql+`</w:Filter></n:Enumerate>`)
}

func (c client) activate(address, id string) (int, string) {
	c.t.Helper()
	resource := cim + "SoftwareLicensingProduct"
	return c.send(address, resource+"/Activate", resource,
		`<w:SelectorSet><w:Selector Name="ID">`+id+`</w:Selector></w:SelectorSet>`,
		`<p:Activate_INPUT xmlns:p="`+resource+`"/>`)
}

func (c client) restart(address string, flags int) (int, string) {
	c.t.Helper()
	resource := cim + "Win32_OperatingSystem"
	return c.send(address, resource+"/Win32ShutdownTracker", resource, "", fmt.Sprintf(
		`<p:Win32ShutdownTracker_INPUT xmlns:p="%s"><p:Timeout>0</p:Timeout><p:Comment>x</p:Comment><p:ReasonCode>2147614724</p:ReasonCode><p:Flags>%d</p:Flags></p:Win32ShutdownTracker_INPUT>`, resource, flags))
}

// value reads an element's text from an answer.
func value(t *testing.T, answer, name string) string {
	t.Helper()
	found := regexp.MustCompile(`<(?:p:)?` + name + `(?: [^>]*)?>(?:<(?:cim:)?Datetime>)?([^<]*)<`).FindStringSubmatch(answer)
	if found == nil {
		t.Fatalf("no %s in %s", name, answer)
	}
	return found[1]
}

const education = "e0c42288-980c-4788-a014-c080d2e1926e"

func TestAStationIsAskedRestartedAndCountedOverTheWire(t *testing.T) {
	t.Parallel()
	s := run(t, basic+"stations: [{ name: PC1 }]")
	c := newClient(t, s)
	pc, host := s.Addresses()[0], s.Ready().KMSHost

	status, answer := c.query(pc, "SELECT LastBootUpTime, LocalDateTime FROM Win32_OperatingSystem")
	if status != http.StatusOK {
		t.Fatal(status, answer)
	}
	booted := value(t, answer, "LastBootUpTime")
	_, answer = c.query(pc, "SELECT ClientMachineID FROM SoftwareLicensingService")
	cmid := value(t, answer, "ClientMachineID")

	status, answer = c.activate(pc, education)
	if status != http.StatusInternalServerError || !strings.Contains(answer, `Code="3221549112"`) { // 0xC004F038
		t.Errorf("Activate at count 0: %d %s", status, answer)
	}
	const counts = "SELECT KeyManagementServiceCurrentCount, RequiredClientCount FROM SoftwareLicensingProduct WHERE PartialProductKey IS NOT NULL AND IsKeyManagementServiceMachine = 1"
	_, answer = c.query(host, counts)
	if got := value(t, answer, "KeyManagementServiceCurrentCount"); got != "1" {
		t.Errorf("count after one request: %s", got)
	}
	if status, answer = c.restart(pc, 2); status != http.StatusOK || value(t, answer, "ReturnValue") != "0" {
		t.Fatal(status, answer)
	}
	s.World.Advance(20 * time.Second)
	if status, answer = c.query(pc, "SELECT LastBootUpTime FROM Win32_OperatingSystem"); status != 0 {
		t.Errorf("while it is down: %d %s", status, answer)
	}
	s.World.Advance(3 * time.Minute)
	_, answer = c.query(host, counts)
	if got := value(t, answer, "KeyManagementServiceCurrentCount"); got != "2" {
		t.Errorf("count after the restart: %s", got)
	}
	eventually(t, func() bool {
		status, answer = c.query(pc, "SELECT LastBootUpTime, LocalDateTime FROM Win32_OperatingSystem")
		return status == http.StatusOK
	})
	if value(t, answer, "LastBootUpTime") == booted {
		t.Error("the start time is the old one")
	}
	_, answer = c.query(pc, "SELECT ClientMachineID FROM SoftwareLicensingService")
	if value(t, answer, "ClientMachineID") == cmid {
		t.Error("the client machine id is the old one")
	}
	_, answer = c.query(pc, "SELECT InsertionStrings, EventCode FROM Win32_NTLogEvent WHERE Logfile='Application' AND EventCode=12288")
	if got := strings.Count(answer, "12288"); got == 0 {
		t.Errorf("events 12288: %s", answer)
	}
}

// eventually waits for what happens in real time: a port that opens again.
func eventually(t *testing.T, holds func() bool) {
	t.Helper()
	for range 500 {
		if holds() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("it did not come true")
}

func TestAWrongPasswordIsRefusedAndCounted(t *testing.T) {
	t.Parallel()
	s := run(t, basic+"stations: [{ name: PC1 }]")
	c := newClient(t, s)
	c.password = "falsch"
	if status, answer := c.query(s.Addresses()[0], "SELECT Name FROM Win32_ComputerSystem"); status != http.StatusUnauthorized {
		t.Errorf("%d %s", status, answer)
	}
	if got := s.State().Wire["PC1"]; got.FailedLogons != 1 || got.Logons != 0 {
		t.Errorf("counters %+v", got)
	}
	for _, e := range s.Log(0) {
		if strings.Contains(fmt.Sprint(e), "falsch") {
			t.Errorf("a password is in the log: %+v", e)
		}
	}
}

func TestSomebodyAtWorkKeepsAStationFromRestarting(t *testing.T) {
	t.Parallel()
	s := run(t, basic+"stations: [{ name: PC1, user: 'SCHULE\\lehrer' }]")
	c := newClient(t, s)
	pc := s.Addresses()[0]
	_, answer := c.query(pc, "SELECT UserName FROM Win32_ComputerSystem")
	if got := value(t, answer, "UserName"); got != `SCHULE\lehrer` {
		t.Errorf("user %q", got)
	}
	if _, answer = c.restart(pc, 2); value(t, answer, "ReturnValue") != "1191" {
		t.Errorf("unforced: %s", answer)
	}
	if _, answer = c.restart(pc, 6); value(t, answer, "ReturnValue") != "0" {
		t.Errorf("forced: %s", answer)
	}
	if state := s.State().Stations[0]; state.Restarts != 1 || state.Lost != 1 {
		t.Errorf("%+v", state)
	}
}

func TestFaultsShowOnTheWireAndInTheLog(t *testing.T) {
	t.Parallel()
	const uptime = "SELECT LastBootUpTime FROM Win32_OperatingSystem"
	for fault, seen := range map[world.FaultName]func(status int, answer string) bool{
		world.Unauthorized: func(status int, _ string) bool { return status == http.StatusUnauthorized },
		world.Quota:        func(status int, answer string) bool { return status == 500 && strings.Contains(answer, "2150859173") },
		world.Drops:        func(status int, _ string) bool { return status == 0 },
		world.EmptyBody:    func(status int, answer string) bool { return status == 200 && answer == "" },
		world.TruncatedXML: func(status int, answer string) bool {
			return status == 200 && !strings.Contains(answer, "</s:Envelope>")
		},
		world.Garbage:     func(status int, answer string) bool { return status == 200 && strings.Contains(answer, "<!DOCTYPE") },
		world.Unavailable: func(status int, _ string) bool { return status == http.StatusServiceUnavailable },
	} {
		t.Run(string(fault), func(t *testing.T) {
			t.Parallel()
			s := run(t, basic+"stations: [{ name: PC1 }, { name: PC2 }]\nfaults: [{ fault: "+string(fault)+", on: [PC1], times: 1 }]")
			c := newClient(t, s)
			if status, answer := c.query(s.Addresses()[1], uptime); status != http.StatusOK {
				t.Errorf("the other station: %d %s", status, answer)
			}
			if status, answer := c.query(s.Addresses()[0], uptime); !seen(status, answer) {
				t.Errorf("%d %s", status, answer)
			}
			if status, answer := c.query(s.Addresses()[0], uptime); status != http.StatusOK {
				t.Errorf("the next request: %d %s", status, answer)
			}
			if !slices.ContainsFunc(s.Log(0), func(e simulator.Entry) bool {
				return e.Kind == "fault" && e.Machine == "PC1" && e.Detail == string(fault)
			}) {
				t.Error("the log does not show the fault")
			}
		})
	}
}

func TestTheControlInterfaceLooksAndActs(t *testing.T) {
	t.Parallel()
	s := run(t, basic+"stations: [{ name: PC1 }]")
	ask := func(method, path, body string) (int, simulator.State) {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), method, s.Ready().Control+path, bytes.NewBufferString(body))
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		var state simulator.State
		if err := json.NewDecoder(response.Body).Decode(&state); err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, state
	}
	t.Cleanup(http.DefaultClient.CloseIdleConnections)

	before := s.World.Now()
	if status, state := ask("POST", "/advance", `{"for": "40h"}`); status != 200 || !state.Now.Equal(before.Add(40*time.Hour)) {
		t.Errorf("advance: %d, %s", status, state.Now)
	}
	if status, state := ask("POST", "/stations/PC1/log-on", `{"user": "SCHULE\\schueler"}`); status != 200 || state.Stations[0].User != `SCHULE\schueler` {
		t.Errorf("log-on: %d", status)
	}
	if status, state := ask("POST", "/faults", `{"fault": "kms-away"}`); status != 200 || state.Host.Answering {
		t.Errorf("faults: %d, answering %t", status, state.Host.Answering)
	}
	if status, state := ask("DELETE", "/faults/kms-away", ""); status != 200 || !state.Host.Answering {
		t.Errorf("healing: %d, answering %t", status, state.Host.Answering)
	}
	for path, body := range map[string]string{"/faults": `{"fault": "bad-luck"}`, "/holidays": `{}`, "/advance": `{"for": "-1h"}`} {
		if status, _ := ask("POST", path, body); status != http.StatusUnprocessableEntity {
			t.Errorf("%s %s: %d", path, body, status)
		}
	}
	if status, _ := ask("POST", "/advance", `{"hours": 4}`); status != http.StatusBadRequest {
		t.Errorf("unknown key: %d", status)
	}
	if status, _ := ask("POST", "/stations/PC9/wake", ""); status != http.StatusNotFound {
		t.Errorf("unknown station: %d", status)
	}
}
