// Package tflist hands long lists to Terraform past the framework. That holds every value
// several times over and looks each up in the schema: a station costs it 34 KB, and each of
// a station's operating systems 8 KB.
package tflist

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"

	"github.com/vmihailenco/msgpack/v5"
)

// Most is how many bytes the lists of one answer may have as they are sent: 20,000 stations
// that show all there is of them have some 9 MB.
const Most = 10 << 20

// ErrTooLong says that the lists have more than Most bytes.
var ErrTooLong = fmt.Errorf("the result is larger than %d MB", Most>>20)

var errNotServed = errors.New("the provider is not served by tflist.Serve")

// answer is what a call of Terraform gets beside what the framework answers.
type answer struct {
	lists map[string]func(*msgpack.Encoder) error // by attribute
	size  counter
	turn  *turn
	alone bool // it has the turn
}

type key struct{}

// Set gives a list of the state that is being read its elements: structs whose fields have
// the names of the schema in their tag tfsdk, and nil where they are null. The framework's
// state holds null there. The elements must not change until the answer is sent.
func Set[T any](ctx context.Context, attribute string, elements int, element func(int) T) error {
	to, served := ctx.Value(key{}).(*answer)
	if !served {
		return errNotServed
	}
	encode := func(e *msgpack.Encoder) error {
		if err := e.EncodeArrayLen(elements); err != nil {
			return err
		}
		for i := range elements {
			value := element(i)
			if err := e.Encode(&value); err != nil {
				return err
			}
		}
		return nil
	}
	if err := encode(encoder(&to.size)); err != nil {
		return err
	}
	to.lists[attribute] = encode
	return nil
}

func encoder(to interface {
	Write([]byte) (int, error)
	WriteByte(byte) error
},
) *msgpack.Encoder {
	e := msgpack.NewEncoder(to)
	e.SetCustomStructTag("tfsdk")
	return e
}

// counter counts what is written to it, up to the bound.
type counter int

func (c *counter) Write(text []byte) (int, error) {
	if *c += counter(len(text)); *c > Most {
		return 0, ErrTooLong
	}
	return len(text), nil
}

func (c *counter) WriteByte(byte) error {
	*c++
	return nil
}

// large is an answer for which the garbage is collected first: what the lists were read
// from is no longer needed, and the answer takes its place.
const large = 1 << 20

// into writes an encoded object anew, with the lists in it.
func (a *answer) into(object []byte) ([]byte, error) {
	if a.size > large {
		runtime.GC()
	}
	from := msgpack.NewDecoder(bytes.NewReader(object))
	whole := bytes.NewBuffer(make([]byte, 0, len(object)+int(a.size)))
	to := encoder(whole)
	n, err := from.DecodeMapLen()
	if err != nil {
		return nil, err
	}
	if err := to.EncodeMapLen(n); err != nil {
		return nil, err
	}
	for range n {
		name, err := from.DecodeString()
		if err != nil {
			return nil, err
		}
		value, err := from.DecodeRaw()
		if err != nil {
			return nil, err
		}
		encode, set := a.lists[name]
		if !set {
			encode = func(e *msgpack.Encoder) error { return e.Encode(value) }
		}
		if err := errors.Join(to.EncodeString(name), encode(to)); err != nil {
			return nil, err
		}
	}
	return whole.Bytes(), nil
}
