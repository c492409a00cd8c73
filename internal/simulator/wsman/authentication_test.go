package wsman_test

import (
	"crypto/tls"
	"encoding/asn1"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/bodgit/ntlmssp"
	ntlmhttp "github.com/bodgit/ntlmssp/http"

	"github.com/timago/terraform-provider-timago/internal/simulator/wsman"
)

const identify = `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Header/><s:Body>` +
	`<i:Identify xmlns:i="http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"/></s:Body></s:Envelope>`

// received is what tests look at of an HTTP response.
type received struct {
	status int
	header http.Header
}

// exchange sends a request and reads the whole answer.
func exchange(t *testing.T, c *http.Client, request *http.Request) (received, string) {
	t.Helper()
	response, err := c.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return received{response.StatusCode, response.Header}, string(answer)
}

// post sends a body with an Authorization, as a handshake does.
func post(t *testing.T, c *http.Client, url, authorization, body string) (received, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if authorization != "" {
		request.Header.Set("Authorization", authorization)
	}
	request.Header.Set("Content-Type", "application/soap+xml;charset=UTF-8")
	return exchange(t, c, request)
}

// oneConnection is an HTTP client whose requests share a connection.
func oneConnection(t *testing.T, e *endpoint) *http.Client {
	t.Helper()
	transport := &http.Transport{MaxConnsPerHost: 1, TLSClientConfig: &tls.Config{RootCAs: e.roots, MinVersion: tls.VersionTLS12}}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func ntlmClient(t *testing.T, domain, user, password string) *ntlmssp.Client {
	t.Helper()
	c, err := ntlmssp.NewClient(ntlmssp.SetUserInfo(user, password), ntlmssp.SetDomain(domain), ntlmssp.SetVersion(ntlmssp.DefaultVersion()))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// raw and spnego are the two ways to put an NTLM message into a header.
func raw(message []byte, _ bool) []byte { return message }

func spnego(message []byte, first bool) []byte {
	marshal := func(value any, parameters string) []byte {
		der, err := asn1.MarshalWithParams(value, parameters)
		if err != nil {
			panic(err)
		}
		return der
	}
	if !first {
		return marshal(struct {
			Token []byte `asn1:"explicit,tag:2"`
		}{message}, "explicit,tag:1")
	}
	inner := marshal(struct {
		Mechanisms []asn1.ObjectIdentifier `asn1:"explicit,tag:0"`
		Token      []byte                  `asn1:"explicit,tag:2"`
	}{[]asn1.ObjectIdentifier{{1, 3, 6, 1, 4, 1, 311, 2, 2, 10}}, message}, "explicit,tag:0")
	oid := marshal(asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 2}, "")
	return marshal(asn1.RawValue{Class: asn1.ClassApplication, IsCompound: true, Bytes: append(oid, inner...)}, "")
}

// handshake logs on and sends body with the last message.
func handshake(t *testing.T, c *http.Client, url string, n *ntlmssp.Client, wrap func([]byte, bool) []byte, bindings *ntlmssp.ChannelBindings, body string) (received, string) {
	t.Helper()
	message, err := n.Authenticate(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, _ := post(t, c, url, "Negotiate "+base64.StdEncoding.EncodeToString(wrap(message, true)), "")
	answer, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(response.header.Get("WWW-Authenticate"), "Negotiate "))
	at := strings.Index(string(answer), "NTLMSSP\x00")
	if response.status != http.StatusUnauthorized || err != nil || at < 0 {
		t.Fatalf("no challenge: %d %v", response.status, response.header)
	}
	if message, err = n.Authenticate(answer[at:], bindings); err != nil {
		t.Fatal(err)
	}
	return post(t, c, url, "Negotiate "+base64.StdEncoding.EncodeToString(wrap(message, false)), body)
}

func TestNTLMOverTLS(t *testing.T) {
	t.Parallel()
	for name, wrap := range map[string]func([]byte, bool) []byte{"raw": raw, "SPNEGO": spnego} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := serve(t, wsman.Config{NTLM: true, TLS: withTLS()})
			c := oneConnection(t, e)
			response, answer := handshake(t, c, e.url(), ntlmClient(t, "SCHULE", "operator", password), wrap, nil, identify)
			if response.status != http.StatusOK || !strings.Contains(answer, "OS: 10.0.19045 SP: 0.0 Stack: 3.0") {
				t.Fatalf("%d %s", response.status, answer)
			}
			if response, _ = post(t, c, e.url(), "", identify); response.status != http.StatusOK {
				t.Errorf("the next request on the connection: %d", response.status)
			}
			if response, _ = post(t, c, e.url(), "", ""); response.status != http.StatusUnauthorized || response.header.Get("WWW-Authenticate") != "Negotiate" {
				t.Errorf("an empty request on it: %d %v", response.status, response.header)
			}
			c.CloseIdleConnections()
			if response, _ = post(t, c, e.url(), "", identify); response.status != http.StatusUnauthorized {
				t.Errorf("another connection: %d", response.status)
			}
		})
	}
}

