package winrm_test

import (
	"cmp"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/simulator/wsman"
	"github.com/timago/terraform-provider-timago/internal/winrm"
	"github.com/timago/terraform-provider-timago/internal/winrm/kerberos"
)

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
