package wsman

import (
	"bytes"
	"encoding/xml"
	"slices"
	"strings"
	"unicode/utf8"
)

// Nearly all answers are XML of the plainest kind, and a station gives several. They are read
// here in one pass; whatever is less plain, and whatever is wrong, is left to encoding/xml. A
// document that is read here gives the very tree that encoding/xml gives: a fuzz test holds
// the two together.

// plainDeclarations are those that are read here.
var plainDeclarations = []string{`<?xml version="1.0" encoding="UTF-8"?>`, `<?xml version="1.0" encoding="utf-8"?>`, `<?xml version="1.0"?>`}

// plainReader reads a document as long as it is plain.
type plainReader struct {
	document []byte
	text     string // the same: names and attributes are parts of it
	at       int

	root       *Element
	open       []opened
	namespaces []namespace
	attributes []xml.Attr // of the element that is read
	elements   []Element  // not used yet
}

// opened is an element whose end has not come.
type opened struct {
	*Element
	tag        string // with its prefix
	namespaces int    // how many were declared outside it
}

type namespace struct{ prefix, uri string }

// readPlain reads a document; false where encoding/xml must.
func readPlain(document []byte) (*Element, bool) {
	// U+FFFE and U+FFFF, which XML forbids, begin like this.
	if !utf8.Valid(document) || bytes.Contains(document, []byte("\xef\xbf")) || slices.ContainsFunc(document, isOddControl) {
		return nil, false
	}
	r := plainReader{document: document, text: string(document)}
	for _, declaration := range plainDeclarations {
		if strings.HasPrefix(r.text, declaration) {
			r.at = len(declaration)
			break
		}
	}
	for r.at < len(r.text) {
		if !r.next() {
			return nil, false
		}
	}
	return r.root, r.root != nil && len(r.open) == 0
}

// isOddControl: forbidden, or a carriage return, which XML reads as a line feed.
func isOddControl(c byte) bool { return c < ' ' && c != '\t' && c != '\n' }

// next reads what comes next: text, or the start or end of an element.
func (r *plainReader) next() bool {
	if r.text[r.at] != '<' {
		return r.characters()
	}
	r.at++
	if r.at < len(r.text) && r.text[r.at] == '/' {
		r.at++
		return r.end()
	}
	return r.start()
}

func (r *plainReader) characters() bool {
	end := strings.IndexByte(r.text[r.at:], '<')
	if end < 0 {
		end = len(r.text) - r.at
	}
	raw := r.document[r.at : r.at+end : r.at+end]
	r.at += end
	if len(r.open) == 0 {
		return len(bytes.TrimSpace(raw)) == 0
	}
	if bytes.Contains(raw, []byte("]]>")) {
		return false
	}
	if bytes.IndexByte(raw, '&') >= 0 {
		text, plain := unescape(string(raw))
		if !plain {
			return false
		}
		raw = []byte(text)
	}
	e := r.open[len(r.open)-1].Element
	if e.Text == nil {
		e.Text = raw
	} else {
		e.Text = append(e.Text, raw...)
	}
	return true
}

