package ntlm

import (
	"crypto/hmac"
	"crypto/md5" //nolint:gosec // NTLM is made of MD4, MD5 and RC4
	"crypto/rand"
	"crypto/rc4" //nolint:gosec // see above
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/crypto/md4" //nolint:staticcheck,gosec // see above
)

// Account is a user, of a domain or, with an empty one, as user@domain or local.
type Account struct {
	Domain, User string
	// Password is a function, so that nothing that prints an Account prints it.
	Password func() string

	key func() []byte // NTOWFv2, where it was made; likewise a function
}

// Prepared is the account with its key made, once for all its logons.
func (a Account) Prepared() Account {
	key := responseKey(a)
	a.key = func() []byte { return key }
	return a
}

// Context is the client's side of one logon and of the session that follows. It
// belongs to one connection and one goroutine. Its steps are Negotiate, Challenge,
// Authenticate, then Seal and Open.
type Context struct {
	account  Account
	service  string
	bindings [16]byte

	challenge *challenge
	out, in   *direction // nil until Authenticate
}

// New begins a logon at a service, such as HTTP/<host>. bindings is the hash of the TLS
// channel's bindings, zero without TLS.
func New(account Account, service string, bindings [16]byte) *Context {
	return &Context{account: account, service: service, bindings: bindings}
}

// Negotiate makes the first message, which holds nothing of the account.
func (c *Context) Negotiate() []byte { return negotiateMessage() }

// Challenge takes the server's answer. It refuses one that leads to a weaker session
// than agreed.
func (c *Context) Challenge(message []byte) error {
	var err error
	c.challenge, err = parseChallenge(slices.Clone(message))
	return err
}

// Authenticate makes the message that shows that the password is known.
func (c *Context) Authenticate() ([]byte, error) {
	if c.challenge == nil {
		return nil, errors.New("there is no challenge to answer")
	}
	var nonce [8]byte
	var key [md5.Size]byte
	_, _ = rand.Read(nonce[:]) // documented never to fail
	_, _ = rand.Read(key[:])
	response, base := c.response(nonce)
	message, err := authenticateMessage(requestedFlags&c.challenge.flags, c.account, response, rc4Once(base, key[:]))
	if err != nil {
		return nil, err
	}
	copy(message[micOffset:], hmacMD5(key[:], negotiateMessage(), c.challenge.raw, message))
	c.out = newDirection(key[:], "client-to-server")
	c.in = newDirection(key[:], "server-to-client")
	return message, nil
}

// response is the NTLMv2 response to the challenge, and the key that both sides can
// make of it (3.3.2).
func (c *Context) response(nonce [8]byte) (response, key []byte) {
	temp := slices.Concat([]byte{1, 1, 0, 0, 0, 0, 0, 0}, c.challenge.timestamp, nonce[:], make([]byte, 4),
		answerPairs(c.challenge.targetInfo, c.service, c.bindings), make([]byte, 4))
	user := responseKey(c.account)
	proof := hmacMD5(user, c.challenge.nonce, temp)
	return append(proof, temp...), hmacMD5(user, proof)
}

// responseKey is NTOWFv2.
func responseKey(a Account) []byte {
	if a.key != nil {
		return a.key()
	}
	hash := md4.New() //nolint:gosec // see above
	hash.Write(utf16le(a.Password()))
	return hmacMD5(hash.Sum(nil), utf16le(upper(a.User)+a.Domain))
}

// upper makes capitals as Windows does: of single UTF-16 units, and not of these three,
// which Unicode maps to another letter.
func upper(text string) string {
	return strings.Map(func(r rune) rune {
		if r > 0xFFFF || strings.ContainsRune("ıſµ", r) {
			return r
		}
		return unicode.ToUpper(r)
	}, text)
}

// signatureSize is that of a signature: version, checksum, number (2.2.2.9).
const signatureSize = 16

// Seal encrypts a message and signs it. It needs Authenticate.
func (c *Context) Seal(message []byte) (signature, sealed []byte, err error) {
	if c.out == nil {
		return nil, nil, errors.New("there is no NTLM session")
	}
	signature, sealed = c.out.seal(message)
	return signature, sealed, nil
}

// Open decrypts a message of the server, and refuses one that it did not send, or sent
// at another time.
func (c *Context) Open(signature, sealed []byte) ([]byte, error) {
	if c.in == nil || len(signature) != signatureSize {
		return nil, errors.New("it has no NTLM signature")
	}
	message := make([]byte, len(sealed))
	c.in.cipher.XORKeyStream(message, sealed)
	if subtle.ConstantTimeCompare(c.in.sign(message), signature) != 1 {
		return nil, errors.New("its NTLM signature is wrong")
	}
	return message, nil
}

// direction is the state of one way: keys, cipher stream and the number of messages
// (3.4).
type direction struct {
	key    []byte // signs
	cipher *rc4.Cipher
	number uint32
}

func newDirection(sessionKey []byte, name string) *direction {
	derive := func(purpose string) []byte {
		sum := md5.Sum(slices.Concat(sessionKey, []byte("session key to "+name+" "+purpose+" key magic constant\x00"))) //nolint:gosec // see above
		return sum[:]
	}
	cipher, _ := rc4.NewCipher(derive("sealing")) //nolint:gosec // see above; 16 bytes are a key
	return &direction{key: derive("signing"), cipher: cipher}
}

func (d *direction) seal(message []byte) (signature, sealed []byte) {
	sealed = make([]byte, len(message))
	d.cipher.XORKeyStream(sealed, message)
	return d.sign(message), sealed
}

// sign makes the signature of the next message. The cipher has sealed or opened that
// already.
func (d *direction) sign(message []byte) []byte {
	number := binary.LittleEndian.AppendUint32(nil, d.number)
	d.number++
	checksum := hmacMD5(d.key, number, message)[:8]
	d.cipher.XORKeyStream(checksum, checksum)
	return slices.Concat([]byte{1, 0, 0, 0}, checksum, number)
}

func hmacMD5(key []byte, parts ...[]byte) []byte {
	mac := hmac.New(md5.New, key)
	for _, part := range parts {
		mac.Write(part)
	}
	return mac.Sum(nil)
}

func rc4Once(key, data []byte) []byte {
	cipher, _ := rc4.NewCipher(key) //nolint:gosec // see above; an HMAC is a key
	sealed := make([]byte, len(data))
	cipher.XORKeyStream(sealed, data)
	return sealed
}
