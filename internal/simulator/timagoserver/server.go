// Package timagoserver answers as the HTTP interface in front of a Timago server would:
// it serves the contract internal/timago/openapi.yaml, which is this project's own and
// not the vendor's, on a simulated world. It has no time and no work of its own:
// commands come further as the world's time does.
package timagoserver

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/timago/terraform-provider-timago/internal/simulator/world"
	"github.com/timago/terraform-provider-timago/internal/timago/contract"
	"github.com/timago/terraform-provider-timago/internal/timago/contract/contractserver"
)

const (
	base = "/api/v1"
	// maxBody bounds a request: 1000 targets are about 150 KB.
	maxBody = 1 << 20
)

// Config says whose server it is and how it behaves.
type Config struct {
	World *world.World
	TLS   *tls.Config
	Token string

	Groups      []string      // computer groups that the token has rights on; nil: all
	Features    []string      // nil: all of the contract's
	MaxPage     int           // items on a page, whatever is asked for; 0: 500
	RateLimit   int           // requests per real second; 0: any number
	Latency     time.Duration // real, of every answer
	TakenWithin time.Duration // simulated, else a command expires; 0: the world's
	// StartedWithin is for the rest of it, else it failed.
	StartedWithin time.Duration
	Address       func(station string) string // host[:port] of a station's WinRM; nil: none is shown

	Log func(Entry) // gets every request, before its answer is sent
	// Check, if set, stands around what has to keep to the contract: all answers except
	// those that a fault corrupts.
	Check func(http.Handler) http.Handler
}

// Server is a running interface. All methods may be called from several goroutines.
type Server struct {
	config   Config
	handler  http.Handler   // keeps to the contract, in every refusal, too
	calls    *http.ServeMux // what is authorized, valid and meets no fault
	http     *http.Server
	requests sync.WaitGroup
	closed   chan struct{}
	limit    limit
	commands commands
}

// New prepares a server.
func New(config Config) *Server {
	s := &Server{config: config, calls: http.NewServeMux(), closed: make(chan struct{}), commands: newCommands()}
	s.handler = http.HandlerFunc(s.answer)
	strict := contractserver.NewStrictHandlerWithOptions(calls{s}, nil, contractserver.StrictHTTPServerOptions{
		RequestErrorHandlerFunc: badRequest, ResponseErrorHandlerFunc: failed,
	})
	contractserver.HandlerWithOptions(strict, contractserver.StdHTTPServerOptions{BaseURL: base, BaseRouter: s.calls, ErrorHandlerFunc: badRequest})
	if config.Check != nil {
		s.handler = config.Check(s.handler)
	}
	s.http = &http.Server{
		Handler: http.HandlerFunc(s.serve), TLSConfig: config.TLS,
		ReadHeaderTimeout: 10 * time.Second, MaxHeaderBytes: 1 << 20,
		ErrorLog: log.New(io.Discard, "", 0), // clients that go away; connections that faults break
	}
	return s
}

// Serve answers at a listener, over TLS, until Close.
func (s *Server) Serve(l net.Listener) error { return s.http.ServeTLS(l, "", "") }

// Close ends everything at once and waits for it.
func (s *Server) Close() {
	close(s.closed)
	_ = s.http.Close() // nothing to be saved
	s.requests.Wait()
}

// exchange is one request with what is known about it before it is carried out.
type exchange struct {
	entry   Entry
	known   bool        // to the contract
	fault   world.Fault // Name "": none
	refusal *refusal    // before it reaches the calls
}

type exchangeKey struct{}

