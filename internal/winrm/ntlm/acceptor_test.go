package ntlm_test

import (
	"bytes"
	"crypto/md5" //nolint:gosec // the hash of channel bindings
	"encoding/binary"
	"errors"
	"testing"

	"github.com/timago/terraform-provider-timago/internal/simulator/acceptor"
	"github.com/timago/terraform-provider-timago/internal/winrm/ntlm"
)

const password = "Größe & <Würfel>!"

func start(t *testing.T, kind acceptor.Kind, users ...string) *acceptor.Acceptor {
	t.Helper()
	accounts := acceptor.Accounts{Domain: "SCHULE", Users: users, Password: password}
	a, err := acceptor.Start(t.Context(), kind, accounts, t.TempDir())
	if errors.Is(err, acceptor.ErrMissing) {
		t.Skipf("needs %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	return a
}

// channel is what a TLS channel is called, and hash what NTLM carries of it.
var channel = []byte("tls-server-end-point:certificate")

func hash(channel []byte) [16]byte {
	bindings := binary.LittleEndian.AppendUint32(make([]byte, 16), uint32(len(channel))) //nolint:gosec // short
	return md5.Sum(append(bindings, channel...))                                         //nolint:gosec // see above
}

// logon is one that can be changed on its way.
type logon struct {
	user, password string
	bindings       [16]byte // as the client has them
	channel        []byte   // as the server has it
	alter          func(kind int, message []byte)
}

// run makes the logon, and gives both sides of the session.
func (l logon) run(t *testing.T, a *acceptor.Acceptor) (*ntlm.Context, *acceptor.Context, error) {
	t.Helper()
	account := ntlm.Account{Domain: "SCHULE", User: l.user, Password: func() string { return l.password }}
	client, server := ntlm.New(account, "HTTP/pc01", l.bindings), a.Open(l.channel)
	t.Cleanup(server.Close)
	sent := func(kind int, message []byte) []byte {
		if l.alter != nil {
			l.alter(kind, message)
		}
		return message
	}
	reply, _, err := server.Accept(sent(1, client.Negotiate()))
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Challenge(sent(2, reply)); err != nil {
		t.Fatal(err)
	}
	answer, err := client.Authenticate()
	if err != nil {
		t.Fatal(err)
	}
	_, user, err := server.Accept(sent(3, answer))
	if err == nil && user == "" {
		t.Error("the logon did not come to its end")
	}
	return client, server, err
}

// talk sends messages both ways.
func talk(t *testing.T, client *ntlm.Context, server *acceptor.Context, messages int, size func(i int) int) {
	t.Helper()
	for i := range messages {
		message := bytes.Repeat([]byte{byte(i)}, size(i))
		signature, sealed, err := client.Seal(message)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := server.Unwrap(append(signature, sealed...)); err != nil || !bytes.Equal(got, message) {
			t.Fatalf("message %d of the client: %d bytes, %v", i, len(got), err)
		}
		token, err := server.Wrap(message, false)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := client.Open(token[:16], token[16:]); err != nil || !bytes.Equal(got, message) {
			t.Fatalf("message %d of the server: %d bytes, %v", i, len(got), err)
		}
	}
}

func TestIndependentAcceptors(t *testing.T) {
	t.Parallel()
	for _, kind := range []acceptor.Kind{acceptor.GSSNTLMSSP, acceptor.Samba} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			a := start(t, kind, "kms-admin")
			client, server, err := logon{user: "kms-admin", password: password}.run(t, a)
			if err != nil {
				t.Fatal(err)
			}
			talk(t, client, server, 300, func(i int) int { return 1 + 10*i })
			talk(t, client, server, 2, func(i int) int { return 100_000 + 1_700_000*i })
			if _, _, err := (logon{user: "kms-admin", password: "wrong"}).run(t, a); err == nil {
				t.Error("a wrong password was taken")
			}
			if _, _, err := (logon{user: "someone", password: password}).run(t, a); err == nil {
				t.Error("another user was taken")
			}
		})
	}
}

// Who alters a message on its way is found out by its MIC.
func TestAlteredMessagesAreRefused(t *testing.T) {
	t.Parallel()
	for _, kind := range []acceptor.Kind{acceptor.GSSNTLMSSP, acceptor.Samba} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			a := start(t, kind, "kms-admin")
			for name, alter := range map[string]func(kind int, message []byte){
				"the version in NEGOTIATE": func(kind int, message []byte) {
					if kind == 1 {
						message[34] ^= 1
					}
				},
				"the version in CHALLENGE": func(kind int, message []byte) {
					if kind == 2 {
						message[50] ^= 1
					}
				},
				"the MIC": func(kind int, message []byte) {
					if kind == 3 {
						message[72] ^= 1
					}
				},
			} {
				if _, _, err := (logon{user: "kms-admin", password: password, alter: alter}).run(t, a); err == nil {
					t.Errorf("%s was altered, and the logon was taken", name)
				}
			}
		})
	}
}

// Python cannot tell Samba's gensec the channel, so gss-ntlmssp alone judges it.
func TestChannelBindings(t *testing.T) {
	t.Parallel()
	a := start(t, acceptor.GSSNTLMSSP, "kms-admin")
	for name, story := range map[string]struct {
		logon
		taken bool
	}{
		"right":                       {logon{bindings: hash(channel), channel: channel}, true},
		"of another channel":          {logon{bindings: hash(append(channel, '2')), channel: channel}, false},
		"where the server wants none": {logon{bindings: hash(channel)}, true},
	} {
		story.user, story.password = "kms-admin", password
		if _, _, err := story.run(t, a); (err == nil) != story.taken {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Windows makes capitals in its own way; Samba has its table.
func TestNamesWithUnusualLetters(t *testing.T) {
	t.Parallel()
	users := []string{"Müller", "weiß", "ışık", "ſachs", "µ", "ÿ", "ǆ", "𐐨"}
	a := start(t, acceptor.Samba, users...)
	for _, user := range users {
		if _, _, err := (logon{user: user, password: password}).run(t, a); err != nil {
			t.Errorf("%s: %v", user, err)
		}
	}
}
