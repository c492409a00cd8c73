package winrm_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/simulator/wsman"
	"github.com/timago/terraform-provider-timago/internal/winrm"
	"github.com/timago/terraform-provider-timago/internal/winrm/kerberos"
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
