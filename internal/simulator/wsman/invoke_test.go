package wsman_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/timago/terraform-provider-timago/internal/simulator/wsman"
)

func TestMethodCall(t *testing.T) {
	t.Parallel()
	e := serve(t, plain())
	c := newClient(t, e)
	class := cimv2 + "Win32_OperatingSystem"
	r := c.ask(class+"/Win32ShutdownTracker", class, `<p:Win32ShutdownTracker_INPUT xmlns:p="`+class+`"><p:Timeout>60</p:Timeout>`+
		`<p:Comment>Neustart in 60 &lt;s&gt;</p:Comment><p:Flags>2</p:Flags></p:Win32ShutdownTracker_INPUT>`)
	if r.between("p:ReturnValue") != "0" || !strings.Contains(r.text, `<p:Win32ShutdownTracker_OUTPUT `) || r.Header.Action != class+"/Win32ShutdownTrackerResponse" {
		t.Errorf("the answer: %s", r.text)
	}
	r = c.selecting("Handle", "103").ask(cimv2+"Win32_Process/Terminate", cimv2+"Win32_Process", "")
	if r.between("p:ReturnValue") != "2" || r.between("p:Reason") != "denied" {
		t.Errorf("with an out parameter: %s", r.text)
	}
	r = c.ask(class+"/Reboot", class, "")
	if r.status != 500 || r.fault() != wsman.CodeShutdownUnderWay || !strings.Contains(r.Body.Fault.Reason, "bereits") {
		t.Errorf("a fault: %s", r.text)
	}
	want := []wsman.Call{
		{
			Class: "Win32_OperatingSystem", Method: "Win32ShutdownTracker", Selectors: map[string]string{}, User: username,
			Arguments: map[string]string{"Timeout": "60", "Comment": "Neustart in 60 <s>", "Flags": "2"},
		},
		{Class: "Win32_Process", Method: "Terminate", Selectors: map[string]string{"Handle": "103"}, User: username, Arguments: map[string]string{}},
		{Class: "Win32_OperatingSystem", Method: "Reboot", Selectors: map[string]string{}, User: username, Arguments: map[string]string{}},
	}
	if got := e.station.invoked(); !reflect.DeepEqual(got, want) {
		t.Errorf("the machine was asked %+v, want %+v", got, want)
	}
	entries := e.entries()
	if got := entries[0].Detail(); got != "Win32_OperatingSystem.Win32ShutdownTracker" || entries[2].Fault != wsman.CodeShutdownUnderWay || entries[2].Status != 500 {
		t.Errorf("the log: %+v", entries)
	}
}
