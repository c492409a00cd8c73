package winrm

import (
	"context"
	"encoding/base64"
	"errors"

	"github.com/timago/terraform-provider-timago/internal/winrm/ntlm"
)

// ntlmSession authenticates one connection by NTLMv2 and, without TLS, seals
// everything that is sent on it. Raw NTLMSSP tokens under "Negotiate", which
// WinRM takes as well as SPNEGO ones.
type ntlmSession struct {
	protection
	context *ntlm.Context
}

func (c *Client) newNTLMSession(cn *conn) *ntlmSession {
	s := &ntlmSession{context: ntlm.New(c.ntlmAccount, serviceOf(cn.to), channelBindings(cn.certificate))}
	if cn.certificate == nil {
		s.protection = protection{context: s.context, protocol: negotiateProtocol}
	}
	return s
}

func (s *ntlmSession) perConnection() bool { return true }

func (s *ntlmSession) greet(ctx context.Context, c *conn) error {
	answer, err := roundTrip(ctx, c, negotiate(s.context.Negotiate()))
	if err != nil {
		return err
	}
	if err := expectChallenge(c, answer); err != nil {
		return err
	}
	text, err := challenge(answer, "Negotiate")
	if err != nil {
		return err
	}
	if text == "" {
		return &notOffered{offered: []string{"Negotiate without NTLM"}}
	}
	if c.broken {
		return &Unreachable{Kind: KindReset, Address: c.to.String(), Err: errors.New("the connection ended in the middle of NTLM")}
	}
	token, err := base64.StdEncoding.DecodeString(text)
	if err == nil {
		err = s.context.Challenge(token)
	}
	if err != nil {
		return unusable(c, err)
	}
	return nil
}

func (s *ntlmSession) prove(ctx context.Context, c *conn) error {
	token, err := s.context.Authenticate()
	if err != nil {
		return unusable(c, err)
	}
	answer, err := roundTrip(ctx, c, negotiate(token))
	if err != nil {
		return err
	}
	return checkLogon(c, answer)
}

func unusable(c *conn, err error) error {
	return &Protocol{Address: c.to.String(), Reason: "its NTLM challenge is not usable: " + err.Error()}
}

func negotiate(token []byte) string {
	return "Negotiate " + base64.StdEncoding.EncodeToString(token)
}
