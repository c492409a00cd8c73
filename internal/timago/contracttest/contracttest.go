// Package contracttest holds both sides of an HTTP exchange against the contract, for
// tests of the client and of servers.
package contracttest

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/timago/terraform-provider-timago/internal/timago/conformance"
)

// Checker compares exchanges with the contract.
type Checker struct{ t testing.TB }

// New gives a checker that reports to t.
func New(t testing.TB) *Checker { return &Checker{t: t} }

// Requests fails the test for every request that the contract does not know, and
// passes it on. It stands before what makes faults.
func (c *Checker) Requests(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if exchange, known := c.find(r); known {
			if err := exchange.Request(); err != nil {
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
		exchange, known := c.find(r)
		answer := httptest.NewRecorder()
		server.ServeHTTP(answer, r)
		if known {
			if err := exchange.Answer(answer.Code, answer.Header(), answer.Body.Bytes()); err != nil {
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

func (c *Checker) find(r *http.Request) (conformance.Exchange, bool) {
	exchange, err := conformance.Find(r)
	if err != nil {
		c.t.Errorf("%s %s is not in the contract: %v", r.Method, r.URL, err)
	}
	return exchange, err == nil
}
