package winrm

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
)

func TestSealedBodyIsReadByItsLength(t *testing.T) {
	t.Parallel()
	signature := bytes.Repeat([]byte{7}, signatureSize)
	// The ciphertext may look like the end, or like anything.
	for _, sealed := range []string{"", "x", "--Encrypted Boundary--\r\n", "Content-Type: application/octet-stream\r\n", strings.Repeat("\r\n", 100)} {
		body := sealedBody(negotiateProtocol, []byte(sealed), signature, len(sealed))
		for _, contentType := range []string{sealedType(negotiateProtocol), `multipart/encrypted; protocol="application/http-spnego-session-encrypted"; boundary="Encrypted Boundary"`} {
			gotSealed, gotSignature, err := openBody(negotiateProtocol, contentType, body)
			if err != nil || string(gotSealed) != sealed || !bytes.Equal(gotSignature, signature) {
				t.Errorf("%q came back as %q, %x, %v", sealed, gotSealed, gotSignature, err)
			}
		}
	}
}

func TestSealedBodiesThatAreNone(t *testing.T) {
	t.Parallel()
	good := string(sealedBody(negotiateProtocol, []byte("text"), bytes.Repeat([]byte{7}, signatureSize), 4))
	for name, answer := range map[string][2]string{
		"plain":           {soapType, "<s:Envelope/>"},
		"another sealing": {`multipart/encrypted;protocol="application/HTTP-CredSSP-session-encrypted";boundary="Encrypted Boundary"`, good},
		"no type":         {"", good},
		"empty":           {sealedType(negotiateProtocol), ""},
		"cut off":         {sealedType(negotiateProtocol), good[:len(good)-30]},
		"no length":       {sealedType(negotiateProtocol), strings.Replace(good, ";Length=4", "", 1)},
		"too long":        {sealedType(negotiateProtocol), strings.Replace(good, "Length=4", "Length=400", 1)},
		"shorter":         {sealedType(negotiateProtocol), strings.Replace(good, "Length=4", "Length=2", 1)},
		"huge":            {sealedType(negotiateProtocol), strings.Replace(good, "Length=4", "Length=999999999", 1)},
		"signature":       {sealedType(negotiateProtocol), strings.Replace(good, "\x10\x00\x00\x00", "\xff\xff\xff\xff", 1)},
	} {
		if _, _, err := openBody(negotiateProtocol, answer[0], []byte(answer[1])); err == nil {
			t.Errorf("%s was opened", name)
		}
	}
}

// challengeOf makes a CHALLENGE message (MS-NLMP 2.2.1.2).
func challengeOf(flags uint32, pairs []byte) []byte {
	m := append([]byte("NTLMSSP\x00"), 2, 0, 0, 0)
	m = append(m, make([]byte, 8)...)
	m = binary.LittleEndian.AppendUint32(m, flags)
	m = append(m, make([]byte, 16)...)
	length := []byte{byte(len(pairs)), 0} //nolint:gosec // the tests' are short
	m = append(append(m, length...), length...)
	m = binary.LittleEndian.AppendUint32(m, 56)
	m = append(m, make([]byte, 8)...)
	return append(m, pairs...)
}

func TestChallengesThatAskForLessAreRefused(t *testing.T) {
	t.Parallel()
	end := []byte{0, 0, 0, 0}
	if err := checkChallenge(challengeOf(requiredFlags, end)); err != nil {
		t.Errorf("a challenge as agreed: %v", err)
	}
	for bit := range 32 {
		flag := uint32(1) << bit
		if requiredFlags&flag != 0 && checkChallenge(challengeOf(requiredFlags&^flag, end)) == nil {
			t.Errorf("a challenge without flag 0x%08X was taken", flag)
		}
	}
	for name, message := range map[string][]byte{
		"empty":        {},
		"short":        challengeOf(requiredFlags, end)[:47],
		"another type": append([]byte("NTLMSSP\x00\x01"), challengeOf(requiredFlags, end)[9:]...),
		"no end":       challengeOf(requiredFlags, []byte{1, 0, 0, 0}),
		"long pair":    challengeOf(requiredFlags, []byte{1, 0, 255, 255, 0, 0, 0, 0}),
		"short flags":  challengeOf(requiredFlags, append([]byte{6, 0, 1, 0, 9}, end...)),
		"short time":   challengeOf(requiredFlags, append([]byte{7, 0, 1, 0, 9}, end...)),
		"no pairs":     challengeOf(requiredFlags, nil),
		"beyond":       challengeOf(requiredFlags, end)[:58],
	} {
		if checkChallenge(message) == nil {
			t.Errorf("%s: the challenge was taken", name)
		}
	}
}

// What checkChallenge lets through must not make the NTLM library panic.
func FuzzChallenge(f *testing.F) {
	f.Add(challengeOf(requiredFlags|0x00800000, append([]byte{2, 0, 2, 0, 'A', 0, 6, 0, 4, 0, 0, 0, 0, 0, 7, 0, 8, 0, 1, 2, 3, 4, 5, 6, 7, 8}, 0, 0, 0, 0)))
	f.Add(challengeOf(requiredFlags|0x00800000|0x02000000|0x4, []byte{0, 0, 0, 0}))
	f.Fuzz(func(t *testing.T, message []byte) {
		if checkChallenge(message) != nil {
			return
		}
		s := &ntlmSession{account: accountOf(Config{Username: `SCHULE\kms-admin`, Password: "secret"}), sealed: true}
		if _, err := s.hello(); err != nil {
			t.Fatal(err)
		}
		if _, err := s.client.Authenticate(message, nil); err == nil {
			if _, _, err := s.client.SecuritySession().Wrap([]byte("x")); err != nil {
				t.Error(err)
			}
		}
	})
}

func FuzzSealedBody(f *testing.F) {
	f.Add(sealedBody(negotiateProtocol, []byte("text"), bytes.Repeat([]byte{7}, signatureSize), 4))
	f.Fuzz(func(t *testing.T, body []byte) {
		sealed, signature, err := openBody(negotiateProtocol, sealedType(negotiateProtocol), body)
		if err == nil && len(signature)+len(sealed) > len(body) {
			t.Errorf("opened %d bytes with %d of signature", len(sealed), len(signature))
		}
	})
}
