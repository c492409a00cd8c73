package winrm_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/simulator/wsman"
	"github.com/timago/terraform-provider-timago/internal/winrm"
)

// way is one to a machine, with what the machine must offer.
type way struct {
	name   string
	server wsman.Config
	client winrm.Config
	sealed bool
	// handshakes are the requests before the first message; with Basic one of
	// them is the Identify that proves the account.
	handshakes int
}

var ways = []way{
	{
		name:   "NTLM sealed over HTTP",
		server: wsman.Config{NTLM: true}, client: winrm.Config{Auth: winrm.AuthNTLM},
		sealed: true, handshakes: 2,
	},
	{
		name:   "NTLM over TLS",
		server: wsman.Config{NTLM: true, TLS: withTLS()},
		client: winrm.Config{Auth: winrm.AuthNTLM, UseTLS: true, CACertificate: selfSigned().pem}, handshakes: 2,
	},
	{
		name:   "Basic over TLS",
		server: wsman.Config{Basic: true, TLS: withTLS()},
		client: winrm.Config{Auth: winrm.AuthBasic, UseTLS: true, CACertificate: selfSigned().pem}, handshakes: 1,
	},
	{
		name:   "Basic in the clear",
		server: wsman.Config{Basic: true, AllowUnencrypted: true},
		client: winrm.Config{Auth: winrm.AuthBasic, AllowUnencrypted: true}, handshakes: 1,
	},
}

// inEveryWay lets a story happen in each of them, beside each other.
func inEveryWay(t *testing.T, story func(*testing.T, way)) {
	t.Helper()
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			t.Parallel()
			story(t, way)
		})
	}
}

// open opens a room and a client of it.
func (w way) open(t *testing.T) (*room, *winrm.Client) {
	t.Helper()
	return open(t, w.server), client(t, w.client)
}

func TestEveryWayAsksAndRuns(t *testing.T) {
	t.Parallel()
	inEveryWay(t, func(t *testing.T, way way) {
		r, c := way.open(t)

		for range 3 {
			instances, err := c.Query(t.Context(), r.address, uptime)
			if err != nil {
				t.Fatal(err)
			}
			if len(instances) != 1 {
				t.Fatalf("%d instances, want 1", len(instances))
			}
			if start, ok := instances[0].Time("lastbootuptime"); !ok || !start.Equal(booted) {
				t.Errorf("LastBootUpTime = %v, %t, want %v", start, ok, booted)
			}
		}
		if n := r.count(handshake); n != way.handshakes {
			t.Errorf("%d requests of a handshake for three queries, want %d: one handshake per connection", n, way.handshakes)
		}
		asked := 0
		for _, entry := range r.entries() {
			if entry.Kind == wsman.Enumerate {
				asked++
				if entry.Sealed != way.sealed {
					t.Errorf("a query was sealed: %t, want %t", entry.Sealed, way.sealed)
				}
			}
		}
		if asked != 3 {
			t.Errorf("three queries cost %d requests", asked)
		}

		if _, err := c.Invoke(t.Context(), r.address, winrm.Call{
			Class: "Win32_OperatingSystem", Method: "Win32ShutdownTracker",
			Arguments: []winrm.Argument{
				{Name: "Timeout", Value: uint32(30)}, {Name: "Comment", Value: "Neustart für <KMS> & Co."},
				{Name: "ReasonCode", Value: uint32(0x80040000)}, {Name: "Flags", Value: int32(2)},
			},
		}); err != nil {
			t.Fatal(err)
		}
		if got := r.invoked()[0].Arguments; got["Timeout"] != "30" || got["Comment"] != "Neustart für <KMS> & Co." || got["ReasonCode"] != "2147745792" {
			t.Errorf("the method got %v", got)
		}
		output, err := c.Execute(t.Context(), r.address, winrm.Command{Program: "hostname"})
		if err != nil || output.Stdout != "R101-01\r\n" {
			t.Errorf("hostname wrote %q, error %v", output.Stdout, err)
		}
	})
}

