package winrm

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/timago/terraform-provider-timago/internal/winrm/kerberos"
	"github.com/timago/terraform-provider-timago/internal/winrm/ntlm"
)

// Auth is a kind of authentication.
type Auth string

const (
	// AuthNTLM proves the account per connection; without TLS it also seals
	// every message.
	AuthNTLM Auth = "ntlm"
	// AuthBasic sends the password with every request.
	AuthBasic Auth = "basic"
	// AuthKerberos proves the account to a KDC, and account and machine to each
	// other per connection; without TLS it also seals every message.
	AuthKerberos Auth = "kerberos"
)

// Config is one account and the way to the machines that it is for.
type Config struct {
	// Username: DOMAIN\user, user@domain or user. Only AuthKerberos may leave
	// one of them or both out.
	Username, Password string
	Auth               Auth // "": AuthNTLM
	UseTLS             bool
	Port               int // 0: 5985, with TLS 5986

	CACertificate []byte // PEM, nil: the system's roots
	TLSServerName string // "": the host of the address
	// CertificateFingerprints are SHA-256 in hex, colons allowed. A certificate
	// that is pinned needs no chain and no name; any other is refused.
	CertificateFingerprints []string
	InsecureSkipVerify      bool
	AllowUnencrypted        bool // allows Basic without TLS

	Kerberos KerberosConfig // with AuthKerberos

	Timeout     time.Duration // of one request; connecting has a tenth of it and at least 3 s. 0: 30 s
	MaxParallel int           // connections in use over all machines. 0: 32

	UserAgent string // "": terraform-provider-timago

	// Log, if set, is given every request. It never gets credentials,
	// headers or bodies.
	Log func(ctx context.Context, message string, fields map[string]any)

	// Observe, if set, is shown every message that was answered, from any goroutine.
	Observe func(Exchange)
}

// String keeps the password out of whatever prints a Config.
func (c Config) String() string {
	return fmt.Sprintf("winrm.Config{Username: %q, Auth: %q, UseTLS: %t}", c.Username, c.Auth, c.UseTLS)
}

// GoString does for %#v what String does for %v.
func (c Config) GoString() string { return c.String() }

// ErrUnencrypted refuses a configuration that would send the password in the
// clear.
var ErrUnencrypted = errors.New("basic authentication without TLS sends the password in the clear: use TLS or NTLM, or allow unencrypted traffic explicitly")

// ErrClosed is what calls get after Close.
var ErrClosed = errors.New("the WinRM client is closed")

const (
	defaultTimeout     = 30 * time.Second
	defaultMaxParallel = 32
	defaultPort        = 5985
	defaultTLSPort     = 5986
)

// Client asks any number of machines with one account. It is safe for
// concurrent use.
type Client struct {
	config      Config
	scheme      string
	now         func() time.Time
	account     account
	ntlmAccount ntlm.Account // with AuthNTLM
	proof       *proof
	tickets     *kerberos.Tickets // with AuthKerberos
	pool        *pool
	parallel    chan struct{} // one element per request, or visit, under way
	waiting     chan struct{} // one per slow dial that has lent its place
}

// NewClient checks the configuration; it connects to nothing.
func NewClient(config Config) (*Client, error) {
	if config.Auth == "" {
		config.Auth = AuthNTLM
	}
	switch config.Auth {
	case AuthNTLM, AuthBasic, AuthKerberos:
	default:
		return nil, fmt.Errorf("unknown WinRM authentication %q: use %q, %q or %q", config.Auth, AuthNTLM, AuthBasic, AuthKerberos)
	}
	if config.Auth != AuthKerberos && (config.Username == "" || config.Password == "") {
		return nil, errors.New("WinRM needs a user name and a password")
	}
	if config.Auth == AuthBasic && !config.UseTLS && !config.AllowUnencrypted {
		return nil, ErrUnencrypted
	}
	if config.Port < 0 || config.Port > 65535 {
		return nil, fmt.Errorf("%d is not a port", config.Port)
	}
	scheme, port := "http", defaultPort
	if config.UseTLS {
		scheme, port = "https", defaultTLSPort
	}
	if config.Port == 0 {
		config.Port = port
	}
	if config.Timeout <= 0 {
		config.Timeout = defaultTimeout
	}
	if config.MaxParallel <= 0 {
		config.MaxParallel = defaultMaxParallel
	}
	account := accountOf(config)
	client := &Client{config: config, scheme: scheme, now: time.Now, parallel: make(chan struct{}, config.MaxParallel), waiting: make(chan struct{}, slowDials)}
	client.config.Password = "" // only account has it from here on
	if config.Auth == AuthKerberos {
		var err error
		if client.tickets, err = kerberos.Open(config.Kerberos, kerberos.Account{Domain: account.domain, User: account.user, Password: account.password}, kerberos.Environment{
			Network: kdcNetwork{dialLimit: config.dialLimit(), roundTripLimit: config.roundTripLimit()},
			Now:     func() time.Time { return client.now() },
			Log:     config.Log,
		}); err != nil {
			return nil, err
		}
		account.name = client.tickets.Principal()
	}
	if config.Auth == AuthNTLM {
		client.ntlmAccount = ntlm.Account{Domain: account.domain, User: account.user, Password: account.password}.Prepared()
	}
	client.account, client.proof = account, newProof(account)
	dialer, err := newDialer(config)
	if err != nil {
		return nil, err
	}
	client.pool = newPool(dialer)
	return client, nil
}

// Port is the one that a machine is asked at where its address names none.
func (c *Client) Port() int { return c.config.Port }

// Close closes every idle connection, and those in use as soon as their
// requests end. Later calls fail.
func (c *Client) Close() { c.pool.close() }

// An Option changes one call.
type Option func(*options)

type options struct {
	fresh         bool
	countsAsProof bool
	timeout       time.Duration
}

// FreshConnection makes the call a probe: it opens a connection, since one from
// before a restart may hang half-open for minutes, and closes the idle ones to
// that machine for the same reason.
func FreshConnection() Option { return func(o *options) { o.fresh = true } }

// Timeout replaces Config.Timeout for the call. A method that takes longer
// than 60 s can be waited for only as long as the machine keeps the request.
func Timeout(d time.Duration) Option {
	return func(o *options) {
		if d > 0 {
			o.timeout = d
		}
	}
}

// NotProof marks a call to a machine that may well refuse the account, such as
// a KMS host that has other administrators: what that machine says about the
// account is kept for that machine alone, and proves or stops nothing elsewhere.
func NotProof() Option { return func(o *options) { o.countsAsProof = false } }

func (c *Client) options(opts []Option) options {
	o := options{countsAsProof: true, timeout: c.config.Timeout}
	for _, opt := range opts {
		opt(&o)
	}
	return o
}
