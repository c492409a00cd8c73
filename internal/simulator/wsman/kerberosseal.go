package wsman

import (
	"bytes"
	"encoding/binary"

	"github.com/jcmturner/gokrb5/v8/crypto"
	"github.com/jcmturner/gokrb5/v8/iana/keyusage"
	"github.com/jcmturner/gokrb5/v8/types"
)

const sealProtocolKerberos = "application/HTTP-Kerberos-session-encrypted"

// kerberosSeal is the session security of one connection, seen from the server
// (RFC 4121 4.2.6.2). The key is always one that the server chose.
type kerberosSeal struct {
	name           string // protocol of the Content-Type
	key            types.EncryptionKey
	sends, expects uint64 // sequence numbers
}

const (
	wrapHeader     = 16
	wrapConfounder = 16 // of AES, as is the MAC (RFC 3962)
	wrapMAC        = 12

	fromAcceptor   = 1
	wrapSealed     = 2
	acceptorSubkey = 4
)

func (s *kerberosSeal) protocol() string { return s.name }

// wrap seals an answer: length of the header, header, ciphertext. Like SSPI it
// rotates the token by its trailer, which then counts as header.
func (s *kerberosSeal) wrap(plain []byte) []byte {
	header := []byte{5, 4, fromAcceptor | wrapSealed | acceptorSubkey, 0xFF, 0, 0, 0, 0}
	header = binary.BigEndian.AppendUint64(header, s.sends)
	s.sends++
	sealed, err := crypto.GetEncryptedData(append(bytes.Clone(plain), header...), s.key, keyusage.GSSAPI_ACCEPTOR_SEAL, 0)
	if err != nil {
		panic(err) // the key has been used before
	}
	const trailer = wrapHeader + wrapMAC
	binary.BigEndian.PutUint16(header[6:], trailer)
	front := len(sealed.Cipher) - trailer
	token := append(append(header, sealed.Cipher[front:]...), sealed.Cipher[:front]...)
	return append(binary.LittleEndian.AppendUint32(nil, uint32(len(token)-len(plain))), token...) //nolint:gosec // 60
}

func (s *kerberosSeal) unwrap(message []byte) ([]byte, error) {
	if len(message) < 4+wrapHeader+wrapConfounder+wrapHeader+wrapMAC {
		return nil, errSeal
	}
	announced, token := binary.LittleEndian.Uint32(message), message[4:]
	header, body := token[:wrapHeader], token[wrapHeader:]
	if uint64(announced) > uint64(len(token)) || !bytes.Equal(header[:4], []byte{5, 4, wrapSealed | acceptorSubkey, 0xFF}) {
		return nil, errSeal
	}
	if binary.BigEndian.Uint64(header[8:]) != s.expects {
		return nil, errSeal
	}
	filler, rotation := int(binary.BigEndian.Uint16(header[4:])), int(binary.BigEndian.Uint16(header[6:]))%len(body)
	plain, err := crypto.DecryptMessage(append(bytes.Clone(body[rotation:]), body[:rotation]...), s.key, keyusage.GSSAPI_INITIATOR_SEAL)
	if err != nil {
		return nil, errSeal
	}
	end := len(plain) - wrapHeader
	unrotated := append(bytes.Clone(header[:6]), 0, 0)
	if end < filler || !bytes.Equal(plain[end:], append(unrotated, header[8:]...)) {
		return nil, errSeal
	}
	s.expects++
	return plain[:end-filler], nil
}
