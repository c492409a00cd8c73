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
func (c Config) dialLimit() time.Duration { return max(3*time.Second, c.Timeout/10) }

// roundTripLimit is for the TLS handshake and for each round trip of an authentication,
// short exchanges all; a call that has less time gives them less.
func (c Config) roundTripLimit() time.Duration { return max(10*time.Second, c.Timeout/3) }

// dialer opens connections and, with TLS, verifies who answers: credentials
// are only ever sent over what it returns.
type dialer struct {
	tls            *tls.Config // nil: plain HTTP
	net            net.Dialer
	roundTripLimit time.Duration
	userAgent      string
}

func newDialer(config Config) (*dialer, error) {
	d := &dialer{
		net:            net.Dialer{Timeout: config.dialLimit(), KeepAlive: 15 * time.Second},
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

// dial opens a connection that has not been authenticated, for a call that has
// the given time.
func (d *dialer) dial(ctx context.Context, to target, limit time.Duration) (*conn, error) {
	raw, err := d.net.DialContext(ctx, "tcp", to.String())
	if err != nil {
		return nil, connectionError(ctx, to, err, false)
	}
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

// again puts a new connection in the place of one that the machine ended.
func (d *dialer) redial(ctx context.Context, c *conn) error {
	c.close()
	next, err := d.dial(ctx, c.to, c.roundTripLimit)
	if err == nil {
		*c = *next
	}
	return err
}
