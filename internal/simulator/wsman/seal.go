package wsman

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5" //nolint:gosec // NTLM's hash
	"crypto/rc4" //nolint:gosec // NTLM's cipher
	"encoding/binary"
	"errors"
	"fmt"
	"mime"
)

// sealing is the session security of a connection, whatever made it.
type sealing interface {
	protocol() string                      // as the Content-Type names it
	wrap(plain []byte) []byte              // length of the header, header, ciphertext
	unwrap(message []byte) ([]byte, error) // the reverse
}

// seal is the session security of one connection, seen from the server
// (MS-NLMP 3.4, with extended session security).
type seal struct {
	flags              uint32
	incoming, outgoing direction
}

type direction struct {
	signingKey, sealingKey []byte
	cipher                 *rc4.Cipher
	sequence               uint32
}

const (
	sealProtocol  = "application/HTTP-SPNEGO-session-encrypted"
	sealBoundary  = "--Encrypted Boundary"
	soapType      = "application/soap+xml;charset=UTF-8"
	signatureSize = 16
)

func newSeal(flags uint32, exported []byte) *seal {
	return &seal{
		flags:    flags,
		incoming: newDirection(flags, exported, "client-to-server"),
		outgoing: newDirection(flags, exported, "server-to-client"),
	}
}

func newDirection(flags uint32, exported []byte, way string) direction {
	weak := exported
	switch {
	case flags&flag128 != 0:
	case flags&flag56 != 0:
		weak = exported[:7]
	default:
		weak = exported[:5]
	}
	d := direction{
		signingKey: magicKey(exported, way, "signing"),
		sealingKey: magicKey(weak, way, "sealing"),
	}
	d.reset()
	return d
}

func magicKey(key []byte, way, use string) []byte {
	sum := md5.Sum(append(append([]byte(nil), key...), "session key to "+way+" "+use+" key magic constant\x00"...)) //nolint:gosec // NTLM
	return sum[:]
}

// reset starts the key stream anew, which both sides do after the MICs of a
// SPNEGO negotiation; the sequence goes on.
func (d *direction) reset() { d.cipher = newRC4(d.sealingKey) }

// sign makes the signature of the direction's next message.
func (d *direction) sign(flags uint32, message []byte) []byte {
	number := binary.LittleEndian.AppendUint32(nil, d.sequence)
	d.sequence++
	checksum := hmacMD5(d.signingKey, number, message)[:8]
	if flags&flagKeyExchange != 0 {
		d.cipher.XORKeyStream(checksum, checksum)
	}
	signature := binary.LittleEndian.AppendUint32(nil, 1)
	return append(append(signature, checksum...), number...)
}

func (s *seal) protocol() string { return sealProtocol }

// wrap seals an answer: length of the signature, signature, ciphertext.
func (s *seal) wrap(plain []byte) []byte {
	sealed := make([]byte, len(plain))
	s.outgoing.cipher.XORKeyStream(sealed, plain)
	out := binary.LittleEndian.AppendUint32(nil, signatureSize)
	out = append(out, s.outgoing.sign(s.flags, plain)...)
	return append(out, sealed...)
}

var errSeal = errors.New("the sealed message cannot be opened")

func (s *seal) unwrap(message []byte) ([]byte, error) {
	if len(message) < 4+signatureSize || binary.LittleEndian.Uint32(message) != signatureSize {
		return nil, errSeal
	}
	signature, sealed := message[4:4+signatureSize], message[4+signatureSize:]
	plain := make([]byte, len(sealed))
	s.incoming.cipher.XORKeyStream(plain, sealed)
	if !hmac.Equal(signature, s.incoming.sign(s.flags, plain)) {
		return nil, errSeal
	}
	return plain, nil
}

// verify checks the signature of an unsealed message.
func (s *seal) verify(message, signature []byte) bool {
	return hmac.Equal(signature, s.incoming.sign(s.flags, message))
}

// sealedBy is the protocol that a Content-Type names as that of a sealed body;
// empty where the body is not sealed.
func sealedBy(contentType string) string {
	media, parameters, err := mime.ParseMediaType(contentType)
	if err != nil || media != "multipart/encrypted" {
		return ""
	}
	return parameters["protocol"]
}

func sealedType(s sealing) string {
	return `multipart/encrypted;protocol="` + s.protocol() + `";boundary="Encrypted Boundary"`
}

// sealBody renders the two-part body of a sealed message.
func sealBody(s sealing, plain []byte) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\r\n\tContent-Type: %s\r\n\tOriginalContent: type=%s;Length=%d\r\n%s\r\n\tContent-Type: application/octet-stream\r\n",
		sealBoundary, s.protocol(), soapType, len(plain), sealBoundary)
	b.Write(s.wrap(plain))
	b.WriteString(sealBoundary + "--\r\n")
	return b.Bytes()
}

// openBody takes the ciphertext out of a sealed body: from the end of the
// second part's header to the closing boundary. Its bytes may look like
// anything, so they are not searched for boundaries.
func openBody(s sealing, body []byte) ([]byte, error) {
	_, sealed, found := bytes.Cut(body, []byte("application/octet-stream\r\n"))
	sealed, closed := bytes.CutSuffix(bytes.TrimSuffix(sealed, []byte("\r\n")), []byte(sealBoundary+"--"))
	if !found || !closed {
		return nil, errSeal
	}
	return s.unwrap(sealed)
}
