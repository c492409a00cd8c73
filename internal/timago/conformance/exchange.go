// Package conformance holds any server against the contract openapi.yaml: each check asks a
// server something and compares the answer with what the contract says of it. It knows
// neither the provider's client nor the simulated server. Nothing that ships imports it.
package conformance

import (
	"bytes"
	"io"
	"net/http"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"github.com/timago/terraform-provider-timago/internal/timago"
)

// document is read once: that takes longer than most checks.
var document = sync.OnceValues(func() (routers.Router, error) {
	read, err := openapi3.NewLoader().LoadFromData([]byte(timago.OpenAPI))
	if err != nil {
		return nil, err
	}
	read.Servers = openapi3.Servers{{URL: "/api/v1"}} // whatever the host
	return gorillamux.NewRouter(read)
})

// options leave the token to the server: the contract only says that there is one.
var options = &openapi3filter.Options{
	AuthenticationFunc:    openapi3filter.NoopAuthenticationFunc,
	IncludeResponseStatus: true,
	SkipSettingDefaults:   true,
}

// Exchange is a request that the contract knows.
type Exchange struct {
	input *openapi3filter.RequestValidationInput
}

// Find finds a request in the contract. Its path begins at /api/v1.
func Find(r *http.Request) (Exchange, error) {
	router, err := document()
	if err != nil {
		return Exchange{}, err
	}
	route, parameters, err := router.FindRoute(r)
	if err != nil {
		return Exchange{}, err
	}
	return Exchange{&openapi3filter.RequestValidationInput{Request: r, PathParams: parameters, Route: route, Options: options}}, nil
}

// Request says how the request breaks the contract; nil where it keeps to it.
func (e Exchange) Request() error {
	return openapi3filter.ValidateRequest(e.input.Request.Context(), e.input)
}

// Answer says how an answer to the request breaks the contract; nil where it keeps to it.
func (e Exchange) Answer(status int, header http.Header, body []byte) error {
	return openapi3filter.ValidateResponse(e.input.Request.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: e.input, Status: status, Header: header, Body: io.NopCloser(bytes.NewReader(body)), Options: options,
	})
}
