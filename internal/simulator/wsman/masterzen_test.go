package wsman_test

import (
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/masterzen/winrm"
	"github.com/masterzen/winrm/soap"

	"github.com/timago/terraform-provider-timago/internal/simulator/wsman"
)

// masterzen runs a command with a real third-party client.
func masterzen(t *testing.T, e *endpoint, user, password string, transport func() winrm.Transporter) *winrm.Client {
	t.Helper()
	host, port, err := net.SplitHostPort(e.address)
	if err != nil {
		t.Fatal(err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	parameters := winrm.NewParameters("PT1S", "de-DE", 153600)
	parameters.TransportDecorator = transport
	client, err := winrm.NewClientWithParameters(
		winrm.NewEndpoint(host, number, e.roots != nil, true, nil, nil, nil, 10*time.Second), user, password, parameters)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func sealing() winrm.Transporter {
	encryption, err := winrm.NewEncryption("ntlm")
	if err != nil {
		panic(err)
	}
	return &inTurn{Transporter: encryption}
}

// inTurn sends one request at a time. masterzen sends input and asks for
// output at once, over connections that the two share; NTLM, whose handshake
// belongs to a connection, is broken by a request that comes between.
type inTurn struct {
	winrm.Transporter
	mu sync.Mutex
}

func (t *inTurn) Post(client *winrm.Client, request *soap.SoapMessage) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.Transporter.Post(client, request)
}

func TestMasterzenRunsCommands(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		config    wsman.Config
		transport func() winrm.Transporter
	}{
		"Basic over HTTP":       {config: wsman.Config{Basic: true, AllowUnencrypted: true}},
		"Basic over TLS":        {config: wsman.Config{Basic: true, TLS: withTLS()}},
		"NTLM over TLS":         {config: wsman.Config{NTLM: true, TLS: withTLS()}, transport: func() winrm.Transporter { return &inTurn{Transporter: &winrm.ClientNTLM{}} }},
		"sealed NTLM over HTTP": {config: wsman.Config{NTLM: true}, transport: sealing},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := serve(t, test.config)
			client := masterzen(t, e, username, password, test.transport)
			stdout, _, exit, err := client.RunCmdWithContext(t.Context(), "hostname")
			if err != nil || exit != 0 || stdout != "R101-01\r\n" {
				t.Fatalf("hostname: %q, exit %d, %v\n%v", stdout, exit, err, e.entries())
			}
			_, stderr, exit, err := client.RunCmdWithContext(t.Context(), "no such command")
			if err != nil || exit != 1 || !strings.Contains(stderr, "falsch") {
				t.Errorf("unknown command: %q, exit %d, %v", stderr, exit, err)
			}
			stdout, stderr, exit, err = client.RunCmdWithContext(t.Context(), "much")
			if err != nil || exit != 0 || len(stdout) != 600_000 || stderr != "done" {
				t.Errorf("much: %d bytes, %q, exit %d, %v", len(stdout), stderr, exit, err)
			}
			stdout, _, exit, err = client.RunWithContextWithString(t.Context(), "powershell -", "Get-Date")
			if err != nil || exit != 0 || stdout != "read: Get-Date" {
				t.Errorf("powershell -: %q, exit %d, %v", stdout, exit, err)
			}
		})
	}
}
