package winrm_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/simulator/acceptor"
	"github.com/timago/terraform-provider-timago/internal/simulator/wsman"
	"github.com/timago/terraform-provider-timago/internal/winrm"
)

// judge starts an acceptor that nobody here wrote.
func judge(t *testing.T, kind acceptor.Kind, env ...string) *acceptor.Acceptor {
	t.Helper()
	accounts := acceptor.Accounts{Domain: "SCHULE", Users: []string{"kms-admin"}, Password: password}
	a, err := acceptor.Start(t.Context(), kind, accounts, t.TempDir(), env...)
	if errors.Is(err, acceptor.ErrMissing) {
		t.Skipf("needs %v", err)
	}
	do(t, err)
	t.Cleanup(a.Close)
	return a
}

// judged is a machine behind a front.
type judged struct {
	*room
	front *acceptor.Front
}

// openFront starts a machine behind a front, which a prepared one says how to make.
func openFront(t *testing.T, front *acceptor.Front) *judged {
	t.Helper()
	machine := open(t, wsman.Config{Basic: true, AllowUnencrypted: true})
	front.Machine, front.Username, front.Password = "http://"+machine.address+"/wsman", username, password
	address, stop, err := front.Serve(t.Context())
	do(t, err)
	t.Cleanup(stop)
	machine.address = strings.Replace(address, "127.0.0.1", "localhost", 1)
	return &judged{machine, front}
}

// logons counts those that were tried, and that were refused.
func (j *judged) logons() (tried, refused int) {
	for _, e := range j.front.Events() {
		if e.User != "" && e.Logon {
			tried++
		}
		if e.Logon && e.Failed {
			refused++
		}
	}
	return tried, refused
}

// sealed counts the messages that were opened, and the bytes of the largest.
func (j *judged) sealed() (messages, largest int) {
	for _, e := range j.front.Events() {
		if e.Sealed > 0 {
			messages++
			largest = max(largest, e.Sealed)
		}
	}
	return messages, largest
}

// asks makes queries one after the other over one connection.
func (j *judged) asks(t *testing.T, c *winrm.Client, queries int) {
	t.Helper()
	for range queries {
		instances, err := c.Query(t.Context(), j.address, uptime)
		do(t, err)
		if start, ok := instances[0].Time("LastBootUpTime"); !ok || !start.Equal(booted) {
			t.Fatalf("LastBootUpTime = %v, %t, want %v", start, ok, booted)
		}
	}
	if tried, refused := j.logons(); tried != 1 || refused != 0 {
		t.Errorf("%d queries took %d logons, %d refused", queries, tried, refused)
	}
}

