package recording

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/timago/terraform-provider-timago/internal/check/schema"
	"github.com/timago/terraform-provider-timago/internal/winrm/wsman"
)

// version is that of the file's form.
const version = 1

// write makes the file.
func write(s *scrubber, entries []*entry, lines []line) string {
	var b strings.Builder
	fmt.Fprintf(&b, "<recording version=\"%d\">\n", version)
	for _, l := range lines {
		fmt.Fprintf(&b, "<line machine=%s name=%s verdict=%s/>\n", quoted(s.value(l.machine, "machine")), quoted(l.name), quoted(l.verdict))
	}
	for _, e := range entries {
		fmt.Fprintf(&b, "<exchange machine=%s message=%s", quoted(s.value(e.address, "machine")), quoted(e.message))
		question := e.question
		if e.message == "Pull" {
			question = s.replace(kindContext, question, "Pull", numbered("context"))
		}
		if question != "" {
			fmt.Fprintf(&b, " question=%s", quoted(question))
		}
		fmt.Fprintf(&b, " status=\"%d\" milliseconds=\"%d\">\n", e.status, e.took)
		if e.command {
			writeCommand(&b, s, e)
		} else {
			writeEnvelope(&b, s, e)
		}
		b.WriteString("\n</exchange>\n")
	}
	b.WriteString("</recording>\n")
	return b.String()
}

func quoted(text string) string { return `"` + escaped(text) + `"` }

func escaped(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a Builder takes everything
	return b.String()
}

func writeEnvelope(b *strings.Builder, s *scrubber, e *entry) {
	if _, err := wsman.ParseEnvelope(e.answer); err != nil {
		fmt.Fprintf(b, "<unreadable bytes=\"%d\"/>", len(e.answer))
		return
	}
	w := &walker{scrubber: s, out: b, class: e.class, inHeader: -1}
	_ = w.copy(e.answer) // it was read above
}

var from = regexp.MustCompile(`(?i)\bFROM\s+([A-Za-z0-9_]+)`)

func classOf(wql string) string {
	if parts := from.FindStringSubmatch(wql); parts != nil {
		return parts[1]
	}
	return ""
}

// writeCommand keeps the events that a command wrote, one after the other, each without what
// is private. What is no event is one placeholder.
func writeCommand(b *strings.Builder, s *scrubber, e *entry) {
	fmt.Fprintf(b, "<exit>%s</exit>", escaped(s.kept(schema.Number, e.exit, "exit code")))
	if e.stderr != "" {
		fmt.Fprintf(b, "<stderr>%s</stderr>", escaped(s.value(e.stderr, "standard error")))
	}
	const end = "</Event>"
	b.WriteString("<stdout>")
	rest := strings.ToValidUTF8(e.stdout, "?")
	for {
		one, more, found := strings.Cut(rest, end)
		rest = more
		if start := max(strings.LastIndex(one, "<Event "), strings.LastIndex(one, "<Event>")); found && start >= 0 {
			w := &walker{scrubber: s, out: &strings.Builder{}, class: "Event", inHeader: -1}
			if w.copy([]byte(printable(one[start:]+end))) == nil {
				b.WriteString("\n" + w.out.String())
				continue
			}
		}
		if strings.TrimSpace(one) != "" {
			b.WriteString("\n" + escaped(s.value(one, "standard output")))
		}
		if !found {
			break
		}
	}
	b.WriteString("</stdout>")
}

func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' {
			return -1
		}
		return r
	}, text)
}

// walker copies XML without what is private.
type walker struct {
	*scrubber
	out      *strings.Builder
	class    string
	open     []string // names of the open elements, as they were
	inHeader int      // depth of the header, which is left out; -1 outside
	fields   fields
}

func (w *walker) copy(document []byte) error {
	decoder := xml.NewDecoder(bytes.NewReader(document))
	for {
		token, err := decoder.RawToken()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.StartElement:
			w.start(t)
		case xml.EndElement:
			if n := len(w.open); n > 0 {
				w.open = w.open[:n-1]
			}
			if w.inHeader < 0 {
				w.out.WriteString("</" + w.name(t.Name) + ">")
			}
			if len(w.open) == w.inHeader {
				w.inHeader = -1
			}
		case xml.CharData:
			if w.inHeader < 0 {
				w.out.WriteString(escaped(w.text(string(t))))
			}
		}
	}
}

