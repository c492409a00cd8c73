package wsman

import (
	"crypto/rand"
	"encoding/xml"
	"fmt"
	"reflect"
	"strings"
	"time"
	"unicode/utf16"
)

// markup writes XML.
type markup struct{ strings.Builder }

// open writes a start tag; attributes are names and values in turn.
func (m *markup) open(name string, attributes ...string) { m.tag(name, ">", attributes) }

func (m *markup) empty(name string, attributes ...string) { m.tag(name, "/>", attributes) }

func (m *markup) tag(name, closing string, attributes []string) {
	m.WriteByte('<')
	m.WriteString(name)
	for i := 0; i < len(attributes); i += 2 {
		m.WriteString(" " + attributes[i] + `="`)
		m.escape(attributes[i+1])
		m.WriteByte('"')
	}
	m.WriteString(closing)
}

func (m *markup) end(name string) { m.WriteString("</" + name + ">") }

func (m *markup) leaf(name, text string, attributes ...string) {
	m.open(name, attributes...)
	m.escape(text)
	m.end(name)
}

func (m *markup) escape(text string) {
	_ = xml.EscapeText(&m.Builder, []byte(text)) // a Builder takes everything
}

// response renders a whole answer: without action (Identify) its header is
// empty, without messageID it has no RelatesTo.
func response(action, messageID, body string) string {
	var m markup
	m.open("s:Envelope", "xml:lang", language,
		"xmlns:s", nsSOAP, "xmlns:a", nsAddressing, "xmlns:wsa", nsAddressing, "xmlns:x", nsTransfer,
		"xmlns:n", nsEnumeration, "xmlns:wsen", nsEnumeration, "xmlns:w", nsManagement, "xmlns:p", nsMicrosoft)
	m.open("s:Header")
	if action != "" {
		m.leaf("a:Action", action)
		m.leaf("a:MessageID", "uuid:"+newUUID())
		m.leaf("a:To", anonymous)
	}
	if action != "" && messageID != "" {
		m.leaf("a:RelatesTo", messageID)
	}
	m.end("s:Header")
	m.open("s:Body")
	m.WriteString(body)
	m.end("s:Body")
	m.end("s:Envelope")
	return m.String()
}

// newUUID returns a random UUID in the capitals that Windows uses.
func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%X-%X-%X-%X-%X", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// sizeOf counts text as MaxEnvelopeSize seems to be counted: in UTF-16, since
// recorded answers stop at half of it.
func sizeOf(text string) int {
	units := 0
	for _, r := range text {
		units += max(1, utf16.RuneLen(r))
	}
	return 2 * units
}

// typed renders an instance as `SELECT *` and Get show it.
func typed(instance Instance, namespace string) string {
	var m markup
	name := "p:" + instance.Class
	m.open(name, "xmlns:xsi", nsInstance, "xmlns:p", wmiPrefix+namespace+"/"+instance.Class,
		"xmlns:cim", nsCommon, "xsi:type", name+"_Type")
	for _, property := range instance.Properties {
		m.value("p:"+property.Name, "cim:Datetime", property.Value)
	}
	m.end(name)
	return m.String()
}

// fragment renders the chosen properties of an instance as a SELECT with a
// list shows them: in the order of the class and without namespaces.
func fragment(instance Instance, chosen map[string]bool) string {
	var m markup
	m.open("w:XmlFragment", "xmlns:xsi", nsInstance)
	for _, property := range instance.Properties {
		if chosen[strings.ToLower(property.Name)] {
			m.value(property.Name, "Datetime", property.Value)
		}
	}
	m.end("w:XmlFragment")
	return m.String()
}

// value writes a property or parameter: null as xsi:nil, one element per
// member of an array, datetimes inside an element of their own.
func (m *markup) value(name, datetime string, value any) {
	switch v := value.(type) {
	case nil:
		m.empty(name, "xsi:nil", "true")
		return
	case string:
		m.leaf(name, v)
		return
	case time.Time:
		m.open(name)
		m.leaf(datetime, v.Format("2006-01-02T15:04:05.999999Z07:00"))
		m.end(name)
		return
	}
	list := reflect.ValueOf(value)
	if list.Kind() != reflect.Slice {
		m.leaf(name, fmt.Sprint(value))
		return
	}
	if list.IsNil() {
		m.empty(name, "xsi:nil", "true")
	}
	for i := range list.Len() {
		m.value(name, datetime, list.Index(i).Interface())
	}
}
