package winrm

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/timago/terraform-provider-timago/internal/winrm/kerberos"
	"github.com/timago/terraform-provider-timago/internal/winrm/wsman"
)

// session is how the account stands on one connection. A kind of
// authentication that is added is one more implementation.
type session interface {
	// greet is the part of the exchange that carries no credentials: a machine
	// that hangs, or takes another kind of authentication only, shows here. The
	// connection may end with it, and prove then gets another one.
	greet(ctx context.Context, c *conn) error
	// prove sends the credentials of a session that belongs to its connection. A 401
	// is an error that wraps errRefused.
	prove(ctx context.Context, c *conn) error
	// perConnection reports whether greet and prove must be done on every connection,
	// or only until the machine accepted the account once.
	perConnection() bool
	// seals reports whether messages are sealed: then an answer that is not does not
	// come from the machine that took the credentials.
	seals() bool
	// seal makes header and body of a request out of a SOAP envelope.
	seal(envelope []byte) (http.Header, []byte, error)
	// open takes the SOAP envelope out of an answer.
	open(answer *reply) ([]byte, error)
}

// errRefused is a 401 to credentials.
var errRefused = errors.New("HTTP status 401")

// notOffered is a 401 to a greeting that does not lead on: no credentials were
// sent.
type notOffered struct{ offered []string }

func (e *notOffered) Error() string {
	return "offered instead: " + strings.Join(e.offered, ", ")
}

// account is a user's name and password in the forms that the kinds of
// authentication want.
type account struct {
	name         string // as configured
	domain, user string // DOMAIN\user taken apart; user@domain stays a user
	password     secret
}

// secret is behind a function, so that nothing that prints a structure prints
// what it holds.
type secret func() string

