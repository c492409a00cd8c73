package winrm

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

const (
	nsEnvelope = "http://www.w3.org/2003/05/soap-envelope"
	nsInstance = "http://www.w3.org/2001/XMLSchema-instance"
)

// An answer is at most maxAnswer bytes; these bound what it can unfold to.
const (
	maxDepth  = 64
	maxTokens = 1 << 20
)

// element is one element of a parsed answer. Windows sends the same data with
// and without namespaces, so elements are found by their local names.
type element struct {
	space, name string
	attributes  []xml.Attr
	text        []byte // character data directly inside
	children    []*element
}

// parseDocument reads one XML document, strictly: no document type, no
// foreign entities, bounded in depth and size.
func parseDocument(document []byte) (*element, error) {
	decoder := xml.NewDecoder(bytes.NewReader(document))
	var root *element
	var open []*element
	for range maxTokens {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			if root == nil {
				return nil, errors.New("the answer is empty")
			}
			return root, nil
		}
		if err != nil {
			return nil, fmt.Errorf("the answer is not XML: %w", err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			e := &element{space: token.Name.Space, name: token.Name.Local, attributes: token.Attr}
			switch {
			case len(open) == maxDepth:
				return nil, errors.New("the answer is nested too deeply")
			case len(open) > 0:
				parent := open[len(open)-1]
				parent.children = append(parent.children, e)
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
				e.text = append(e.text, token...)
			}
		case xml.Directive:
			return nil, errors.New("the answer holds a document type, which SOAP forbids")
		}
	}
	return nil, errors.New("the answer holds too many elements")
}

// parseEnvelope reads a SOAP 1.2 envelope and gives its body.
func parseEnvelope(document []byte) (*element, error) {
	root, err := parseDocument(document)
	if err != nil {
		return nil, err
	}
	if root.name != "Envelope" || root.space != nsEnvelope {
		return nil, fmt.Errorf("the answer is no SOAP envelope but <%s>", shorten(root.name, 40))
	}
	body := root.child("Body")
	if body == nil || body.space != nsEnvelope {
		return nil, errors.New("the SOAP envelope has no body")
	}
	return body, nil
}

func (e *element) child(name string) *element {
	for _, child := range e.children {
		if child.name == name {
			return child
		}
	}
	return nil
}

func (e *element) path(names ...string) *element {
	for _, name := range names {
		if e = e.child(name); e == nil {
			return nil
		}
	}
	return e
}

// walk visits e and everything below it in document order.
func (e *element) walk(visit func(*element)) {
	visit(e)
	for _, child := range e.children {
		child.walk(visit)
	}
}

// find gives the first element of that name at or below e.
func (e *element) find(name string) *element {
	if e.name == name {
		return e
	}
	for _, child := range e.children {
		if found := child.find(name); found != nil {
			return found
		}
	}
	return nil
}

func (e *element) attribute(name string) string {
	for _, attribute := range e.attributes {
		if attribute.Name.Local == name {
			return attribute.Value
		}
	}
	return ""
}

func (e *element) trimmed() string { return strings.TrimSpace(string(e.text)) }

func (e *element) allText() string {
	var text strings.Builder
	e.walk(func(e *element) { text.Write(e.text) })
	return text.String()
}

// isNil reports xsi:nil="true".
func (e *element) isNil() bool {
	for _, attribute := range e.attributes {
		if attribute.Name.Space == nsInstance && attribute.Name.Local == "nil" {
			return attribute.Value == "true" || attribute.Value == "1"
		}
	}
	return false
}