// postSealed sends and receives one sealed message.
func postSealed(t *testing.T, c *http.Client, url string, n *ntlmssp.Client, body string) (received, string) {
	t.Helper()
	const boundary, protocol = "--Encrypted Boundary", "application/HTTP-SPNEGO-session-encrypted"
	sealed, signature, err := n.SecuritySession().Wrap([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	frame := fmt.Sprintf("%s\r\n\tContent-Type: %s\r\n\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length=%d\r\n"+
		"%s\r\n\tContent-Type: application/octet-stream\r\n\x10\x00\x00\x00%s%s%s--\r\n", boundary, protocol, len(body), boundary, signature, sealed, boundary)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(frame))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", `multipart/encrypted;protocol="`+protocol+`";boundary="Encrypted Boundary"`)
	response, answer := exchange(t, c, request)
	_, rest, found := strings.Cut(answer, "application/octet-stream\r\n\x10\x00\x00\x00")
	if !found {
		return response, answer
	}
	rest = strings.TrimSuffix(rest, boundary+"--\r\n")
	plain, err := n.SecuritySession().Unwrap([]byte(rest[16:]), []byte(rest[:16]))
	if err != nil {
		t.Fatal(err)
	}
	return response, string(plain)
}

func TestSealedNTLMOverHTTP(t *testing.T) {
	t.Parallel()
	e := serve(t, wsman.Config{NTLM: true})
	c, n := oneConnection(t, e), ntlmClient(t, "schule", "Operator", password)
	if response, _ := handshake(t, c, e.url(), n, raw, nil, ""); response.status != http.StatusOK {
		t.Fatalf("the handshake: %d", response.status)
	}
	ask := func(body string) (received, string) { return postSealed(t, c, e.url(), n, body) }
	for range 3 {
		if response, answer := ask(identify); response.status != http.StatusOK || !strings.Contains(answer, "IdentifyResponse") {
			t.Fatalf("%d %s", response.status, answer)
		}
	}
	response, answer := ask(strings.Replace(identify, "Identify", "Nothing", 1))
	if response.status != http.StatusInternalServerError || !strings.Contains(answer, "WSManFault") {
		t.Errorf("a sealed fault: %d %s", response.status, answer)
	}
	for _, entry := range e.entries()[2:] {
		if !entry.Sealed || entry.User != username || entry.Handshake || entry.Connection != 1 {
			t.Errorf("the log: %+v", entry)
		}
	}
}

func TestUnsealedOverHTTPIsRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		configured, want int
	}{"as set": {http.StatusUnauthorized, http.StatusUnauthorized}, "by default": {0, http.StatusInternalServerError}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := serve(t, wsman.Config{NTLM: true, Basic: true, UnencryptedStatus: test.configured})
			c := oneConnection(t, e)
			if response, _ := handshake(t, c, e.url(), ntlmClient(t, "", "operator", password), raw, nil, identify); response.status != test.want {
				t.Errorf("NTLM: status %d, want %d", response.status, test.want)
			}
			basic := newClient(t, e)
			if r, _ := basic.try(transfer+"/Get", cimv2+"Win32_OperatingSystem", ""); r.status != http.StatusUnauthorized {
				t.Errorf("Basic: status %d", r.status)
			}
			if last := e.entries()[2]; last.FailedLogon {
				t.Errorf("a password that was not looked at counts as a failed logon: %+v", last)
			}
		})
	}
}