func TestTrust(t *testing.T) {
	t.Parallel()
	colons := strings.ToUpper(selfSigned().fingerprint)
	colons = colons[:2] + ":" + colons[2:]
	for _, story := range []struct {
		name   string
		config winrm.Config
		wants  winrm.Kind // "": works
	}{
		{"unknown authority", winrm.Config{}, winrm.KindTLS},
		{"known authority", winrm.Config{CACertificate: selfSigned().pem}, ""},
		{"another name", winrm.Config{CACertificate: selfSigned().pem, TLSServerName: "r102.schule.example"}, winrm.KindTLS},
		{"the name it has", winrm.Config{CACertificate: selfSigned().pem, TLSServerName: "r101-01.schule.example"}, ""},
		{"pinned", winrm.Config{CertificateFingerprints: []string{colons}}, ""},
		{"another pin", winrm.Config{CertificateFingerprints: []string{strings.Repeat("ab", 32)}}, winrm.KindTLS},
		{"another pin, not verified", winrm.Config{CertificateFingerprints: []string{strings.Repeat("ab", 32)}, InsecureSkipVerify: true}, winrm.KindTLS},
		{"not verified", winrm.Config{InsecureSkipVerify: true}, ""},
	} {
		for _, auth := range []winrm.Auth{winrm.AuthBasic, winrm.AuthNTLM} {
			t.Run(story.name+" "+string(auth), func(t *testing.T) {
				t.Parallel()
				r := open(t, wsman.Config{Basic: true, NTLM: true, TLS: withTLS()})
				config := story.config
				config.Auth, config.UseTLS = auth, true
				_, err := client(t, config).Query(t.Context(), r.address, uptime)
				if story.wants == "" {
					if err != nil {
						t.Error(err)
					}
					return
				}
				var unreachable *winrm.Unreachable
				if !errors.As(err, &unreachable) || unreachable.Kind != story.wants || unreachable.Sent {
					t.Errorf("got %v, want unreachable by %s", err, story.wants)
				}
				if n := len(r.entries()); n != 0 {
					t.Errorf("%d requests were sent to a machine that is not trusted", n)
				}
			})
		}
	}
}

func TestConfigurationIsChecked(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]winrm.Config{
		"no user":             {Password: "x"},
		"no password":         {Username: "x"},
		"unknown kind":        {Username: "x", Password: "x", Auth: "digest"},
		"Basic in the clear":  {Username: "x", Password: "x", Auth: winrm.AuthBasic},
		"no certificate":      {Username: "x", Password: "x", UseTLS: true, CACertificate: []byte("x")},
		"no fingerprint":      {Username: "x", Password: "x", UseTLS: true, CertificateFingerprints: []string{"abc"}},
		"a port beyond ports": {Username: "x", Password: "x", Port: 65536},
	} {
		if c, err := winrm.NewClient(config); err == nil {
			c.Close()
			t.Errorf("%s was accepted", name)
		}
	}
	if _, err := winrm.NewClient(winrm.Config{Username: "x", Password: "x", Auth: winrm.AuthBasic}); !errors.Is(err, winrm.ErrUnencrypted) {
		t.Errorf("Basic without TLS: %v", err)
	}
}

func TestManyInstancesArePulled(t *testing.T) {
	t.Parallel()
	r := open(t, wsman.Config{NTLM: true})
	c := client(t, winrm.Config{})
	instances, err := c.Query(t.Context(), r.address, "SELECT ProcessId, Name FROM Win32_Process")
	if err != nil || len(instances) != 2500 {
		t.Fatalf("%d instances, error %v", len(instances), err)
	}
	for i, instance := range instances {
		if id, ok := instance.Uint32("ProcessId"); !ok || id != uint32(i) {
			t.Fatalf("instance %d has ProcessId %d, %t", i, id, ok)
		}
	}
	kinds := r.kinds()
	if len(kinds) < 3 || kinds[0] != wsman.Enumerate {
		t.Errorf("2500 instances came by %v", kinds)
	}
	for _, kind := range kinds[1:] {
		if kind != wsman.Pull {
			t.Errorf("2500 instances came by %v", kinds)
		}
	}
}

func TestClosedClientRefuses(t *testing.T) {
	t.Parallel()
	r := open(t, wsman.Config{NTLM: true})
	c := client(t, winrm.Config{Timeout: time.Second})
	if _, err := c.Query(t.Context(), r.address, uptime); err != nil {
		t.Fatal(err)
	}
	c.Close()
	if _, err := c.Query(t.Context(), r.address, uptime); !errors.Is(err, winrm.ErrClosed) {
		t.Errorf("a closed client answered %v", err)
	}
}

// Where an address has no port, the configured one is meant, else that of Windows.
func TestThePortOfAnAddressWithoutOne(t *testing.T) {
	t.Parallel()
	for want, config := range map[string]winrm.Config{
		"192.0.2.7:5985": {},
		"192.0.2.7:5986": {UseTLS: true},
		"192.0.2.7:8443": {UseTLS: true, Port: 8443},
	} {
		c := client(t, config)
		var dialled string
		winrm.SetDial(c, func(_ context.Context, _, address string) (net.Conn, error) {
			dialled = address
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
		})
		if _, err := c.Query(t.Context(), "192.0.2.7", uptime); dialled != want || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("dialled %s, want %s: %v", dialled, want, err)
		}
	}
}
