package kerberos

import (
	"bytes"
	"crypto/subtle"
	"encoding/asn1"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jcmturner/gokrb5/v8/asn1tools"
	"github.com/jcmturner/gokrb5/v8/crypto"
	"github.com/jcmturner/gokrb5/v8/gssapi"
	"github.com/jcmturner/gokrb5/v8/iana/chksumtype"
	"github.com/jcmturner/gokrb5/v8/iana/errorcode"
	"github.com/jcmturner/gokrb5/v8/iana/etypeID"
	"github.com/jcmturner/gokrb5/v8/iana/flags"
	"github.com/jcmturner/gokrb5/v8/iana/keyusage"
	"github.com/jcmturner/gokrb5/v8/messages"
	"github.com/jcmturner/gokrb5/v8/types"
)

// The encryption types that are asked for, the preferred first: those that
// every Windows since 7 and 2008 R2 has. RC4, which is weaker, is not.
var encryptionTypes = []int32{etypeID.AES256_CTS_HMAC_SHA1_96, etypeID.AES128_CTS_HMAC_SHA1_96}

// Of a message encrypted with one of them (RFC 3962).
const (
	confounderSize = 16
	macSize        = 12
)

// Context is the initiator's side of a GSS-API context (RFC 4121). It
// belongs to one connection.
type Context struct {
	service, realm string

	key      types.EncryptionKey // of the ticket, until the machine's answer names its own
	ticket   types.EncryptionKey
	stamp    time.Time // which only the machine can have read
	subkeyed byte      // flagSubkey where the machine chose the key
	sent     uint64    // sequence number of the next message
	received uint64
}

// initiate makes a context and the token that begins it: an AP-REQ that
// demands mutual proof, bound to the TLS channel.
func (t *Tickets) initiate(ticket *ticket, service string, bindings [16]byte) (*Context, []byte, error) {
	if !slices.Contains(encryptionTypes, ticket.key.KeyType) {
		return nil, nil, &Failed{Reason: Encryption, Service: ticket.SName.PrincipalNameString(), Realm: ticket.Realm,
			Err: fmt.Errorf("its ticket has encryption type %d, not AES", ticket.key.KeyType)}
	}
	authenticator, err := types.NewAuthenticator(t.realm, t.client)
	if err != nil {
		return nil, nil, err
	}
	stamp := t.stamp()
	authenticator.CTime, authenticator.Cusec = stamp, stamp.Nanosecond()/1000
	if err := authenticator.GenerateSeqNumberAndSubKey(ticket.key.KeyType, len(ticket.key.KeyValue)); err != nil {
		return nil, nil, err
	}
	authenticator.Cksum = types.Checksum{CksumType: chksumtype.GSSAPI, Checksum: contextChecksum(bindings)}
	request, err := messages.NewAPReq(ticket.Ticket, ticket.key, authenticator)
	if err != nil {
		return nil, nil, err
	}
	types.SetFlag(&request.APOptions, flags.APOptionMutualRequired)
	body, err := request.Marshal()
	if err != nil {
		return nil, nil, err
	}
	context := &Context{
		service: service, realm: ticket.Realm,
		key: authenticator.SubKey, ticket: ticket.key, stamp: stamp,
		sent: uint64(authenticator.SeqNumber), //nolint:gosec // 30 bits
	}
	return context, sealToken(tokenRequest, body), nil
}

// contextChecksum carries what is agreed on and the channel (RFC 4121 4.1.1).
func contextChecksum(bindings [16]byte) []byte {
	const agreed = gssapi.ContextFlagMutual | gssapi.ContextFlagReplay | gssapi.ContextFlagSequence | gssapi.ContextFlagConf | gssapi.ContextFlagInteg
	checksum := binary.LittleEndian.AppendUint32(nil, uint32(len(bindings)))
	return binary.LittleEndian.AppendUint32(append(checksum, bindings[:]...), agreed)
}

