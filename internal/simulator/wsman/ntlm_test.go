package wsman

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"
)

// A handshake that MIT Kerberos' SPNEGO with gss-ntlmssp went through with
// this server, as SCHULE\op with password pw, and the first message that it
// sealed afterwards.
const (
	mitInit  = "YEgGBisGAQUFAqA+MDygDjAMBgorBgEEAYI3AgIKoioEKE5UTE1TU1AAAQAAADeCCOIAAAAAAAAAAAAAAAAAAAAABgIAAAAAAA8="
	reply    = "oYGWMIGToAMKAQGhDAYKKwYBBAGCNwICCqJ+BHxOVExNU1NQAAIAAAAMAAwAOAAAADWCieKmE180rObSPQAAAAAAAAAAOAA4AEQAAAAKAGVKAAAAD1MAQwBIAFUATABFAAIADABTAEMASABVAEwARQABAAgAUgAxADAAMQADAAgAcgAxADAAMQAHAAgAjMgzKu943QEAAAAA"
	mitAuth  = "oYIBJzCCASOgAwoBAaKCAQYEggECTlRMTVNTUAADAAAAAAAAAFgAAACGAIYAWAAAAAwADADeAAAABAAEAOoAAAAEAAQA7gAAABAAEADyAAAANYKJ4gYCAAAAAAAPS7H0xPfbSYCmenn5BNtjoQYsVFLZNExrUL5zAVYtw8sBAQAAAAAAAIzIMyrveN0BdH+Nhgz68EsAAAAAAQAIAFIAMQAwADEAAgAMAFMAQwBIAFUATABFAAMACAByADEAMAAxAAYABAACAAAABwAIAIzIMyrveN0BCQASAEgAVABUAFAALwBSADEAMAAxAAAAAAAAAAAAUwBDAEgAVQBMAEUAbwBwAFYATQAAw9tmCQJn6hR2MzAGvDOooxIEEAEAAABPm+E1mVZ1DgAAAAA="
	complete = "oRswGaADCgEAoxIEEAEAAAC/tymNwvmJBgAAAAA="
	mitWrap  = "AQAAAGmp8q/KFyVuAQAAABdC3oSA4uRDv5tZVsjVQS8NMEwXrF8tSZBP4CXM8DQiJbceMq1T8lFZxbEESx9JPw/QAC8QXItsZqDSpbvUVgNGukE/xA3UkN5nhuEcHG4J4Dn+n2fYn3pWxUk6qfiTUsHU4hYCwV0CASv58X1R2OwpBEE3JMWkDUkvFKNicjq7PNX6VGnHFobaGx2Vjy/t8pPXN/YYTnbLO8Y6irOaIpksCBt5kSGIqx2Q2X78+8/LiIBisWds6hz7H+/xLwiaE4nhvve8RQ=="
)

func decode(text string) []byte {
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		panic(err)
	}
	return data
}

// recorded is the connection of that handshake after the server's reply, and
// the client's AUTHENTICATE.
func recorded(t *testing.T) (*connection, *acceptor, *authenticate) {
	t.Helper()
	c := &connection{}
	negotiate := decode(mitInit)
	if !c.unwrapToken(&negotiate) || !isNTLM(negotiate, messageNegotiate) {
		t.Fatal("the first token holds no NEGOTIATE")
	}
	_, challenge, _ := bytes.Cut(decode(reply), []byte(ntlmSignature))
	a := &acceptor{negotiate: negotiate, challenge: append([]byte(ntlmSignature), challenge...)}
	copy(a.nonce[:], a.challenge[24:])
	if !bytes.Equal(c.spnego.challenge(a.challenge), decode(reply)) {
		t.Error("the reply is wrapped in another way")
	}
	token := decode(mitAuth)
	if !c.unwrapToken(&token) {
		t.Fatal("the second token holds nothing")
	}
	message, err := parseAuthenticate(token)
	if err != nil {
		t.Fatal(err)
	}
	return c, a, message
}

