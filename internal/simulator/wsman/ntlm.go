package wsman

import (
	"crypto/hmac"
	"crypto/md5" //nolint:gosec // NTLM is made of MD4, MD5 and RC4 (MS-NLMP)
	"crypto/rand"
	"crypto/rc4" //nolint:gosec // see above
	"encoding/binary"
	"errors"
	"strings"
	"time"
	"unicode/utf16"

	"golang.org/x/crypto/md4" //nolint:staticcheck,gosec // see above
)

// Flags of MS-NLMP 2.2.2.5.
const (
	flagUnicode          uint32 = 1 << 0
	flagRequestTarget    uint32 = 1 << 2
	flagSign             uint32 = 1 << 4
	flagSeal             uint32 = 1 << 5
	flagNTLM             uint32 = 1 << 9
	flagAlwaysSign       uint32 = 1 << 15
	flagTargetDomain     uint32 = 1 << 16
	flagTargetServer     uint32 = 1 << 17
	flagExtendedSecurity uint32 = 1 << 19
	flagTargetInfo       uint32 = 1 << 23
	flagVersion          uint32 = 1 << 25
	flag128              uint32 = 1 << 29
	flagKeyExchange      uint32 = 1 << 30
	flag56               uint32 = 1 << 31
)

// Ids of AV pairs, MS-NLMP 2.2.2.1.
const (
	avEnd             = 0
	avComputerName    = 1
	avDomainName      = 2
	avDNSComputerName = 3
	avFlags           = 6
	avTimestamp       = 7
	avBindings        = 10

	avFlagHasMIC = 2
)

const (
	ntlmSignature    = "NTLMSSP\x00"
	messageNegotiate = 1
	messageChallenge = 2
	messageAuth      = 3

	challengeHeader = 56 // with Version, before the payload
	authHeader      = 64 // without Version and MIC
	micOffset       = 72
	micSize         = 16
)

var (
	errMessage  = errors.New("malformed NTLM message")
	errPassword = errors.New("wrong user name or password")
)

// acceptor is the server's side of one NTLM handshake.
type acceptor struct {
	negotiate, challenge []byte
	nonce                [8]byte
}

func isNTLM(token []byte, message uint32) bool {
	return len(token) >= 12 && string(token[:8]) == ntlmSignature && binary.LittleEndian.Uint32(token[8:]) == message
}

// newAcceptor takes a NEGOTIATE message and makes the CHALLENGE. Signing,
// sealing and the exchange of keys are agreed on only as far as the client
// asks for them: some clients know no key exchange.
//
// domain is the one that the computer has joined, or empty; some clients log
// on with the target's name as their domain, whatever they were told.
func newAcceptor(negotiate []byte, computer, domain string, now time.Time) (*acceptor, error) {
	if !isNTLM(negotiate, messageNegotiate) || len(negotiate) < 16 {
		return nil, errMessage
	}
	a := &acceptor{negotiate: negotiate}
	_, _ = rand.Read(a.nonce[:]) // never fails

	wanted := binary.LittleEndian.Uint32(negotiate[12:])
	flags := flagUnicode | flagRequestTarget | flagNTLM | flagAlwaysSign |
		flagExtendedSecurity | flagTargetInfo | flagVersion |
		wanted&(flagSign|flagSeal|flag128|flagKeyExchange|flag56)
	target := computer
	if domain == "" {
		flags |= flagTargetServer
	} else {
		flags |= flagTargetDomain
		target = firstLabel(domain)
	}
	name := utf16le(strings.ToUpper(target))
	info := targetInfo(computer, target, now)

	m := make([]byte, challengeHeader, challengeHeader+len(name)+len(info))
	copy(m, ntlmSignature)
	binary.LittleEndian.PutUint32(m[8:], messageChallenge)
	putField(m[12:], len(name), challengeHeader)
	binary.LittleEndian.PutUint32(m[20:], flags)
	copy(m[24:], a.nonce[:])
	putField(m[40:], len(info), challengeHeader+len(name))
	copy(m[48:], []byte{10, 0, 0x65, 0x4a, 0, 0, 0, 15}) // Windows 10.0.19045, NTLM revision 15
	a.challenge = append(append(m, name...), info...)
	return a, nil
}

func putField(b []byte, length, offset int) {
	short := uint16(length) //nolint:gosec // names and AV pairs are short
	binary.LittleEndian.PutUint16(b, short)
	binary.LittleEndian.PutUint16(b[2:], short)
	binary.LittleEndian.PutUint32(b[4:], uint32(offset)) //nolint:gosec // see above
}

// targetInfo names the machine; the timestamp makes clients send a MIC.
func targetInfo(computer, target string, now time.Time) []byte {
	filetime := make([]byte, 8)
	const epoch = 116444736000000000 // 1601 to 1970 in 100 ns
	binary.LittleEndian.PutUint64(filetime, uint64(now.UnixNano()/100+epoch))
	var info []byte
	for _, pair := range []struct {
		id    uint16
		value []byte
	}{
		{avDomainName, utf16le(strings.ToUpper(target))},
		{avComputerName, utf16le(strings.ToUpper(computer))},
		{avDNSComputerName, utf16le(strings.ToLower(computer))},
		{avTimestamp, filetime},
		{avEnd, nil},
	} {
		info = binary.LittleEndian.AppendUint16(info, pair.id)
		info = binary.LittleEndian.AppendUint16(info, uint16(len(pair.value))) //nolint:gosec // short
		info = append(info, pair.value...)
	}
	return info
}

