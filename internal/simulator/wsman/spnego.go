package wsman

import (
	"encoding/asn1"
	"errors"
	"slices"
)

// negotiation is the server's side of SPNEGO (RFC 4178) around NTLM.
type negotiation struct {
	mechanisms []byte // DER of the client's list, which the MICs protect
	mic        []byte // of the client, once it has sent one
}

var (
	oidSPNEGO = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 2}
	oidNTLM   = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 2, 2, 10}
)

const (
	acceptCompleted  = 0
	acceptIncomplete = 1
	requestMIC       = 3
)

type negTokenInit struct {
	MechTypes   asn1.RawValue  `asn1:"explicit,tag:0"`
	ReqFlags    asn1.BitString `asn1:"explicit,optional,tag:1"`
	MechToken   []byte         `asn1:"explicit,optional,tag:2"`
	MechListMIC []byte         `asn1:"explicit,optional,tag:3"`
}

type negTokenResp struct {
	NegState      asn1.Enumerated       `asn1:"explicit,optional,tag:0,default:-1"`
	SupportedMech asn1.ObjectIdentifier `asn1:"explicit,optional,tag:1"`
	ResponseToken []byte                `asn1:"explicit,optional,tag:2"`
	MechListMIC   []byte                `asn1:"explicit,optional,tag:3"`
}

// unwrapToken replaces a SPNEGO token by the NTLM message in it; by nil where
// the client prefers another mechanism but knows NTLM.
func (c *connection) unwrapToken(token *[]byte) bool {
	var outer asn1.RawValue
	if rest, err := asn1.Unmarshal(*token, &outer); err != nil || len(rest) > 0 {
		return false
	}
	switch {
	case outer.Class == asn1.ClassApplication && outer.Tag == 0:
		return c.unwrapInit(outer.Bytes, token)
	case outer.Class == asn1.ClassContextSpecific && outer.Tag == 1 && c.spnego != nil:
		var response negTokenResp
		if _, err := asn1.Unmarshal(outer.Bytes, &response); err != nil {
			return false
		}
		*token, c.spnego.mic = response.ResponseToken, response.MechListMIC
		return len(response.ResponseToken) > 0
	}
	return false
}

func (c *connection) unwrapInit(inner []byte, token *[]byte) bool {
	var mechanism asn1.ObjectIdentifier
	rest, err := asn1.Unmarshal(inner, &mechanism)
	if err != nil || !mechanism.Equal(oidSPNEGO) {
		return false
	}
	var init negTokenInit
	if _, err := asn1.UnmarshalWithParams(rest, &init, "explicit,tag:0"); err != nil {
		return false
	}
	var offered []asn1.ObjectIdentifier
	if _, err := asn1.Unmarshal(init.MechTypes.Bytes, &offered); err != nil {
		return false
	}
	at := slices.IndexFunc(offered, oidNTLM.Equal)
	if at < 0 {
		return false
	}
	c.spnego = &negotiation{mechanisms: init.MechTypes.Bytes}
	*token = nil
	if at == 0 {
		*token = init.MechToken
	}
	return at > 0 || len(init.MechToken) > 0
}

// selectNTLM turns down the client's favourite.
func (n *negotiation) selectNTLM() []byte {
	return n.respond(negTokenResp{NegState: requestMIC, SupportedMech: oidNTLM})
}

func (n *negotiation) challenge(token []byte) []byte {
	return n.respond(negTokenResp{NegState: acceptIncomplete, SupportedMech: oidNTLM, ResponseToken: token})
}

// complete answers the last token. Where the client protected its list of
// mechanisms, both sides sign it, and start their key streams anew for what
// comes after; the sequence numbers go on.
func (n *negotiation) complete(s *seal) ([]byte, error) {
	response := negTokenResp{NegState: acceptCompleted}
	if n.mic != nil {
		if !s.verify(n.mechanisms, n.mic) {
			return nil, errors.New("the list of mechanisms was altered on the way")
		}
		response.MechListMIC = s.outgoing.sign(s.flags, n.mechanisms)
		s.incoming.reset()
		s.outgoing.reset()
	}
	return n.respond(response), nil
}

func (n *negotiation) respond(response negTokenResp) []byte {
	der, err := asn1.MarshalWithParams(response, "explicit,tag:1")
	if err != nil {
		panic(err) // made of constants and byte strings
	}
	return der
}
