// Package kdc runs a Kerberos realm for tests: MIT's own key distribution center on
// loopback, with a database of its own.
package kdc

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
)

// Realm is the name of every realm made here.
const Realm = "SCHULE.EXAMPLE"

// ErrMissing means that MIT Kerberos is not installed.
var ErrMissing = errors.New("MIT Kerberos' krb5kdc: apt-get install krb5-kdc krb5-admin-server krb5-user")

// KDC is a running realm. Its methods are for one goroutine.
type KDC struct {
	// ConfigFile is a krb5.conf that knows this realm and no other.
	ConfigFile string

	dir     string
	tools   map[string]string
	process *exec.Cmd
	ready   chan struct{}
	ended   chan struct{} // the log is complete

	mu  sync.Mutex
	log []string
}

// Start makes a realm in an empty folder and serves it until Close.
func Start(ctx context.Context, dir string) (*KDC, error) {
	k := &KDC{
		ConfigFile: filepath.Join(dir, "krb5.conf"), dir: dir, tools: map[string]string{},
		ready: make(chan struct{}), ended: make(chan struct{}),
	}
	for _, name := range []string{"krb5kdc", "kdb5_util", "kadmin.local", "kinit"} {
		path, err := find(name)
		if err != nil {
			return nil, ErrMissing
		}
		k.tools[name] = path
	}
	if err := k.configure(ctx); err != nil {
		return nil, err
	}
	if err := k.run(ctx, "", "kdb5_util", "create", "-s", "-P", "master", "-r", Realm); err != nil {
		return nil, err
	}
	return k, k.serve(ctx)
}

// find looks where daemons are as well: their folder is not on everybody's PATH.
func find(name string) (string, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		path, err = exec.LookPath(filepath.Join("/usr/sbin", name))
	}
	return path, err
}

// configure writes the realm's files. The port is free now; that nobody takes it before
// krb5kdc does is probable, and all that can be had.
func (k *KDC) configure(ctx context.Context) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		return err
	}
	client := fmt.Sprintf(`[libdefaults]
  default_realm = %[1]s
  dns_lookup_kdc = false
  dns_lookup_realm = false
  dns_canonicalize_hostname = false
  udp_preference_limit = 1
[realms]
  %[1]s = {
    kdc = %[2]s
  }
`, Realm, address)
	server := fmt.Sprintf(`[realms]
  %[1]s = {
    database_name = %[3]s/principal
    key_stash_file = %[3]s/stash
    kdc_listen = ""
    kdc_tcp_listen = %[2]s
    default_principal_flags = +preauth
  }
[logging]
  kdc = STDERR
`, Realm, address, k.dir)
	return errors.Join(
		os.WriteFile(k.ConfigFile, []byte(client), 0o600),
		os.WriteFile(filepath.Join(k.dir, "kdc.conf"), []byte(server), 0o600))
}

func (k *KDC) command(ctx context.Context, tool string, args ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, k.tools[tool], args...) //nolint:gosec // MIT Kerberos' programs, with the arguments of a test
	command.Env = append(os.Environ(), "KRB5_CONFIG="+k.ConfigFile, "KRB5_KDC_PROFILE="+filepath.Join(k.dir, "kdc.conf"))
	return command
}

func (k *KDC) run(ctx context.Context, input, tool string, args ...string) error {
	command := k.command(ctx, tool, args...)
	command.Stdin = strings.NewReader(input)
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w: %s", tool, args[0], err, output)
	}
	return nil
}

func (k *KDC) serve(ctx context.Context) error {
	k.process = k.command(context.WithoutCancel(ctx), "krb5kdc", "-n")
	output, err := k.process.StderrPipe()
	if err != nil {
		return err
	}
	if err := k.process.Start(); err != nil {
		return err
	}
	go k.follow(output)
	select {
	case <-k.ready:
		return nil
	case <-k.ended:
	case <-ctx.Done():
	}
	k.Close()
	return fmt.Errorf("krb5kdc did not start:\n%s", strings.Join(k.Log(), "\n"))
}

func (k *KDC) follow(output io.Reader) {
	defer close(k.ended)
	for lines := bufio.NewScanner(output); lines.Scan(); {
		k.mu.Lock()
		k.log = append(k.log, lines.Text())
		k.mu.Unlock()
		if strings.HasSuffix(lines.Text(), "commencing operation") {
			close(k.ready)
		}
	}
}

// Log is what the KDC wrote so far, one line for each thing it was asked; after Close all
// of it.
func (k *KDC) Log() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return append([]string(nil), k.log...)
}

// Count is how many lines of the log hold all the words.
func (k *KDC) Count(words ...string) int {
	n := 0
lines:
	for _, line := range k.Log() {
		for _, word := range words {
			if !strings.Contains(line, word) {
				continue lines
			}
		}
		n++
	}
	return n
}

// Close ends the KDC and waits for its log. It may be called again.
func (k *KDC) Close() {
	_ = k.process.Process.Signal(syscall.SIGTERM) // it may have ended by itself
	<-k.ended
	_ = k.process.Wait() // how it ended does not matter any more
}

// AddUser makes an account. flags are kadmin's, such as "-requires_preauth".
func (k *KDC) AddUser(ctx context.Context, name, password string, flags ...string) error {
	return k.run(ctx, "", "kadmin.local", append(append([]string{"addprinc"}, flags...), "-pw", password, name)...)
}

// AddServices makes machines known as HTTP/<host> and puts their keys into a keytab.
// flags are kadmin's.
func (k *KDC) AddServices(ctx context.Context, keytab string, hosts []string, flags ...string) error {
	principals := make([]string, len(hosts))
	for i, host := range hosts {
		principals[i] = "HTTP/" + host
		if err := k.run(ctx, "", "kadmin.local", append(append([]string{"addprinc"}, flags...), "-randkey", principals[i])...); err != nil {
			return err
		}
	}
	return k.run(ctx, "", "kadmin.local", append([]string{"ktadd", "-k", keytab}, principals...)...)
}

// Modify changes an account with kadmin's flags, such as "-allow_tix".
func (k *KDC) Modify(ctx context.Context, name string, flags ...string) error {
	return k.run(ctx, "", "kadmin.local", append(append([]string{"modprinc"}, flags...), name)...)
}

// ExportUser puts an account's keys into a keytab; its password stays.
func (k *KDC) ExportUser(ctx context.Context, keytab, name string) error {
	return k.run(ctx, "", "kadmin.local", "ktadd", "-norandkey", "-k", keytab, name)
}

// Kinit logs an account on and leaves its ticket in a credential cache, as a person does.
func (k *KDC) Kinit(ctx context.Context, cache, name, password string, flags ...string) error {
	return k.run(ctx, password+"\n", "kinit", append(flags, "-c", cache, name)...)
}
