package winrm_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/simulator/kdc"
	"github.com/timago/terraform-provider-timago/internal/simulator/wsman"
	"github.com/timago/terraform-provider-timago/internal/winrm"
	"github.com/timago/terraform-provider-timago/internal/winrm/kerberos"
)

// realm is a Kerberos realm with the account kms-admin and machines that are
// all known as HTTP/localhost.
type realm struct {
	*kdc.KDC
	dir, keytab string
}

func openRealm(t *testing.T) *realm {
	t.Helper()
	dir := t.TempDir()
	center, err := kdc.Start(t.Context(), dir)
	if errors.Is(err, kdc.ErrMissing) {
		t.Skipf("needs %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(center.Close)
	r := &realm{KDC: center, dir: dir, keytab: filepath.Join(dir, "http.keytab")}
	do(t, r.AddUser(t.Context(), "kms-admin", password))
	do(t, r.AddServices(t.Context(), r.keytab, []string{"localhost"}))
	return r
}

func do(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// open starts a machine of the realm, addressed by the name that it has there.
func (r *realm) open(t *testing.T, config wsman.Config) *room {
	t.Helper()
	if config.Kerberos == nil {
		config.Kerberos = &wsman.Kerberos{}
	}
	if config.Kerberos.Keytab == "" {
		config.Kerberos.Keytab = r.keytab
	}
	machine := open(t, config)
	_, port, err := net.SplitHostPort(machine.address)
	do(t, err)
	machine.address = net.JoinHostPort("localhost", port)
	return machine
}

func (r *realm) fleet(t *testing.T, n int, config wsman.Config) []*room {
	t.Helper()
	rooms := make([]*room, n)
	for i := range rooms {
		rooms[i] = r.open(t, config)
	}
	return rooms
}

// client is one that has the account's password, unless config says otherwise.
func (r *realm) client(t *testing.T, config winrm.Config) *winrm.Client {
	t.Helper()
	config.Auth, config.Kerberos.ConfigFile = winrm.AuthKerberos, r.ConfigFile
	config.Timeout = 5 * time.Minute
	if config.Username == "" {
		config.Username = username
	}
	if config.Password == "" && config.Kerberos.Keytab == "" && config.Kerberos.CredentialCache == "" {
		config.Password = password
	}
	c, err := winrm.NewClient(config)
	do(t, err)
	t.Cleanup(c.Close)
	return c
}

// What the KDC's log says of each request.
const (
	asked         = "AS_REQ"
	wrongPassword = "PREAUTH_FAILED"
	issued        = "ISSUE:"
	service       = "for HTTP/localhost"
)

func TestKerberosAsksAndRuns(t *testing.T) {
	t.Parallel()
	r := openRealm(t)
	for _, way := range []struct {
		name   string
		server wsman.Config
		client winrm.Config
		sealed bool
	}{
		{"sealed over HTTP", wsman.Config{}, winrm.Config{}, true},
		{"sealed under Negotiate", wsman.Config{NTLM: true, Kerberos: &wsman.Kerberos{Scheme: "Negotiate"}}, winrm.Config{}, true},
		{"over TLS", wsman.Config{TLS: withTLS()}, winrm.Config{UseTLS: true, InsecureSkipVerify: true}, false},
	} {
		t.Run(way.name, func(t *testing.T) {
			t.Parallel()
			machine := r.open(t, way.server)
			c := r.client(t, way.client)
			for range 3 {
				instances, err := c.Query(t.Context(), machine.address, uptime)
				do(t, err)
				if start, ok := instances[0].Time("LastBootUpTime"); !ok || !start.Equal(booted) {
					t.Errorf("LastBootUpTime = %v, %t, want %v", start, ok, booted)
				}
			}
			if n := machine.count(handshake); n != 2 {
				t.Errorf("%d requests of a handshake for three queries, want 2", n)
			}
			output, err := c.Execute(t.Context(), machine.address, winrm.Command{Program: "much"})
			if err != nil || output.Stdout != strings.Repeat("0123456789", 60_000) || output.Stderr != "done" {
				t.Errorf("%d bytes and %q, error %v", len(output.Stdout), output.Stderr, err)
			}
			for _, entry := range machine.entries() {
				if entry.Kind != wsman.Logon && (entry.Sealed != way.sealed || entry.User != username) {
					t.Errorf("%s came from %q, sealed: %t", entry.Kind, entry.User, entry.Sealed)
				}
			}
		})
	}
}

func TestKerberosAsksTheKDCOncePerTicket(t *testing.T) {
	t.Parallel()
	r := openRealm(t)
	rooms := r.fleet(t, 20, wsman.Config{})
	var mu sync.Mutex
	var said []string
	c := r.client(t, winrm.Config{Log: func(_ context.Context, message string, fields map[string]any) {
		mu.Lock()
		defer mu.Unlock()
		said = append(said, fmt.Sprint(message, fields))
	}})
	for _, err := range askAll(t, c, rooms, 4) {
		do(t, err)
	}
	r.Close()
	if tgts, tickets := r.Count(asked, issued), r.Count(issued, service); tgts != 1 || tickets != 1 {
		t.Errorf("the KDC issued %d TGTs and %d tickets for one service to 20 machines, want 1 and 1:\n%s", tgts, tickets, strings.Join(r.Log(), "\n"))
	}
	asked := 0
	for _, line := range said {
		if strings.HasPrefix(line, "Kerberos request") {
			asked++
		}
		if strings.Contains(line, password) {
			t.Errorf("the password is shown: %s", line)
		}
	}
	if asked != 3 { // the first AS-REQ has no proof yet
		t.Errorf("the log tells of %d requests to the KDC, want 3", asked)
	}
}

func TestKerberosNamesItsUserInManyWays(t *testing.T) {
	t.Parallel()
	r := openRealm(t)
	machine := r.open(t, wsman.Config{})
	for _, name := range []string{`SCHULE\kms-admin`, `schule.example\kms-admin`, "kms-admin@SCHULE.EXAMPLE", "kms-admin@schule.example", "kms-admin", `OTHER\kms-admin`} {
		if _, err := r.client(t, winrm.Config{Username: name}).Query(t.Context(), machine.address, uptime); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestKerberosCredentials(t *testing.T) {
	t.Parallel()
	r := openRealm(t)
	machine := r.open(t, wsman.Config{})
	keytab, cache := filepath.Join(r.dir, "user.keytab"), filepath.Join(r.dir, "cache")
	do(t, r.ExportUser(t.Context(), keytab, "kms-admin"))
	do(t, r.Kinit(t.Context(), cache, "kms-admin", password))
	do(t, r.AddUser(t.Context(), "trusting", password, "-requires_preauth"))
	for name, config := range map[string]winrm.Config{
		"keytab":                           {Kerberos: winrm.KerberosConfig{Keytab: keytab}},
		"keytab before the password":       {Kerberos: winrm.KerberosConfig{Keytab: keytab}, Password: "wrong"},
		"credential cache":                 {Kerberos: winrm.KerberosConfig{CredentialCache: cache}},
		"credential cache with its prefix": {Kerberos: winrm.KerberosConfig{CredentialCache: "FILE:" + cache}},
	} {
		if _, err := r.client(t, config).Query(t.Context(), machine.address, uptime); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	// The user is the cache's.
	c, err := winrm.NewClient(winrm.Config{Auth: winrm.AuthKerberos, Kerberos: winrm.KerberosConfig{ConfigFile: r.ConfigFile, CredentialCache: cache}})
	do(t, err)
	defer c.Close()
	if _, err := c.Query(t.Context(), machine.address, uptime); err != nil {
		t.Error(err)
	}
	r.Close()
	if n := r.Count(wrongPassword); n != 0 {
		t.Errorf("%d passwords were refused", n)
	}
}

func TestKerberosCredentialsOfTheEnvironment(t *testing.T) {
	r := openRealm(t)
	machine := r.open(t, wsman.Config{})
	cache := filepath.Join(r.dir, "cache")
	do(t, r.Kinit(t.Context(), cache, "kms-admin", password))
	t.Setenv("KRB5_CONFIG", r.ConfigFile)
	t.Setenv("KRB5CCNAME", "FILE:"+cache)
	c, err := winrm.NewClient(winrm.Config{Auth: winrm.AuthKerberos})
	do(t, err)
	defer c.Close()
	_, err = c.Query(t.Context(), machine.address, uptime)
	do(t, err)
	for _, name := range []string{"KEYRING:persistent:0", filepath.Join(r.dir, "none"), r.ConfigFile} {
		t.Setenv("KRB5CCNAME", name)
		if c, err := winrm.NewClient(winrm.Config{Auth: winrm.AuthKerberos}); err == nil {
			c.Close()
			t.Errorf("credential cache %s was taken", name)
		}
	}
}

func TestKerberosWrongPasswordCostsOneAttemptInTheWholeRun(t *testing.T) {
	t.Parallel()
	r := openRealm(t)
	rooms := r.fleet(t, 30, wsman.Config{})
	c := r.client(t, winrm.Config{Password: "wrong"})
	// The KMS host, whose own word counts for itself alone, comes first.
	if _, err := c.Query(t.Context(), rooms[0].address, uptime, winrm.NotProof()); !winrm.IsAuthRejected(err) {
		t.Errorf("got %v, want the account rejected", err)
	}
	for range 2 {
		for _, err := range askAll(t, c, rooms, 2) {
			var rejected *winrm.AuthRejected
			if !errors.As(err, &rejected) || rejected.KDC == nil || rejected.AcceptedBefore || winrm.IsNotYetBack(err) {
				t.Fatalf("got %v, want the account rejected by the KDC", err)
			}
			if strings.Contains(err.Error(), `"wrong"`) || !strings.Contains(err.Error(), "password or key is wrong") || rejected.Advice() == "" {
				t.Fatalf("the refusal says %q", err)
			}
		}
	}
	r.Close()
	if n := r.Count(wrongPassword); n != 1 {
		t.Errorf("a wrong password over 30 stations cost %d failed pre-authentications, want 1:\n%s", n, strings.Join(r.Log(), "\n"))
	}
	for _, machine := range rooms[1:] {
		if n := len(machine.entries()); n > 1 {
			t.Errorf("%d requests to a machine for an account that the KDC refused", n)
		}
	}
}

func TestKerberosRefusalsOfTheKDC(t *testing.T) {
	t.Parallel()
	r := openRealm(t)
	machine := r.open(t, wsman.Config{})
	do(t, r.AddUser(t.Context(), "disabled", password, "-allow_tix"))
	do(t, r.AddUser(t.Context(), "expired", password, "-expire", "2020-01-01"))
	do(t, r.AddUser(t.Context(), "stale", password, "-pwexpire", "2020-01-01"))
	do(t, r.AddUser(t.Context(), "trusting", password, "-requires_preauth"))
	for _, story := range []struct{ user, password, says string }{
		{"nobody", password, "no such user"},
		{"disabled", password, "locked or disabled"},
		{"expired", password, "account has expired"},
		{"stale", password, "password has expired"},
		// This KDC answers everybody; the client finds it out by itself.
		{"trusting", "wrong", "password or key is wrong"},
	} {
		_, err := r.client(t, winrm.Config{Username: story.user, Password: story.password}).Query(t.Context(), machine.address, uptime)
		if !winrm.IsAuthRejected(err) || !strings.Contains(err.Error(), story.says) {
			t.Errorf("%s: got %v, want a rejection that says %q", story.user, err, story.says)
		}
	}
}

// failedOf gives the failure of one query.
func failedOf(t *testing.T, c *winrm.Client, address string) *winrm.KerberosFailed {
	t.Helper()
	_, err := c.Query(t.Context(), address, uptime)
	var failed *winrm.KerberosFailed
	if !errors.As(err, &failed) {
		t.Fatalf("got %v, want a failure of Kerberos", err)
	}
	if winrm.IsAuthRejected(err) || winrm.IsUnreachable(err) {
		t.Errorf("%v: it is not the account's, and the machine is there", err)
	}
	if failed.Advice() == "" {
		t.Errorf("%v: no advice", err)
	}
	return failed
}

func wants(t *testing.T, failed *winrm.KerberosFailed, reason kerberos.Reason, says string) {
	t.Helper()
	if failed.Reason != reason || !strings.Contains(failed.Error(), says) {
		t.Errorf("got %s: %v, want %s that says %q", failed.Reason, failed, reason, says)
	}
}

func TestKerberosUnknownService(t *testing.T) {
	t.Parallel()
	r := openRealm(t)
	machine := r.open(t, wsman.Config{})
	c := r.client(t, winrm.Config{})
	_, port, err := net.SplitHostPort(machine.address)
	do(t, err)
	failed := failedOf(t, c, net.JoinHostPort("127.0.0.1", port))
	wants(t, failed, kerberos.UnknownService, "HTTP/127.0.0.1")
	if !strings.Contains(failed.Advice(), "not by its IP address") {
		t.Errorf("the advice is %q", failed.Advice())
	}
	// That is the one name's fault.
	_, err = c.Query(t.Context(), machine.address, uptime)
	do(t, err)
}

func TestKerberosClocks(t *testing.T) {
	t.Parallel()
	r := openRealm(t)
	late := func() time.Time { return time.Now().Add(10 * time.Minute) }
	machine := r.open(t, wsman.Config{})
	c := r.client(t, winrm.Config{})
	winrm.SetClock(c, late)
	wants(t, failedOf(t, c, machine.address), kerberos.Skew, "the KDC of SCHULE.EXAMPLE")

	machine = r.open(t, wsman.Config{Kerberos: &wsman.Kerberos{Clock: late}})
	wants(t, failedOf(t, r.client(t, winrm.Config{}), machine.address), kerberos.Skew, "that of localhost: the machine's clock shows")
}

func TestKerberosExpiredTicket(t *testing.T) {
	t.Parallel()
	r := openRealm(t)
	machine := r.open(t, wsman.Config{})
	cache := filepath.Join(r.dir, "cache")
	do(t, r.Kinit(t.Context(), cache, "kms-admin", password, "-l", "5m"))
	c := r.client(t, winrm.Config{Kerberos: winrm.KerberosConfig{CredentialCache: cache}})
	_, err := c.Query(t.Context(), machine.address, uptime)
	do(t, err)
	winrm.SetClock(c, func() time.Time { return time.Now().Add(5 * time.Minute) })
	_, err = c.Query(t.Context(), machine.address, uptime, winrm.FreshConnection())
	var failed *winrm.KerberosFailed
	if !errors.As(err, &failed) || failed.Reason != kerberos.Credentials || !strings.Contains(err.Error(), "expired at") || !strings.Contains(failed.Advice(), "kinit") {
		t.Errorf("got %v, want a ticket that expired", err)
	}
	// With the password a new one is fetched.
	do(t, r.Modify(t.Context(), "kms-admin", "-maxlife", "4 minutes"))
	c = r.client(t, winrm.Config{})
	_, err = c.Query(t.Context(), machine.address, uptime)
	do(t, err)
	do(t, r.Modify(t.Context(), "kms-admin", "-maxlife", "1 day"))
	winrm.SetClock(c, func() time.Time { return time.Now().Add(200 * time.Second) })
	before := r.Count(asked, issued)
	_, err = c.Query(t.Context(), machine.address, uptime, winrm.FreshConnection())
	do(t, err)
	r.Close()
	if n := r.Count(asked, issued) - before; n != 1 {
		t.Errorf("%d TGTs after the first had expired, want 1", n)
	}
}

func TestKerberosMachineWithAnotherKey(t *testing.T) {
	t.Parallel()
	r := openRealm(t)
	// Its key is changed behind its back: what the directory knows it cannot read.
	stale := filepath.Join(r.dir, "stale.keytab")
	do(t, r.AddServices(t.Context(), stale, []string{"r101-01"}))
	machine := r.open(t, wsman.Config{Kerberos: &wsman.Kerberos{Keytab: stale}})
	c := r.client(t, winrm.Config{})
	wants(t, failedOf(t, c, machine.address), kerberos.WrongKey, "localhost could not read its Kerberos ticket")
}

func TestKerberosNoKDC(t *testing.T) {
	t.Parallel()
	r := openRealm(t)
	rooms := r.fleet(t, 5, wsman.Config{})
	c := r.client(t, winrm.Config{})
	r.Close()
	for _, err := range askAll(t, c, rooms, 2) {
		var failed *winrm.KerberosFailed
		if !errors.As(err, &failed) || failed.Reason != kerberos.NoKDC || winrm.IsUnreachable(err) {
			t.Errorf("got %v, want a KDC that does not answer", err)
		}
	}
}

func TestKerberosIsNotNegotiatedDown(t *testing.T) {
	t.Parallel()
	r := openRealm(t)
	for name, server := range map[string]wsman.Config{
		"NTLM":  {NTLM: true, Kerberos: &wsman.Kerberos{Scheme: "none"}},
		"Basic": {Basic: true, AllowUnencrypted: true, Kerberos: &wsman.Kerberos{Scheme: "none"}},
	} {
		machine := r.open(t, server)
		_, err := r.client(t, winrm.Config{}).Query(t.Context(), machine.address, uptime)
		if !winrm.IsAuthRejected(err) {
			t.Errorf("%s: got %v, want a refusal", name, err)
		}
		if n := machine.count(func(e wsman.Entry) bool { return e.User != "" || e.Authenticated }); n != 0 {
			t.Errorf("%s: the account was named in %d requests", name, n)
		}
	}
}

func TestKerberosRefusalByAMachineIsItsOwn(t *testing.T) {
	t.Parallel()
	r := openRealm(t)
	good := r.open(t, wsman.Config{})
	bad := r.open(t, wsman.Config{Accounts: []wsman.Account{{Username: "another", Password: password}}})
	c := r.client(t, winrm.Config{})
	for _, err := range askAll(t, c, []*room{bad}, 5) {
		if !winrm.IsAuthRejected(err) || winrm.IsNotYetBack(err) {
			t.Errorf("got %v, want a refusal", err)
		}
	}
	// The first machine that was asked refused; the KDC's word counts.
	_, err := c.Query(t.Context(), good.address, uptime)
	do(t, err)

	good.Restart()
	good.becomes(func(wsman.Request) wsman.Condition { return wsman.Condition{Trouble: wsman.Unauthorized} })
	if _, err := c.Query(t.Context(), good.address, uptime); !winrm.IsNotYetBack(err) {
		t.Errorf("got %v, want a machine that is not yet back", err)
	}
	good.becomes(nil)
	_, err = c.Query(t.Context(), good.address, uptime)
	do(t, err)
}

func TestKerberosCancelledCall(t *testing.T) {
	t.Parallel()
	r := openRealm(t)
	machine := r.open(t, wsman.Config{})
	c := r.client(t, winrm.Config{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Query(ctx, machine.address, uptime); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	_, err := c.Query(t.Context(), machine.address, uptime)
	do(t, err)
}

// A machine that takes the ticket and does not show that it could read it.
func TestKerberosMachineMustProveItself(t *testing.T) {
	t.Parallel()
	r := openRealm(t)
	for name, answer := range map[string]string{
		"no token":   "Kerberos",
		"no base64":  "Kerberos ???",
		"no meaning": "Kerberos YGYG",
		"an echo":    "",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var messages atomic.Int32
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
				sent := request.Header.Get("Authorization")
				if request.ContentLength > 0 {
					messages.Add(1)
				}
				w.Header().Set("WWW-Authenticate", cmp.Or(answer, sent))
				if sent == "" {
					w.Header().Set("WWW-Authenticate", "Kerberos")
					w.WriteHeader(http.StatusUnauthorized)
				}
			}))
			defer server.Close()
			address := strings.Replace(server.Listener.Addr().String(), "127.0.0.1", "localhost", 1)
			wants(t, failedOf(t, r.client(t, winrm.Config{}), address), kerberos.Untrusted, "did not prove itself")
			if messages.Load() != 0 {
				t.Error("a message was sent to a machine that is not the one meant")
			}
		})
	}
}
