// Package wsman is a WS-Management server as Windows has one: it shows a
// Machine over HTTP or HTTPS, with Basic, NTLM and Kerberos, to clients that think they
// talk to WinRM. It knows nothing of what the machine is about.
package wsman

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Config describes an endpoint.
type Config struct {
	// Name is the computer's name; default WINDOWS.
	Name     string
	Accounts []Account
	TLS      *tls.Config // nil: plain HTTP
	// Basic and NTLM say what is offered.
	Basic, NTLM bool
	Kerberos    *Kerberos // nil: not offered
	// AllowUnencrypted takes SOAP over plain HTTP that is not sealed. Without
	// it such requests get UnencryptedStatus, 401 or 500 (default); which of
	// them Windows sends is not known.
	AllowUnencrypted  bool
	UnencryptedStatus int
	// MaxShells is how many shells a user may have open; default 5.
	MaxShells int
	Machine   Machine
	// Condition is asked once per HTTP request what is wrong; may be nil.
	Condition func(Request) Condition
	// Log gets every HTTP request; may be nil. It and Condition are called from
	// several goroutines.
	Log func(Entry)
}

// Server is one endpoint. It may serve several listeners, at once or one
// after the other: while a machine is off its listener is closed.
type Server struct {
	config Config
	http   *http.Server
	number atomic.Uint64 // of connections

	mu           sync.Mutex
	closed       bool
	connections  map[net.Conn]bool
	running      map[*context.CancelFunc]bool // what goes on without its request
	shells       map[string]*shell
	enumerations map[string]*enumeration
	group        sync.WaitGroup
	done         chan struct{}
}

// NewServer makes a server; Serve lets it answer.
func NewServer(config Config) *Server {
	config.Name = cmp.Or(config.Name, "WINDOWS")
	config.UnencryptedStatus = cmp.Or(config.UnencryptedStatus, http.StatusInternalServerError)
	config.MaxShells = cmp.Or(config.MaxShells, 5)
	s := &Server{
		config:       config,
		connections:  map[net.Conn]bool{},
		running:      map[*context.CancelFunc]bool{},
		shells:       map[string]*shell{},
		enumerations: map[string]*enumeration{},
		done:         make(chan struct{}),
	}
	s.http = &http.Server{
		Handler:           http.HandlerFunc(s.serve),
		ReadHeaderTimeout: time.Minute,
		ConnState:         s.track,
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, connectionKey{}, &connection{number: s.number.Add(1), conn: c})
		},
		ErrorLog:     discard(),
		TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){}, // WinRM is HTTP/1.1
	}
	return s
}

// Serve answers on a listener until it or the server is closed; the latter is
// no error.
func (s *Server) Serve(l net.Listener) error {
	if s.config.TLS != nil {
		l = tls.NewListener(l, s.config.TLS)
	}
	if err := s.http.Serve(l); !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// Restart ends every connection, shell and enumeration, as a restart of the
// machine does. Listeners stay. It may be called from within a Machine.
func (s *Server) Restart() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.connections {
		_ = c.Close()
	}
	for cancel := range s.running {
		(*cancel)()
	}
	clear(s.shells)
	clear(s.enumerations)
}

// Close ends everything and waits for it; it must not be called from within a
// Machine.
func (s *Server) Close() {
	s.mu.Lock()
	first := !s.closed
	s.closed = true
	s.mu.Unlock()
	if first {
		close(s.done)
	}
	_ = s.http.Close()
	s.Restart()
	s.group.Wait()
}

func (s *Server) track(c net.Conn, state http.ConnState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch state {
	case http.StateNew:
		s.connections[c] = true
	case http.StateClosed, http.StateHijacked:
		delete(s.connections, c)
	case http.StateActive, http.StateIdle:
	}
}

// enter counts a request in, so that Close can wait for it.
func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.group.Add(1)
	return true
}

// detach makes a context for what goes on when its request is over: until
// cancel, a restart or the end of the server.
func (s *Server) detach(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		cancel()
	}
	s.running[&cancel] = true
	return ctx, func() {
		cancel()
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.running, &cancel)
	}
}

// errGone ends a request whose client or server has gone.
var errGone = errors.New("nobody waits for the answer")

// within runs f and waits no longer than the request's operation timeout; f
// then goes on, as it does on Windows.
func within[T any](ctx context.Context, s *Server, timeout time.Duration, f func(context.Context) (T, error)) (T, error) {
	type outcome struct {
		value T
		err   error
	}
	ended := make(chan outcome, 1)
	detached, cancel := s.detach(ctx)
	s.group.Go(func() {
		defer cancel()
		value, err := f(detached)
		ended <- outcome{value, err}
	})
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	var none T
	select {
	case o := <-ended:
		return o.value, o.err
	case <-timer.C:
		return none, &Fault{Code: CodeTimedOut}
	case <-ctx.Done():
		return none, errGone
	case <-s.done:
		return none, errGone
	}
}

// connection is what the server knows of one TCP connection. Requests on it
// come one after the other, so it needs no lock.
type connection struct {
	number   uint64
	conn     net.Conn
	acceptor *acceptor // between CHALLENGE and AUTHENTICATE
	spnego   *negotiation
	session  *session // once a handshake is through
}

// session is a logged-on connection.
type session struct {
	user string
	seal sealing
}

type connectionKey struct{}

func connectionOf(ctx context.Context) *connection {
	c, _ := ctx.Value(connectionKey{}).(*connection)
	return c
}

// reset ends the connection with a TCP reset.
func (c *connection) reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // closes it, if without a reset
	}
	inner := conn
	if t, ok := conn.(*tls.Conn); ok {
		inner = t.NetConn()
	}
	if t, ok := inner.(*net.TCPConn); ok {
		_ = t.SetLinger(0)
	}
	_ = inner.Close()
}
