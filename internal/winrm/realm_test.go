package winrm_test

import (
	"errors"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/simulator/kdc"
	"github.com/timago/terraform-provider-timago/internal/simulator/kdctest"
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
	center := kdctest.Start(t, dir)
	r := &realm{KDC: center, dir: dir, keytab: filepath.Join(dir, "http.keytab")}
	do(t, r.AddUser(t.Context(), "kms-admin", password))
	do(t, r.AddServices(t.Context(), r.keytab, []string{"localhost"}))
	return r
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
