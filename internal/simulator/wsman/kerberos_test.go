package wsman_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	krb5client "github.com/jcmturner/gokrb5/v8/client"
	"github.com/jcmturner/gokrb5/v8/config"
	"github.com/jcmturner/gokrb5/v8/gssapi"
	"github.com/jcmturner/gokrb5/v8/iana/chksumtype"
	"github.com/jcmturner/gokrb5/v8/iana/flags"
	"github.com/jcmturner/gokrb5/v8/messages"
	krb5spnego "github.com/jcmturner/gokrb5/v8/spnego"
	"github.com/jcmturner/gokrb5/v8/types"

	"github.com/timago/terraform-provider-timago/internal/simulator/kdc"
	"github.com/timago/terraform-provider-timago/internal/simulator/kdctest"
	"github.com/timago/terraform-provider-timago/internal/simulator/wsman"
)

// kerberosRealm runs a realm with the account and a machine known as HTTP/localhost.
func kerberosRealm(t *testing.T) (keytab string, c *krb5client.Client) {
	t.Helper()
	dir := t.TempDir()
	center := kdctest.Start(t, dir)
	keytab = filepath.Join(dir, "http.keytab")
	if err := errors.Join(center.AddUser(t.Context(), "operator", password), center.AddServices(t.Context(), keytab, []string{"localhost"})); err != nil {
		t.Fatal(err)
	}
	conf, err := config.Load(center.ConfigFile)
	if err != nil {
		t.Fatal(err)
	}
	c = krb5client.NewWithPassword("operator", kdc.Realm, password, conf, krb5client.DisablePAFXFAST(true))
	t.Cleanup(c.Destroy)
	if err := c.Login(); err != nil {
		t.Fatal(err)
	}
	return keytab, c
}

// apReq is a token as other clients make them, with or without mutual authentication.
func apReq(t *testing.T, c *krb5client.Client, contextFlags ...int) []byte {
	t.Helper()
	ticket, key, err := c.GetServiceTicket("HTTP/localhost")
	if err != nil {
		t.Fatal(err)
	}
	token, err := krb5spnego.NewKRB5TokenAPREQ(c, ticket, key, contextFlags, []int{flags.APOptionMutualRequired})
	if err != nil {
		t.Fatal(err)
	}
	b, err := token.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestKerberosTokensOfOtherClients(t *testing.T) {
	t.Parallel()
	keytab, c := kerberosRealm(t)
	e := serve(t, wsman.Config{AllowUnencrypted: true, NTLM: true, Kerberos: &wsman.Kerberos{Keytab: keytab}})

	response, _ := post(t, oneConnection(t, e), e.url(), "", "")
	if offered := response.header.Values("WWW-Authenticate"); response.status != http.StatusUnauthorized || strings.Join(offered, ",") != "Negotiate,Kerberos" {
		t.Errorf("%d, offered %q", response.status, offered)
	}

	for _, scheme := range []string{"Kerberos", "Negotiate"} {
		connection := oneConnection(t, e)
		token := apReq(t, c, gssapi.ContextFlagMutual, gssapi.ContextFlagInteg, gssapi.ContextFlagConf)
		response, answer := post(t, connection, e.url(), scheme+" "+base64.StdEncoding.EncodeToString(token), identify)
		if response.status != http.StatusOK || !strings.Contains(answer, "OS: 10.0.19045") || !strings.HasPrefix(response.header.Get("WWW-Authenticate"), scheme+" YI") {
			t.Errorf("%s: %d %s %v", scheme, response.status, answer, response.header)
		}
		if response, _ = post(t, connection, e.url(), "", identify); response.status != http.StatusOK {
			t.Errorf("%s: the next request on the connection: %d", scheme, response.status)
		}
	}

	// In SPNEGO, as most clients have it.
	wrapped, err := (&krb5spnego.SPNEGOToken{Init: true, NegTokenInit: krb5spnego.NegTokenInit{
		MechTypes: append(krb5spnego.NegTokenInit{}.MechTypes, gssapi.OIDKRB5.OID()), MechTokenBytes: apReq(t, c, gssapi.ContextFlagMutual),
	}}).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	response, answer := post(t, oneConnection(t, e), e.url(), "Negotiate "+base64.StdEncoding.EncodeToString(wrapped), identify)
	if response.status != http.StatusOK || !strings.Contains(answer, "OS: 10.0.19045") {
		t.Errorf("in SPNEGO: %d %s", response.status, answer)
	}
	reply, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(response.header.Get("WWW-Authenticate"), "Negotiate "))
	if err != nil {
		t.Fatal(err)
	}
	var resp krb5spnego.SPNEGOToken
	if err := resp.Unmarshal(reply); err != nil || !resp.Resp || resp.NegTokenResp.State() != krb5spnego.NegStateAcceptCompleted || len(resp.NegTokenResp.ResponseToken) == 0 {
		t.Errorf("the answer is %x, %v", reply, err)
	}
	if user := e.entries()[len(e.entries())-1].User; user != username {
		t.Errorf("the log names %q", user)
	}
}

