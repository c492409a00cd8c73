package wsman_test

import (
	"crypto/tls"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/simulator/wsman"
)

const (
	cimv2    = "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/"
	cmdShell = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/cmd"
	shellNS  = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
	enumNS   = "http://schemas.xmlsoap.org/ws/2004/09/enumeration"
	transfer = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
	optimize = "<w:OptimizeEnumeration/><w:MaxElements>50</w:MaxElements>"
)

// client sends SOAP as WinRM clients do, with Basic.
type client struct {
	t        *testing.T
	http     *http.Client
	url      string
	password string
	header   string // more of it
}

func newClient(t *testing.T, e *endpoint) *client {
	t.Helper()
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: e.roots, MinVersion: tls.VersionTLS12}}
	t.Cleanup(transport.CloseIdleConnections)
	return &client{t: t, http: &http.Client{Transport: transport, Timeout: 5 * time.Second}, url: e.url(), password: password}
}

func plain() wsman.Config { return wsman.Config{Basic: true, AllowUnencrypted: true} }

// reply is an answer, as far as tests look at it.
type reply struct {
	status int
	text   string
	Body   struct {
		Fault struct {
			Reason string `xml:"Reason>Text"`
			Detail struct {
				Fault *struct {
					Code uint32 `xml:",attr"`
				} `xml:"WSManFault"`
				WMI *struct {
					MessageID string
					Code      uint32 `xml:"error_Code"`
				} `xml:"MSFT_WmiError"`
			}
		}
		Enumerate struct {
			Context string `xml:"EnumerationContext"`
		} `xml:"EnumerateResponse"`
		Pull struct {
			Context string `xml:"EnumerationContext"`
		} `xml:"PullResponse"`
		ShellID   string `xml:"Shell>ShellId"`
		CommandID string `xml:"CommandResponse>CommandId"`
	}
	Header struct {
		RelatesTo string
		Action    string
	}
}

func (r reply) fault() uint32 {
	switch detail := r.Body.Fault.Detail; {
	case detail.Fault != nil:
		return detail.Fault.Code
	case detail.WMI != nil:
		return detail.WMI.Code
	}
	return 0
}

// between is the text inside the first element of that name.
func (r reply) between(element string) string {
	_, rest, _ := strings.Cut(r.text, "<"+element+">")
	inside, _, _ := strings.Cut(rest, "</"+element+">")
	return inside
}

// try sends one message and returns what came back, or the error.
func (c *client) try(action, resource, body string) (reply, error) {
	c.t.Helper()
	text := `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"` +
		` xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" xmlns:n="` + enumNS + `" xmlns:rsp="` + shellNS + `"><s:Header>` +
		`<a:Action>` + action + `</a:Action><a:MessageID>uuid:1</a:MessageID><w:ResourceURI>` + resource + `</w:ResourceURI>` +
		c.header + `</s:Header><s:Body>` + body + `</s:Body></s:Envelope>`
	request, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, c.url, strings.NewReader(text))
	if err != nil {
		c.t.Fatal(err)
	}
	request.SetBasicAuth(username, c.password)
	request.Header.Set("Content-Type", "application/soap+xml;charset=UTF-8")
	response, err := c.http.Do(request)
	if err != nil {
		return reply{}, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return reply{}, err
	}
	r := reply{status: response.StatusCode, text: string(answer)}
	if len(answer) > 0 {
		err = xml.Unmarshal(answer, &r)
	}
	return r, err
}

func (c *client) ask(action, resource, body string) reply {
	c.t.Helper()
	r, err := c.try(action, resource, body)
	if err != nil {
		c.t.Fatal(err)
	}
	if r.Header.RelatesTo != "uuid:1" && r.Body.Fault.Detail.WMI == nil && r.text != "" {
		c.t.Errorf("the answer relates to %q", r.Header.RelatesTo)
	}
	return r
}

func (c *client) query(wql, with string) reply {
	c.t.Helper()
	return c.ask(enumNS+"/Enumerate", cimv2+"*", "<n:Enumerate>"+with+
		`<w:Filter Dialect="http://schemas.microsoft.com/wbem/wsman/1/WQL">`+strings.NewReplacer("<", "&lt;", ">", "&gt;").Replace(wql)+"</w:Filter></n:Enumerate>")
}

func (c *client) pull(context string, elements int) reply {
	c.t.Helper()
	return c.ask(enumNS+"/Pull", cimv2+"*", fmt.Sprintf(
		"<n:Pull><n:EnumerationContext>%s</n:EnumerationContext><n:MaxElements>%d</n:MaxElements></n:Pull>", context, elements))
}

// selecting returns the client that asks for one instance, or shell.
func (c *client) selecting(name, value string) *client {
	chosen := *c
	chosen.header += fmt.Sprintf("<w:SelectorSet><w:Selector Name=%q>%s</w:Selector></w:SelectorSet>", name, value)
	return &chosen
}

func (c *client) within(timeout string) *client {
	chosen := *c
	chosen.header += "<w:OperationTimeout>" + timeout + "</w:OperationTimeout>"
	return &chosen
}

func (c *client) withEnvelope(size int) *client {
	chosen := *c
	chosen.header += fmt.Sprintf("<w:MaxEnvelopeSize>%d</w:MaxEnvelopeSize>", size)
	return &chosen
}

// shell opens a shell and returns the client that talks to it.
func (c *client) shell() *client {
	c.t.Helper()
	r := c.ask(transfer+"/Create", cmdShell, "<rsp:Shell/>")
	if r.Body.ShellID == "" {
		c.t.Fatalf("no shell: %d %s", r.status, r.text)
	}
	return c.selecting("ShellId", r.Body.ShellID)
}

func (c *client) command(line string) string {
	c.t.Helper()
	r := c.ask(shellNS+"/Command", cmdShell, "<rsp:CommandLine><rsp:Command>"+line+"</rsp:Command></rsp:CommandLine>")
	if r.Body.CommandID == "" {
		c.t.Fatalf("no command: %d %s", r.status, r.text)
	}
	return r.Body.CommandID
}

func (c *client) receive(id string) reply {
	c.t.Helper()
	return c.ask(shellNS+"/Receive", cmdShell, `<rsp:Receive><rsp:DesiredStream CommandId="`+id+`">stdout stderr</rsp:DesiredStream></rsp:Receive>`)
}

func (c *client) signal(id string) reply {
	c.t.Helper()
	return c.ask(shellNS+"/Signal", cmdShell, `<rsp:Signal CommandId="`+id+`"><rsp:Code>`+shellNS+`/signal/terminate</rsp:Code></rsp:Signal>`)
}