// authenticate is an AUTHENTICATE message taken apart.
type authenticate struct {
	raw                    []byte
	ntResponse, sessionKey []byte
	domain, user           string
	flags                  uint32
}

func parseAuthenticate(token []byte) (*authenticate, error) {
	if !isNTLM(token, messageAuth) || len(token) < authHeader {
		return nil, errMessage
	}
	a := &authenticate{raw: token, flags: binary.LittleEndian.Uint32(token[60:])}
	var domain, user []byte
	for _, field := range []struct {
		at   int
		into *[]byte
	}{{20, &a.ntResponse}, {28, &domain}, {36, &user}, {52, &a.sessionKey}} {
		length := int(binary.LittleEndian.Uint16(token[field.at:]))
		offset := int(binary.LittleEndian.Uint32(token[field.at+4:]))
		if length == 0 {
			continue
		}
		if offset > len(token) || length > len(token)-offset {
			return nil, errMessage
		}
		*field.into = token[offset : offset+length]
	}
	if a.flags&flagUnicode == 0 {
		a.domain, a.user = string(domain), string(user)
	} else {
		a.domain, a.user = fromUTF16(domain), fromUTF16(user)
	}
	return a, nil
}

// accept proves the password and the integrity of the handshake, and returns
// the keys of the session. bindings is the hash of the TLS channel, nil where
// there is none: a client that binds to another channel is refused.
func (a *acceptor) accept(m *authenticate, password string, bindings []byte) (*seal, error) {
	const proofSize = 16
	if len(m.ntResponse) <= 24 { // NTLMv1 or anonymous
		return nil, errPassword
	}
	key := hmacMD5(ntHash(password), utf16le(strings.ToUpper(m.user)+m.domain))
	proof, blob := m.ntResponse[:proofSize], m.ntResponse[proofSize:]
	if !hmac.Equal(proof, hmacMD5(key, append(a.nonce[:], blob...))) {
		return nil, errPassword
	}
	exported := hmacMD5(key, proof)
	if m.flags&flagKeyExchange != 0 {
		if len(m.sessionKey) != 16 {
			return nil, errMessage
		}
		exported = applyRC4(exported, m.sessionKey)
	}
	pairs := avPairs(blob)
	if flags := pairs[avFlags]; len(flags) == 4 && binary.LittleEndian.Uint32(flags)&avFlagHasMIC != 0 {
		if len(m.raw) < micOffset+micSize {
			return nil, errMessage
		}
		unsigned := append([]byte(nil), m.raw...)
		clear(unsigned[micOffset : micOffset+micSize])
		mic := hmacMD5(exported, a.negotiate, a.challenge, unsigned)
		if !hmac.Equal(mic, m.raw[micOffset:micOffset+micSize]) {
			return nil, errors.New("the handshake was altered on the way: its MIC does not fit")
		}
	}
	var none [16]byte
	if bound := pairs[avBindings]; bindings != nil && len(bound) == 16 && !hmac.Equal(bound, none[:]) && !hmac.Equal(bound, bindings) {
		return nil, errors.New("the handshake is bound to another TLS channel")
	}
	return newSeal(m.flags, exported), nil
}

// avPairs reads the AV pairs in the blob of an NTLMv2 response; what is cut
// off is left out.
func avPairs(blob []byte) map[uint16][]byte {
	const start = 28
	pairs := map[uint16][]byte{}
	for rest := blob[min(start, len(blob)):]; len(rest) >= 4; {
		id, length := binary.LittleEndian.Uint16(rest), int(binary.LittleEndian.Uint16(rest[2:]))
		rest = rest[4:]
		if id == avEnd || length > len(rest) {
			break
		}
		pairs[id] = rest[:length]
		rest = rest[length:]
	}
	return pairs
}

func ntHash(password string) []byte {
	h := md4.New() //nolint:gosec // NTLM
	_, _ = h.Write(utf16le(password))
	return h.Sum(nil)
}

func hmacMD5(key []byte, parts ...[]byte) []byte {
	h := hmac.New(md5.New, key)
	for _, part := range parts {
		_, _ = h.Write(part)
	}
	return h.Sum(nil)
}

func applyRC4(key, data []byte) []byte {
	c := newRC4(key)
	out := make([]byte, len(data))
	c.XORKeyStream(out, data)
	return out
}

func newRC4(key []byte) *rc4.Cipher {
	c, err := rc4.NewCipher(key) //nolint:gosec // NTLM's cipher
	if err != nil {
		panic(err) // keys here are 16 bytes
	}
	return c
}

func utf16le(text string) []byte {
	var out []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		out = binary.LittleEndian.AppendUint16(out, unit)
	}
	return out
}

func fromUTF16(b []byte) string {
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(b[2*i:])
	}
	return string(utf16.Decode(units))
}