func accountOf(config Config) account {
	password := config.Password
	a := account{name: config.Username, user: config.Username, password: func() string { return password }}
	if domain, user, found := strings.Cut(config.Username, `\`); found {
		a.domain, a.user = domain, user
	}
	return a
}

func (c *Client) newSession(cn *conn) session {
	switch c.config.Auth {
	case AuthBasic:
		return &basicSession{account: c.account}
	case AuthKerberos:
		return c.newKerberosSession(cn)
	default:
		return c.newNTLMSession(cn)
	}
}

// serviceOf is the name of a machine's service in a domain.
func serviceOf(to target) string { return "HTTP/" + to.host }

// authenticate makes the account's session on a new connection, in the turn
// that proof grants.
func (c *Client) authenticate(ctx context.Context, cn *conn, o options) error {
	s := c.newSession(cn)
	machine := cn.to.String()
	if s.perConnection() || !c.proof.settled(machine, o.countsAsProof) {
		err := s.greet(ctx, cn)
		if err == nil && cn.broken {
			// WinRM ends the connection with a 401 to what shows no credentials.
			err = c.pool.dialer.redial(ctx, cn)
		}
		if err == nil && c.tickets != nil {
			err = c.preauthenticate(ctx, cn)
		}
		if err == nil {
			err = c.proof.exchange(ctx, cn.to, o.countsAsProof, func() error { return c.refusal(cn, c.logon(ctx, cn, s)) })
		}
		if err = c.refusal(cn, err); err != nil {
			return notSent(err)
		}
	}
	cn.session = c.observed(cn, s)
	return nil
}

// logon sends the credentials, and has the machine show that they were the right ones as
// long as no machine has: whoever answers at an address can let everybody in, but only one
// that knows the account can seal an answer, and only the one with the certificate can
// answer over TLS.
func (c *Client) logon(ctx context.Context, cn *conn, s session) error {
	if err := s.prove(ctx, cn); err != nil {
		return err
	}
	if s.perConnection() && c.proof.proved() {
		return nil
	}
	header, body, err := s.seal([]byte(wsman.Identify()))
	if err != nil {
		return err
	}
	answer, err := cn.post(ctx, header, body, time.Now().Add(cn.roundTripLimit))
	if err != nil {
		return err
	}
	if _, err := openAnswer(cn, s, answer); err != nil {
		return err
	}
	if !cn.broken {
		return nil
	}
	if s.perConnection() {
		return endedEarly(cn)
	}
	return c.pool.dialer.redial(ctx, cn) // as proxies do it
}

// openAnswer takes the SOAP body out of an answer to a message, or makes the error that
// it means.
func openAnswer(cn *conn, s session, answer *reply) (*wsman.Element, error) {
	if !s.seals() {
		if err := statusError(cn, answer); err != nil {
			return nil, err
		}
	}
	envelope, err := s.open(answer)
	if err != nil {
		cn.broken = true // sealing has a state, which is lost now
		if answer.status != http.StatusOK && answer.status != http.StatusInternalServerError {
			// Anybody on the way can say so, also when the message was carried out.
			return nil, &Unreachable{Kind: KindUnsealed, Address: cn.to.String(), Sent: true, Err: fmt.Errorf("HTTP status %d", answer.status)}
		}
		return nil, &Protocol{Address: cn.to.String(), Status: answer.status, Sent: true, Reason: err.Error()}
	}
	body, err := wsman.ParseEnvelope(envelope)
	if err != nil {
		return nil, &Protocol{Address: cn.to.String(), Status: answer.status, Sent: true, Reason: err.Error()}
	}
	return body, nil
}

// refusal makes an *AuthRejected of a 401, and of a KDC's word.
func (c *Client) refusal(cn *conn, err error) error {
	var other *notOffered
	var refused *kerberos.Refusal
	rejected := c.rejected(cn.to)
	switch {
	case errors.As(err, &other):
		rejected.NotOffered, rejected.Offered = true, other.offered
		c.proof.noteNotOffered(cn.to, rejected) // a machine that is starting refuses like this too
		return rejected
	case errors.As(err, &refused):
		rejected.KDC = refused
		c.proof.noteKDC(rejected)
		return rejected
	case errors.Is(err, errRefused):
		return rejected
	}
	return err
}

func (c *Client) rejected(to target) *AuthRejected {
	return &AuthRejected{Host: to.host, Port: to.port, Scheme: to.scheme, Auth: c.config.Auth, User: c.account.name}
}

// notSent corrects an error of the exchange before a message: that message
// was not sent.
func notSent(err error) error {
	if unreachable, ok := errors.AsType[*Unreachable](err); ok {
		unreachable.Sent = false
	}
	if interrupted, ok := errors.AsType[*Interrupted](err); ok {
		interrupted.Sent = false
	}
	if protocol, ok := errors.AsType[*Protocol](err); ok {
		protocol.Sent = false
	}
	return err
}

// roundTrip makes one empty request of an exchange.
func roundTrip(ctx context.Context, c *conn, authorization string) (*reply, error) {
	header := http.Header{"Content-Type": {soapType}}
	if authorization != "" {
		header.Set("Authorization", authorization)
	}
	return c.post(ctx, header, nil, time.Now().Add(c.roundTripLimit))
}

// checkLogon judges the answer to credentials: whatever is not a refusal has
// passed the authentication, which comes before the message is looked at.
func checkLogon(c *conn, answer *reply) error {
	if err := statusError(c, answer); err != nil {
		return err
	}
	if c.broken {
		return endedEarly(c)
	}
	return nil
}

// statusError is what a status says about account and service.
func statusError(c *conn, answer *reply) error {
	switch answer.status {
	case http.StatusUnauthorized:
		return errRefused
	case http.StatusForbidden:
		return &AccessDenied{Fault: &Fault{Address: c.to.String(), Code: CodeAccessDenied, Text: "HTTP status 403"}}
	case http.StatusServiceUnavailable:
		return &Unreachable{Kind: KindUnavailable, Address: c.to.String()}
	}
	return nil
}

func endedEarly(c *conn) error {
	return &Unreachable{Kind: KindReset, Address: c.to.String(), Err: errors.New("the connection ended with its authentication")}
}
