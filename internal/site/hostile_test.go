package site

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode"

	"github.com/timago/terraform-provider-timago/internal/inventory"
	"github.com/timago/terraform-provider-timago/internal/tfdiag"
	"github.com/timago/terraform-provider-timago/internal/timago"
	"github.com/timago/terraform-provider-timago/internal/winrm"
	"github.com/timago/terraform-provider-timago/internal/winrm/wsman"
)

// hostile moves a cursor, forges lines, turns the direction of reading and hides characters.
const hostile = "evil\x1b[2J\x1b]0;title\x07\r\n\nError: forged\u009b31m\u202eexe\u2066\u200b\u2028end"

type hostileDNS struct{}

func (hostileDNS) LookupSRV(context.Context, string, string, string) (string, []*net.SRV, error) {
	return "", nil, &net.DNSError{Err: hostile, Name: hostile, Server: hostile}
}

// Whatever comes from outside is one line of printable characters where a person reads it.
func TestNoDoorLetsHostileTextThrough(t *testing.T) {
	t.Parallel()
	fault := func() error {
		envelope := `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><s:Fault><s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value>w:evil` + "\u202e\u200b\n" +
			`x</s:Value></s:Subcode></s:Code><s:Reason><s:Text>evil` + "\u202e\u200b\u2028\r\nError: forged\u009b" + `</s:Text></s:Reason></s:Fault></s:Body></s:Envelope>`
		body, err := wsman.ParseEnvelope([]byte(envelope))
		if err != nil {
			t.Fatal(err)
		}
		return wsman.DecodeFault("pc01:5985", body.Child("Fault"))
	}
	subcode := func() error {
		f := &winrm.Fault{}
		if !errors.As(fault(), &f) {
			t.Fatal("no fault")
		}
		f.Text = ""
		return f
	}
	document := func(text string) error { _, err := wsman.ParseEnvelope([]byte(text)); return err }
	table := func(text string) error {
		read, err := inventory.Read(strings.NewReader(text))
		if err == nil && read.Odd != nil {
			err = read.Odd
		}
		return err
	}
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		text, _ := json.Marshal(hostile)
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusConflict)
		_, _ = w.Write([]byte(`{"type": "about:blank", "title": ` + string(text) + `, "status": 409, "code": ` + string(text) + `, "detail": ` + string(text) + `}`))
	}))
	defer server.Close()
	api, err := timago.New(timago.Config{Endpoint: server.URL, Token: "token", CACertificate: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})})
	if err != nil {
		t.Fatal(err)
	}
	defer api.Close()
	_, problem := api.Info(t.Context())
	_, lookup := Network{Resolver: hostileDNS{}}.Discover(t.Context(), "schule.example")
	for door, err := range map[string]error{
		"a fault":               fault(),
		"its subcode":           subcode(),
		"broken XML":            document("<a\u202e></b\u200b>"),
		"another document":      document("<a\u0300evil\u00b7/>"),
		"a certificate's names": &winrm.Unreachable{Kind: winrm.KindTLS, Err: x509.HostnameError{Certificate: &x509.Certificate{DNSNames: []string{hostile}}, Host: "pc01"}},
		"what is no HTTP":       &winrm.Protocol{Reason: hostile},
		"a command's output":    &winrm.CommandFailed{Output: winrm.Output{Stderr: hostile}},
		"an API's problem":      problem,
		"an API's reason":       &timago.Malformed{Err: errors.New(hostile)},
		"an API that is silent": &timago.Unanswered{Err: errors.New(hostile)},
		"DNS":                   lookup,
		"a cell":                table("Name;MAC\npc01;\"" + hostile + "\"\n"),
		"a label":               table("Name;\"MAC\x1b\u202e\"\npc01;x\n" + "pc02;x;y"),
		"no label":              table(hostile),
	} {
		if err == nil {
			t.Errorf("%s: no error", door)
			continue
		}
		shown := tfdiag.Failure{Verb: "read", Noun: "station", Name: hostile, Err: err}
		for _, text := range []string{strings.ReplaceAll(err.Error(), "\n", ""), shown.Summary(), strings.ReplaceAll(shown.Detail(), "\n", "")} {
			for _, r := range text {
				if !unicode.IsPrint(r) {
					t.Errorf("%s: %U in %q", door, r, text)
				}
			}
		}
		if strings.Contains(shown.Detail(), "\nError: forged") {
			t.Errorf("%s forges a line: %q", door, shown.Detail())
		}
	}
}
