package winrm

import (
	"context"
	"encoding/base64"
	"net/http"

	"github.com/timago/terraform-provider-timago/internal/winrm/kerberos"
)

// kerberosSession authenticates one connection by Kerberos with mutual proof
// and, without TLS, seals everything that is sent on it. Its tokens are
// Kerberos' own (RFC 4121), never SPNEGO: there is nothing in them that a
// machine could negotiate down to NTLM.
type kerberosSession struct {
	protection
	tickets  *kerberos.Tickets
	service  string // principal of the machine
	bindings [16]byte
	sealed   bool

	scheme, sealing string // as the machine offers them
}

// How Kerberos is asked for, the preferred first, and what seals are called
// then (MS-WSMV 2.2.9.1.1.1 and 2.2.9.1.2.1). A service whose Kerberos is
// switched off takes the same tokens under Negotiate.
var kerberosSchemes = []struct{ name, protocol string }{
	{"Kerberos", "application/HTTP-Kerberos-session-encrypted"},
	{"Negotiate", negotiateProtocol},
}

func (c *Client) newKerberosSession(cn *conn) *kerberosSession {
	return &kerberosSession{
		tickets: c.tickets, service: serviceOf(cn.to),
		bindings: channelBindings(cn.certificate), sealed: cn.certificate == nil,
	}
}

func (s *kerberosSession) perConnection() bool { return true }

func (s *kerberosSession) greet(ctx context.Context, c *conn) error {
	answer, err := roundTrip(ctx, c, "")
	if err != nil {
		return err
	}
	if err := expectChallenge(c, answer); err != nil {
		return err
	}
	for _, scheme := range kerberosSchemes {
		if _, err = challenge(answer, scheme.name); err == nil {
			s.scheme, s.sealing = scheme.name, scheme.protocol
			break
		}
	}
	return err
}

// preauthenticate has the KDC judge the account, once for the whole run and before any
// machine does. Its word counts everywhere: a wrong password is not tried a
// second time, and with a right one the machines need not be asked one by one.
func (c *Client) preauthenticate(ctx context.Context, cn *conn) error {
	err := c.tickets.Logon(ctx)
	if err == nil {
		c.proof.noteKDC(nil)
	}
	return kerberosError(ctx, cn.to, err)
}

func (s *kerberosSession) prove(ctx context.Context, c *conn) error {
	security, token, err := s.tickets.Begin(ctx, s.service, s.bindings)
	if err != nil {
		return kerberosError(ctx, c.to, err)
	}
	answer, err := roundTrip(ctx, c, s.scheme+" "+base64.StdEncoding.EncodeToString(token))
	if err != nil {
		return err
	}
	reply, _ := challenge(answer, s.scheme)
	token, _ = base64.StdEncoding.DecodeString(reply) // what is no token does not pass as one below
	if answer.status == http.StatusUnauthorized {
		s.tickets.Forget(s.service)
		if explained := security.Refused(token); explained != nil {
			return explained
		}
		return errRefused
	}
	if err := checkLogon(c, answer); err != nil {
		return err
	}
	if err := security.Complete(token); err != nil {
		return err
	}
	if s.sealed {
		s.protection = protection{context: security, protocol: s.sealing}
	}
	return nil
}

// kerberosError types a call that ended while it waited for a ticket.
func kerberosError(ctx context.Context, to target, err error) error {
	if err != nil && ctx.Err() != nil {
		return connectionError(ctx, to, ctx.Err(), false)
	}
	return err
}
