// Package wql reads queries in WQL, and says what matches them, as WMI does.
package wql

import (
	"errors"
	"fmt"
	"math/big"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Query is a SELECT.
type Query struct {
	Class      string
	Properties []string // nil: *
	where      expression
}

// All asks for every instance of a class.
func All(class string) *Query { return &Query{Class: class, where: always{}} }

// Row gives the value of a property, by its name in any case; false where there is none. A
// value is nil (null), string, bool, a signed or unsigned integer, float64, time.Time (CIM
// datetime), or a slice of those.
type Row func(property string) (any, bool)

// Matches reports whether a row is among those asked for. It fails for a property that cannot
// be compared so.
func (q *Query) Matches(row Row) (bool, error) { return q.where.matches(row) }

// Named lists every property that the query names.
func (q *Query) Named() []string {
	named := slices.Clone(q.Properties)
	q.where.names(func(name string) { named = append(named, name) })
	return named
}

// expression is a WHERE clause, or part of one.
type expression interface {
	matches(row Row) (bool, error)
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

func (always) matches(Row) (bool, error) { return true, nil }

func (e allOf) matches(row Row) (bool, error) {
	left, err := e.left.matches(row)
	if err != nil || !left {
		return false, err
	}
	return e.right.matches(row)
}

func (e anyOf) matches(row Row) (bool, error) {
	left, err := e.left.matches(row)
	if err != nil || left {
		return left, err
	}
	return e.right.matches(row)
}

func (e not) matches(row Row) (bool, error) {
	inner, err := e.inner.matches(row)
	return !inner, err
}

func (e isNull) matches(row Row) (bool, error) {
	value, ok := row(e.property)
	return !ok || IsNull(value), nil
}

// IsNull reports whether a value is null: nil, or a nil slice.
func IsNull(value any) bool {
	v := reflect.ValueOf(value)
	return !v.IsValid() || v.Kind() == reflect.Slice && v.IsNil()
}

// matches is false for null, whatever the operator.
func (e comparison) matches(row Row) (bool, error) {
	value, ok := row(e.property)
	if !ok || IsNull(value) {
		return false, nil
	}
	order, err := compare(value, e.literal)
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
