package ntlm

import (
	"encoding/binary"
	"errors"
	"fmt"
	"unicode/utf16"
)

// Flags of [MS-NLMP] 2.2.2.5.
const (
	flagUnicode       uint32 = 1 << 0
	flagRequestTarget uint32 = 1 << 2
	flagSign          uint32 = 1 << 4
	flagSeal          uint32 = 1 << 5
	flagNTLM          uint32 = 1 << 9
	flagAlwaysSign    uint32 = 1 << 15
	flagExtended      uint32 = 1 << 19 // extended session security
	flagTargetInfo    uint32 = 1 << 23
	flagVersion       uint32 = 1 << 25
	flag128           uint32 = 1 << 29
	flagKeyExchange   uint32 = 1 << 30
	flag56            uint32 = 1 << 31
)

const (
	// requiredFlags are those without which a session is weaker than agreed.
	requiredFlags = flagUnicode | flagSign | flagSeal | flagExtended | flag128 | flagKeyExchange
	// requestedFlags are what NEGOTIATE asks for. 56 bits are never used: some
	// acceptors want to see them next to 128.
	requestedFlags = requiredFlags | flagRequestTarget | flagNTLM | flagAlwaysSign | flagTargetInfo | flagVersion | flag56
)

// Kinds of messages ([MS-NLMP] 2.2.1).
const (
	kindNegotiate    = 1
	kindChallenge    = 2
	kindAuthenticate = 3
)

const magic = "NTLMSSP\x00"

// version is that of Windows 10 22H2, with revision 15 of NTLM (2.2.2.10).
var version = []byte{10, 0, 0x65, 0x4A, 0, 0, 0, 15}

func header(kind uint32) []byte {
	return binary.LittleEndian.AppendUint32([]byte(magic), kind)
}

// negotiateMessage makes a NEGOTIATE. It carries a version, so the names of domain
// and workstation are empty (2.2.1.1).
func negotiateMessage() []byte {
	m := binary.LittleEndian.AppendUint32(header(kindNegotiate), requestedFlags)
	m = append(m, make([]byte, 16)...)
	return append(m, version...)
}

// challenge is what a CHALLENGE says (2.2.1.2).
type challenge struct {
	raw        []byte
	flags      uint32
	nonce      []byte
	targetInfo []pair // without the end
	timestamp  []byte // of the target information
}

func parseChallenge(message []byte) (*challenge, error) {
	const fixed = 48
	if len(message) < fixed || string(message[:8]) != magic || binary.LittleEndian.Uint32(message[8:]) != kindChallenge {
		return nil, errors.New("it is no challenge message")
	}
	c := &challenge{raw: message, flags: binary.LittleEndian.Uint32(message[20:]), nonce: message[24:32]}
	if c.flags&requiredFlags != requiredFlags {
		return nil, fmt.Errorf("it asks for a weaker session (flags 0x%08X)", c.flags)
	}
	length := int(binary.LittleEndian.Uint16(message[40:]))
	offset := int64(binary.LittleEndian.Uint32(message[44:]))
	if offset+int64(length) > int64(len(message)) {
		return nil, errors.New("its target information is cut off")
	}
	var err error
	if c.targetInfo, err = parsePairs(message[offset : offset+int64(length)]); err != nil {
		return nil, err
	}
	for _, p := range c.targetInfo {
		if p.id == avTimestamp {
			c.timestamp = p.value
		}
	}
	if c.timestamp == nil {
		// Such a server takes a logon without the code that protects its messages
		// from being altered on their way. Windows has sent the time since Vista.
		return nil, errors.New("it carries no time (MsvAvTimestamp), so that its integrity could not be protected")
	}
	return c, nil
}

// Ids of AV pairs (2.2.2.1).
const (
	avEnd             = 0
	avFlags           = 6
	avTimestamp       = 7
	avTargetName      = 9
	avChannelBindings = 10

	avFlagIntegrity = 2 // the message carries a MIC
)

// pair is one piece of the target information.
type pair struct {
	id    uint16
	value []byte
}

func parsePairs(data []byte) ([]pair, error) {
	var pairs []pair
	for len(data) >= 4 {
		p := pair{id: binary.LittleEndian.Uint16(data)}
		size := int(binary.LittleEndian.Uint16(data[2:]))
		if data = data[4:]; size > len(data) {
			break
		}
		p.value, data = data[:size], data[size:]
		switch {
		case p.id == avEnd:
			return pairs, nil
		case p.id == avFlags && size != 4, p.id == avTimestamp && size != 8:
			return nil, errors.New("its target information is malformed")
		}
		pairs = append(pairs, p)
	}
	return nil, errors.New("its target information has no end")
}

// answerPairs is the target information that goes back: the server's own, and that
// the message has a MIC, the name of the service that is meant, and the channel
// (3.1.5.1.2).
func answerPairs(server []pair, service string, bindings [16]byte) []byte {
	flags := uint32(avFlagIntegrity)
	var data []byte
	for _, p := range server {
		switch p.id {
		case avFlags:
			flags |= binary.LittleEndian.Uint32(p.value)
		case avTargetName, avChannelBindings:
			// A client's to say, not a server's.
		default:
			data = p.append(data)
		}
	}
	data = pair{avFlags, binary.LittleEndian.AppendUint32(nil, flags)}.append(data)
	data = pair{avTargetName, utf16le(service)}.append(data)
	data = pair{avChannelBindings, bindings[:]}.append(data)
	return pair{avEnd, nil}.append(data)
}

func (p pair) append(data []byte) []byte {
	data = binary.LittleEndian.AppendUint16(data, p.id)
	data = binary.LittleEndian.AppendUint16(data, uint16(len(p.value))) //nolint:gosec // it came as 16 bits, or is short
	return append(data, p.value...)
}

// micOffset is where the MIC stands in an AUTHENTICATE (2.2.1.3).
const micOffset = 72

// authenticateMessage makes an AUTHENTICATE with an empty MIC.
func authenticateMessage(flags uint32, account Account, ntResponse, sessionKey []byte) ([]byte, error) {
	const fixed = micOffset + 16
	parts := [...][]byte{
		make([]byte, 24), // LMv2, which is empty where the server sent its time
		ntResponse, utf16le(account.Domain), utf16le(account.User), nil, sessionKey,
	}
	m, offset := header(kindAuthenticate), fixed
	for _, part := range parts {
		if len(part) > 0xFFFF {
			return nil, errors.New("its target information is too long to be answered")
		}
		m = binary.LittleEndian.AppendUint16(m, uint16(len(part))) //nolint:gosec // looked at above
		m = binary.LittleEndian.AppendUint16(m, uint16(len(part))) //nolint:gosec // likewise
		m = binary.LittleEndian.AppendUint32(m, uint32(offset))
		offset += len(part)
	}
	m = binary.LittleEndian.AppendUint32(m, flags)
	m = append(append(m, version...), make([]byte, 16)...)
	for _, part := range parts {
		m = append(m, part...)
	}
	return m, nil
}

func utf16le(text string) []byte {
	var data []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		data = binary.LittleEndian.AppendUint16(data, unit)
	}
	return data
}
