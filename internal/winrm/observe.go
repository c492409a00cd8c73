package winrm

import (
	"net/http"
	"time"
)

// Exchange is one message with its answer, both as SOAP envelopes, opened where they were
// sealed. They hold what a machine says of itself and of people, never credentials.
type Exchange struct {
	Address string // host:port
	Request []byte
	Answer  []byte // nil: it could not be opened
	Status  int    // of HTTP
	Took    time.Duration
}

// observedSession shows somebody every exchange over a session.
type observedSession struct {
	session
	observe func(Exchange)
	pending Exchange
	asked   time.Time
}

// observed is the session, seen by whoever wants to.
func (c *Client) observed(cn *conn, s session) session {
	if c.config.Observe == nil {
		return s
	}
	return &observedSession{session: s, observe: c.config.Observe, pending: Exchange{Address: cn.to.String()}}
}

func (s *observedSession) seal(envelope []byte) (http.Header, []byte, error) {
	s.pending.Request, s.asked = envelope, time.Now()
	return s.session.seal(envelope)
}

func (s *observedSession) open(answer *reply) ([]byte, error) {
	seen := s.pending
	seen.Took, seen.Status = time.Since(s.asked), answer.status
	envelope, err := s.session.open(answer)
	if err == nil {
		seen.Answer = envelope
	}
	s.observe(seen)
	return envelope, err
}
