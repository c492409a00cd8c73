package ntlm

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"testing"
)

// challengeOf makes a CHALLENGE message (MS-NLMP 2.2.1.2).
func challengeOf(flags uint32, pairs []byte) []byte {
	m := append([]byte(magic), kindChallenge, 0, 0, 0)
	m = append(m, make([]byte, 8)...)
	m = binary.LittleEndian.AppendUint32(m, flags)
	m = append(m, make([]byte, 16)...)
	length := []byte{byte(len(pairs)), byte(len(pairs) >> 8)} //nolint:gosec // the tests' are short
	m = append(append(m, length...), length...)
	m = binary.LittleEndian.AppendUint32(m, 56)
	m = append(m, make([]byte, 8)...)
	return append(m, pairs...)
}

// information is the target information that a server sends.
func information(pairs ...pair) []byte {
	var data []byte
	for _, p := range pairs {
		data = p.append(data)
	}
	return pair{avEnd, nil}.append(data)
}

var now = pair{avTimestamp, []byte{1, 2, 3, 4, 5, 6, 7, 8}}

func TestChallengesThatAskForLessAreRefused(t *testing.T) {
	t.Parallel()
	good := information(now)
	if _, err := parseChallenge(challengeOf(requiredFlags, good)); err != nil {
		t.Errorf("a challenge as agreed: %v", err)
	}
	for bit := range 32 {
		flag := uint32(1) << bit
		if requiredFlags&flag == 0 {
			continue
		}
		if _, err := parseChallenge(challengeOf(requiredFlags&^flag, good)); err == nil {
			t.Errorf("a challenge without flag 0x%08X was taken", flag)
		}
	}
	for name, message := range map[string][]byte{
		"empty":        {},
		"short":        challengeOf(requiredFlags, good)[:47],
		"another type": append([]byte("NTLMSSP\x00\x01"), challengeOf(requiredFlags, good)[9:]...),
		"no end":       challengeOf(requiredFlags, good[:len(good)-4]),
		"long pair":    challengeOf(requiredFlags, append([]byte{1, 0, 255, 255}, good...)),
		"short flags":  challengeOf(requiredFlags, information(now, pair{avFlags, []byte{9}})),
		"short time":   challengeOf(requiredFlags, information(pair{avTimestamp, []byte{9}})),
		"no pairs":     challengeOf(requiredFlags, nil),
		"beyond":       challengeOf(requiredFlags, good)[:60],
	} {
		if _, err := parseChallenge(message); err == nil {
			t.Errorf("%s: the challenge was taken", name)
		}
	}
}

// Without the server's time a logon would carry no code that protects its integrity.
func TestAChallengeWithoutATimeIsRefused(t *testing.T) {
	t.Parallel()
	_, err := parseChallenge(challengeOf(requiredFlags, information(pair{2, utf16le("SCHULE")})))
	if err == nil || !strings.Contains(err.Error(), "MsvAvTimestamp") {
		t.Errorf("got %v", err)
	}
}

func TestWhatTheAnswerSaysOfTheTarget(t *testing.T) {
	t.Parallel()
	server := []pair{{2, utf16le("SCHULE")}, {avFlags, []byte{1, 0, 0, 0}}, now, {avTargetName, utf16le("HTTP/evil")}, {avChannelBindings, bytes.Repeat([]byte{9}, 16)}}
	got, err := parsePairs(answerPairs(server, "HTTP/pc01", [16]byte{7}))
	if err != nil {
		t.Fatal(err)
	}
	want := map[uint16][]byte{
		2: utf16le("SCHULE"), avTimestamp: now.value, avFlags: {3, 0, 0, 0},
		avTargetName: utf16le("HTTP/pc01"), avChannelBindings: append([]byte{7}, make([]byte, 15)...),
	}
	for _, p := range got {
		if !bytes.Equal(p.value, want[p.id]) {
			t.Errorf("pair %d is %x, want %x", p.id, p.value, want[p.id])
		}
		delete(want, p.id)
	}
	if len(want) > 0 || len(got) != 5 {
		t.Errorf("%d pairs, missing: %v", len(got), want)
	}
}

