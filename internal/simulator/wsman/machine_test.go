package wsman_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/timago/terraform-provider-timago/internal/simulator/wsman"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	username = `SCHULE\operator`
	password = "Grüße, Würfel!"
)

// station is a small Windows machine.
type station struct {
	mu      sync.Mutex
	calls   []wsman.Call
	release chan struct{} // ends `wait`
}

var booted = time.Date(2026, 3, 2, 7, 30, 0, 500000000, time.UTC)

func (s *station) Instances(_ context.Context, class string) ([]wsman.Instance, error) {
	switch strings.ToLower(class) {
	case "win32_operatingsystem":
		return []wsman.Instance{{Class: "Win32_OperatingSystem", Properties: []wsman.Property{
			{Name: "Caption", Value: "Windows 10 <Education> & more"},
			{Name: "LastBootUpTime", Value: booted},
			{Name: "LocalDateTime", Value: booted.Add(time.Hour)},
			{Name: "MUILanguages", Value: []string{"de-DE", "en-US"}},
			{Name: "Organization", Value: nil},
			{Name: "Description", Value: ""},
			{Name: "Primary", Value: true},
			{Name: "FreePhysicalMemory", Value: uint64(18446744073709551615)},
		}}}, nil
	case "win32_process":
		var all []wsman.Instance
		for i := range 7 {
			name := "svchost.exe"
			if i == 3 {
				name = "explorer.exe"
			}
			all = append(all, wsman.Instance{Class: "Win32_Process", Keys: []string{"Handle"}, Properties: []wsman.Property{
				{Name: "Handle", Value: fmt.Sprint(100 + i)},
				{Name: "Name", Value: name},
				{Name: "ProcessId", Value: uint32(100 + i)},
			}})
		}
		return all, nil
	}
	return nil, wsman.ErrNoSuchClass
}

func (s *station) Invoke(_ context.Context, call wsman.Call) (wsman.Result, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, call)
	switch call.Method {
	case "Win32ShutdownTracker":
		return wsman.Result{}, nil
	case "Terminate":
		return wsman.Result{ReturnValue: 2, Out: map[string]any{"Reason": "denied"}}, nil
	case "Reboot":
		return wsman.Result{}, &wsman.Fault{Code: wsman.CodeShutdownUnderWay}
	}
	return wsman.Result{}, wsman.ErrNoSuchClass
}

func (s *station) invoked() []wsman.Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

func (s *station) Run(ctx context.Context, command wsman.Command) wsman.Output {
	switch line := command.CommandLine(); {
	case line == "hostname":
		return wsman.Output{Stdout: []byte("R101-01\r\n")}
	case line == "wait":
		select {
		case <-s.release:
			return wsman.Output{Stdout: []byte("waited"), Exit: 7}
		case <-ctx.Done():
			return wsman.Output{Exit: 1}
		}
	case strings.HasPrefix(line, "much"):
		return wsman.Output{Stdout: []byte(strings.Repeat("0123456789", 60_000)), Stderr: []byte("done")}
	case strings.HasPrefix(line, "powershell"):
		return wsman.Output{Stdout: slices.Concat([]byte("read: "), command.Stdin)}
	}
	return wsman.Output{Stderr: []byte("Der Befehl ist falsch geschrieben.\r\n"), Exit: 1}
}

// endpoint is a served station with its log.
type endpoint struct {
	*wsman.Server
	station *station
	address string
	roots   *x509.CertPool

	mu  sync.Mutex
	log []wsman.Entry
}

// entries is what was asked so far, in order.
func (e *endpoint) entries() []wsman.Entry {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.log)
}

func (e *endpoint) url() string {
	if e.roots != nil {
		return "https://" + e.address + "/wsman"
	}
	return "http://" + e.address + "/wsman"
}

// serve starts an endpoint on loopback, which ends with the test.
func serve(t *testing.T, config wsman.Config) *endpoint {
	t.Helper()
	e := &endpoint{station: &station{release: make(chan struct{})}}
	config.Name = "R101-01"
	config.Accounts = []wsman.Account{{Domain: "SCHULE", Username: "operator", Password: password}}
	config.Machine = e.station
	config.Log = func(entry wsman.Entry) {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.log = append(e.log, entry)
	}
	e.Server = wsman.NewServer(config)
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	e.address = listener.Addr().String()
	served := make(chan error, 1)
	go func() { served <- e.Serve(listener) }()
	t.Cleanup(func() {
		e.Close()
		if err := <-served; err != nil {
			t.Errorf("the server ended with %v", err)
		}
	})
	if config.TLS != nil {
		leaf, err := x509.ParseCertificate(config.TLS.Certificates[0].Certificate[0])
		if err != nil {
			t.Fatal(err)
		}
		e.roots = x509.NewCertPool()
		e.roots.AddCert(leaf)
	}
	return e
}

var selfSigned = sync.OnceValue(func() tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "R101-01"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		panic(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
})

func withTLS() *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{selfSigned()}, MinVersion: tls.VersionTLS12}
}
