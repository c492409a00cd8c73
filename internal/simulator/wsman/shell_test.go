package wsman_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/timago/terraform-provider-timago/internal/simulator/wsman"
)

const (
	stateDone    = shellNS + "/CommandState/Done"
	stateRunning = shellNS + "/CommandState/Running"
)

func TestShortCommandIsDoneInOneAnswer(t *testing.T) {
	t.Parallel()
	e := serve(t, plain())
	shell := newClient(t, e).shell()
	id := shell.command("hostname")
	r := shell.receive(id)
	if !strings.Contains(r.text, base64.StdEncoding.EncodeToString([]byte("R101-01\r\n"))) || !strings.Contains(r.text, stateDone) || r.between("rsp:ExitCode") != "0" {
		t.Errorf("the answer: %s", r.text)
	}
	if r := shell.signal(id); r.status != 200 || r.Header.Action != shellNS+"/SignalResponse" {
		t.Errorf("signal: %s", r.text)
	}
	if r := shell.receive(id); r.fault() != wsman.CodeInvalidSelectors {
		t.Errorf("after the signal: %s", r.text)
	}
	if r := shell.ask(transfer+"/Delete", cmdShell, ""); r.status != 200 {
		t.Errorf("delete: %s", r.text)
	}
	if r := shell.receive(id); r.fault() != wsman.CodeInvalidSelectors {
		t.Errorf("after the end of the shell: %s", r.text)
	}
	if got := e.entries()[1]; got.Kind != wsman.Execute || got.Detail() != "hostname" || got.User != username {
		t.Errorf("the log: %+v", got)
	}
}

func TestReceiveTimesOutWhileNothingComes(t *testing.T) {
	t.Parallel()
	e := serve(t, plain())
	shell := newClient(t, e).shell()
	id := shell.command("wait")
	if r := shell.within("PT0.05S").receive(id); r.fault() != wsman.CodeTimedOut {
		t.Fatalf("the first answer: %s", r.text)
	}
	close(e.station.release)
	if r := shell.receive(id); r.between("rsp:ExitCode") != "7" {
		t.Errorf("the second answer: %s", r.text)
	}
}

func TestEndOfAShellEndsItsCommands(t *testing.T) {
	t.Parallel()
	shell := newClient(t, serve(t, plain())).shell()
	shell.command("wait")
	id := shell.command("wait")
	ended := make(chan reply, 1)
	go func() {
		r, _ := shell.try(shellNS+"/Receive", cmdShell, `<rsp:Receive><rsp:DesiredStream CommandId="`+id+`"/></rsp:Receive>`)
		ended <- r
	}()
	if r := shell.ask(transfer+"/Delete", cmdShell, ""); r.status != 200 {
		t.Errorf("delete: %s", r.text)
	}
	if r := <-ended; r.between("rsp:ExitCode") != "1" && r.fault() != wsman.CodeInvalidSelectors {
		t.Errorf("the waiting request: %s", r.text)
	}
}

func TestLongOutputComesInParts(t *testing.T) {
	t.Parallel()
	shell := newClient(t, serve(t, plain())).shell().withEnvelope(153600)
	id := shell.command("much")
	first := shell.receive(id)
	if !strings.Contains(first.text, stateRunning) || len(first.text) > 153600/2 {
		t.Errorf("%d bytes: %.300s", len(first.text), first.text)
	}
}

func TestCommandReadsItsInput(t *testing.T) {
	t.Parallel()
	shell := newClient(t, serve(t, plain())).shell()
	id := shell.command("powershell -")
	send := func(text, attributes string) reply {
		return shell.ask(shellNS+"/Send", cmdShell, `<rsp:Send><rsp:Stream Name="stdin" CommandId="`+id+`"`+attributes+`>`+
			base64.StdEncoding.EncodeToString([]byte(text))+`</rsp:Stream></rsp:Send>`)
	}
	if r := shell.within("PT0.05S").receive(id); r.fault() != wsman.CodeTimedOut {
		t.Errorf("before its input: %s", r.text)
	}
	send("Get-", "")
	send("Date", ` End="true"`)
	r := shell.receive(id)
	if !strings.Contains(r.text, base64.StdEncoding.EncodeToString([]byte("read: Get-Date"))) {
		t.Errorf("after its input: %s", r.text)
	}
	if r := send("too late", ""); r.status != 200 {
		t.Errorf("input after the end: %s", r.text)
	}
}

func TestShellsAreLimited(t *testing.T) {
	t.Parallel()
	config := plain()
	config.MaxShells = 2
	c := newClient(t, serve(t, config))
	first := c.shell()
	c.shell()
	create := func() reply { return c.ask(transfer+"/Create", cmdShell, "<rsp:Shell/>") }
	if r := create(); r.fault() != wsman.CodeQuota {
		t.Errorf("the third shell: %s", r.text)
	}
	first.ask(transfer+"/Delete", cmdShell, "")
	if r := create(); r.status != 200 {
		t.Errorf("after one was closed: %s", r.text)
	}
}

func TestRestartLosesShellsAndEnumerations(t *testing.T) {
	t.Parallel()
	e := serve(t, plain())
	c := newClient(t, e)
	shell := c.shell()
	id := shell.command("wait")
	context := c.query("SELECT Name FROM Win32_Process", optimize).Body.Enumerate.Context
	before := e.entries()[0].Connection
	e.Restart()
	c.http.CloseIdleConnections()
	if r := shell.receive(id); r.fault() != wsman.CodeInvalidSelectors {
		t.Errorf("the shell: %s", r.text)
	}
	if r := c.pull(context, 1); r.fault() != wsman.CodeNoSuchEnumeration {
		t.Errorf("the enumeration: %s", r.text)
	}
	entries := e.entries()
	if after := entries[len(entries)-1].Connection; after == before {
		t.Errorf("the connection %d outlives the restart", after)
	}
}