// talks has a client say much and little, one after the other and all at once.
func (j *judged) talks(t *testing.T, c *winrm.Client) {
	t.Helper()
	j.asks(t, c, 300)
	comment := strings.Repeat("Größe & <Würfel>! ", 6_000)
	_, err := c.Invoke(t.Context(), j.address, winrm.Call{
		Class: "Win32_OperatingSystem", Method: "Win32ShutdownTracker",
		Arguments: []winrm.Argument{{Name: "Comment", Value: comment}},
	})
	do(t, err)
	processes, err := c.Query(t.Context(), j.address, "SELECT Handle, Name FROM Win32_Process")
	if err != nil || len(processes) != 2500 {
		t.Errorf("%d processes, %v", len(processes), err)
	}
	if messages, largest := j.sealed(); messages < 300 || largest < len(comment) {
		t.Errorf("%d sealed messages, the largest of %d bytes", messages, largest)
	}
	var group sync.WaitGroup
	for range 16 {
		group.Go(func() {
			for range 50 {
				if _, err := c.Query(t.Context(), j.address, uptime); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
}

func TestNTLMBeforeIndependentAcceptors(t *testing.T) {
	t.Parallel()
	for _, kind := range []acceptor.Kind{acceptor.GSSNTLMSSP, acceptor.Samba} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			j := openFront(t, &acceptor.Front{Acceptor: judge(t, kind)})
			j.talks(t, client(t, winrm.Config{}))

			wrong := openFront(t, &acceptor.Front{Acceptor: j.front.Acceptor})
			c := client(t, winrm.Config{Password: "wrong"})
			for range 3 {
				if _, err := c.Query(t.Context(), wrong.address, uptime); !winrm.IsAuthRejected(err) {
					t.Errorf("got %v, want a refusal", err)
				}
			}
			if _, refused := wrong.logons(); refused != 1 {
				t.Errorf("a wrong password was refused %d times, want once", refused)
			}
		})
	}
}

func TestKerberosBeforeMIT(t *testing.T) {
	t.Parallel()
	r := openRealm(t)
	keytab, cache := filepath.Join(r.dir, "user.keytab"), filepath.Join(r.dir, "cache")
	do(t, r.ExportUser(t.Context(), keytab, "kms-admin"))
	do(t, r.Kinit(t.Context(), cache, "kms-admin", password))
	mit := judge(t, acceptor.MIT, "KRB5_KTNAME="+r.keytab, "KRB5_CONFIG="+r.ConfigFile, "KRB5RCACHENAME=none:")
	const atLength = "password, turned as by Windows"
	for name, story := range map[string]struct {
		unrotated bool // RRC 0 and not 28
		config    winrm.Config
	}{
		atLength:                   {false, winrm.Config{}},
		"password, as in RFC 4121": {true, winrm.Config{}},
		"keytab":                   {false, winrm.Config{Kerberos: winrm.KerberosConfig{Keytab: keytab}}},
		"credential cache":         {true, winrm.Config{Kerberos: winrm.KerberosConfig{CredentialCache: cache}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := openFront(t, &acceptor.Front{Acceptor: mit, Unrotated: story.unrotated})
			if c := r.client(t, story.config); name == atLength {
				j.talks(t, c)
			} else {
				j.asks(t, c, 20)
			}
		})
	}
}

// signed are the kinds of certificates that machines have, and the hash of each that
// stands for the channel (RFC 5929).
var signed = []struct {
	algorithm x509.SignatureAlgorithm
	hash      crypto.Hash
}{
	{x509.SHA256WithRSA, crypto.SHA256},
	{x509.SHA384WithRSA, crypto.SHA384},
	{x509.SHA512WithRSA, crypto.SHA512},
	{x509.SHA512WithRSAPSS, crypto.SHA512},
	{x509.ECDSAWithSHA256, crypto.SHA256},
	{x509.ECDSAWithSHA384, crypto.SHA384},
	{x509.ECDSAWithSHA512, crypto.SHA512},
}

var rsaKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

// certificateOf makes a machine's certificate, and the name of its channel.
func certificateOf(t *testing.T, algorithm x509.SignatureAlgorithm, hash crypto.Hash) (*tls.Config, []byte) {
	t.Helper()
	var key crypto.Signer
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if strings.Contains(algorithm.String(), "RSA") && !strings.HasPrefix(algorithm.String(), "ECDSA") {
		key, err = rsaKey()
	}
	do(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "localhost"}, SignatureAlgorithm: algorithm,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	do(t, err)
	sum := hash.New()
	sum.Write(der)
	config := &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12}
	return config, append([]byte("tls-server-end-point:"), sum.Sum(nil)...)
}

func TestChannelBindingsBeforeIndependentAcceptors(t *testing.T) {
	t.Parallel()
	r := openRealm(t)
	for _, kind := range []acceptor.Kind{acceptor.GSSNTLMSSP, acceptor.MIT} {
		a := judge(t, kind, "KRB5_KTNAME="+r.keytab, "KRB5_CONFIG="+r.ConfigFile, "KRB5RCACHENAME=none:")
		connect := client
		if kind == acceptor.MIT {
			connect = r.client
		}
		for _, s := range signed {
			t.Run(string(kind)+" "+s.algorithm.String(), func(t *testing.T) {
				t.Parallel()
				config, channel := certificateOf(t, s.algorithm, s.hash)
				right := openFront(t, &acceptor.Front{Acceptor: a, TLS: config, Channel: channel})
				_, err := connect(t, winrm.Config{UseTLS: true, InsecureSkipVerify: true}).Query(t.Context(), right.address, uptime)
				do(t, err)

				relayed := openFront(t, &acceptor.Front{Acceptor: a, TLS: config, Channel: append(slices.Clip(channel), '!')})
				_, err = connect(t, winrm.Config{UseTLS: true, InsecureSkipVerify: true}).Query(t.Context(), relayed.address, uptime)
				if _, refused := relayed.logons(); !winrm.IsAuthRejected(err) || refused != 1 {
					t.Errorf("a logon of another channel: %v, %d refused", err, refused)
				}
			})
		}
	}
}
