package wsman

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// Instance is one CIM instance, or the out parameters of a method: properties
// by name, without regard to case. It is empty when zero.
type Instance struct {
	// Class is the instance's class, which may be a subclass of the one asked
	// for; empty where a query lists properties, since Windows names none then.
	Class  string
	values []value // null properties are absent
}

// value is one of a property; an array has several.
type value struct{ name, text string }

// NewInstance makes an instance of the given values; an array has several.
func NewInstance(class string, properties map[string][]string) Instance {
	instance := Instance{Class: class}
	for name, values := range properties {
		for _, text := range values {
			instance.values = append(instance.values, value{name, text})
		}
	}
	return instance
}

// Names are the names of the properties that are not null, in lower case and
// sorted.
func (i Instance) Names() []string {
	names := make([]string, len(i.values))
	for n, v := range i.values {
		names[n] = strings.ToLower(v.name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Strings is the property as an array; nil when it is null or absent.
func (i Instance) Strings(name string) []string {
	var texts []string
	for _, v := range i.values {
		if strings.EqualFold(v.name, name) {
			texts = append(texts, v.text)
		}
	}
	return texts
}

// String is the property's text; an empty one is "", true. false: null or absent.
func (i Instance) String(name string) (string, bool) {
	for _, v := range i.values {
		if strings.EqualFold(v.name, name) {
			return v.text, true
		}
	}
	return "", false
}

// Uint32 is the property as a number, taking signed ones by their bits. false:
// null, absent or not a 32-bit number.
func (i Instance) Uint32(name string) (uint32, bool) {
	text, _ := i.String(name)
	return ParseUint32(text)
}

// Uint64 is the property as a number. false: null, absent or not a number.
func (i Instance) Uint64(name string) (uint64, bool) {
	text, _ := i.String(name)
	number, err := strconv.ParseUint(strings.TrimSpace(text), 10, 64)
	return number, err == nil
}

// Bool is the property as a truth value; the second is false when it is null,
// absent or neither.
func (i Instance) Bool(name string) (value, ok bool) {
	text, _ := i.String(name)
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "true", "1":
		return true, true
	case "false", "0":
		return false, true
	}
	return false, false
}

// Time is the property as a moment, from XML's form (2013-04-15T16:28:39.5Z)
// or CIM's (20130415162839.500000+120). One without an offset is taken as UTC.
func (i Instance) Time(name string) (time.Time, bool) {
	text, _ := i.String(name)
	text = strings.TrimSpace(text)
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999"} {
		if moment, err := time.Parse(layout, text); err == nil {
			return moment, true
		}
	}
	return parseCIMTime(text)
}

// parseCIMTime reads DSP0004's timestamp yyyymmddhhmmss.mmmmmmsutc, whose
// offset is in minutes; asterisks stand for what is not known.
func parseCIMTime(text string) (time.Time, bool) {
	if len(text) != 25 || text[14] != '.' || (text[21] != '+' && text[21] != '-') {
		return time.Time{}, false
	}
	moment, err := time.Parse("20060102150405", text[:14])
	if err != nil {
		return time.Time{}, false
	}
	if fraction := text[15:21]; fraction != "******" {
		microseconds, err := strconv.ParseUint(fraction, 10, 32)
		if err != nil {
			return time.Time{}, false
		}
		moment = moment.Add(time.Duration(microseconds) * time.Microsecond)
	}
	offset := text[22:]
	if offset == "***" {
		return moment, true
	}
	minutes, err := strconv.ParseUint(offset, 10, 16)
	if err != nil {
		return time.Time{}, false
	}
	east := time.Duration(minutes) * time.Minute
	if text[21] == '-' {
		east = -east
	}
	return moment.Add(-east).In(time.FixedZone("", int(east.Seconds()))), true
}

// instanceOf reads an instance as Windows sends it: typed, in its class's
// namespace, or as a w:XmlFragment without namespaces.
func instanceOf(e *Element) Instance {
	instance := Instance{values: make([]value, 0, len(e.Children))}
	if e.Name != "XmlFragment" {
		instance.Class = e.Name
	}
	for _, property := range e.Children {
		if text, ok := valueOf(property); ok {
			instance.values = append(instance.values, value{property.Name, text})
		}
	}
	return instance
}

func valueOf(property *Element) (string, bool) {
	switch {
	case property.isNil():
		return "", false
	case len(property.Children) == 0:
		return string(property.Text), true
	}
	// A date stands in an element of its own: Datetime, Date, Time, Interval.
	// Anything else is an embedded object, which nothing here asks for.
	if inner := property.Children[0]; len(property.Children) == 1 && len(inner.Children) == 0 && !inner.isNil() {
		return inner.Trimmed(), true
	}
	return "", false
}