// Complete checks the machine's answer, which proves that it could read the
// ticket, and takes the key and the sequence number over.
func (c *Context) Complete(token []byte) error {
	if err := c.accept(token); err != nil {
		return &Failed{Reason: Untrusted, Service: c.service, Realm: c.realm, Err: err}
	}
	return nil
}

func (c *Context) accept(token []byte) error {
	if len(token) == 0 {
		return errors.New("it sent no proof")
	}
	body, err := openToken(token, tokenReply)
	if err != nil {
		return err
	}
	var reply messages.APRep
	if err := reply.Unmarshal(body); err != nil {
		return errors.New("its proof is malformed")
	}
	plain, err := decrypt(reply.EncPart.Cipher, c.ticket, keyusage.AP_REP_ENCPART)
	if err != nil {
		return errors.New("its proof was not made with the ticket's key")
	}
	var part messages.EncAPRepPart
	if err := part.Unmarshal(plain); err != nil {
		return errors.New("its proof is malformed")
	}
	if !part.CTime.Equal(c.stamp.Truncate(time.Second)) || part.Cusec != c.stamp.Nanosecond()/1000 {
		return errors.New("its proof belongs to another exchange")
	}
	c.received = uint64(uint32(part.SequenceNumber)) //nolint:gosec // 32 bits, which some encode as a negative number
	if part.Subkey.KeyType != 0 {
		if !slices.Contains(encryptionTypes, part.Subkey.KeyType) {
			return fmt.Errorf("its key has encryption type %d, not AES", part.Subkey.KeyType)
		}
		c.key, c.subkeyed = part.Subkey, flagSubkey
	}
	return nil
}

// Refused reads the KRB-ERROR that a machine may send along with its refusal; nil where
// that explains nothing. What it says is not protected, and proves nothing.
func (c *Context) Refused(token []byte) *Failed {
	body, _ := openToken(token, tokenError) // what is no token is no error either
	var said messages.KRBError
	if said.Unmarshal(body) == nil {
		return c.explain(said)
	}
	return nil
}

func (c *Context) explain(said messages.KRBError) *Failed {
	failed := &Failed{Service: c.service, Realm: said.Realm, Code: said.ErrorCode}
	switch said.ErrorCode {
	case errorcode.KRB_AP_ERR_SKEW, errorcode.KRB_AP_ERR_TKT_NYV:
		failed.Reason = Skew
		if !said.STime.IsZero() {
			failed.Err = fmt.Errorf("the machine's clock shows %s", said.STime.UTC().Format(time.DateTime+" MST"))
		}
	case errorcode.KRB_AP_ERR_MODIFIED, errorcode.KRB_AP_ERR_NOKEY, errorcode.KRB_AP_ERR_BADKEYVER, errorcode.KRB_AP_ERR_BAD_INTEGRITY:
		failed.Reason = WrongKey
	default:
		return nil
	}
	return failed
}

// A per-message token (RFC 4121 4.2.6.2): header, then ciphertext that was
// rotated to the right by the count in the header.
const (
	tokenHeaderSize = 16

	flagAcceptor = 0x01
	flagSealed   = 0x02
	flagSubkey   = 0x04
)

// Seal seals a message. The token is rotated so that what is not the message's
// own ciphertext comes first: WinRM counts that as header, the rest is as long
// as the message (MS-WSMV 2.2.9.1.1.2.2).
func (c *Context) Seal(message []byte) (header, sealed []byte, err error) {
	token := []byte{0x05, 0x04, flagSealed | c.subkeyed, 0xFF, 0, 0, 0, 0}
	token = binary.BigEndian.AppendUint64(token, c.sent)
	encryption, err := crypto.GetEtype(c.key.KeyType)
	if err != nil {
		return nil, nil, err
	}
	_, ciphertext, err := encryption.EncryptMessage(c.key.KeyValue, slices.Concat(message, token), keyusage.GSSAPI_INITIATOR_SEAL)
	if err != nil {
		return nil, nil, err
	}
	c.sent++
	const rotated = tokenHeaderSize + macSize
	binary.BigEndian.PutUint16(token[6:], rotated)
	end := len(ciphertext) - rotated
	return slices.Concat(token, ciphertext[end:], ciphertext[:confounderSize]), ciphertext[confounderSize:end], nil
}

