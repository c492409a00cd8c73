package winrm

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"time"

	"github.com/jcmturner/gokrb5/v8/iana/errorcode"
	"github.com/jcmturner/gokrb5/v8/messages"
)

// kerberosSession authenticates one connection by Kerberos with mutual proof
// and, without TLS, seals everything that is sent on it. Its tokens are
// Kerberos' own (RFC 4121), never SPNEGO: there is nothing in them that a
// machine could negotiate down to NTLM.
type kerberosSession struct {
	protection
	tickets  *tickets
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
	answer, err := leg(ctx, c, "")
	if err != nil {
		return err
	}
	if err := demanded(c, answer); err != nil {
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

// vouched has the KDC judge the account, once for the whole run and before any
// machine does. Its word counts everywhere: a wrong password is not tried a
// second time, and with a right one the machines need not be asked one by one.
func (c *Client) vouched(ctx context.Context, cn *conn) error {
	err := c.tickets.logon(ctx, cn.to)
	if err == nil {
		c.proof.judge(nil)
	}
	return err
}

func (s *kerberosSession) prove(ctx context.Context, c *conn) error {
	ticket, err := s.tickets.service(ctx, c.to, s.service)
	if err != nil {
		return err
	}
	context, token, err := s.tickets.initiate(ticket, s.bindings)
	if err != nil {
		return err
	}
	answer, err := leg(ctx, c, s.scheme+" "+base64.StdEncoding.EncodeToString(token))
	if err != nil {
		return err
	}
	reply, _ := challenge(answer, s.scheme)
	token, _ = base64.StdEncoding.DecodeString(reply) // what is no token does not pass as one below
	if answer.status == http.StatusUnauthorized {
		s.tickets.forget(s.service) // it may have been made for a key that the machine no longer has
		return s.refused(token)
	}
	if err := outcome(c, answer); err != nil {
		return err
	}
	if err := context.complete(token); err != nil {
		return &KerberosFailed{Reason: KerberosUntrusted, Service: s.service, Realm: ticket.Realm, Err: err}
	}
	if s.sealed {
		s.protection = protection{context: context, protocol: s.sealing}
	}
	return nil
}

// refused reads the KRB-ERROR that a machine may send along with its 401. What
// it says is not protected, so it explains the refusal and proves nothing.
func (s *kerberosSession) refused(token []byte) error {
	body, err := openToken(token, tokenError)
	if err != nil {
		return errRefused
	}
	var said messages.KRBError
	if said.Unmarshal(body) != nil {
		return errRefused
	}
	failed := &KerberosFailed{Service: s.service, Realm: said.Realm, Code: said.ErrorCode}
	switch said.ErrorCode {
	case errorcode.KRB_AP_ERR_SKEW, errorcode.KRB_AP_ERR_TKT_NYV:
		failed.Reason = KerberosSkew
		if !said.STime.IsZero() {
			failed.Err = fmt.Errorf("the machine's clock shows %s", said.STime.UTC().Format(time.DateTime+" MST"))
		}
	case errorcode.KRB_AP_ERR_MODIFIED, errorcode.KRB_AP_ERR_NOKEY, errorcode.KRB_AP_ERR_BADKEYVER, errorcode.KRB_AP_ERR_BAD_INTEGRITY:
		failed.Reason = KerberosWrongKey
	default:
		return errRefused
	}
	return failed
}
