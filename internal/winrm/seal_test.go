package winrm

import (
	"bytes"
	"strings"
	"testing"
)

func TestSealedBodyIsReadByItsLength(t *testing.T) {
	t.Parallel()
	signature := bytes.Repeat([]byte{7}, 16)
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
	good := string(sealedBody(negotiateProtocol, []byte("text"), bytes.Repeat([]byte{7}, 16), 4))
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

func FuzzSealedBody(f *testing.F) {
	f.Add(sealedBody(negotiateProtocol, []byte("text"), bytes.Repeat([]byte{7}, 16), 4))
	f.Fuzz(func(t *testing.T, body []byte) {
		sealed, signature, err := openBody(negotiateProtocol, sealedType(negotiateProtocol), body)
		if err == nil && len(signature)+len(sealed) > len(body) {
			t.Errorf("opened %d bytes with %d of signature", len(sealed), len(signature))
		}
	})
}
