package wsman

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/timago/terraform-provider-timago/internal/foreign"
)

const (
	nsEnvelope = "http://www.w3.org/2003/05/soap-envelope"
	nsInstance = "http://www.w3.org/2001/XMLSchema-instance"
)

// Whoever receives an answer bounds its bytes; these bound what it can unfold to. Each
// element and each attribute takes some hundred bytes, also one of four.
const (
	maxDepth      = 64
	maxTags       = 1 << 16
	maxAttributes = 1 << 15
)

// Element is one element of a parsed answer. Windows sends the same data with
// and without namespaces, so elements are found by their local names.
type Element struct {
	Name       string // local
	Text       []byte // character data directly inside
	Children   []*Element
	space      string
	attributes []xml.Attr
}

// parseDocument reads one XML document, strictly: no document type, no
// foreign entities, bounded in depth and size.
func parseDocument(document []byte) (*Element, error) {
	// The decoder makes all attributes of an element at once, so they are counted before.
	if bytes.Count(document, []byte("<")) > maxTags || bytes.Count(document, []byte("=")) > maxAttributes {
		return nil, errors.New("the answer holds too many elements")
	}
	if root, plain := readPlain(document); plain {
		return root, nil
	}
	return readAny(document)
}

// readAny reads a document of any kind.
func readAny(document []byte) (*Element, error) {
	decoder := xml.NewDecoder(bytes.NewReader(document))
	var root *Element
	var open []*Element
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			if root == nil {
				return nil, errors.New("the answer is empty")
			}
			return root, nil
		}
		if err != nil {
			return nil, fmt.Errorf("the answer is not XML: %w", foreign.Error(err))
		}
		switch token := token.(type) {
		case xml.StartElement:
			e := &Element{space: token.Name.Space, Name: token.Name.Local, attributes: token.Attr}
			switch {
			case len(open) == maxDepth:
				return nil, errors.New("the answer is nested too deeply")
			case len(open) > 0:
				parent := open[len(open)-1]
				parent.Children = append(parent.Children, e)
			case root != nil:
				return nil, errors.New("the answer holds more than one document")
			default:
				root = e
			}
			open = append(open, e)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			if len(open) > 0 {
				e := open[len(open)-1]
				e.Text = append(e.Text, token...)
			}
		case xml.Directive:
			return nil, errors.New("the answer holds a document type, which SOAP forbids")
		}
	}
}

// ParseEnvelope reads a SOAP 1.2 envelope and gives its body.
func ParseEnvelope(document []byte) (*Element, error) {
	root, err := parseDocument(document)
	if err != nil {
		return nil, err
	}
	if root.Name != "Envelope" || root.space != nsEnvelope {
		return nil, fmt.Errorf("the answer is no SOAP envelope but <%s>", foreign.Short(root.Name, 40))
	}
	body := root.Child("Body")
	if body == nil || body.space != nsEnvelope {
		return nil, errors.New("the SOAP envelope has no body")
	}
	return body, nil
}

// Child gives the first child of that name, nil where there is none.
func (e *Element) Child(name string) *Element {
	for _, child := range e.Children {
		if child.Name == name {
			return child
		}
	}
	return nil
}

func (e *Element) path(names ...string) *Element {
	for _, name := range names {
		if e = e.Child(name); e == nil {
			return nil
		}
	}
	return e
}

// walk visits e and everything below it in document order.
func (e *Element) walk(visit func(*Element)) {
	visit(e)
	for _, child := range e.Children {
		child.walk(visit)
	}
}

// Find gives the first element of that name at or below e.
func (e *Element) Find(name string) *Element {
	if e.Name == name {
		return e
	}
	for _, child := range e.Children {
		if found := child.Find(name); found != nil {
			return found
		}
	}
	return nil
}

// Attribute gives the attribute's value, "" where there is none.
func (e *Element) Attribute(name string) string {
	for _, attribute := range e.attributes {
		if attribute.Name.Local == name {
			return attribute.Value
		}
	}
	return ""
}

// Trimmed is the text without the white space around it.
func (e *Element) Trimmed() string { return strings.TrimSpace(string(e.Text)) }

func (e *Element) allText() string {
	var text strings.Builder
	e.walk(func(e *Element) { text.Write(e.Text) })
	return text.String()
}

// isNil reports xsi:nil="true".
func (e *Element) isNil() bool {
	for _, attribute := range e.attributes {
		if attribute.Name.Space == nsInstance && attribute.Name.Local == "nil" {
			return attribute.Value == "true" || attribute.Value == "1"
		}
	}
	return false
}