// Open opens a message of the machine. One that came before, or was sent
// back, is refused.
func (c *Context) Open(header, sealed []byte) ([]byte, error) {
	token := slices.Concat(header, sealed)
	if len(token) < 2*tokenHeaderSize+confounderSize+macSize || token[0] != 0x05 || token[1] != 0x04 || token[3] != 0xFF {
		return nil, errors.New("it is no message token")
	}
	if token[2] != flagAcceptor|flagSealed|c.subkeyed {
		return nil, fmt.Errorf("the flags of its token are %#x", token[2])
	}
	filler := int(binary.BigEndian.Uint16(token[4:]))
	number := binary.BigEndian.Uint64(token[8:])
	if number < c.received {
		return nil, errors.New("it was sent before")
	}
	body := token[tokenHeaderSize:]
	rotated := int(binary.BigEndian.Uint16(token[6:])) % len(body)
	plain, err := decrypt(slices.Concat(body[rotated:], body[:rotated]), c.key, keyusage.GSSAPI_ACCEPTOR_SEAL)
	if err != nil {
		return nil, err
	}
	end := len(plain) - tokenHeaderSize
	inner := slices.Clone(token[:tokenHeaderSize])
	inner[6], inner[7] = 0, 0 // it was sealed before it was rotated
	if end < filler || subtle.ConstantTimeCompare(plain[end:], inner) != 1 {
		return nil, errors.New("its token was altered")
	}
	c.received = number + 1
	return plain[:end-filler], nil
}

// decrypt also looks at the length, which the library does not.
func decrypt(ciphertext []byte, key types.EncryptionKey, usage uint32) ([]byte, error) {
	encryption, err := crypto.GetEtype(key.KeyType)
	if err != nil {
		return nil, err
	}
	if len(ciphertext) < encryption.GetConfounderByteSize()+encryption.GetHMACBitLength()/8 {
		return nil, errors.New("the ciphertext is cut off")
	}
	return encryption.DecryptMessage(key.KeyValue, ciphertext, usage)
}

// The tokens of the exchange (RFC 4121 4.1): an identifier and a message of
// Kerberos, in the frame of RFC 2743 3.1.
var (
	mechanismKerberos = asn1.ObjectIdentifier{1, 2, 840, 113554, 1, 2, 2}

	tokenRequest = []byte{1, 0}
	tokenReply   = []byte{2, 0}
	tokenError   = []byte{3, 0}
)

func sealToken(id, message []byte) []byte {
	mechanism, err := asn1.Marshal(mechanismKerberos)
	if err != nil {
		panic(err) // it is a constant
	}
	return asn1tools.AddASNAppTag(slices.Concat(mechanism, id, message), 0)
}

func openToken(token, id []byte) ([]byte, error) {
	var frame asn1.RawValue
	if rest, err := asn1.Unmarshal(token, &frame); err != nil || len(rest) > 0 || frame.Class != asn1.ClassApplication || frame.Tag != 0 {
		return nil, errors.New("it sent something that is no token")
	}
	var mechanism asn1.ObjectIdentifier
	body, err := asn1.Unmarshal(frame.Bytes, &mechanism)
	if err != nil || !mechanism.Equal(mechanismKerberos) {
		return nil, errors.New("its token is not one of Kerberos")
	}
	body, found := bytes.CutPrefix(body, id)
	if !found {
		return nil, errors.New("its token is not the one that was due")
	}
	return body, nil
}
