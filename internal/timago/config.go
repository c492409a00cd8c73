package timago

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// Config says where the interface is and how it is asked.
type Config struct {
	Endpoint           string // https://host[:port][/path], with or without /api/v1
	Token              string
	CACertificate      []byte        // PEM, nil: the system's roots
	InsecureSkipVerify bool          // takes any certificate
	RequestTimeout     time.Duration // of one attempt, its answer included. 0: 30 s
	MaxRetries         int           // attempts after the first; 0: none
	RetryWait          time.Duration // before the first retry, doubled with each. 0: 1 s

	UserAgent string // "": terraform-provider-timago

	// Log, if set, is given every attempt. It never gets the token, headers or bodies.
	Log func(ctx context.Context, message string, fields map[string]any)
}

// String keeps the token out of whatever prints a Config.
func (c Config) String() string {
	return fmt.Sprintf("timago.Config{Endpoint: %q}", withoutUser(c.Endpoint))
}

// GoString does for %#v what String does for %v.
func (c Config) GoString() string { return c.String() }

const (
	basePath              = "/api/v1"
	defaultRequestTimeout = 30 * time.Second
	defaultRetryWait      = time.Second
	// maxRetryWait bounds every pause, also the one that a server asks for.
	maxRetryWait = 60 * time.Second
)

// ConfigError is a setting that cannot work.
type ConfigError struct {
	Setting string // the provider's attribute
	Problem string
	Err     error
}

func (e *ConfigError) Error() string {
	if e.Err != nil {
		return e.Setting + " " + e.Problem + ": " + e.Err.Error()
	}
	return e.Setting + " " + e.Problem
}

func (e *ConfigError) Unwrap() error { return e.Err }

// New prepares a client. It asks nothing yet; the errors are of the configuration.
func New(config Config) (*Client, error) {
	roots, err := rootsOf(config.CACertificate)
	if err != nil {
		return nil, err
	}
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	return newClient(config, &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         dialer.DialContext,
		ForceAttemptHTTP2:   true,
		MaxIdleConnsPerHost: 16,
		IdleConnTimeout:     30 * time.Second,
		TLSHandshakeTimeout: 10 * time.Second,

		MaxResponseHeaderBytes: 64 << 10,
		TLSClientConfig: &tls.Config{
			MinVersion:         tls.VersionTLS12,
			RootCAs:            roots,
			InsecureSkipVerify: config.InsecureSkipVerify, //nolint:gosec // the user's explicit choice, off by default
		},
	})
}

func newClient(config Config, network http.RoundTripper) (*Client, error) {
	endpoint, err := endpointOf(config.Endpoint)
	if err != nil {
		return nil, err
	}
	token := strings.TrimSpace(config.Token)
	switch {
	case token == "":
		return nil, &ConfigError{Setting: "token", Problem: "is missing: set it, or the environment variable TIMAGO_TOKEN"}
	case strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }):
		return nil, &ConfigError{Setting: "token", Problem: "has characters that no bearer token can have (spaces, line breaks or such)"}
	}
	if config.RequestTimeout == 0 {
		config.RequestTimeout = defaultRequestTimeout
	}
	if config.RetryWait == 0 {
		config.RetryWait = defaultRetryWait
	}
	if config.Log == nil {
		config.Log = func(context.Context, string, map[string]any) {}
	}

	way := &attempt{network: network, token: token, userAgent: cmp.Or(config.UserAgent, "terraform-provider-timago"), timeout: config.RequestTimeout, log: config.Log}
	repeats := &retryablehttp.Client{
		HTTPClient:   &http.Client{Transport: way, CheckRedirect: stay},
		RetryWaitMin: min(config.RetryWait, maxRetryWait),
		RetryWaitMax: maxRetryWait,
		RetryMax:     config.MaxRetries,
		CheckRetry:   shouldRetry,
		Backoff:      pause(rand.Float64),
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}
	c := &Client{
		endpoint: endpoint, sender: &sender{repeats: repeats, endpoint: endpoint}, again: repeats.RetryWaitMin,
		listTimeout: listTimeouts * config.RequestTimeout, longLists: make(chan struct{}, maxLongLists),
		close: repeats.HTTPClient.CloseIdleConnections,
	}
	c.reads, c.commands = newReads(c), newCommands(c)
	return c, nil
}

// stay keeps the client from following redirects, so that the token reaches nobody else.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

func endpointOf(text string) (*url.URL, error) {
	problem := func(text string) error { return &ConfigError{Setting: "endpoint", Problem: text} }
	endpoint, err := url.Parse(strings.TrimSpace(text))
	switch {
	case err != nil: // its text may hold a password
		return nil, problem("is no URL: expected https://host")
	case endpoint.User != nil:
		return nil, problem("must not hold a user or password: the interface takes a token")
	case endpoint.Hostname() == "" || endpoint.Scheme != "https" && endpoint.Scheme != "http":
		return nil, problem("is no URL of a server: expected https://host")
	case endpoint.RawQuery != "" || endpoint.Fragment != "":
		return nil, problem("must not hold a query or fragment")
	case endpoint.Scheme == "http" && !loopback(endpoint.Hostname()):
		return nil, problem("is plain http, which would send the token in the clear: use https (http is taken for this machine only)")
	}
	path := strings.TrimSuffix(strings.TrimRight(endpoint.Path, "/"), basePath)
	return &url.URL{Scheme: endpoint.Scheme, Host: endpoint.Host, Path: path + basePath}, nil
}

func loopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return err == nil && address.IsLoopback() || strings.EqualFold(host, "localhost")
}

func withoutUser(endpoint string) string {
	parsed, err := url.Parse(endpoint)
	if err != nil {
		return ""
	}
	parsed.User = nil
	return parsed.String()
}

func rootsOf(pem []byte) (*x509.CertPool, error) {
	if len(pem) == 0 {
		return nil, nil //nolint:nilnil // nil roots are the system's, as crypto/tls has it
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, &ConfigError{Setting: "ca_certificate", Problem: "cannot be read", Err: errors.New("no certificate in PEM form in it")}
	}
	return roots, nil
}
