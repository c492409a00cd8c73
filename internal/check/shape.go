package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/timago/terraform-provider-timago/internal/check/schema"
	"github.com/timago/terraform-provider-timago/internal/winrm"
	"github.com/timago/terraform-provider-timago/internal/winrm/wsman"
)

// shape is in which form the properties of a class came.
type shape struct {
	messages []int             // instances in each
	types    map[string]string // of each property by its name in lower case; "" as long as it was null
	null     []string          // properties that were null in every instance
	odd      []string          // properties with a value of another form than expected
}

// shapeOf looks at the messages of one query as they came.
func shapeOf(class string, exchanges []winrm.Exchange) shape {
	s := shape{types: map[string]string{}}
	for _, e := range exchanges {
		body, err := wsman.ParseEnvelope(e.Answer)
		if err != nil {
			continue
		}
		items := body.Find("Items")
		if items == nil {
			continue
		}
		s.messages = append(s.messages, len(items.Children))
		for _, item := range items.Children {
			for _, property := range item.Children {
				s.add(class, property)
			}
		}
	}
	s.null = slices.DeleteFunc(s.null, func(name string) bool { return s.types[strings.ToLower(name)] != "" })
	return s
}

func (s *shape) add(class string, property *wsman.Element) {
	name := strings.ToLower(property.Name)
	if strings.EqualFold(property.Attribute("nil"), "true") {
		if _, known := s.types[name]; !known {
			s.types[name], s.null = "", append(s.null, property.Name)
		}
		return
	}
	value := string(property.Text)
	if len(property.Children) == 1 {
		value = property.Children[0].Trimmed() // a date has an element of its own
	}
	kind, _ := schema.Of(class, property.Name)
	s.types[name] = typeOf(kind)
	if value != "" && !kind.Fits(value) && !slices.Contains(s.odd, property.Name) {
		s.odd = append(s.odd, property.Name)
	}
}

// missing are the properties that a query listed and no instance had.
func (s *shape) missing(listed []string) []string {
	return slices.DeleteFunc(slices.Clone(listed), func(name string) bool {
		_, came := s.types[strings.ToLower(name)]
		return came
	})
}

// several reports whether an answer had more than one instance, and how they came.
func (s *shape) several() bool {
	return len(s.messages) > 1 || len(s.messages) == 1 && s.messages[0] > 1
}

// String counts the properties by their types: "2 date, 1 number, null: UserName".
func (s *shape) String() string {
	count := map[string]int{}
	for _, kind := range s.types {
		count[kind]++
	}
	var parts []string
	for _, kind := range []string{"date", "number", "boolean", "text"} {
		if n := count[kind]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, kind))
		}
	}
	if len(s.null) > 0 {
		slices.Sort(s.null)
		parts = append(parts, "null: "+strings.Join(s.null, " "))
	}
	return strings.Join(parts, ", ")
}

// typeOf is the type that Windows gives to what a property holds.
func typeOf(kind schema.Kind) string {
	switch kind {
	case schema.Number, schema.Boolean, schema.Date:
		return string(kind)
	case schema.Token, schema.SKU, schema.Product, schema.Private, schema.Fields:
	}
	return "text"
}

// selected takes a query apart, "SELECT a, b FROM class" and what follows.
func selected(wql string) (properties []string, class string) {
	list, rest, _ := strings.Cut(strings.TrimPrefix(wql, "SELECT "), " FROM ")
	class, _, _ = strings.Cut(rest, " ")
	return strings.Split(list, ", "), class
}
