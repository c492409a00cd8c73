package wsman

import (
	"encoding/base64"
	"net/http"
	"strings"
	"time"
)

// logon is what the authentication of one HTTP request came to.
type logon struct {
	user   string // as the client names it; the account once it is proved
	ok     bool
	failed bool // a password was tried and is wrong
	leg    bool // the request carried a token of a handshake
	reply  string
}

// authenticate looks at the Authorization header and at what the connection
// has proved before.
func (x *exchange) authenticate() logon {
	scheme, credentials, _ := strings.Cut(x.r.Header.Get("Authorization"), " ")
	switch strings.ToLower(scheme) {
	case "":
		if session := x.connection.session; session != nil {
			// An empty message asks for a handshake: clients send it to set up
			// sealing anew.
			return logon{user: session.user, ok: len(x.body) > 0}
		}
	case "basic":
		if x.server.offersBasic() {
			return x.server.basic(x.r)
		}
	case "kerberos":
		token, err := base64.StdEncoding.DecodeString(strings.TrimSpace(credentials))
		if x.server.config.Kerberos.offers("Kerberos") && err == nil {
			return x.kerberos("Kerberos", token, func(reply []byte) []byte { return reply })
		}
	case "negotiate": // WinRM knows no "NTLM"
		token, err := base64.StdEncoding.DecodeString(strings.TrimSpace(credentials))
		if plain, wrap, ok := kerberosToken(token); ok && x.server.config.Kerberos.offers("Negotiate") {
			return x.kerberos(scheme, plain, wrap)
		}
		if x.server.config.NTLM && err == nil {
			return x.negotiate(scheme, token)
		}
	}
	return logon{}
}

// offersBasic: Windows does not offer Basic where it would show the password.
func (s *Server) offersBasic() bool {
	return s.config.Basic && (s.config.TLS != nil || s.config.AllowUnencrypted)
}

func (s *Server) basic(r *http.Request) logon {
	typed, password, ok := r.BasicAuth()
	if !ok {
		return logon{}
	}
	account, known := s.account(splitUser(typed))
	if !known || !samePassword(account.Password, password) {
		return logon{user: typed, failed: true}
	}
	return logon{user: account.String(), ok: true}
}

// negotiate takes one token of an NTLM handshake, raw or wrapped in SPNEGO.
func (x *exchange) negotiate(scheme string, token []byte) logon {
	c := x.connection
	if !strings.HasPrefix(string(token), ntlmSignature) {
		if !c.unwrapToken(&token) {
			return logon{leg: true}
		}
		if token == nil { // another mechanism first: ask for NTLM
			return logon{leg: true, reply: scheme + " " + base64.StdEncoding.EncodeToString(c.spnego.selectNTLM())}
		}
	} else if isNTLM(token, messageNegotiate) {
		c.spnego = nil
	}
	if isNTLM(token, messageNegotiate) {
		return x.challenge(scheme, token)
	}
	acceptor := c.acceptor
	c.acceptor, c.session = nil, nil
	message, err := parseAuthenticate(token)
	if err != nil || acceptor == nil {
		return logon{leg: true}
	}
	typed := message.user
	if message.domain != "" {
		typed = message.domain + `\` + message.user
	}
	account, known := x.server.account(message.domain, message.user)
	if !known {
		return logon{user: typed, leg: true, failed: true}
	}
	seal, err := acceptor.accept(message, account.Password, x.server.bindings())
	if err != nil {
		return logon{user: typed, leg: true, failed: true}
	}
	l := logon{user: account.String(), ok: true, leg: true}
	if c.spnego != nil {
		final, err := c.spnego.complete(seal)
		if err != nil {
			return logon{user: typed, leg: true}
		}
		l.reply = scheme + " " + base64.StdEncoding.EncodeToString(final)
	}
	c.session = &session{user: l.user, seal: seal}
	return l
}

func (x *exchange) challenge(scheme string, token []byte) logon {
	c := x.connection
	c.session = nil
	acceptor, err := newAcceptor(token, x.server.config.Name, x.server.domain(), time.Now())
	if err != nil {
		return logon{leg: true}
	}
	c.acceptor = acceptor
	reply := acceptor.challenge
	if c.spnego != nil {
		reply = c.spnego.challenge(reply)
	}
	return logon{leg: true, reply: scheme + " " + base64.StdEncoding.EncodeToString(reply)}
}

// demand names in a 401 how to log on, or the next token of a handshake. Outside of a
// handshake Windows ends the connection with it.
func (x *exchange) demand(l logon) {
	header := x.w.Header()
	if l.reply != "" {
		header.Add("WWW-Authenticate", l.reply)
		return
	}
	header.Set("Connection", "close")
	if x.server.config.NTLM || x.server.config.Kerberos.offers("Negotiate") {
		header.Add("WWW-Authenticate", "Negotiate")
	}
	if x.server.config.Kerberos.offers("Kerberos") {
		header.Add("WWW-Authenticate", "Kerberos")
	}
	if x.server.offersBasic() {
		header.Add("WWW-Authenticate", `Basic realm="WSMAN"`)
	}
}
