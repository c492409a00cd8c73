package wsman

import (
	"errors"
	"fmt"
	"math/big"
	"reflect"
	"regexp"
	"strings"
	"time"
)

// query is a WQL SELECT.
type query struct {
	class      string
	properties []string // nil: *
	where      expression
}

// expression is a WHERE clause, or part of one.
type expression interface {
	// matches fails for a property that cannot be compared so.
	matches(Instance) (bool, error)
	names(yield func(string))
}

type (
	always     struct{}
	allOf      struct{ left, right expression }
	anyOf      struct{ left, right expression }
	not        struct{ inner expression }
	isNull     struct{ property string }
	comparison struct {
		property string
		operator string // = <> < <= > >=
		literal  any    // string, bool or *big.Rat
	}
)

func (always) matches(Instance) (bool, error) { return true, nil }

func (e allOf) matches(i Instance) (bool, error) {
	left, err := e.left.matches(i)
	if err != nil || !left {
		return false, err
	}
	return e.right.matches(i)
}

func (e anyOf) matches(i Instance) (bool, error) {
	left, err := e.left.matches(i)
	if err != nil || left {
		return left, err
	}
	return e.right.matches(i)
}

func (e not) matches(i Instance) (bool, error) {
	inner, err := e.inner.matches(i)
	return !inner, err
}

func (e isNull) matches(i Instance) (bool, error) {
	property, ok := i.property(e.property)
	return !ok || null(property.Value), nil
}

func null(value any) bool {
	v := reflect.ValueOf(value)
	return !v.IsValid() || v.Kind() == reflect.Slice && v.IsNil()
}

// matches is false for null, whatever the operator.
func (e comparison) matches(i Instance) (bool, error) {
	property, ok := i.property(e.property)
	if !ok || null(property.Value) {
		return false, nil
	}
	order, err := compare(property.Value, e.literal)
	if err != nil {
		return false, fmt.Errorf("%s: %w", e.property, err)
	}
	switch e.operator {
	case "=":
		return order == 0, nil
	case "<>":
		return order != 0, nil
	case "<":
		return order < 0, nil
	case "<=":
		return order <= 0, nil
	case ">":
		return order > 0, nil
	default:
		return order >= 0, nil
	}
}

func (always) names(func(string))             {}
func (e allOf) names(yield func(string))      { e.left.names(yield); e.right.names(yield) }
func (e anyOf) names(yield func(string))      { e.left.names(yield); e.right.names(yield) }
func (e not) names(yield func(string))        { e.inner.names(yield) }
func (e isNull) names(yield func(string))     { yield(e.property) }
func (e comparison) names(yield func(string)) { yield(e.property) }

var errCompare = errors.New("a value of another type")

// compare orders a property's value against a literal: strings without regard
// to case, as WQL does; numbers and booleans also where the literal is quoted.
func compare(value, literal any) (int, error) {
	switch v := value.(type) {
	case string:
		if text, ok := literal.(string); ok {
			return strings.Compare(strings.ToLower(v), strings.ToLower(text)), nil
		}
		return 0, errCompare
	case bool:
		return compareBool(v, literal)
	case time.Time:
		if text, ok := literal.(string); ok {
			if t, err := parseDatetime(text); err == nil {
				return v.Truncate(time.Microsecond).Compare(t), nil
			}
		}
		return 0, errCompare
	}
	number, ok := rational(value)
	if !ok {
		return 0, errCompare
	}
	if text, quoted := literal.(string); quoted && decimal.MatchString(text) {
		literal, _ = new(big.Rat).SetString(text)
	}
	if other, ok := literal.(*big.Rat); ok {
		return number.Cmp(other), nil
	}
	return 0, errCompare
}

func compareBool(value bool, literal any) (int, error) {
	var other bool
	switch l := literal.(type) {
	case bool:
		other = l
	case *big.Rat:
		other = l.Sign() != 0
	case string:
		if !strings.EqualFold(l, "true") && !strings.EqualFold(l, "false") {
			return 0, errCompare
		}
		other = strings.EqualFold(l, "true")
	}
	switch {
	case value == other:
		return 0, nil
	case value:
		return 1, nil
	default:
		return -1, nil
	}
}

func rational(value any) (*big.Rat, bool) {
	switch v := reflect.ValueOf(value); {
	case v.CanInt():
		return new(big.Rat).SetInt64(v.Int()), true
	case v.CanUint():
		return new(big.Rat).SetUint64(v.Uint()), true
	case v.CanFloat():
		number := new(big.Rat).SetFloat64(v.Float())
		return number, number != nil
	}
	return nil, false
}

var decimal = regexp.MustCompile(`^[+-]?[0-9]{1,40}(\.[0-9]{1,40})?$`)

// datetime is a CIM datetime (DMTF DSP0004): yyyymmddHHMMSS.mmmmmm, then the
// minutes from UTC.
var datetime = regexp.MustCompile(`^(\d{14}\.\d{6})([+-]\d{3})$`)

func parseDatetime(text string) (time.Time, error) {
	parts := datetime.FindStringSubmatch(text)
	if parts == nil {
		return time.Time{}, errors.New("no CIM datetime")
	}
	var minutes int
	if _, err := fmt.Sscanf(parts[2], "%d", &minutes); err != nil {
		return time.Time{}, err
	}
	return time.ParseInLocation("20060102150405.000000", parts[1], time.FixedZone("", 60*minutes))
}

// textOf is a value as selectors spell it.
func textOf(value any) string {
	if null(value) {
		return ""
	}
	if t, ok := value.(time.Time); ok {
		_, offset := t.Zone()
		return t.Format("20060102150405.000000") + fmt.Sprintf("%+04d", offset/60)
	}
	return fmt.Sprint(value)
}

// answer renders the instances that match, as fragments where the query lists
// properties. A property that none of the class's instances has makes the
// whole query fail.
func (q *query) answer(instances []Instance, namespace string) ([]string, error) {
	known, chosen := map[string]bool{}, map[string]bool{}
	for _, instance := range instances {
		for _, property := range instance.Properties {
			known[strings.ToLower(property.Name)] = true
		}
	}
	for _, name := range q.properties {
		chosen[strings.ToLower(name)] = true
	}
	asked := append([]string(nil), q.properties...)
	q.where.names(func(name string) { asked = append(asked, name) })
	for _, name := range asked {
		if len(instances) > 0 && !known[strings.ToLower(name)] {
			return nil, &Fault{Code: CodeNoSuchResource}
		}
	}
	var items []string
	for _, instance := range instances {
		match, err := q.where.matches(instance)
		switch {
		case err != nil:
			return nil, &Fault{Code: CodeNoSuchResource}
		case !match:
		case q.properties == nil:
			items = append(items, typed(instance, namespace))
		default:
			items = append(items, fragment(instance, chosen))
		}
	}
	return items, nil
}
