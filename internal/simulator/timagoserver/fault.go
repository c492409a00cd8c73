package timagoserver

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"strconv"
	"time"

	"github.com/timago/terraform-provider-timago/internal/simulator/world"
	"github.com/timago/terraform-provider-timago/internal/timago/contract"
)

// refusals are the faults that are answers of the contract.
var refusals = map[world.FaultName]*refusal{
	world.APIUnauthorized:  refuse(http.StatusUnauthorized, contract.ProblemCodeUnauthorized, "the token has ended"),
	world.APIForbidden:     refuse(http.StatusForbidden, contract.ProblemCodeForbidden, "the token has not the right"),
	world.APIConflict:      refuse(http.StatusConflict, contract.ProblemCodeConflict, "the station is being edited in Timago"),
	world.APIInvalidValue:  refuse(http.StatusUnprocessableEntity, contract.ProblemCodeInvalidValue, "this is not possible for the image"),
	world.APIRateLimited:   refuse(http.StatusTooManyRequests, contract.ProblemCodeRateLimited, "too many requests"),
	world.APIInternalError: refuse(http.StatusInternalServerError, contract.ProblemCodeInternalError, "the database did not answer"),
	world.APIUnavailable:   refuse(http.StatusServiceUnavailable, contract.ProblemCodeUnavailable, "maintenance"),
}

// proxied are the faults of something that stands before the server.
var proxied = map[world.FaultName]int{
	world.APIProxyNotFound: http.StatusNotFound, world.APIBadGateway: http.StatusBadGateway, world.APIGatewayTimeout: http.StatusGatewayTimeout,
}

// findFault finds the fault that the request meets, and lets it act as far as that comes
// before the call.
func (s *Server) findFault(e *exchange) {
	if !e.known {
		return
	}
	words := []string{e.entry.Method, e.entry.Path, e.entry.Call, e.entry.Command}
	possible := func(name world.FaultName) bool { // by the contract
		switch name {
		case world.APIForbidden:
			return e.entry.Call != callInfo
		case world.APIConflict, world.APIInvalidValue:
			return e.entry.Call == callPatch || e.entry.Call == callSend
		case world.APIStaleETag:
			return e.entry.Call == callPatch
		default:
			return true
		}
	}
	fault, found := s.config.World.InterfaceFault(e.entry.Stations, words, possible)
	if !found {
		return
	}
	e.fault = fault
	switch refusal := refusals[fault.Name]; {
	case refusal != nil:
		limited := *refusal
		if fault.Name == world.APIRateLimited || fault.Name == world.APIUnavailable {
			limited.retryAfter = 1
			if fault.By > 0 {
				limited.retryAfter = int((fault.By + time.Second - 1) / time.Second)
			}
		}
		e.refusal = &limited
	case fault.Name == world.APIStaleETag:
		for _, station := range e.entry.Stations {
			s.config.World.Edit(station)
		}
	}
}

// untouched reports whether a fault keeps the request from the server.
func (s *Server) untouched(e *exchange, a *answer) bool {
	switch e.fault.Name {
	case world.APIProxyNotFound, world.APIBadGateway:
		a.status = proxied[e.fault.Name]
	case world.APITimeout:
		a.status = 0
	default:
		return false
	}
	return true
}

// answer is what is about to be sent.
type answer struct {
	status int
	header http.Header
	body   []byte
	slow   time.Duration // real, over which the body is sent
	cut    bool          // the connection breaks after the body
	never  bool          // the client waits until it has enough
}

func newAnswer() *answer { return &answer{status: http.StatusOK, header: http.Header{}} }

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(status int) { a.status = status }

func (a *answer) Write(p []byte) (int, error) {
	a.body = append(a.body, p...)
	return len(p), nil
}

// corrupt makes of the answer what a fault leaves of it; the entry gets the status that
// the client sees.
func (s *Server) corrupt(e *exchange, a *answer) *answer {
	switch e.fault.Name {
	case world.APIProxyNotFound, world.APIBadGateway, world.APIGatewayTimeout:
		a = newAnswer()
		a.status = proxied[e.fault.Name]
		a.header.Set("Content-Type", "text/html")
		a.body = []byte("<html><body><h1>" + http.StatusText(a.status) + "</h1></body></html>\n")
	case world.APITimeout:
		a.never = true
	case world.APILostAnswer:
		a.status, a.body, a.cut = 0, nil, true
	case world.APISlowBody:
		a.slow = e.fault.By
		if a.slow == 0 {
			a.slow = 10 * time.Second
		}
	case world.APICutBody:
		a.header.Set("Content-Length", strconv.Itoa(len(a.body)))
		a.body, a.cut = a.body[:len(a.body)/2], true
	case world.APIGarbage:
		a.body = []byte(`{"items": [{"id": }`)
	case world.APIMissingField:
		a.body = lacking(a.body)
	default:
	}
	e.entry.Status = a.status
	return a
}

// lacking takes one required field out of an answer of the contract: the first that is
// found of each kind of object, in its first item where it is a list.
func lacking(body []byte) []byte {
	var object map[string]any
	if json.Unmarshal(body, &object) != nil {
		return body
	}
	from := object
	for _, list := range []string{"items", "stations"} {
		if items, some := object[list].([]any); some && len(items) > 0 {
			from, _ = items[0].(map[string]any)
		}
	}
	for _, field := range []string{"online", "state", "name", "products", "version", "items"} {
		if _, there := from[field]; there {
			delete(from, field)
			break
		}
	}
	corrupted, err := json.Marshal(object)
	if err != nil {
		return body
	}
	return corrupted
}

// send sends the answer, as far and as fast as it is to come.
func (a *answer) send(ctx context.Context, s *Server, w http.ResponseWriter) {
	if a.never {
		select {
		case <-ctx.Done():
		case <-s.closed:
		}
		panic(http.ErrAbortHandler) // without any answer
	}
	if a.cut && a.status == 0 {
		panic(http.ErrAbortHandler)
	}
	maps.Copy(w.Header(), a.header)
	w.WriteHeader(a.status)
	const pieces = 10
	if a.slow > 0 {
		for i := range pieces {
			if !s.wait(ctx, a.slow/pieces) {
				panic(http.ErrAbortHandler)
			}
			a.write(w, a.body[len(a.body)*i/pieces:len(a.body)*(i+1)/pieces])
		}
		return
	}
	a.write(w, a.body)
	if a.cut {
		panic(http.ErrAbortHandler)
	}
}

func (a *answer) write(w io.Writer, piece []byte) {
	_, _ = io.Copy(w, bytes.NewReader(piece)) // a client that has gone has its own problem
	if flusher, can := w.(http.Flusher); can && (a.slow > 0 || a.cut) {
		flusher.Flush()
	}
}
