package winrm

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Bounds on what one query may bring: the largest real one is a KMS host's log
// of 30 days.
const (
	maxInstances  = 200_000
	maxEmptyPulls = 16
	releaseTime   = time.Second
)

// Query asks for the instances that a WQL query selects in root\cimv2. One
// request where one instance answers, two or more where several do.
func (c *Client) Query(ctx context.Context, address, wql string, opts ...Option) ([]Instance, error) {
	o := c.options(opts)
	instances, err := c.enumerate(ctx, address, wql, o)
	if err != nil {
		return nil, fmt.Errorf("querying %s: %w", classOf(wql), err)
	}
	return instances, nil
}

func (c *Client) enumerate(ctx context.Context, address, wql string, o options) ([]Instance, error) {
	body, err := c.ask(ctx, address, cimMessage("Enumerate", actionEnumerate, resourceCIM+"*", nil, enumerateBody(wql), true), o)
	if err != nil {
		return nil, err
	}
	instances, next, err := page(address, body, "EnumerateResponse")
	for empty := 0; err == nil && next != ""; {
		if err = ctx.Err(); err != nil {
			break
		}
		body, err = c.ask(ctx, address, cimMessage("Pull", actionPull, resourceCIM+"*", nil, pullBody(next), false), o)
		if err != nil {
			return nil, err // the context went with the request
		}
		var more []Instance
		var following string
		more, following, err = page(address, body, "PullResponse")
		if err != nil {
			break
		}
		next = following
		instances = append(instances, more...)
		if len(more) > 0 {
			empty = 0
		} else {
			empty++
		}
		if len(instances) > maxInstances || empty > maxEmptyPulls {
			err = &Protocol{Address: address, Reason: "the enumeration does not end"}
		}
	}
	if err != nil && next != "" {
		c.release(ctx, address, next, o)
	}
	if err != nil {
		return nil, err
	}
	return instances, nil
}

// release gives up an enumeration that is not read to its end, so that it does
// not count against the account's quota until it expires. Best effort.
func (c *Client) release(ctx context.Context, address, enumeration string, o options) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTime)
	defer cancel()
	o.timeout = releaseTime
	_, _ = c.ask(ctx, address, cimMessage("Release", actionRelease, resourceCIM+"*", nil, releaseBody(enumeration), false), o)
}

// page reads one answer of an enumeration; next is the context to pull with,
// "" after the last. The context changes with every answer.
func page(address string, body *element, name string) (instances []Instance, next string, err error) {
	response := body.child(name)
	if response == nil {
		return nil, "", &Protocol{Address: address, Reason: "the answer holds no " + name}
	}
	if e := response.child("EnumerationContext"); e != nil {
		next = e.trimmed()
	}
	if response.child("EndOfSequence") != nil {
		next = ""
	}
	if items := response.child("Items"); items != nil {
		instances = make([]Instance, 0, len(items.children))
		for _, item := range items.children {
			instances = append(instances, instanceOf(item))
		}
	}
	return instances, next, nil
}

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

// Invoke calls a method and gives its out parameters. A return value other
// than 0 is a *MethodFailed. The call is never repeated once it was sent: see
// IsOutcomeUnknown.
func (c *Client) Invoke(ctx context.Context, address string, call Call, opts ...Option) (Instance, error) {
	keys, err := selectorsOf(call.Class, call.Selectors)
	if err != nil {
		return Instance{}, err
	}
	uri := resourceCIM + call.Class
	input, err := inputOf(uri, call)
	if err != nil {
		return Instance{}, err
	}
	body, err := c.ask(ctx, address, cimMessage("Invoke "+call.Method, uri+"/"+call.Method, uri, keys, input, false), c.options(opts))
	if err != nil {
		return Instance{}, fmt.Errorf("calling %s of %s: %w", call.Method, call.Class, err)
	}
	output := body.child(call.Method + "_OUTPUT")
	if output == nil {
		return Instance{}, &Protocol{Address: address, Sent: true, Reason: "the answer holds no " + call.Method + "_OUTPUT"}
	}
	result := instanceOf(output)
	if text, ok := result.String("ReturnValue"); ok {
		value, ok := parseUint32(text)
		if !ok {
			return result, &Protocol{Address: address, Sent: true, Reason: fmt.Sprintf("method %s returned %q", call.Method, shorten(text, 40))}
		}
		if value != 0 {
			return result, &MethodFailed{Address: address, Class: call.Class, Method: call.Method, Value: value}
		}
	}
	return result, nil
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

// classOf names what a query reads, for errors; the whole query may hold names
// of people.
func classOf(wql string) string {
	words := strings.Fields(wql)
	for i, word := range words[:max(len(words)-1, 0)] {
		if strings.EqualFold(word, "FROM") {
			return shorten(words[i+1], 80)
		}
	}
	return "CIM"
}
