package site

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/timago/terraform-provider-timago/internal/foreign"
	"github.com/timago/terraform-provider-timago/internal/kms"
)

// Resolver looks up SRV records, as *net.Resolver does.
type Resolver interface {
	LookupSRV(ctx context.Context, service, protocol, name string) (canonical string, records []*net.SRV, err error)
}

// Dialer opens connections, as *net.Dialer does.
type Dialer interface {
	DialContext(ctx context.Context, network, address string) (net.Conn, error)
}

// Network is what every client sees of a KMS host before it asks. Its zero value looks
// with this machine's eyes, which need not be the stations'.
type Network struct {
	Resolver Resolver
	Dialer   Dialer
}

// Both are quick where all is well, and nothing waits for them where it is not.
const (
	lookupTimeout  = 5 * time.Second
	connectTimeout = 3 * time.Second
)

// Discover looks up the record _vlmcs._tcp of a domain. That there is none is an answer,
// no error.
func (n Network) Discover(ctx context.Context, domain string) (kms.Discovery, error) {
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	var resolver Resolver = net.DefaultResolver
	if n.Resolver != nil {
		resolver = n.Resolver
	}
	domain = strings.Trim(domain, ".")
	found := kms.Discovery{Name: "_vlmcs._tcp." + domain}
	// The final dot keeps this machine's search domains out.
	_, records, err := resolver.LookupSRV(ctx, "vlmcs", "tcp", domain+".")
	var trouble *net.DNSError
	if err != nil && len(records) == 0 && (!errors.As(err, &trouble) || !trouble.IsNotFound) {
		return kms.Discovery{}, fmt.Errorf("looking up %s: %w", found.Name, foreign.Error(err))
	}
	for _, r := range records {
		found.Records = append(found.Records, kms.ServiceRecord{
			Host: foreign.Line(strings.TrimSuffix(r.Target, ".")), Port: int(r.Port), Priority: int(r.Priority), Weight: int(r.Weight),
		})
	}
	return found, nil
}

// Connect opens a connection to a KMS port and closes it. Nothing is said over it.
func (n Network) Connect(ctx context.Context, host string, port int) error {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	var dialer Dialer = &net.Dialer{}
	if n.Dialer != nil {
		dialer = n.Dialer
	}
	conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(host, strconv.Itoa(port)))
	if err != nil {
		return fmt.Errorf("connecting to %s, port %d: %w", host, port, foreign.Error(err))
	}
	return conn.Close()
}

// Discover looks up which KMS hosts DNS names to the clients of a domain.
func (h Hosted) Discover(ctx context.Context, domain string) (kms.Discovery, error) {
	return Network{}.Discover(ctx, domain)
}

// Connect tries the KMS host's port.
func (h Hosted) Connect(ctx context.Context, port int) error {
	return Network{}.Connect(ctx, kms.HostOf(h.complete(h.name)), port)
}

// Domain is the DNS domain in which the site's clients look for their KMS host: the
// suffix of the site's names, else the KMS host's own domain; "" where neither is known.
func (h Hosted) Domain() string {
	if h.suffix != "" {
		return h.suffix
	}
	host := kms.HostOf(h.name)
	if kms.IsAddress(host) {
		return ""
	}
	_, domain, _ := strings.Cut(host, ".")
	return domain
}
