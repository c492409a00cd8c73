package wsman

import (
	"crypto/rand"
	"encoding/xml"
	"fmt"
	"strings"
	"time"
)

const (
	resourceCIM = "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/"
	dialectWQL  = "http://schemas.microsoft.com/wbem/wsman/1/WQL"

	actionEnumerate = "http://schemas.xmlsoap.org/ws/2004/09/enumeration/Enumerate"
	actionPull      = "http://schemas.xmlsoap.org/ws/2004/09/enumeration/Pull"
	actionRelease   = "http://schemas.xmlsoap.org/ws/2004/09/enumeration/Release"
)

// MaxEnvelopeSize is what an answer may hold by Windows' own limit, 500 KB.
const MaxEnvelopeSize = 512000

// Message is a request before it is addressed.
type Message struct {
	Name string // for the log: "Enumerate", "Invoke Activate"
	// Render makes the SOAP envelope: to is the machine's URL, limit the
	// operation timeout.
	Render func(to string, limit time.Duration) string
	// Repeatable messages change nothing: they are sent again when the
	// connection broke or the operation timed out.
	Repeatable bool
}

// cimMessage is a message about the CIM resource uri.
func cimMessage(name, action, uri string, selectors []selector, body string, repeatable bool) Message {
	return Message{
		Name: name, Repeatable: repeatable,
		Render: func(to string, limit time.Duration) string {
			return envelope(header(to, action, uri, selectors, limit), body)
		},
	}
}

type selector struct{ name, value string }

// envelopeSize is more than most envelopes take.
const envelopeSize = 2 << 10

func envelope(header, body string) string {
	var b strings.Builder
	b.Grow(envelopeSize)
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` +
		`<s:Envelope xmlns:s="` + nsEnvelope + `"` +
		` xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"` +
		` xmlns:n="http://schemas.xmlsoap.org/ws/2004/09/enumeration"` +
		` xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"` +
		` xmlns:x="http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd">` +
		`<s:Header>`)
	b.WriteString(header)
	b.WriteString(`</s:Header><s:Body>`)
	b.WriteString(body)
	b.WriteString(`</s:Body></s:Envelope>`)
	return b.String()
}

// sizeLimit is the same in every header.
var sizeLimit = fmt.Sprintf(`</a:Action><w:MaxEnvelopeSize s:mustUnderstand="true">%d</w:MaxEnvelopeSize><a:MessageID>`, MaxEnvelopeSize)

func header(to, action, resource string, selectors []selector, limit time.Duration) string {
	var b strings.Builder
	b.Grow(envelopeSize / 2)
	b.WriteString(`<a:To>`)
	b.WriteString(escape(to))
	b.WriteString(`</a:To><w:ResourceURI s:mustUnderstand="true">`)
	b.WriteString(escape(resource))
	b.WriteString(`</w:ResourceURI><a:ReplyTo><a:Address s:mustUnderstand="true">http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:Address></a:ReplyTo>` +
		`<a:Action s:mustUnderstand="true">`)
	b.WriteString(action)
	b.WriteString(sizeLimit)
	b.WriteString(newMessageID())
	b.WriteString(`</a:MessageID><w:Locale xml:lang="en-US" s:mustUnderstand="false"/><x:DataLocale xml:lang="en-US" s:mustUnderstand="false"/><w:OperationTimeout>`)
	b.WriteString(Duration(limit))
	b.WriteString(`</w:OperationTimeout>`)
	if len(selectors) > 0 {
		b.WriteString(`<w:SelectorSet>`)
		for _, s := range selectors {
			b.WriteString(`<w:Selector Name="` + escape(s.name) + `">` + escape(s.value) + `</w:Selector>`)
		}
		b.WriteString(`</w:SelectorSet>`)
	}
	return b.String()
}

// Identify makes an envelope that asks what service answers: that changes nothing, and its
// answer reports whether an account is good.
func Identify() string {
	return envelope("", `<i:Identify xmlns:i="http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd"/>`)
}

func escape(text string) string {
	if !strings.ContainsFunc(text, needsEscape) {
		return text
	}
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a Builder does not fail
	return b.String()
}

func needsEscape(r rune) bool { return r < ' ' || r > '~' || strings.ContainsRune(`<>&"'`, r) }

// newMessageID makes a random (version 4) UUID.
func newMessageID() string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // documented never to fail
	id[6] = id[6]&0x0F | 0x40
	id[8] = id[8]&0x3F | 0x80
	return fmt.Sprintf("uuid:%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}

// Duration writes d as XML Schema does (PT4.500S).
func Duration(d time.Duration) string {
	return fmt.Sprintf("PT%.3fS", d.Seconds())
}
