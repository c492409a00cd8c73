package winrm

import (
	"bufio"
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/timago/terraform-provider-timago/internal/foreign"
)

const (
	// maxAnswer bounds an answer. 512,000 are asked for, which Windows seems to
	// count in UTF-16; a sealed answer is a little longer than what it seals.
	maxAnswer  = 1 << 20
	maxHeaders = 64 << 10

	soapType = "application/soap+xml;charset=UTF-8"
)

var past = time.Unix(1, 0)

// conn is one TCP or TLS connection to one machine. NTLM authenticates the
// connection, and its sealing state belongs to it, so requests on it are made
// one after the other and by whoever holds it.
type conn struct {
	to          target
	net         net.Conn
	budget      *io.LimitedReader // what the answer may still bring
	reader      *bufio.Reader
	writer      *bufio.Writer
	certificate *x509.Certificate // of the machine, nil without TLS
	userAgent   string

	session        session       // how the account stands here, nil until authenticated
	roundTripLimit time.Duration // of an authentication
	born           time.Time
	reused         bool        // came from the pool, so the machine may have closed it
	broken         bool        // must not be used again
	expiry         *time.Timer // closes it while idle
	idleSince      time.Time
}

type reply struct {
	status int
	header http.Header
	body   []byte
}

// post makes one HTTP request and reads its whole answer before deadline or
// the end of ctx. Errors are *Unreachable, *Interrupted or *Protocol.
func (c *conn) post(ctx context.Context, header http.Header, body []byte, deadline time.Time) (*reply, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.to.url(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header = header
	request.Header.Set("User-Agent", c.userAgent)

	if err := c.net.SetDeadline(deadline); err != nil {
		return nil, c.fail(ctx, err, false)
	}
	interrupt := context.AfterFunc(ctx, func() { _ = c.net.SetDeadline(past) })
	defer func() {
		if !interrupt() {
			c.broken = true // its deadline may be moved at any moment
		}
	}()

	c.budget.N = maxHeaders + maxAnswer
	if err := request.Write(c.writer); err != nil {
		return nil, c.fail(ctx, err, false)
	}
	if err := c.writer.Flush(); err != nil {
		return nil, c.fail(ctx, err, false)
	}
	return c.read(ctx, request)
}

func (c *conn) read(ctx context.Context, request *http.Request) (*reply, error) {
	response, err := http.ReadResponse(c.reader, request)
	for err == nil && response.StatusCode < 200 && response.StatusCode != http.StatusSwitchingProtocols {
		response, err = http.ReadResponse(c.reader, request)
	}
	if err != nil {
		return nil, c.unreadable(ctx, err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.ContentLength > maxAnswer {
		return nil, c.tooLarge(response.StatusCode)
	}
	var content bytes.Buffer
	if response.ContentLength > 0 {
		content.Grow(int(response.ContentLength) + bytes.MinRead) // what ReadFrom wants to find
	}
	if _, err := content.ReadFrom(io.LimitReader(response.Body, maxAnswer+1)); err != nil {
		return nil, c.unreadable(ctx, err)
	}
	body := content.Bytes()
	if len(body) > maxAnswer {
		return nil, c.tooLarge(response.StatusCode)
	}
	if response.Close {
		c.broken = true
	}
	return &reply{status: response.StatusCode, header: response.Header, body: body}, nil
}

// fail marks the connection as unusable and types the error.
func (c *conn) fail(ctx context.Context, err error, sent bool) error {
	c.broken = true
	return connectionError(ctx, c.to, err, sent)
}

func (c *conn) unreadable(ctx context.Context, err error) error {
	if c.budget.N <= 0 {
		return c.tooLarge(0)
	}
	var network net.Error
	if isReset := kindOf(err) == KindReset; isReset && !errors.As(err, &network) &&
		!errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		// Neither the network's fault nor an early end: not HTTP.
		c.broken = true
		return &Protocol{Address: c.to.String(), Sent: true, Reason: "the answer is not HTTP: " + foreign.Short(err.Error(), 120)}
	}
	return c.fail(ctx, err, true)
}

func (c *conn) tooLarge(status int) error {
	c.broken = true
	return &Protocol{Address: c.to.String(), Status: status, Sent: true, Reason: "the answer is too large"}
}

// usable reports whether an idle connection may be used again.
func (c *conn) usable() bool {
	return time.Since(c.born) < lifeLimit && (time.Since(c.idleSince) < probeAfter || c.alive())
}

// alive reports whether an idle connection is still open, as far as one can
// tell: a machine that went away without a word cannot be seen here.
func (c *conn) alive() bool {
	if c.reader.Buffered() > 0 || c.net.SetReadDeadline(time.Now().Add(time.Millisecond)) != nil {
		return false
	}
	c.budget.N = 1
	_, err := c.reader.Peek(1)
	return kindOf(err) == KindTimeout // nothing to read, and no end either
}

func (c *conn) close() {
	if c.expiry != nil {
		c.expiry.Stop()
	}
	_ = c.net.Close()
}
