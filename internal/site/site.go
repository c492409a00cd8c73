// Package site is one view of a site: its stations, its KMS host, and what can be asked
// of them. It is the only place that knows how they are reached; the cycle and the
// resources see names.
package site

import (
	"context"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/windows"
	"github.com/timago/terraform-provider-timago/internal/winrm"
)

// Config says how a site is reached.
type Config struct {
	WinRM        winrm.Config
	DomainSuffix string // appended to names without a dot; "" leaves them as they are
	KMSHost      string // the default KMS host, with ":port" where its WinRM port differs; "" none
}

// Site is a site in direct mode: everything is asked of Windows itself. Its methods
// name the machine in their errors and wrap the sentinels of package kms.
type Site struct {
	transport *winrm.Client
	machines  *windows.Client
	suffix    string
	kmsHost   string
}

// Open prepares a site. It reaches nothing yet.
func Open(config Config) (*Site, error) {
	transport, err := winrm.NewClient(config.WinRM)
	if err != nil {
		return nil, err
	}
	return &Site{
		transport: transport,
		machines:  windows.New(transport),
		suffix:    strings.TrimPrefix(config.DomainSuffix, "."),
		kmsHost:   config.KMSHost,
	}, nil
}

// Close ends every connection.
func (s *Site) Close() { s.transport.Close() }

// KMSHost is the site's default KMS host; "" where none is configured.
func (s *Site) KMSHost() string { return s.kmsHost }

// address is where a name is asked: the name itself, completed by the domain suffix
// where it is a bare computer name.
func (s *Site) address(name string) string {
	host, port, err := net.SplitHostPort(name)
	if err != nil {
		host, port = name, ""
	}
	if s.suffix == "" || strings.ContainsAny(host, ".:") || strings.EqualFold(host, "localhost") {
		return name
	}
	host += "." + s.suffix
	if port != "" {
		return net.JoinHostPort(host, port)
	}
	return host
}

// Probe reads a station's uptime alone, over a fresh connection.
func (s *Site) Probe(ctx context.Context, station string) (kms.Uptime, error) {
	uptime, err := s.machines.Probe(ctx, s.address(station))
	return uptime, named("station", station, err)
}

// Presence reads who uses a station.
func (s *Site) Presence(ctx context.Context, station string) (kms.Presence, error) {
	presence, err := s.machines.Presence(ctx, s.address(station))
	return presence, named("station", station, err)
}

// Licensing reads what Windows says of its licences.
func (s *Site) Licensing(ctx context.Context, station string) (kms.Licensing, error) {
	licensing, err := s.machines.Licensing(ctx, s.address(station))
	return licensing, named("station", station, err)
}

// Requests reads what a station asked the KMS host since a moment of its own clock.
func (s *Site) Requests(ctx context.Context, station string, since time.Time) ([]kms.Exchange, error) {
	requests, err := s.machines.Requests(ctx, s.address(station), since)
	return requests, named("station", station, err)
}

// Activate asks an unlicensed product with a KMS client key to activate.
func (s *Site) Activate(ctx context.Context, station, licenceID string) error {
	return named("station", station, s.machines.Activate(ctx, s.address(station), licenceID))
}

// Restart restarts a station; without force never one that somebody uses.
func (s *Site) Restart(ctx context.Context, station string, force bool) error {
	return named("station", station, s.machines.Restart(ctx, s.address(station), force))
}

// At gives the site with the KMS host that counts for a pool.
func (s *Site) At(kmsHost string) Hosted { return Hosted{Site: s, name: kmsHost} }

// Hosted is a site as one pool sees it.
type Hosted struct {
	*Site
	name string
}

// Host reads the KMS host's counts.
func (h Hosted) Host(ctx context.Context) (kms.Host, error) {
	host, err := h.machines.Host(ctx, h.address(h.name))
	return host, named("KMS host", h.name, err)
}

// Counted reads what the KMS host counted since a moment of its own clock; the zero
// moment means as long as a count lasts.
func (h Hosted) Counted(ctx context.Context, since time.Time) ([]kms.Counted, error) {
	counted, err := h.machines.Counted(ctx, h.address(h.name), since)
	return counted, named("KMS host", h.name, err)
}

func named(noun, name string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s %s: %w", noun, name, err)
}
