package winrm

import (
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"

	"github.com/bodgit/ntlmssp"
)

// ntlmSession authenticates one connection by NTLMv2 and, without TLS, seals
// everything that is sent on it. Raw NTLMSSP tokens under "Negotiate", which
// WinRM takes as well as SPNEGO ones.
type ntlmSession struct {
	account  account
	bindings *ntlmssp.ChannelBindings
	sealed   bool

	client    *ntlmssp.Client
	challenge []byte
	security  *ntlmssp.SecuritySession
}

func (s *ntlmSession) perConnection() bool { return true }

// hello begins the exchange and makes its first message.
func (s *ntlmSession) hello() ([]byte, error) {
	var err error
	s.client, err = ntlmssp.NewClient(
		ntlmssp.SetUserInfo(s.account.user, s.account.password()),
		ntlmssp.SetDomain(s.account.domain),
		ntlmssp.SetVersion(&ntlmssp.Version{ProductMajorVersion: 10, ProductBuild: 19045, NTLMRevisionCurrent: ntlmssp.NTLMSSPRevisionW2K3}),
	)
	if err != nil {
		return nil, err
	}
	return s.client.Authenticate(nil, nil)
}

func (s *ntlmSession) greet(ctx context.Context, c *conn) error {
	hello, err := s.hello()
	if err != nil {
		return err
	}
	answer, err := leg(ctx, c, negotiate(hello))
	if err != nil {
		return err
	}
	if err := demanded(c, answer); err != nil {
		return err
	}
	token, err := challenge(answer, "Negotiate")
	if err != nil {
		return err
	}
	if token == "" {
		return &notOffered{offered: []string{"Negotiate without NTLM"}}
	}
	if c.broken {
		return &Unreachable{Kind: KindReset, Address: c.to.String(), Err: errors.New("the connection ended in the middle of NTLM")}
	}
	if s.challenge, err = base64.StdEncoding.DecodeString(token); err == nil {
		err = checkChallenge(s.challenge)
	}
	if err != nil {
		return &Protocol{Address: c.to.String(), Reason: "its NTLM challenge is not usable: " + err.Error()}
	}
	return nil
}

func (s *ntlmSession) prove(ctx context.Context, c *conn) error {
	response, err := s.client.Authenticate(s.challenge, s.bindings)
	if err != nil {
		return &Protocol{Address: c.to.String(), Reason: "its NTLM challenge is not usable: " + err.Error()}
	}
	s.security = s.client.SecuritySession()
	if s.sealed && s.security == nil {
		return &Protocol{Address: c.to.String(), Reason: "its NTLM does not seal"}
	}
	answer, err := leg(ctx, c, negotiate(response))
	if err != nil {
		return err
	}
	return outcome(c, answer)
}

func (s *ntlmSession) seal(envelope []byte) (http.Header, []byte, error) {
	if !s.sealed {
		return http.Header{"Content-Type": {soapType}}, envelope, nil
	}
	sealed, signature, err := s.security.Wrap(envelope)
	if err != nil {
		return nil, nil, fmt.Errorf("sealing a request: %w", err)
	}
	return http.Header{"Content-Type": {sealedType(negotiateProtocol)}}, sealedBody(negotiateProtocol, sealed, signature, len(envelope)), nil
}

func (s *ntlmSession) open(answer *reply) ([]byte, error) {
	if !s.sealed {
		return answer.body, nil
	}
	sealed, signature, err := openBody(negotiateProtocol, answer.header.Get("Content-Type"), answer.body)
	if err != nil {
		return nil, err
	}
	if len(signature) != signatureSize {
		return nil, errors.New("the sealed answer has no NTLM signature")
	}
	envelope, err := s.security.Unwrap(sealed, signature)
	if err != nil {
		return nil, fmt.Errorf("its seal is broken: %w", err)
	}
	return envelope, nil
}

const signatureSize = 16 // MS-NLMP 2.2.2.9

func negotiate(token []byte) string {
	return "Negotiate " + base64.StdEncoding.EncodeToString(token)
}

// Flags of MS-NLMP 2.2.2.5 without which a session is weaker than agreed:
// Unicode, sign, seal, extended session security, 128 bit, key exchange.
const requiredFlags = 0x00000001 | 0x00000010 | 0x00000020 | 0x00080000 | 0x20000000 | 0x40000000

const (
	avEOL       = 0
	avFlags     = 6
	avTimestamp = 7
)

// checkChallenge looks at a CHALLENGE message (MS-NLMP 2.2.1.2) before the
// library does, which takes over whatever flags the server sets and trusts the
// lengths in the target information.
func checkChallenge(message []byte) error {
	const fixed = 48
	if len(message) < fixed || string(message[:8]) != "NTLMSSP\x00" || binary.LittleEndian.Uint32(message[8:]) != 2 {
		return errors.New("it is no challenge message")
	}
	flags := binary.LittleEndian.Uint32(message[20:])
	if flags&requiredFlags != requiredFlags {
		return fmt.Errorf("it asks for a weaker session (flags 0x%08X)", flags)
	}
	length := int(binary.LittleEndian.Uint16(message[40:]))
	offset := int64(binary.LittleEndian.Uint32(message[44:]))
	if offset+int64(length) > int64(len(message)) {
		return errors.New("its target information is cut off")
	}
	pairs := message[offset : offset+int64(length)]
	for len(pairs) >= 4 {
		id, size := binary.LittleEndian.Uint16(pairs), int(binary.LittleEndian.Uint16(pairs[2:]))
		if pairs = pairs[4:]; size > len(pairs) {
			break
		}
		switch {
		case id == avEOL:
			return nil
		case id == avFlags && size != 4, id == avTimestamp && size != 8:
			return errors.New("its target information is malformed")
		}
		pairs = pairs[size:]
	}
	return errors.New("its target information has no end")
}

// channelBindings tie NTLM to the TLS connection (RFC 5929,
// tls-server-end-point), so that what is proved here cannot be used elsewhere.
func channelBindings(certificate *x509.Certificate) *ntlmssp.ChannelBindings {
	if certificate == nil {
		return nil
	}
	var sum []byte
	switch certificate.SignatureAlgorithm {
	case x509.SHA384WithRSA, x509.SHA384WithRSAPSS, x509.ECDSAWithSHA384:
		digest := sha512.Sum384(certificate.Raw)
		sum = digest[:]
	case x509.SHA512WithRSA, x509.SHA512WithRSAPSS, x509.ECDSAWithSHA512:
		digest := sha512.Sum512(certificate.Raw)
		sum = digest[:]
	default:
		digest := sha256.Sum256(certificate.Raw)
		sum = digest[:]
	}
	return &ntlmssp.ChannelBindings{ApplicationData: append([]byte(ntlmssp.TLSServerEndPoint+":"), sum...)}
}
