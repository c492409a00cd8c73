package wsman

import (
	"strconv"
	"strings"

	"github.com/timago/terraform-provider-timago/internal/simulator/wql"
)

// enumeration is what is left of an answer in several messages.
type enumeration struct {
	items []string // rendered
}

// maxEnumerations bounds what clients that never pull or release leave behind.
const maxEnumerations = 1000

// enumerate answers a query. With OptimizeEnumeration one instance comes back
// at once; of several, exactly one, whatever MaxElements says: recorded hosts
// do so, and leave the rest to a Pull.
func (o *operation) enumerate() (string, error) {
	instances, err := o.instances(o.query.Class)
	if err != nil {
		return "", err
	}
	items, err := matching(o.query, instances, o.namespace)
	if err != nil {
		return "", err
	}
	var m markup
	m.open("n:EnumerateResponse")
	if !o.content().child("OptimizeEnumeration").present() {
		id, err := o.server.keep(items)
		if err != nil {
			return "", err
		}
		m.leaf("n:EnumerationContext", id)
		m.end("n:EnumerateResponse")
		return m.String(), nil
	}
	first := items[:min(1, len(items))]
	if len(items) > 1 {
		id, err := o.server.keep(items[1:])
		if err != nil {
			return "", err
		}
		m.leaf("n:EnumerationContext", id)
	} else {
		m.empty("n:EnumerationContext")
	}
	m.open("w:Items")
	m.WriteString(strings.Join(first, ""))
	m.end("w:Items")
	if len(items) <= 1 {
		m.empty("w:EndOfSequence")
	}
	m.end("n:EnumerateResponse")
	return m.String(), nil
}

// pull answers with the next items, as many as MaxElements and the envelope
// allow, and with a new context: the old one is refused from now on.
func (o *operation) pull() (string, error) {
	e, ok := o.server.take(o.content().child("EnumerationContext").text())
	if !ok {
		return "", &Fault{Code: CodeNoSuchEnumeration}
	}
	const frame = 4096 // more than an envelope without items takes
	room := o.envelopeSize() - frame
	limit, err := strconv.Atoi(o.content().child("MaxElements").text())
	if err != nil || limit < 1 {
		limit = 1
	}
	var m markup
	count := 0
	for count < min(limit, len(e.items)) {
		room -= sizeOf(e.items[count])
		if room < 0 {
			break
		}
		m.WriteString(e.items[count])
		count++
	}
	items := m.String()
	m.Reset()
	m.open("n:PullResponse")
	rest := e.items[count:]
	switch {
	case count == 0 && len(rest) > 0:
		return "", &Fault{Code: CodeEnvelopeTooSmall}
	case len(rest) > 0:
		id, err := o.server.keep(rest)
		if err != nil {
			return "", err
		}
		m.leaf("n:EnumerationContext", id)
	}
	m.open("n:Items")
	m.WriteString(items)
	m.end("n:Items")
	if len(rest) == 0 {
		m.empty("n:EndOfSequence")
	}
	m.end("n:PullResponse")
	return m.String(), nil
}

func (o *operation) release() error {
	if _, ok := o.server.take(o.content().child("EnumerationContext").text()); !ok {
		return &Fault{Code: CodeNoSuchEnumeration}
	}
	return nil
}

// keep stores items under a new context.
func (s *Server) keep(items []string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.enumerations) >= maxEnumerations {
		return "", &Fault{Code: CodeQuota}
	}
	id := "uuid:" + newUUID()
	s.enumerations[id] = &enumeration{items: items}
	return id, nil
}

func (s *Server) take(id string) (*enumeration, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, ok := s.enumerations[id]
	delete(s.enumerations, id)
	return e, ok
}

// matching renders the instances that match a query, as fragments where the query lists
// properties. A property that none of the class's instances has makes the
// whole query fail.
func matching(q *wql.Query, instances []Instance, namespace string) ([]string, error) {
	known, chosen := map[string]bool{}, map[string]bool{}
	for _, instance := range instances {
		for _, property := range instance.Properties {
			known[strings.ToLower(property.Name)] = true
		}
	}
	for _, name := range q.Properties {
		chosen[strings.ToLower(name)] = true
	}
	for _, name := range q.Named() {
		if len(instances) > 0 && !known[strings.ToLower(name)] {
			return nil, &Fault{Code: CodeNoSuchResource}
		}
	}
	var items []string
	for _, instance := range instances {
		match, err := q.Matches(instance.value)
		switch {
		case err != nil:
			return nil, &Fault{Code: CodeNoSuchResource}
		case !match:
		case q.Properties == nil:
			items = append(items, typed(instance, namespace))
		default:
			items = append(items, fragment(instance, chosen))
		}
	}
	return items, nil
}
