package acceptor

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
)

// Front is WinRM's HTTP before a simulated machine: an acceptor judges who is there and
// opens what is sealed, the machine gets the envelope.
type Front struct {
	Acceptor *Acceptor
	// Machine is the URL of the service behind, which takes Basic from this account.
	Machine, Username, Password string
	TLS                         *tls.Config // nil: plain HTTP
	Channel                     []byte      // with TLS, what the acceptor is given the channel; nil: nothing
	Unrotated                   bool        // Kerberos' messages stand as RFC 4121 has them, not as Windows turns them

	mu  sync.Mutex
	log []Event
}

// Event is what the acceptor did for one request.
type Event struct {
	Logon  bool // a token was judged
	Failed bool // and refused, or a message could not be opened
	User   string
	Sealed int   // bytes of a message that was opened
	Lost   error // why no answer was given
}

// peer is one connection.
type peer struct {
	context *Context
	user    string // once the logon is through
}

type peerKey struct{}

// Serve answers on an address of loopback, until stop is called.
func (f *Front) Serve(ctx context.Context) (address string, stop func(), err error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	address = listener.Addr().String()
	if f.TLS != nil {
		listener = tls.NewListener(listener, f.TLS)
	}
	server := &http.Server{ //nolint:gosec // for tests on loopback
		Handler:      http.HandlerFunc(f.answer),
		ErrorLog:     log.New(io.Discard, "", 0),
		TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){},
		ConnContext: func(ctx context.Context, _ net.Conn) context.Context {
			return context.WithValue(ctx, peerKey{}, &peer{})
		},
	}
	served := make(chan struct{})
	go func() { defer close(served); _ = server.Serve(listener) }()
	return address, func() { _ = server.Close(); <-served }, nil
}

// Events are what happened so far.
func (f *Front) Events() []Event {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]Event(nil), f.log...)
}

func (f *Front) note(e Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.log = append(f.log, e)
}

func (f *Front) scheme() string {
	if f.Acceptor.kind == MIT {
		return "Kerberos"
	}
	return "Negotiate"
}

func (f *Front) protocol() string {
	if f.Acceptor.kind == MIT {
		return "application/HTTP-Kerberos-session-encrypted"
	}
	return "application/HTTP-SPNEGO-session-encrypted"
}

func (f *Front) answer(w http.ResponseWriter, r *http.Request) {
	p, _ := r.Context().Value(peerKey{}).(*peer)
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if token, found := strings.CutPrefix(r.Header.Get("Authorization"), f.scheme()+" "); found {
		if !f.logon(w, p, token) {
			return
		}
	}
	switch {
	case p.user == "":
		f.refuse(w, "")
	case len(body) > 0:
		f.pass(w, r, p, body)
	}
}

func (f *Front) refuse(w http.ResponseWriter, token string) {
	w.Header().Set("WWW-Authenticate", strings.TrimSpace(f.scheme()+" "+token))
	w.WriteHeader(http.StatusUnauthorized)
}

// logon lets the acceptor judge a token; false where the answer is given.
func (f *Front) logon(w http.ResponseWriter, p *peer, text string) bool {
	token, err := base64.StdEncoding.DecodeString(text)
	if p.context == nil {
		p.context = f.Acceptor.Open(f.Channel)
	}
	var reply []byte
	if err == nil {
		reply, p.user, err = p.context.Accept(token)
	}
	f.note(Event{Logon: true, Failed: err != nil, User: p.user})
	switch {
	case err != nil:
		p.context.Close()
		p.context = nil
		f.refuse(w, "")
	case p.user == "":
		f.refuse(w, base64.StdEncoding.EncodeToString(reply))
	case len(reply) > 0:
		w.Header().Set("WWW-Authenticate", f.scheme()+" "+base64.StdEncoding.EncodeToString(reply))
	}
	return err == nil && p.user != ""
}

// pass hands the envelope to the machine, and its answer back.
func (f *Front) pass(w http.ResponseWriter, r *http.Request, p *peer, body []byte) {
	envelope := body
	if f.TLS == nil {
		var err error
		if envelope, err = f.open(p, body); err != nil {
			f.note(Event{Failed: true, User: p.user})
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		f.note(Event{User: p.user, Sealed: len(envelope)})
	}
	status, answer, err := f.ask(r.Context(), envelope)
	if err != nil {
		f.note(Event{User: p.user, Lost: err}) // the machine is down
		panic(http.ErrAbortHandler)
	}
	contentType := "application/soap+xml;charset=UTF-8"
	if f.TLS == nil {
		if answer, err = f.seal(p, answer); err != nil {
			f.note(Event{User: p.user, Lost: err})
			panic(http.ErrAbortHandler)
		}
		contentType = `multipart/encrypted;protocol="` + f.protocol() + `";boundary="Encrypted Boundary"`
	}
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	_, _ = w.Write(answer) //nolint:gosec // SOAP, for a test
}

func (f *Front) ask(ctx context.Context, envelope []byte) (status int, answer []byte, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, f.Machine, bytes.NewReader(envelope))
	if err != nil {
		return 0, nil, err
	}
	request.SetBasicAuth(f.Username, f.Password)
	request.Header.Set("Content-Type", "application/soap+xml;charset=UTF-8")
	request.Close = true
	response, err := http.DefaultClient.Do(request) //nolint:gosec // the simulated machine
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = response.Body.Close() }()
	answer, err = io.ReadAll(response.Body)
	return response.StatusCode, answer, err
}

// The frame of a sealed message (MS-WSMV 2.2.9.1).
const (
	frameData = "Content-Type: application/octet-stream\r\n"
	frameEnd  = "--Encrypted Boundary--\r\n"
)

var errFrame = errors.New("the frame is malformed")

func (f *Front) open(p *peer, body []byte) ([]byte, error) {
	_, data, found := bytes.Cut(body, []byte(frameData))
	data, ended := bytes.CutSuffix(data, []byte(frameEnd))
	if !found || !ended || len(data) < 4 || int(binary.LittleEndian.Uint32(data)) > len(data)-4 {
		return nil, errFrame
	}
	return p.context.Unwrap(data[4:])
}

func (f *Front) seal(p *peer, answer []byte) ([]byte, error) {
	token, err := p.context.Wrap(answer, f.Acceptor.kind == MIT && !f.Unrotated)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "--Encrypted Boundary\r\n\tContent-Type: %s\r\n\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length=%d\r\n", f.protocol(), len(answer))
	b.WriteString("--Encrypted Boundary\r\n\t" + frameData)
	b.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(token)-len(answer)))) //nolint:gosec // a header
	b.Write(token)
	b.WriteString(frameEnd)
	return b.Bytes(), nil
}