var entities = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&", "&quot;", `"`, "&apos;", "'")

// unescape replaces the five entities of XML; false where there is any other.
func unescape(text string) (string, bool) {
	for rest := text; ; {
		i := strings.IndexByte(rest, '&')
		if i < 0 {
			return entities.Replace(text), true
		}
		rest = rest[i:]
		end := strings.IndexByte(rest, ';')
		if end < 0 || !slices.Contains([]string{"&lt", "&gt", "&amp", "&quot", "&apos"}, rest[:end]) {
			return "", false
		}
		rest = rest[end:]
	}
}

func (r *plainReader) end() bool {
	if len(r.open) == 0 {
		return false
	}
	last := r.open[len(r.open)-1]
	if !strings.HasPrefix(r.text[r.at:], last.tag) {
		return false
	}
	r.at += len(last.tag)
	if r.at == len(r.text) || r.text[r.at] != '>' {
		return false
	}
	r.at++
	r.close()
	return true
}

func (r *plainReader) close() {
	r.namespaces = r.namespaces[:r.open[len(r.open)-1].namespaces]
	r.open = r.open[:len(r.open)-1]
}

func (r *plainReader) start() bool {
	prefix, local, tag := r.name()
	if local == "" || len(r.open) == maxDepth || len(r.open) == 0 && r.root != nil {
		return false
	}
	outside := len(r.namespaces)
	closed, plain := r.attributesAndEnd()
	if !plain {
		return false
	}
	e := r.element()
	e.Name = local
	var known bool
	if e.space, known = r.uri(prefix); !known && prefix != "" {
		return false
	}
	if len(r.attributes) > 0 {
		for i, attribute := range r.attributes {
			if prefix := attribute.Name.Space; prefix != "" && prefix != "xmlns" {
				if r.attributes[i].Name.Space, known = r.uri(prefix); !known {
					return false
				}
			}
		}
		e.attributes = slices.Clone(r.attributes)
	}
	if len(r.open) == 0 {
		r.root = e
	} else {
		parent := r.open[len(r.open)-1].Element
		parent.Children = append(parent.Children, e)
	}
	r.open = append(r.open, opened{e, tag, outside})
	if closed {
		r.close()
	}
	return true
}

// element gives a new one: they are made by the dozen.
func (r *plainReader) element() *Element {
	if len(r.elements) == 0 {
		r.elements = make([]Element, 32)
	}
	e := &r.elements[0]
	r.elements = r.elements[1:]
	return e
}

// attributesAndEnd reads the rest of a start tag; closed says that the element has its end.
func (r *plainReader) attributesAndEnd() (closed, plain bool) {
	r.attributes = r.attributes[:0]
	for r.at < len(r.text) {
		rest := r.text[r.at:]
		switch {
		case rest[0] == '>':
			r.at++
			return false, true
		case strings.HasPrefix(rest, "/>"):
			r.at += 2
			return true, true
		case rest[0] != ' ':
			return false, false
		}
		r.at++
		if r.at < len(r.text) && (r.text[r.at] == ' ' || r.text[r.at] == '>' || r.text[r.at] == '/') {
			continue
		}
		if !r.attribute() {
			return false, false
		}
	}
	return false, false
}

func (r *plainReader) attribute() bool {
	prefix, local, _ := r.name()
	if local == "" || r.at+1 >= len(r.text) || r.text[r.at] != '=' {
		return false
	}
	quote := r.text[r.at+1]
	if quote != '"' && quote != '\'' {
		return false
	}
	rest := r.text[r.at+2:]
	end := strings.IndexByte(rest, quote)
	if end < 0 {
		return false
	}
	value := rest[:end]
	r.at += 2 + end + 1
	if strings.ContainsAny(value, "<\t\n") || strings.Contains(value, "]]>") {
		return false
	}
	if strings.IndexByte(value, '&') >= 0 {
		var plain bool
		if value, plain = unescape(value); !plain {
			return false
		}
	}
	r.attributes = append(r.attributes, xml.Attr{Name: xml.Name{Space: prefix, Local: local}, Value: value})
	switch {
	case prefix == "xmlns":
		r.namespaces = append(r.namespaces, namespace{local, value})
	case prefix == "" && local == "xmlns":
		r.namespaces = append(r.namespaces, namespace{"", value})
	}
	return true
}

// uri is what a prefix stands for; "" is that of no prefix. "xml" needs no declaration.
func (r *plainReader) uri(prefix string) (string, bool) {
	if prefix == "xml" {
		return "http://www.w3.org/XML/1998/namespace", true
	}
	for _, n := range slices.Backward(r.namespaces) {
		if n.prefix == prefix {
			return n.uri, true
		}
	}
	return "", false
}

// name reads a name of letters, digits and the like; "" where there is none, or another.
func (r *plainReader) name() (prefix, local, whole string) {
	start := r.at
	for r.at < len(r.text) && isNameByte(r.text[r.at]) {
		r.at++
	}
	whole = r.text[start:r.at]
	prefix, local, found := strings.Cut(whole, ":")
	switch {
	case !found:
		prefix, local = "", whole
	case prefix == "" || strings.Contains(local, ":"):
		return "", "", ""
	}
	if !beginsName(prefix) && found || !beginsName(local) {
		return "", "", ""
	}
	return prefix, local, whole
}

func isNameByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-' || c == '.' || c == ':'
}

func beginsName(name string) bool {
	return name != "" && name[0] != '-' && name[0] != '.' && (name[0] < '0' || name[0] > '9')
}