func TestWrongPasswordIsCounted(t *testing.T) {
	t.Parallel()
	e := serve(t, wsman.Config{Basic: true, NTLM: true, TLS: withTLS()})
	basic := newClient(t, e)
	basic.password = "wrong"
	if r, _ := basic.try(transfer+"/Get", cimv2+"Win32_OperatingSystem", ""); r.status != http.StatusUnauthorized {
		t.Errorf("Basic: status %d", r.status)
	}
	for _, user := range []string{"operator", "nobody"} {
		response, _ := handshake(t, oneConnection(t, e), e.url(), ntlmClient(t, "SCHULE", user, "wrong"), raw, nil, identify)
		if response.status != http.StatusUnauthorized || len(response.header.Values("WWW-Authenticate")) != 2 {
			t.Errorf("NTLM: status %d, %v", response.status, response.header)
		}
	}
	var failed []string
	for _, entry := range e.entries() {
		if entry.Kind != wsman.Logon || entry.Status != http.StatusUnauthorized || entry.Handshake == entry.FailedLogon {
			t.Errorf("the log: %+v", entry)
		}
		if entry.FailedLogon {
			failed = append(failed, entry.User)
		}
	}
	if got := strings.Join(failed, ", "); got != `SCHULE\operator, SCHULE\operator, SCHULE\nobody` {
		t.Errorf("failed logons of %s", got)
	}
}

func TestNamesOfAnAccount(t *testing.T) {
	t.Parallel()
	e := serve(t, wsman.Config{NTLM: true, TLS: withTLS()})
	for name, want := range map[string]int{
		`SCHULE\operator`: 200, `schule.example\OPERATOR`: 200, `.\operator`: 200, `\operator@schule`: 200, `\operator`: 200,
		`ANDERE\operator`: 401, `\operator@andere`: 401,
	} {
		domain, user, _ := strings.Cut(name, `\`)
		response, _ := handshake(t, oneConnection(t, e), e.url(), ntlmClient(t, domain, user, password), raw, nil, identify)
		if response.status != want {
			t.Errorf("%s: status %d, want %d", name, response.status, want)
		}
	}
}

// A client may bind its logon to the TLS channel; one that is bound to another
// is relayed.
func TestChannelBinding(t *testing.T) {
	t.Parallel()
	e := serve(t, wsman.Config{NTLM: true, TLS: withTLS()})
	h, err := ntlmhttp.NewClient(oneConnection(t, e), ntlmClient(t, "SCHULE", "operator", password), ntlmhttp.SendCBT(true))
	if err != nil {
		t.Fatal(err)
	}
	response, err := h.Post(e.url(), "application/soap+xml;charset=UTF-8", strings.NewReader(""))
	if err != nil || response.StatusCode != http.StatusOK {
		t.Errorf("bound to this channel: %v, %v", response, err)
	}
	if err == nil {
		_ = response.Body.Close()
	}
	other := &ntlmssp.ChannelBindings{ApplicationData: []byte("tls-server-end-point:another")}
	relayed, _ := handshake(t, oneConnection(t, e), e.url(), ntlmClient(t, "SCHULE", "operator", password), raw, other, identify)
	if relayed.status != http.StatusUnauthorized {
		t.Errorf("bound to another channel: %d", relayed.status)
	}
}

func TestAnonymousIdentify(t *testing.T) {
	t.Parallel()
	e := serve(t, wsman.Config{NTLM: true})
	c := oneConnection(t, e)
	url := e.url() + "-anon/identify"
	if response, answer := post(t, c, url, "", identify); response.status != http.StatusOK || !strings.Contains(answer, "Microsoft Corporation") {
		t.Errorf("%d %s", response.status, answer)
	}
	if response, answer := post(t, c, url, "", strings.Replace(identify, "Identify", "Get", 1)); response.status != http.StatusInternalServerError || !strings.Contains(answer, `Code="5"`) {
		t.Errorf("something else: %d %s", response.status, answer)
	}
	if response, _ := post(t, c, url, "", "no XML"); response.status != http.StatusBadRequest {
		t.Errorf("no XML: %d", response.status)
	}
	if response, _ := post(t, c, e.url()+"/else", "", identify); response.status != http.StatusNotFound {
		t.Errorf("another path: %d", response.status)
	}
}
