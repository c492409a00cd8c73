package timago

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/timago/terraform-provider-timago/internal/foreign"
)

const (
	// maxArray is the contract's largest list inside one answer.
	maxArray = 1_000
	// maxValues bounds what an answer may hold in all: a full page of stations has about
	// 15,000 values, and 70,000 where each has 25 operating systems.
	maxValues = 150_000
	// maxDepth is far above the contract's.
	maxDepth = 32
)

// decode reads an answer: a T, or a *Problem, or *Malformed.
func decode[T any](ctx context.Context, response *http.Response) (T, error) {
	var value T
	defer response.Body.Close()
	body, err := bodyOf(response)
	if err != nil {
		return value, err
	}
	if response.StatusCode >= http.StatusMultipleChoices {
		return value, problemOf(response, body)
	}
	wrong := readable(ctx, response, body)
	if wrong == nil {
		body = bytes.TrimPrefix(body, byteOrderMark)
		wrong = check(ctx, body, reflect.TypeFor[T](), "$")
	}
	if wrong == nil {
		if err := json.Unmarshal(body, &value); err != nil {
			wrong = &Malformed{JSONPath: "$", Err: err}
		}
	}
	switch {
	case ctx.Err() != nil:
		return value, ctx.Err()
	case wrong != nil:
		wrong.Method, wrong.Path = response.Request.Method, response.Request.URL.Path
		return value, wrong
	}
	return value, nil
}

// bodyOf is the whole body, which is in memory already, see attempt.
func bodyOf(response *http.Response) ([]byte, error) {
	if held, ok := response.Body.(*held); ok {
		return held.all, nil
	}
	return io.ReadAll(response.Body)
}

// byteOrderMark has no place in JSON, and does no harm (RFC 8259, 8.1).
var byteOrderMark = []byte("\ufeff")

// readable says what keeps an answer from being read as JSON at all; nil where nothing does.
func readable(ctx context.Context, response *http.Response, body []byte) *Malformed {
	kind := response.Header.Get("Content-Type")
	media, _, _ := mime.ParseMediaType(kind) // "" where it is none
	isJSON := media == "application/json" || strings.HasSuffix(media, "+json")
	text := bytes.TrimPrefix(body, byteOrderMark)
	switch {
	case len(bytes.TrimSpace(text)) == 0:
		return &Malformed{Err: fmt.Errorf("it has no body (%d %s)", response.StatusCode, http.StatusText(response.StatusCode)), hint: hintMend}
	case !utf8.Valid(text):
		return &Malformed{Err: errors.New("it is not in UTF-8"), hint: hintUTF8}
	}
	if err := bounded(ctx, text); err != nil {
		return &Malformed{Err: err, hint: hintMend}
	}
	if json.Valid(text) {
		return nil
	}
	if !isJSON {
		return &Malformed{Err: fmt.Errorf("no JSON, but %s", foreign.Text(cmp.Or(kind, "something without a type"))), hint: hintWebPage}
	}
	return &Malformed{Err: fmt.Errorf("broken JSON: %w", json.Unmarshal(text, new(json.RawMessage))), hint: hintMend}
}

// bounded counts an answer's values before anything is made of them, so that what is small
// on the wire cannot be large in memory. It looks at the context while it does.
func bounded(ctx context.Context, text []byte) error {
	values, depth, quoted := 1, 0, false
	for i := 0; i < len(text); i++ {
		if i%(1<<16) == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[' || c == '{':
			depth++
			values++
		case c == ']' || c == '}':
			depth--
		case c == ',':
			values++
		}
		if values > maxValues {
			return fmt.Errorf("it holds more than %d values", maxValues)
		}
		if depth > maxDepth {
			return fmt.Errorf("it is nested deeper than %d", maxDepth)
		}
	}
	return nil
}

var (
	errMissing = errors.New("the field is missing")
	errNull    = errors.New("must not be null")
)

// view is a part of an answer where it lies. A json.RawMessage is a copy, and with one on
// each level an answer would be held four times.
type view []byte

// UnmarshalJSON keeps what json.Unmarshal was given, which is this package's own and does
// not change; a json.Decoder would use it again.
func (v *view) UnmarshalJSON(text []byte) error {
	*v = text
	return nil
}

// check compares an answer with the contract's type, which encoding/json alone does not
// do: it takes missing and null fields for zero ones, and its errors name no place in
// a list. In generated types a field without omitempty is required, a pointer may be
// null, and an enumeration knows its values.
func check(ctx context.Context, raw view, want reflect.Type, path string) *Malformed {
	wrong := func(err error) *Malformed { return &Malformed{JSONPath: path, Err: err} }
	null := bytes.Equal(bytes.TrimSpace(raw), []byte("null"))
	switch {
	case want.Kind() == reflect.Pointer && null:
		return nil
	case want.Kind() == reflect.Pointer:
		return check(ctx, raw, want.Elem(), path)
	case null:
		return wrong(errNull)
	case want.Implements(reflect.TypeFor[json.Unmarshaler]()) || reflect.PointerTo(want).Implements(reflect.TypeFor[json.Unmarshaler]()):
		return checkLeaf(raw, want, path)
	case want.Kind() == reflect.Slice:
		return checkItems(ctx, raw, want.Elem(), path)
	case want.Kind() == reflect.Struct:
		var fields map[string]view
		if json.Unmarshal(raw, &fields) != nil {
			return wrong(errors.New("is no object"))
		}
		return checkFields(ctx, fields, want, path)
	}
	return checkLeaf(raw, want, path)
}

func checkItems(ctx context.Context, raw view, want reflect.Type, path string) *Malformed {
	var items []view
	if json.Unmarshal(raw, &items) != nil {
		return &Malformed{JSONPath: path, Err: errors.New("is no list")}
	}
	if len(items) > maxArray {
		return &Malformed{JSONPath: path, Err: fmt.Errorf("has more than %d items", maxArray)}
	}
	for i, item := range items {
		if ctx.Err() != nil {
			return &Malformed{JSONPath: path, Err: ctx.Err()}
		}
		if found := check(ctx, item, want, fmt.Sprintf("%s[%d]", path, i)); found != nil {
			return found
		}
	}
	return nil
}

func checkFields(ctx context.Context, fields map[string]view, want reflect.Type, path string) *Malformed {
	for field := range want.Fields() {
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		raw, given := fields[name]
		switch {
		case !given && options == "":
			return &Malformed{JSONPath: path + "." + name, Err: errMissing}
		case !given:
		default:
			if found := check(ctx, raw, field.Type, path+"."+name); found != nil {
				return found
			}
		}
	}
	return nil
}

// checkLeaf tries a single value. The value itself is not told: it may be anything.
func checkLeaf(raw view, want reflect.Type, path string) *Malformed {
	value := reflect.New(want)
	if json.Unmarshal(raw, value.Interface()) != nil {
		kind := want.Kind().String()
		if want == reflect.TypeFor[time.Time]() {
			kind = "time in the form of RFC 3339"
		}
		return &Malformed{JSONPath: path, Err: errors.New("is no " + kind)}
	}
	if enum, ok := reflect.TypeAssert[interface{ Valid() bool }](value); ok && !enum.Valid() {
		return &Malformed{JSONPath: path, Err: fmt.Errorf("%q is none of the contract's values", foreign.Text(value.Elem().String()))}
	}
	return nil
}