// serve is the whole way of a request: what is known of it, the answer by the contract,
// the log, and what a fault makes of the answer.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	s.requests.Add(1)
	defer s.requests.Done()
	arrived := time.Now()
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		return // the client has gone
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	e := &exchange{entry: s.entry(r, body, arrived)}
	if call := s.call(r); call != "" {
		e.known, e.entry.Call = true, call
	}
	switch {
	case !s.authorized(r):
		e.refusal = refuse(http.StatusUnauthorized, contract.ProblemCodeUnauthorized, "there is no token, or it is wrong")
	case !s.limit.allows(s.config.RateLimit, arrived):
		e.refusal = refuse(http.StatusTooManyRequests, contract.ProblemCodeRateLimited, fmt.Sprintf("more than %d requests per second", s.config.RateLimit))
		e.refusal.retryAfter = 1
	case e.known && len(body) > maxBody:
		e.refusal = refuse(http.StatusRequestEntityTooLarge, contract.ProblemCodeTooLarge, fmt.Sprintf("at most %d bytes", maxBody))
	default:
		s.findFault(e)
	}
	answer := newAnswer()
	if !s.untouched(e, answer) {
		r = r.WithContext(context.WithValue(r.Context(), exchangeKey{}, e))
		if e.known {
			s.handler.ServeHTTP(answer, r)
		} else {
			s.answer(answer, r)
		}
	}
	e.entry.Status, e.entry.Fault = answer.status, e.fault.Name
	corrupted := s.corrupt(e, answer)
	if s.config.Log != nil {
		s.config.Log(e.entry)
	}
	if s.wait(r.Context(), s.config.Latency) {
		corrupted.send(r.Context(), s, w)
	}
}

// answer keeps to the contract.
func (s *Server) answer(w http.ResponseWriter, r *http.Request) {
	e, _ := r.Context().Value(exchangeKey{}).(*exchange)
	switch {
	case e.refusal != nil:
		e.refusal.write(w)
		return
	case !e.known:
		s.unknown(r).write(w)
		return
	}
	if refused := invalid(e, r); refused != nil {
		refused.write(w)
		return
	}
	s.calls.ServeHTTP(w, r)
}

// call is the contract's name for a request, "GET /stations/{id}"; "" where it knows none.
func (s *Server) call(r *http.Request) string {
	if path.Clean(r.URL.Path) != r.URL.Path { // the routes would redirect
		return ""
	}
	_, pattern := s.calls.Handler(r)
	return strings.Replace(pattern, base, "", 1)
}

// unknown refuses a path or a method that the contract does not know.
func (s *Server) unknown(r *http.Request) *refusal {
	var allowed []string
	for _, method := range []string{http.MethodGet, http.MethodPatch, http.MethodPost} {
		other := r.Clone(r.Context())
		if other.Method = method; s.call(other) != "" {
			allowed = append(allowed, method)
		}
	}
	if len(allowed) == 0 {
		return refuse(http.StatusNotFound, contract.ProblemCodeUnknownPath, "there is no such path")
	}
	refused := refuse(http.StatusMethodNotAllowed, contract.ProblemCodeMethodNotAllowed, "the path takes "+strings.Join(allowed, ", "))
	refused.allow = allowed
	return refused
}

// authorized compares in constant time, by habit.
func (s *Server) authorized(r *http.Request) bool {
	token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	got, want := sha256.Sum256([]byte(token)), sha256.Sum256([]byte(s.config.Token))
	return bearer && subtle.ConstantTimeCompare(got[:], want[:]) == 1
}

// wait lets real time pass; false when the client or the server went away meanwhile.
func (s *Server) wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
	case <-s.closed:
	}
	return false
}

// limit counts requests of one second of real time.
type limit struct {
	mu     sync.Mutex
	second int64
	so     int
}

func (l *limit) allows(most int, now time.Time) bool {
	if most == 0 {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if second := now.Unix(); second != l.second {
		l.second, l.so = second, 0
	}
	l.so++
	return l.so <= most
}

// redacted takes the token out of what is about to be written down.
func (s *Server) redacted(text string) string {
	if s.config.Token == "" {
		return text
	}
	return strings.NewReplacer(s.config.Token, "[token]", url.QueryEscape(s.config.Token), "[token]").Replace(text)
}