func (w *walker) start(t xml.StartElement) {
	if t.Name.Local == "Header" && len(w.open) == 1 && w.inHeader < 0 {
		w.inHeader = len(w.open)
	}
	if parent := w.parent(); parent == "Items" || t.Name.Local == "Event" {
		w.fields = fields{}
	}
	w.open = append(w.open, t.Name.Local)
	if w.inHeader >= 0 {
		return
	}
	if w.isItem() {
		w.out.WriteString("\n") // for who reads it
	}
	w.out.WriteString("<" + w.name(t.Name))
	for _, a := range t.Attr {
		w.out.WriteString(" " + w.name(a.Name) + "=" + quoted(w.attribute(t.Name.Local, a)))
	}
	w.out.WriteString(">")
}

// isItem: the element that was opened last is an instance.
func (w *walker) isItem() bool { n := len(w.open); return n > 1 && w.open[n-2] == "Items" }

func (w *walker) parent() string {
	if len(w.open) == 0 {
		return ""
	}
	return w.open[len(w.open)-1]
}

// name keeps the names of elements and prefixes that are known.
func (w *walker) name(n xml.Name) string {
	part := func(text string, known []string) string {
		_, listed := schema.Of(w.class, text)
		if text == "" || listed || slices.Contains(known, text) {
			return text
		}
		if _, isClass := schema.Classes[text]; isClass {
			return text
		}
		return w.replace(kindElement, text, "names of elements", numbered("element"))
	}
	local := part(n.Local, knownNames)
	if n.Space != "" {
		return part(n.Space, knownPrefixes) + ":" + local
	}
	return local
}

// text is what an element holds.
func (w *walker) text(text string) string {
	if strings.TrimSpace(text) == "" {
		return text
	}
	name := w.parent()
	where := w.class + "." + w.name(xml.Name{Local: name})
	property, kind, listed := w.property()
	switch {
	case kind == schema.Fields:
		return w.fields.scrub(w.scrubber, text, w.class+"."+property)
	case listed:
		return w.kept(kind, text, w.class+"."+property)
	case name == "EnumerationContext":
		return w.replace(kindContext, strings.TrimSpace(text), "EnumerationContext", numbered("context"))
	case slices.Contains(numeric, name):
		return w.kept(schema.Number, strings.TrimSpace(text), where)
	case name == "MessageID" && hresult.MatchString(strings.TrimSpace(text)), name == "Value" && subcode.MatchString(strings.TrimSpace(text)):
		return text
	}
	return w.value(text, where)
}

// property is the listed property that an element is, or stands in.
func (w *walker) property() (name string, kind schema.Kind, listed bool) {
	for i := len(w.open) - 1; i >= 0 && i >= len(w.open)-2; i-- {
		if w.class == "Event" {
			kind, listed = eventProperties[w.open[i]]
		} else if i > 0 && slices.Contains(w.open, "Items") {
			kind, listed = schema.Of(w.class, w.open[i])
		}
		if listed {
			return w.open[i], kind, true
		}
	}
	return "", "", false
}

// attribute is what an attribute holds.
func (w *walker) attribute(element string, a xml.Attr) string {
	value := a.Value
	name := a.Name.Local
	switch {
	case (a.Name.Space == "xmlns" || a.Name.Space == "" && name == "xmlns") && slices.ContainsFunc(namespaces, func(known string) bool { return namespaceFits(value, known) }):
		return value
	case name == "nil" && schema.Boolean.Fits(value):
		return value
	case name == "type" && w.isTypeOfClass(value):
		return value
	case name == "lang" && language.MatchString(value) && !w.holdsPrivate(value):
		return value
	case (name == "Code" || name == "Qualifiers") && schema.Number.Fits(value):
		return value
	case name == "SystemTime" && schema.Date.Fits(value):
		return value
	case element == "Provider" && value == "Microsoft-Windows-Security-SPP":
		return value
	}
	return w.value(value, "attributes "+w.name(xml.Name{Local: name}))
}

func (w *walker) isTypeOfClass(value string) bool {
	_, value, _ = strings.Cut(value, ":")
	_, known := schema.Classes[strings.TrimSuffix(value, "_Type")]
	return known
}

// namespaceFits: a namespace that is known, or that of a class that is listed.
func namespaceFits(value, known string) bool {
	if value == known {
		return true
	}
	rest, found := strings.CutPrefix(value, known)
	_, class := schema.Classes[rest]
	return found && class
}
