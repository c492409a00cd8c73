package winrm

import (
	"bufio"
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/timago/terraform-provider-timago/internal/foreign"
)

// dialLimit is for the connection alone: a station that is off must not hold up the
// others, and a slow way, for which Timeout was raised, or a slow machine here gets more.
func (c Config) dialLimit() time.Duration { return max(leastDial, c.Timeout/10) }

const leastDial = 3 * time.Second

// roundTripLimit is for the TLS handshake and for each round trip of an authentication,
// short exchanges all; a call that has less time gives them less.
func (c Config) roundTripLimit() time.Duration { return max(10*time.Second, c.Timeout/3) }

// dialer opens connections and, with TLS, verifies who answers: credentials
// are only ever sent over what it returns.
type dialer struct {
	tls            *tls.Config // nil: plain HTTP
	dialTCP        func(ctx context.Context, network, address string) (net.Conn, error)
	makeRoom       func() // closes what is open and not used
	roundTripLimit time.Duration
	userAgent      string
}

func newDialer(config Config) (*dialer, error) {
	d := &dialer{
		dialTCP:        (&net.Dialer{Timeout: config.dialLimit(), KeepAlive: -1}).DialContext, // every call has an end of its own
		roundTripLimit: config.roundTripLimit(), userAgent: cmp.Or(config.UserAgent, "terraform-provider-timago"),
	}
	if !config.UseTLS {
		return d, nil
	}
	d.tls = &tls.Config{
		MinVersion:         tls.VersionTLS12,
		ServerName:         config.TLSServerName,
		InsecureSkipVerify: config.InsecureSkipVerify, //nolint:gosec // the user's explicit choice
	}
	if len(config.CACertificate) > 0 {
		d.tls.RootCAs = x509.NewCertPool()
		if !d.tls.RootCAs.AppendCertsFromPEM(config.CACertificate) {
			return nil, errors.New("the WinRM CA certificate holds no certificate in PEM form")
		}
	}
	if len(config.CertificateFingerprints) == 0 {
		return d, nil
	}
	pins := make([]string, 0, len(config.CertificateFingerprints))
	for _, fingerprint := range config.CertificateFingerprints {
		pin := strings.ToLower(strings.NewReplacer(":", "", "-", "", " ", "").Replace(foreign.Line(fingerprint)))
		if sum, err := hex.DecodeString(pin); err != nil || len(sum) != sha256.Size {
			return nil, fmt.Errorf("%q is not a SHA-256 fingerprint: 64 hex digits are needed", fingerprint)
		}
		pins = append(pins, pin)
	}
	// The pin replaces the check of chain and name; it is made in its place.
	d.tls.InsecureSkipVerify = true
	d.tls.VerifyConnection = func(state tls.ConnectionState) error {
		sum := sha256.Sum256(state.PeerCertificates[0].Raw)
		if found := hex.EncodeToString(sum[:]); !slices.Contains(pins, found) {
			return fmt.Errorf("its certificate has the SHA-256 fingerprint %s, which is not pinned", found)
		}
		return nil
	}
	return d, nil
}

// dial opens a connection that has not been authenticated, for a call that has the given
// time. What this machine is short of, files or ports, is waited out as long: that says
// nothing of the machine that is dialled.
func (d *dialer) dial(ctx context.Context, p *place, limit time.Duration) (*conn, error) {
	start := time.Now()
	for backoff := firstBackoff; ; backoff = min(2*backoff, lastBackoff) {
		if err := p.take(ctx); err != nil {
			return nil, err
		}
		raw, err := d.dialLending(ctx, p)
		if err == nil {
			return d.secure(ctx, p.to, raw, limit)
		}
		shortage, is := errors.AsType[*Shortage](err)
		if !is {
			return nil, err
		}
		d.makeRoom()
		pause := spread(backoff)
		switch {
		case time.Since(start)+pause <= limit && sleep(ctx, pause):
		case errors.Is(ctx.Err(), context.Canceled):
			return nil, connectionError(ctx, p.to, ctx.Err(), false)
		default:
			return nil, shortage
		}
	}
}

// dialLending dials, and lets another request have the place while nothing answers.
func (d *dialer) dialLending(ctx context.Context, p *place) (net.Conn, error) {
	var raw net.Conn
	var err error
	end := p.lend(func() { raw, err = d.raw(ctx, p.to) })
	defer end()
	if err == nil {
		if err = p.take(ctx); err != nil {
			_ = raw.Close()
		}
	}
	return raw, err
}

func (d *dialer) raw(ctx context.Context, to target) (net.Conn, error) {
	raw, err := d.dialTCP(ctx, "tcp", to.String())
	switch {
	case err == nil:
		return raw, nil
	case isShortage(err):
		return nil, &Shortage{Address: to.String(), Err: err}
	}
	return nil, connectionError(ctx, to, err, false)
}

// secure makes a connection of what was dialled.
func (d *dialer) secure(ctx context.Context, to target, raw net.Conn, limit time.Duration) (*conn, error) {
	c := &conn{to: to, net: raw, userAgent: d.userAgent, born: time.Now(), roundTripLimit: min(limit, d.roundTripLimit)}
	if d.tls != nil {
		config := d.tls.Clone()
		if config.ServerName == "" {
			config.ServerName = to.host
		}
		secure := tls.Client(raw, config)
		limited, cancel := context.WithTimeout(ctx, c.roundTripLimit)
		defer cancel()
		if err := secure.HandshakeContext(limited); err != nil {
			_ = raw.Close()
			return nil, handshakeError(ctx, to, err)
		}
		c.net = secure
		c.certificate = secure.ConnectionState().PeerCertificates[0]
	}
	c.budget = &io.LimitedReader{R: c.net}
	c.reader = bufio.NewReader(c.budget)
	c.writer = bufio.NewWriter(c.net)
	return c, nil
}

// redial puts a new connection in the place of one that the machine ended. It lends its
// place to nobody: others may wait for what this call is about to learn of the account.
func (d *dialer) redial(ctx context.Context, c *conn) error {
	c.close()
	raw, err := d.raw(ctx, c.to)
	if err != nil {
		return err
	}
	next, err := d.secure(ctx, c.to, raw, c.roundTripLimit)
	if err == nil {
		*c = *next
	}
	return err
}
