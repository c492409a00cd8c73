// Package contracttest holds both sides of an HTTP exchange against the contract, for
// tests of the client and of servers.
package contracttest

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"github.com/timago/terraform-provider-timago/internal/timago"
)

// Checker compares exchanges with the contract.
type Checker struct {
	t      testing.TB
	router routers.Router
}

// New gives a checker that reports to t.
func New(t testing.TB) *Checker {
	t.Helper()
	router, err := contract()
	if err != nil {
		t.Fatal(err)
	}
	return &Checker{t: t, router: router}
}

// contract is read once: that takes longer than most tests.
var contract = sync.OnceValues(func() (routers.Router, error) {
	document, err := openapi3.NewLoader().LoadFromData([]byte(timago.OpenAPI))
	if err != nil {
		return nil, err
	}
	document.Servers = openapi3.Servers{{URL: "/api/v1"}} // whatever the host
	return gorillamux.NewRouter(document)
})

// options leave the token to the server: the contract only says that there is one.
var options = &openapi3filter.Options{
	AuthenticationFunc:    openapi3filter.NoopAuthenticationFunc,
	IncludeResponseStatus: true,
	SkipSettingDefaults:   true,
}

// Requests fails the test for every request that the contract does not know, and
// passes it on. It stands before what makes faults.
func (c *Checker) Requests(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if input := c.input(r); input != nil {
			if err := openapi3filter.ValidateRequest(r.Context(), input); err != nil {
				c.t.Errorf("%s %s breaks the contract: %v", r.Method, r.URL, err)
			}
		}
		next.ServeHTTP(w, r)
	})
}

// Answers fails the test for every answer that the contract does not know. It stands
// behind what makes faults, immediately before the server that it holds to its word.
func (c *Checker) Answers(server http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		input := c.input(r)
		answer := httptest.NewRecorder()
		server.ServeHTTP(answer, r)
		if input != nil {
			response := &openapi3filter.ResponseValidationInput{
				RequestValidationInput: input,
				Status:                 answer.Code,
				Header:                 answer.Header(),
				Body:                   io.NopCloser(bytes.NewReader(answer.Body.Bytes())),
				Options:                options,
			}
			if err := openapi3filter.ValidateResponse(r.Context(), response); err != nil {
				c.t.Errorf("the answer to %s %s breaks the contract: %v", r.Method, r.URL, err)
			}
		}
		maps.Copy(w.Header(), answer.Header())
		w.WriteHeader(answer.Code)
		if _, err := w.Write(answer.Body.Bytes()); err != nil {
			c.t.Logf("the client did not wait for the answer to %s %s: %v", r.Method, r.URL, err)
		}
	})
}

func (c *Checker) input(r *http.Request) *openapi3filter.RequestValidationInput {
	route, parameters, err := c.router.FindRoute(r)
	if err != nil {
		c.t.Errorf("%s %s is not in the contract: %v", r.Method, r.URL, err)
		return nil
	}
	return &openapi3filter.RequestValidationInput{Request: r, PathParams: parameters, Route: route, Options: options}
}
