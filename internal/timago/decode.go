package timago

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"time"
	"unicode"

	"github.com/timago/terraform-provider-timago/internal/timago/contract"
)

// decode reads an answer of the contract's client: a T, or a *Problem, or *Malformed.
func decode[T any](response *http.Response, err error) (T, error) {
	var value T
	if err != nil {
		return value, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body) // already in memory, see attempt
	if err != nil {
		return value, err
	}
	method, path := response.Request.Method, response.Request.URL.Path
	if response.StatusCode >= http.StatusMultipleChoices {
		return value, problemOf(response, body)
	}
	if !json.Valid(body) {
		return value, &Malformed{Method: method, Path: path, Err: fmt.Errorf("no JSON, but %s", cmp.Or(response.Header.Get("Content-Type"), "something without a type"))}
	}
	if wrong := check(body, reflect.TypeFor[T](), "$"); wrong != nil {
		wrong.Method, wrong.Path = method, path
		return value, wrong
	}
	if err := json.Unmarshal(body, &value); err != nil {
		return value, &Malformed{Method: method, Path: path, JSONPath: "$", Err: err}
	}
	return value, nil
}

func problemOf(response *http.Response, body []byte) *Problem {
	problem := &Problem{
		Status:      response.StatusCode,
		Title:       cmp.Or(http.StatusText(response.StatusCode), "status unknown"),
		Method:      response.Request.Method,
		RequestPath: response.Request.URL.Path,
	}
	if response.StatusCode < http.StatusBadRequest {
		if location, err := response.Location(); err == nil {
			problem.Location = location.Scheme + "://" + location.Host
		}
		return problem
	}
	var document struct { // lenient: a refusal is told however poorly it is written
		Code   contract.ProblemCode  `json:"code"`
		Title  string                `json:"title"`
		Detail string                `json:"detail"`
		Errors []contract.FieldError `json:"errors"`
	}
	if json.Unmarshal(body, &document) != nil {
		return problem
	}
	problem.Code = contract.ProblemCode(printable(string(document.Code)))
	problem.Title = cmp.Or(printable(document.Title), problem.Title)
	problem.Detail = printable(document.Detail)
	for _, field := range document.Errors[:min(len(document.Errors), 10)] {
		problem.Errors = append(problem.Errors, contract.FieldError{Pointer: printable(field.Pointer), Detail: printable(field.Detail)})
	}
	return problem
}

// printable makes a server's text fit for a terminal: one line of at most 500 characters.
func printable(text string) string {
	const most = 500
	line := []rune(strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }), " "))
	if len(line) > most {
		return string(line[:most]) + "…"
	}
	return string(line)
}

var (
	errMissing = errors.New("the field is missing")
	errNull    = errors.New("must not be null")
)

// check compares an answer with the contract's type, which encoding/json alone does not
// do: it takes missing and null fields for zero ones, and its errors name no place in
// a list. In generated types a field without omitempty is required, and a pointer
// may be null.
func check(raw json.RawMessage, want reflect.Type, path string) *Malformed {
	wrong := func(err error) *Malformed { return &Malformed{JSONPath: path, Err: err} }
	null := bytes.Equal(bytes.TrimSpace(raw), []byte("null"))
	switch {
	case want.Kind() == reflect.Pointer && null:
		return nil
	case want.Kind() == reflect.Pointer:
		return check(raw, want.Elem(), path)
	case null:
		return wrong(errNull)
	case want.Implements(reflect.TypeFor[json.Unmarshaler]()) || reflect.PointerTo(want).Implements(reflect.TypeFor[json.Unmarshaler]()):
		return checkLeaf(raw, want, path)
	case want.Kind() == reflect.Slice:
		var items []json.RawMessage
		if json.Unmarshal(raw, &items) != nil {
			return wrong(errors.New("is no list"))
		}
		for i, item := range items {
			if found := check(item, want.Elem(), fmt.Sprintf("%s[%d]", path, i)); found != nil {
				return found
			}
		}
		return nil
	case want.Kind() == reflect.Struct:
		var fields map[string]json.RawMessage
		if json.Unmarshal(raw, &fields) != nil {
			return wrong(errors.New("is no object"))
		}
		return checkFields(fields, want, path)
	}
	return checkLeaf(raw, want, path)
}

func checkFields(fields map[string]json.RawMessage, want reflect.Type, path string) *Malformed {
	for i := range want.NumField() {
		field := want.Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		raw, given := fields[name]
		switch {
		case !given && options == "":
			return &Malformed{JSONPath: path + "." + name, Err: errMissing}
		case !given:
		default:
			if found := check(raw, field.Type, path+"."+name); found != nil {
				return found
			}
		}
	}
	return nil
}

// checkLeaf tries a single value. The value itself is not told: it may be anything.
func checkLeaf(raw json.RawMessage, want reflect.Type, path string) *Malformed {
	if json.Unmarshal(raw, reflect.New(want).Interface()) == nil {
		return nil
	}
	kind := want.Kind().String()
	if want == reflect.TypeFor[time.Time]() {
		kind = "time in the form of RFC 3339"
	}
	return &Malformed{JSONPath: path, Err: errors.New("is no " + kind)}
}
