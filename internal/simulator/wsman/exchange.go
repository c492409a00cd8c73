package wsman

import (
	"errors"
	"io"
	"log"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	pathService  = "/wsman"
	pathIdentify = "/wsman-anon/identify"

	// A body may be a sealed envelope in its frame.
	maxBody = 2 * maxEnvelopeSize
)

// exchange is one HTTP request and its answer.
type exchange struct {
	server     *Server
	w          http.ResponseWriter
	r          *http.Request
	connection *connection
	body       []byte
	seal       sealing // seals the answer, where the request was sealed
	entry      Entry
}

// answer is what goes back.
type answer struct {
	status int
	body   string // SOAP; other is its type where it is not
	other  string
	fault  uint32
}

// status is an answer without a body.
func status(code int) answer { return answer{status: code} }

func discard() *log.Logger { return log.New(io.Discard, "", 0) }

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	if !s.enter() {
		panic(http.ErrAbortHandler)
	}
	defer s.group.Done()
	c := connectionOf(r.Context())
	x := &exchange{server: s, w: w, r: r, connection: c}
	x.entry = Entry{Time: time.Now(), Path: r.URL.Path, Request: Request{Kind: Logon, Connection: c.number}}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		x.send(status(http.StatusRequestEntityTooLarge))
	case err != nil:
		panic(http.ErrAbortHandler)
	case r.Method != http.MethodPost:
		x.send(status(http.StatusMethodNotAllowed))
	default:
		x.body = body
		x.route() //nolint:contextcheck // the request carries its context
	}
}

func (x *exchange) route() {
	switch x.r.URL.Path {
	case pathIdentify:
		x.operate(true)
	case pathService:
		x.admit()
	default:
		x.send(status(http.StatusNotFound))
	}
}

// admit lets a request through to its operation once its sender is known.
func (x *exchange) admit() {
	l := x.authenticate()
	x.entry.User, x.entry.Authenticated = l.user, l.ok
	switch {
	case !l.ok:
		x.entry.Handshake, x.entry.FailedLogon = !l.failed, l.failed
		x.logon(l)
	case len(x.body) == 0:
		x.entry.Handshake = l.leg
		x.logon(l)
	default:
		if l.reply != "" {
			x.w.Header().Set("WWW-Authenticate", l.reply)
		}
		if x.open() {
			x.operate(false)
		}
	}
}

// logon answers a request that ends with its authentication.
func (x *exchange) logon(l logon) {
	condition := x.condition()
	switch condition.Trouble {
	case Unauthorized:
		x.unauthorized()
		return
	case Unavailable:
		x.send(status(http.StatusServiceUnavailable))
		return
	case Reset, Hang:
		x.vanish(condition.Trouble)
		return
	case None, Quota, QuotaWMI, ShuttingDown, Faulted, EmptyBody, TruncatedXML, Garbage:
		x.entry.Trouble = None
	}
	if l.ok {
		if l.reply != "" {
			x.w.Header().Set("WWW-Authenticate", l.reply)
		}
		x.send(status(http.StatusOK))
		return
	}
	x.demand(l)
	x.send(status(http.StatusUnauthorized))
}

// unauthorized refuses though nothing is wrong with the password, and forgets
// what the connection had proved.
func (x *exchange) unauthorized() {
	x.connection.session, x.connection.acceptor = nil, nil
	x.w.Header().Del("WWW-Authenticate")
	x.demand(logon{})
	x.send(status(http.StatusUnauthorized))
}

// open unseals the body, or turns it down where it should be sealed.
func (x *exchange) open() bool {
	session := x.connection.session
	if protocol := sealedBy(x.r.Header.Get("Content-Type")); protocol != "" {
		err := errSeal
		if session != nil && strings.EqualFold(protocol, session.seal.protocol()) {
			x.body, err = openBody(session.seal, x.body)
		}
		if err != nil {
			x.connection.session = nil
			x.send(status(http.StatusBadRequest))
			return false
		}
		x.seal, x.entry.Sealed = session.seal, true
		return true
	}
	if x.server.config.TLS == nil && !x.server.config.AllowUnencrypted {
		if x.server.config.UnencryptedStatus == http.StatusUnauthorized {
			x.demand(logon{})
		}
		x.send(status(x.server.config.UnencryptedStatus))
		return false
	}
	return true
}

// condition asks what is wrong, and waits as long as it says.
func (x *exchange) condition() Condition {
	var condition Condition
	if x.server.config.Condition != nil {
		condition = x.server.config.Condition(x.entry.Request)
	}
	x.entry.Trouble = condition.Trouble
	if condition.Delay > 0 {
		timer := time.NewTimer(condition.Delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-x.r.Context().Done():
			x.abandon()
		case <-x.server.done:
			x.abandon()
		}
	}
	return condition
}

// vanish gives no answer: by a reset, or by silence until somebody gives up.
func (x *exchange) vanish(trouble Trouble) {
	x.log(0, 0)
	if trouble == Reset {
		x.connection.reset(x.w)
		return
	}
	select {
	case <-x.r.Context().Done():
	case <-x.server.done:
	}
	panic(http.ErrAbortHandler)
}

// abandon ends a request that nobody waits for any more.
func (x *exchange) abandon() {
	x.log(0, 0)
	panic(http.ErrAbortHandler)
}

func (x *exchange) log(status int, fault uint32) {
	x.entry.Status, x.entry.Fault = status, fault
	if x.server.config.Log != nil {
		x.server.config.Log(x.entry)
	}
}

// send logs and writes the answer.
func (x *exchange) send(a answer) {
	x.log(a.status, a.fault)
	header, body := x.w.Header(), []byte(a.body)
	header.Set("Server", "Microsoft-HTTPAPI/2.0")
	switch {
	case a.other != "":
		header.Set("Content-Type", a.other)
	case x.seal != nil && len(body) > 0:
		header.Set("Content-Type", sealedType(x.seal))
		body = sealBody(x.seal, body)
	case len(body) > 0:
		header.Set("Content-Type", soapType)
	}
	header.Set("Content-Length", strconv.Itoa(len(body)))
	x.w.WriteHeader(a.status)
	_, _ = x.w.Write(body) // a client that has gone has its own problem
}
