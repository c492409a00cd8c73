package wsman

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/timago/terraform-provider-timago/internal/foreign"
)

// Call is a method call: on the instance that the selectors name, or on the
// class where it has a single instance.
type Call struct {
	Class, Method string
	Selectors     map[string]string
	Arguments     []Argument
}

// Argument is one in parameter. Value is a string, a bool, an integer or a
// []string.
type Argument struct {
	Name  string
	Value any
}

// Invoke makes the message that calls a method.
func Invoke(call Call) (Message, error) {
	keys, err := selectorsOf(call.Class, call.Selectors)
	if err != nil {
		return Message{}, err
	}
	uri := resourceCIM + call.Class
	input, err := inputOf(uri, call)
	if err != nil {
		return Message{}, err
	}
	return cimMessage("Invoke "+call.Method, uri+"/"+call.Method, uri, keys, input, false), nil
}

// ReadOutput reads the body of the answer to a call: the out parameters, and the
// return value, 0 where the method has none.
func ReadOutput(body *Element, call Call) (output Instance, value uint32, err error) {
	answer := body.Child(call.Method + "_OUTPUT")
	if answer == nil {
		return Instance{}, 0, errors.New("the answer holds no " + call.Method + "_OUTPUT")
	}
	output = instanceOf(answer)
	if text, ok := output.String("ReturnValue"); ok {
		if value, ok = ParseUint32(text); !ok {
			return output, 0, fmt.Errorf("method %s returned %q", call.Method, foreign.Short(text, 40))
		}
	}
	return output, value, nil
}

var identifier = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

func selectorsOf(class string, selectors map[string]string) ([]selector, error) {
	if !identifier.MatchString(class) {
		return nil, fmt.Errorf("%q is not the name of a CIM class", class)
	}
	keys := make([]selector, 0, len(selectors))
	for name, value := range selectors {
		if !identifier.MatchString(name) {
			return nil, fmt.Errorf("%q is not the name of a CIM property", name)
		}
		keys = append(keys, selector{name, value})
	}
	slices.SortFunc(keys, func(a, b selector) int { return strings.Compare(a.name, b.name) })
	return keys, nil
}

func inputOf(uri string, call Call) (string, error) {
	if !identifier.MatchString(call.Method) {
		return "", fmt.Errorf("%q is not the name of a CIM method", call.Method)
	}
	var b strings.Builder
	b.WriteString(`<p:` + call.Method + `_INPUT xmlns:p="` + escape(uri) + `">`)
	for _, argument := range call.Arguments {
		if !identifier.MatchString(argument.Name) {
			return "", fmt.Errorf("%q is not the name of a CIM parameter", argument.Name)
		}
		values, err := argument.texts()
		if err != nil {
			return "", err
		}
		for _, value := range values {
			b.WriteString(`<p:` + argument.Name + `>` + escape(value) + `</p:` + argument.Name + `>`)
		}
	}
	b.WriteString(`</p:` + call.Method + `_INPUT>`)
	return b.String(), nil
}

func (a Argument) texts() ([]string, error) {
	switch value := a.Value.(type) {
	case string:
		return []string{value}, nil
	case []string:
		return value, nil
	case bool:
		return []string{strconv.FormatBool(value)}, nil
	case int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64:
		return []string{fmt.Sprint(value)}, nil
	}
	return nil, errors.New("parameter " + a.Name + " has a type that CIM does not know here")
}
