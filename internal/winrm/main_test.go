package winrm_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
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
	"github.com/timago/terraform-provider-timago/internal/winrm"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	username = `SCHULE\kms-admin`
	password = "Größe & <Würfel>!"
)

var booted = time.Date(2026, 3, 2, 7, 30, 0, 500_000_000, time.UTC)

// room is a small Windows machine with an endpoint on loopback.
type room struct {
	*wsman.Server
	address string

	mu        sync.Mutex
	log       []wsman.Entry
	condition func(wsman.Request) wsman.Condition
	calls     []wsman.Call
	activate  error // what Activate fails with
	started   chan struct{}
}

func (r *room) Instances(_ context.Context, class string) ([]wsman.Instance, error) {
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
			{Name: "ForegroundApplicationBoost", Value: uint8(2)},
		}}}, nil
	case "win32_process":
		var all []wsman.Instance
		for i := range 2500 {
			all = append(all, wsman.Instance{Class: "Win32_Process", Keys: []string{"Handle"}, Properties: []wsman.Property{
				{Name: "Handle", Value: fmt.Sprint(i)},
				{Name: "Name", Value: strings.Repeat("x", 200)},
				{Name: "ProcessId", Value: uint32(i)},
			}})
		}
		return all, nil
	}
	return nil, wsman.ErrNoSuchClass
}

func (r *room) Invoke(_ context.Context, call wsman.Call) (wsman.Result, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls = append(r.calls, call)
	switch call.Method {
	case "Win32ShutdownTracker":
		return wsman.Result{}, nil
	case "Reboot":
		return wsman.Result{ReturnValue: 1190}, nil
	case "Activate":
		return wsman.Result{}, r.activate
	}
	return wsman.Result{}, wsman.ErrNoSuchClass
}

func (r *room) Run(ctx context.Context, command wsman.Command) wsman.Output {
	switch line := command.CommandLine(); {
	case line == "hostname":
		return wsman.Output{Stdout: []byte("R101-01\r\n")}
	case line == "wait":
		close(r.started)
		<-ctx.Done()
		return wsman.Output{Exit: 1}
	case strings.HasPrefix(line, "slow"):
		select {
		case <-time.After(1500 * time.Millisecond):
		case <-ctx.Done():
		}
		return wsman.Output{Stdout: []byte("late")}
	case strings.HasPrefix(line, "much"):
		return wsman.Output{Stdout: []byte(strings.Repeat("0123456789", 60_000)), Stderr: []byte("done")}
	case strings.HasPrefix(line, "echo"):
		return wsman.Output{Stdout: []byte(line)}
	}
	return wsman.Output{Stderr: []byte("Der Befehl ist falsch geschrieben.\r\n"), Exit: -1}
}

func (r *room) entries() []wsman.Entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.log)
}

// invoked are the methods that were called, in order.
func (r *room) invoked() []wsman.Call {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.calls)
}

// activates sets what Activate fails with from now on.
func (r *room) activates(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.activate = err
}

// kinds are the operations that the room was asked for, apart from the handshake and the
// question that proves the account.
func (r *room) kinds() []wsman.Kind {
	var kinds []wsman.Kind
	for _, entry := range r.entries() {
		if !entry.Handshake && !entry.FailedLogon && entry.Kind != wsman.Logon && entry.Kind != wsman.Identify {
			kinds = append(kinds, entry.Kind)
		}
	}
	return kinds
}

func (r *room) count(what func(wsman.Entry) bool) int {
	n := 0
	for _, entry := range r.entries() {
		if what(entry) {
			n++
		}
	}
	return n
}

func failedLogon(e wsman.Entry) bool { return e.FailedLogon }
func handshake(e wsman.Entry) bool   { return e.Handshake }

// becomes changes what is wrong with the room from now on.
func (r *room) becomes(condition func(wsman.Request) wsman.Condition) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.condition = condition
}

// always has the same trouble with one kind of request.
func always(kind wsman.Kind, condition wsman.Condition) func(wsman.Request) wsman.Condition {
	return func(request wsman.Request) wsman.Condition {
		if request.Kind != kind {
			return wsman.Condition{}
		}
		return condition
	}
}

// once has the trouble with the first request of a kind only.
func once(kind wsman.Kind, condition wsman.Condition) func(wsman.Request) wsman.Condition {
	var done sync.Once
	return func(request wsman.Request) (c wsman.Condition) {
		if request.Kind == kind {
			done.Do(func() { c = condition })
		}
		return c
	}
}

// open starts a room on loopback, which ends with the test.
func open(t *testing.T, config wsman.Config) *room {
	t.Helper()
	r := &room{started: make(chan struct{})}
	config.Name = "R101-01"
	if config.Accounts == nil {
		config.Accounts = []wsman.Account{{Domain: "SCHULE", Username: "kms-admin", Password: password}}
	}
	config.Machine = r
	config.Log = func(entry wsman.Entry) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.log = append(r.log, entry)
	}
	config.Condition = func(request wsman.Request) wsman.Condition {
		r.mu.Lock()
		condition := r.condition
		r.mu.Unlock()
		if condition == nil {
			return wsman.Condition{}
		}
		return condition(request)
	}
	r.Server = wsman.NewServer(config)
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.address = listener.Addr().String()
	served := make(chan error, 1)
	go func() { served <- r.Serve(listener) }()
	t.Cleanup(func() {
		r.Close()
		if err := <-served; err != nil {
			t.Errorf("the server ended with %v", err)
		}
	})
	return r
}

// client asks with patience, unless config says how much: a machine that runs many tests
// at once may take seconds for a handshake.
func client(t *testing.T, config winrm.Config) *winrm.Client {
	t.Helper()
	if config.Timeout == 0 {
		config.Timeout = 5 * time.Minute
	}
	if config.Username == "" {
		config.Username = username
	}
	if config.Password == "" {
		config.Password = password
	}
	c, err := winrm.NewClient(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

type certificate struct {
	tls         tls.Certificate
	pem         []byte
	fingerprint string
}

var selfSigned = sync.OnceValue(func() certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "R101-01"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{"r101-01.schule.example"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		panic(err)
	}
	sum := sha256.Sum256(der)
	return certificate{
		tls:         tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key},
		pem:         pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		fingerprint: hex.EncodeToString(sum[:]),
	}
})

func withTLS() *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{selfSigned().tls}, MinVersion: tls.VersionTLS12}
}

func do(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

const uptime = "SELECT LastBootUpTime, LocalDateTime FROM Win32_OperatingSystem"