func unhex(t *testing.T, text string) []byte {
	t.Helper()
	data, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// The values of MS-NLMP 4.2.
func TestValuesOfTheSpecification(t *testing.T) {
	t.Parallel()
	account := Account{Domain: "Domain", User: "User", Password: func() string { return "Password" }}
	if got := responseKey(account); !bytes.Equal(got, unhex(t, "0c868a403bfd7a93a3001ef22ef02e3f")) {
		t.Errorf("NTOWFv2 is %x", got)
	}
	key := bytes.Repeat([]byte{0x55}, 16)
	if got := rc4Once(unhex(t, "8de40ccadbc14a82f15cb0ad0de95ca3"), key); !bytes.Equal(got, unhex(t, "c5dad2544fc9799094ce1ce90bc9d03e")) {
		t.Errorf("the encrypted key is %x", got)
	}
	signature, sealed := newDirection(key, "client-to-server").seal(utf16le("Plaintext"))
	if !bytes.Equal(sealed, unhex(t, "54e50165bf1936dc996020c1811b0f06fb5f")) || !bytes.Equal(signature, unhex(t, "010000007fb38ec5c55d497600000000")) {
		t.Errorf("sealed %x, signed %x", sealed, signature)
	}
}

func TestSealedMessagesThatWereAltered(t *testing.T) {
	t.Parallel()
	key := bytes.Repeat([]byte{0x55}, 16)
	opened := func(change func(signature, sealed []byte) ([]byte, []byte)) error {
		server := newDirection(key, "server-to-client")
		c := &Context{in: newDirection(key, "server-to-client")}
		_, err := c.Open(change(server.seal([]byte("message"))))
		return err
	}
	if err := opened(func(signature, sealed []byte) ([]byte, []byte) { return signature, sealed }); err != nil {
		t.Fatal(err)
	}
	for i := range signatureSize { // version, checksum and number alike
		if opened(func(signature, sealed []byte) ([]byte, []byte) { signature[i] ^= 1; return signature, sealed }) == nil {
			t.Errorf("a signature with another byte %d was taken", i)
		}
	}
	for name, change := range map[string]func(signature, sealed []byte) ([]byte, []byte){
		"another text": func(signature, sealed []byte) ([]byte, []byte) { sealed[0] ^= 1; return signature, sealed },
		"shorter":      func(signature, sealed []byte) ([]byte, []byte) { return signature, sealed[1:] },
		"no signature": func(_, sealed []byte) ([]byte, []byte) { return nil, sealed },
		"our own": func(_, _ []byte) ([]byte, []byte) {
			return newDirection(key, "client-to-server").seal([]byte("message"))
		},
	} {
		if opened(change) == nil {
			t.Errorf("%s: the message was taken", name)
		}
	}
}

func TestStepsOutOfTurn(t *testing.T) {
	t.Parallel()
	c := New(Account{User: "x", Password: func() string { return "y" }}, "HTTP/pc01", [16]byte{})
	if _, err := c.Authenticate(); err == nil {
		t.Error("there was an answer without a challenge")
	}
	if _, _, err := c.Seal([]byte("x")); err == nil {
		t.Error("a message was sealed without a session")
	}
	if _, err := c.Open(make([]byte, signatureSize), []byte("x")); err == nil {
		t.Error("a message was opened without a session")
	}
}

// Whatever a server sends as its challenge leads to an error or to a session.
func FuzzChallenge(f *testing.F) {
	f.Add(challengeOf(requiredFlags, information(pair{2, []byte{'A', 0}}, pair{avFlags, []byte{0, 0, 0, 0}}, now)))
	f.Add(challengeOf(requiredFlags, information(now, now, pair{avTargetName, nil})))
	f.Fuzz(func(t *testing.T, message []byte) {
		c := New(Account{Domain: "SCHULE", User: "kms-admin", Password: func() string { return "secret" }}, "HTTP/pc01", [16]byte{})
		if c.Challenge(message) != nil {
			return
		}
		answer, err := c.Authenticate()
		if err != nil {
			return
		}
		if bytes.Contains(answer, utf16le("secret")) || len(answer) < micOffset+16 {
			t.Errorf("an answer of %d bytes", len(answer))
		}
		if _, _, err := c.Seal([]byte("x")); err != nil {
			t.Error(err)
		}
	})
}

// Whatever comes as a sealed answer, only what the machine sealed is opened.
func FuzzOpen(f *testing.F) {
	key := bytes.Repeat([]byte{1}, 16)
	signature, sealed := newDirection(key, "server-to-client").seal([]byte("message"))
	f.Add(signature, sealed)
	f.Add([]byte{1, 0, 0, 0}, []byte("x"))
	f.Fuzz(func(t *testing.T, signature, sealed []byte) {
		c := &Context{in: newDirection(key, "server-to-client")}
		if message, err := c.Open(signature, sealed); err == nil && string(message) != "message" {
			t.Errorf("opened %q", message)
		}
	})
}