func TestKerberosTokensThatAreRefused(t *testing.T) {
	t.Parallel()
	keytab, c := kerberosRealm(t)
	good := apReq(t, c, gssapi.ContextFlagMutual)
	altered := bytes.Clone(good)
	altered[len(altered)-1] ^= 1
	for name, story := range map[string]struct {
		kerberos *wsman.Kerberos
		token    []byte
		krbError bool // by a KRB-ERROR
	}{
		"not offered":             {nil, good, false},
		"offered another way":     {&wsman.Kerberos{Keytab: keytab, Scheme: "Negotiate"}, good, false},
		"no proof of the machine": {&wsman.Kerberos{Keytab: keytab}, apReq(t, c), false},
		"altered":                 {&wsman.Kerberos{Keytab: keytab}, altered, true},
		"no keytab":               {&wsman.Kerberos{Keytab: keytab + "x"}, good, false},
		"a clock that is late":    {&wsman.Kerberos{Keytab: keytab, Clock: func() time.Time { return time.Now().Add(time.Hour) }}, good, true},
		"a clock that is early":   {&wsman.Kerberos{Keytab: keytab, Clock: func() time.Time { return time.Now().Add(-time.Hour) }}, good, true},
		"a clock of next week":    {&wsman.Kerberos{Keytab: keytab, Clock: func() time.Time { return time.Now().Add(7 * 24 * time.Hour) }}, good, true},
		"rubbish":                 {&wsman.Kerberos{Keytab: keytab}, []byte("rubbish"), false},
		"cut off":                 {&wsman.Kerberos{Keytab: keytab}, good[:20], false},
	} {
		e := serve(t, wsman.Config{AllowUnencrypted: true, Kerberos: story.kerberos})
		response, _ := post(t, oneConnection(t, e), e.url(), "Kerberos "+base64.StdEncoding.EncodeToString(story.token), identify)
		krbError := strings.HasPrefix(response.header.Get("WWW-Authenticate"), "Kerberos ")
		if response.status != http.StatusUnauthorized || krbError != story.krbError {
			t.Errorf("%s: %d %v", name, response.status, response.header)
		}
	}
}

func TestKerberosIsBoundToItsChannel(t *testing.T) {
	t.Parallel()
	keytab, c := kerberosRealm(t)
	e := serve(t, wsman.Config{TLS: withTLS(), Kerberos: &wsman.Kerberos{Keytab: keytab}})
	for _, bound := range []byte{0, 1} { // none, and another
		ticket, key, err := c.GetServiceTicket("HTTP/localhost")
		if err != nil {
			t.Fatal(err)
		}
		token, err := krb5spnego.NewKRB5TokenAPREQ(c, ticket, key, []int{gssapi.ContextFlagMutual}, nil)
		if err != nil {
			t.Fatal(err)
		}
		authenticator, err := types.NewAuthenticator(kdc.Realm, c.Credentials.CName())
		if err != nil {
			t.Fatal(err)
		}
		checksum := append([]byte{16, 0, 0, 0}, bytes.Repeat([]byte{bound}, 16)...)
		authenticator.Cksum = types.Checksum{CksumType: chksumtype.GSSAPI, Checksum: append(checksum, gssapi.ContextFlagMutual, 0, 0, 0)}
		if token.APReq, err = messages.NewAPReq(ticket, key, authenticator); err != nil {
			t.Fatal(err)
		}
		b, err := token.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		want := map[byte]int{0: http.StatusOK, 1: http.StatusUnauthorized}[bound]
		if response, _ := post(t, oneConnection(t, e), e.url(), "Kerberos "+base64.StdEncoding.EncodeToString(b), identify); response.status != want {
			t.Errorf("bound to %d: %d, want %d", bound, response.status, want)
		}
	}
}
