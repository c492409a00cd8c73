package kerberos

import (
	"bytes"
	"crypto/rand"
	"encoding/asn1"
	"encoding/hex"
	"slices"
	"testing"
	"time"

	"github.com/jcmturner/gokrb5/v8/asn1tools"
	"github.com/jcmturner/gokrb5/v8/crypto"
	"github.com/jcmturner/gokrb5/v8/iana/asnAppTag"
	"github.com/jcmturner/gokrb5/v8/iana/keyusage"
	"github.com/jcmturner/gokrb5/v8/iana/msgtype"
	"github.com/jcmturner/gokrb5/v8/messages"
	"github.com/jcmturner/gokrb5/v8/types"
)

// Made by gss_wrap_iov and gss_wrap of MIT Kerberos 1.20.1, as acceptor and as
// initiator, with the acceptor's subkey.
const (
	mitKey       = "d5dd1986f65a3205eec0ecc6f182d1474cb882ad14876a3c9b719d77cb7682c1"
	mitMessage   = "Grüße aus R101"
	mitHeader    = "050407ff0000001c000000003741009ce9c70b9aa0709ae5e4c3c89e5e9c9d579d2731d75fdd9a98e414a0ac9d5c2a52ef4dc79dafd0fd5db38a2a6c"
	mitSealed    = "69227940ddbbe1f09cea480dbdb17458"
	mitWhole     = "050407ff00000000000000003741009da4b461860bf503971c8fb285d17e6b57af889bdf8c8c283d7d57e214a0f417963989eae416138ed20c33d638ff7c28ac78c75b18b5536c1502be44da"
	mitSequence  = 0x3741009c
	mitInitiator = "050406ff0000001c00000000193739880ac1900d336813f3ed84ddb0560c146eb3cd9e693627f12e4cb95b6e8581b117d0fab867e81f9146eb18fc6a4cdf2271e8603750ca46a369bca30f6c"
)