func TestHandshakeOfAnotherImplementation(t *testing.T) {
	t.Parallel()
	c, a, message := recorded(t)
	if message.domain != "SCHULE" || message.user != "op" {
		t.Errorf(`%s\%s logs on`, message.domain, message.user)
	}
	seal, err := a.accept(message, "pw", nil)
	if err != nil {
		t.Fatal(err)
	}
	final, err := c.spnego.complete(seal)
	if err != nil || !bytes.Equal(final, decode(complete)) {
		t.Errorf("the last token: %x, %v", final, err)
	}
	plain, err := seal.unwrap(append([]byte{signatureSize, 0, 0, 0}, decode(mitWrap)...))
	if err != nil || !strings.Contains(string(plain), "<wsmid:Identify/>") {
		t.Errorf("unsealed: %q, %v", plain, err)
	}
	if _, err := seal.unwrap(append([]byte{signatureSize, 0, 0, 0}, decode(mitWrap)...)); err == nil {
		t.Error("the same message again is taken")
	}
}

func TestHandshakesThatAreRefused(t *testing.T) {
	t.Parallel()
	for name, alter := range map[string]func(*connection, *acceptor, *authenticate) (password string){
		"wrong password":     func(*connection, *acceptor, *authenticate) string { return "PW" },
		"another challenge":  func(_ *connection, a *acceptor, _ *authenticate) string { a.nonce[0]++; return "pw" },
		"another user":       func(_ *connection, _ *acceptor, m *authenticate) string { m.user = "admin"; return "pw" },
		"altered on the way": func(_ *connection, _ *acceptor, m *authenticate) string { m.raw[60] ^= 0x20; return "pw" },
		"altered before":     func(_ *connection, a *acceptor, _ *authenticate) string { a.negotiate[12] ^= 0x20; return "pw" },
		"without a key":      func(_ *connection, _ *acceptor, m *authenticate) string { m.sessionKey = nil; return "pw" },
		"NTLMv1": func(_ *connection, _ *acceptor, m *authenticate) string {
			m.ntResponse = m.ntResponse[:24]
			return "pw"
		},
		"another list of mechanisms": func(c *connection, _ *acceptor, _ *authenticate) string {
			c.spnego.mechanisms = append(bytes.Clone(c.spnego.mechanisms), 0)
			return "pw"
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, a, message := recorded(t)
			seal, err := a.accept(message, alter(c, a, message), nil)
			if err == nil {
				_, err = c.spnego.complete(seal)
			}
			if err == nil {
				t.Error("is accepted")
			}
			if errors.Is(err, errMessage) && name != "without a key" {
				t.Errorf("is no message at all: %v", err)
			}
		})
	}
}

func TestKerberosFirst(t *testing.T) {
	t.Parallel()
	// the same list with Kerberos (1.2.840.113554.1.2.2) before NTLM
	init := []byte{
		0x60, 0x2b, 0x06, 0x06, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x02, 0xa0, 0x21, 0x30, 0x1f,
		0xa0, 0x19, 0x30, 0x17, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 0x01, 0x02, 0x02,
		0x06, 0x0a, 0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x02, 0x02, 0x0a,
		0xa2, 0x02, 0x04, 0x00,
	}
	c := &connection{}
	token := init
	if !c.unwrapToken(&token) || token != nil {
		t.Fatalf("%x", token)
	}
	if got := c.spnego.selectNTLM(); !bytes.Contains(got, []byte{0x0a, 0x01, requestMIC}) || !bytes.Contains(got, init[31:41]) {
		t.Errorf("the server does not ask for NTLM: %x", got)
	}
}

func FuzzTokens(f *testing.F) {
	for _, token := range []string{mitInit, reply, mitAuth, complete} {
		f.Add(decode(token))
		_, inner, found := bytes.Cut(decode(token), []byte(ntlmSignature))
		if found {
			f.Add(append([]byte(ntlmSignature), inner...))
		}
	}
	f.Fuzz(func(t *testing.T, token []byte) {
		c := &connection{spnego: &negotiation{}}
		inner := bytes.Clone(token)
		if c.unwrapToken(&inner) {
			token = inner
		}
		a, err := newAcceptor(token, "R101", "SCHULE", time.Unix(0, 0))
		if err == nil && !isNTLM(a.challenge, messageChallenge) {
			t.Error("a challenge that is none")
		}
		message, err := parseAuthenticate(token)
		if err != nil {
			return
		}
		if seal, err := (&acceptor{}).accept(message, "pw", nil); err == nil {
			t.Errorf("%+v is accepted: %+v", message, seal)
		}
	})
}