func unhex(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func mitContext(t testing.TB) *Context {
	t.Helper()
	return &Context{
		key: types.EncryptionKey{KeyType: encryptionTypes[0], KeyValue: unhex(t, mitKey)}, subkeyed: flagSubkey, received: mitSequence,
	}
}

func TestTokensOfMITAreOpened(t *testing.T) {
	t.Parallel()
	c := mitContext(t)
	whole := unhex(t, mitWhole)
	for _, token := range [][2][]byte{{unhex(t, mitHeader), unhex(t, mitSealed)}, {whole[:60], whole[60:]}} { // rotated, and not
		message, err := c.Open(token[0], token[1])
		if err != nil || string(message) != mitMessage {
			t.Errorf("got %q, %v", message, err)
		}
	}
}

func TestTokensThatAreNotTheMachinesAreRefused(t *testing.T) {
	t.Parallel()
	header, sealed := unhex(t, mitHeader), unhex(t, mitSealed)
	for at := range len(header) * 8 {
		altered := slices.Clone(header)
		altered[at/8] ^= 1 << (at % 8)
		if _, err := mitContext(t).Open(altered, sealed); err == nil {
			t.Errorf("a token with bit %d changed was opened", at)
		}
	}
	again := mitContext(t)
	if _, err := again.Open(header, sealed); err != nil {
		t.Fatal(err)
	}
	if _, err := again.Open(header, sealed); err == nil {
		t.Error("a token was opened twice")
	}
	ours := unhex(t, mitInitiator)
	reflected := mitContext(t)
	reflected.received = 0
	if _, err := reflected.Open(ours[:60], ours[60:]); err == nil {
		t.Error("a token of the client's was taken for the machine's")
	}
	for n := range len(header) {
		if _, err := mitContext(t).Open(header[:n], nil); err == nil {
			t.Errorf("%d bytes were opened", n)
		}
	}
}

func TestWrappedTokensHaveTheFormOfWinRM(t *testing.T) {
	t.Parallel()
	c := mitContext(t)
	c.sent = 7
	for number := range uint64(3) {
		message := bytes.Repeat([]byte("x"), int(number)*17)
		header, sealed, err := c.Seal(message)
		if err != nil || len(header) != 60 || len(sealed) != len(message) {
			t.Fatalf("%d and %d bytes, %v; the header has 60, the rest is as long as the message", len(header), len(sealed), err)
		}
		if want := append([]byte{5, 4, flagSealed | flagSubkey, 0xFF, 0, 0, 0, 28, 0, 0, 0, 0, 0, 0, 0}, byte(7+number)); !bytes.Equal(header[:16], want) {
			t.Errorf("the token begins with %x, want %x", header[:16], want)
		}
		// Turned back it is what RFC 4121 says.
		body := slices.Concat(header[16:], sealed)
		plain, err := decrypt(slices.Concat(body[28:], body[:28]), c.key, keyusage.GSSAPI_INITIATOR_SEAL)
		if err != nil || !bytes.HasPrefix(plain, message) || len(plain) != len(message)+16 {
			t.Errorf("it holds %d bytes, %v", len(plain), err)
		}
	}
}

// replyOf makes the token that proves a machine.
func replyOf(t testing.TB, key types.EncryptionKey, part messages.EncAPRepPart) []byte {
	t.Helper()
	plain, err := asn1.Marshal(part)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := crypto.GetEncryptedData(asn1tools.AddASNAppTag(plain, asnAppTag.EncAPRepPart), key, keyusage.AP_REP_ENCPART, 0)
	if err != nil {
		t.Fatal(err)
	}
	reply, err := asn1.Marshal(messages.APRep{PVNO: 5, MsgType: msgtype.KRB_AP_REP, EncPart: sealed})
	if err != nil {
		t.Fatal(err)
	}
	return sealToken(tokenReply, asn1tools.AddASNAppTag(reply, asnAppTag.APREP))
}

func newKey(t testing.TB, kind int32, size int) types.EncryptionKey {
	t.Helper()
	key := types.EncryptionKey{KeyType: kind, KeyValue: make([]byte, size)}
	if _, err := rand.Read(key.KeyValue); err != nil {
		t.Fatal(err)
	}
	return key
}

func TestMachinesProofIsChecked(t *testing.T) {
	t.Parallel()
	ticket, own, subkey := newKey(t, 18, 32), newKey(t, 18, 32), newKey(t, 17, 16)
	stamp := time.Date(2026, 3, 2, 7, 30, 0, 123_456_000, time.UTC)
	begun := func() *Context { return &Context{key: own, ticket: ticket, stamp: stamp} }
	good := messages.EncAPRepPart{CTime: stamp.Truncate(time.Second), Cusec: 123_456, Subkey: subkey, SequenceNumber: 42}

	c := begun()
	if err := c.Complete(replyOf(t, ticket, good)); err != nil || c.key.KeyType != 17 || c.subkeyed != flagSubkey || c.received != 42 {
		t.Errorf("%+v, %v", c, err)
	}
	plain, err := asn1.Marshal(struct {
		CTime    time.Time `asn1:"generalized,explicit,tag:0"`
		Cusec    int       `asn1:"explicit,tag:1"`
		Sequence int64     `asn1:"explicit,tag:3"`
	}{good.CTime, good.Cusec, -1}) // which is 0xFFFFFFFF
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := crypto.GetEncryptedData(asn1tools.AddASNAppTag(plain, asnAppTag.EncAPRepPart), ticket, keyusage.AP_REP_ENCPART, 0)
	if err != nil {
		t.Fatal(err)
	}
	reply, err := asn1.Marshal(messages.APRep{PVNO: 5, MsgType: msgtype.KRB_AP_REP, EncPart: sealed})
	if err != nil {
		t.Fatal(err)
	}
	c = begun()
	if err := c.Complete(sealToken(tokenReply, asn1tools.AddASNAppTag(reply, asnAppTag.APREP))); err != nil || !bytes.Equal(c.key.KeyValue, own.KeyValue) || c.subkeyed != 0 || c.received != 0xFFFFFFFF {
		t.Errorf("%+v, %v", c, err)
	}

	late, weak := good, good
	late.Cusec++
	weak.Subkey = newKey(t, 23, 16)
	for name, token := range map[string][]byte{
		"none":             nil,
		"no token":         []byte("Negotiate"),
		"another key":      replyOf(t, own, good),
		"another exchange": replyOf(t, ticket, late),
		"RC4":              replyOf(t, ticket, weak),
		"a request":        sealToken(tokenRequest, []byte{0x6f, 0}),
		"cut off":          sealToken(tokenReply, asn1tools.AddASNAppTag([]byte{0x30, 0}, asnAppTag.APREP)),
		"more behind it":   append(replyOf(t, ticket, good), 0),
	} {
		if err := begun().Complete(token); err == nil {
			t.Errorf("%s passed as proof", name)
		}
	}
}

func FuzzMachinesProof(f *testing.F) {
	ticket := types.EncryptionKey{KeyType: 18, KeyValue: bytes.Repeat([]byte{1}, 32)}
	f.Add(replyOf(f, ticket, messages.EncAPRepPart{CTime: time.Unix(0, 0).UTC(), Subkey: ticket, SequenceNumber: 1}))
	f.Fuzz(func(_ *testing.T, token []byte) {
		c := &Context{key: ticket, ticket: ticket, stamp: time.Unix(0, 0)}
		_ = c.Complete(token)
		_ = c.Refused(token)
	})
}

func FuzzUnwrap(f *testing.F) {
	f.Add(unhex(f, mitHeader), unhex(f, mitSealed))
	f.Add(unhex(f, mitWhole)[:16], unhex(f, mitWhole)[16:])
	f.Fuzz(func(t *testing.T, header, sealed []byte) {
		if message, err := mitContext(t).Open(header, sealed); err == nil && string(message) != mitMessage {
			t.Errorf("opened %q", message)
		}
	})
}

func TestStampsAreNeverTheSame(t *testing.T) {
	t.Parallel()
	still := time.Now()
	tickets := &Tickets{now: func() time.Time { return still }}
	if first, second := tickets.stamp(), tickets.stamp(); !second.After(first) || second.Sub(still) > time.Millisecond {
		t.Errorf("%v, %v", first, second)
	}
}
