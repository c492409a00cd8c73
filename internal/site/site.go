// Package site is one view of a site: its stations, its KMS host, and what can be asked
// of them. It is the only place that knows how they are reached; the cycle and the
// resources see names.
package site

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/timago/terraform-provider-timago/internal/inventory"
	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/timago"
	"github.com/timago/terraform-provider-timago/internal/windows"
	"github.com/timago/terraform-provider-timago/internal/winrm"
)

// Config says how a site is reached. At least one of WinRM and Timago is set.
type Config struct {
	WinRM        *winrm.Config  // nil: Windows itself is not asked
	Timago       *timago.Config // nil: direct mode
	DomainSuffix string         // appended to names without a dot; "" leaves them as they are
	KMSHost      string         // the default KMS host, with ":port" where its WinRM port differs; "" none
	Inventory    string         // path of a Datenexport or CSV file, for direct mode; "" none
}

// Site is a school's site. Its methods name the machine in their errors and wrap the
// sentinels of package kms.
type Site struct {
	transport *winrm.Client
	machines  *windows.Client // nil where Windows itself is not asked
	timago    *timago.Client  // nil in direct mode
	inventory []Station       // what is known of stations in direct mode
	suffix    string
	kmsHost   string
	addresses sync.Map // of stations by name, as Timago told them
}

// Open prepares a site. It reaches nothing yet.
func Open(config Config) (*Site, error) {
	s := &Site{suffix: strings.TrimPrefix(config.DomainSuffix, "."), kmsHost: config.KMSHost}
	var err error
	if config.WinRM != nil {
		if s.transport, err = winrm.NewClient(*config.WinRM); err != nil {
			return nil, err
		}
		s.machines = windows.New(s.transport)
	}
	if config.Timago != nil {
		if s.timago, err = timago.New(*config.Timago); err != nil {
			return nil, err
		}
	}
	if config.Inventory != "" {
		table, err := inventory.ReadFile(config.Inventory)
		if err != nil {
			return nil, fmt.Errorf("inventory: %w", err)
		}
		s.inventory = listing(table)
	}
	return s, nil
}

// Close ends every connection.
func (s *Site) Close() {
	if s.transport != nil {
		s.transport.Close()
	}
	if s.timago != nil {
		s.timago.Close()
	}
}

// KMSHost is the site's default KMS host; "" where none is configured.
func (s *Site) KMSHost() string { return s.kmsHost }

// NoWinRMError: Windows itself was to be asked, and no account for that is configured.
type NoWinRMError struct{}

func (*NoWinRMError) Error() string {
	return "Windows itself cannot be asked: the provider has no winrm configuration"
}

// Advice says what to set.
func (*NoWinRMError) Advice() string {
	return "Set winrm in the provider block: counts, licences and restarts are read and made over WinRM."
}

// address is where a station is asked. In API mode Timago tells; else it is the name
// itself, completed by the domain suffix where it is a bare computer name.
func (s *Site) address(ctx context.Context, name string) (string, error) {
	if s.timago == nil {
		if listed, known := s.Listed(name); known {
			name = cmp.Or(listed.Address, listed.Name)
		}
		return s.complete(name), nil
	}
	if told, known := s.addresses.Load(name); known {
		return told.(string), nil //nolint:forcetypeassert // only strings are stored, below
	}
	station, err := s.timago.Station(ctx, name)
	if err != nil {
		return "", err
	}
	address := s.complete(cmp.Or(station.Address, station.Name))
	s.addresses.Store(name, address)
	return address, nil
}

func (s *Site) complete(name string) string {
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

// ask asks a station.
func ask[T any](ctx context.Context, s *Site, station string, question func(ctx context.Context, address string) (T, error)) (T, error) {
	var none T
	if s.machines == nil {
		return none, named("station", station, &NoWinRMError{})
	}
	address, err := s.address(ctx, station)
	if err != nil {
		return none, named("station", station, err)
	}
	answer, err := question(ctx, address)
	return answer, named("station", station, err)
}

// Probe reads a station's uptime alone, over a fresh connection.
func (s *Site) Probe(ctx context.Context, station string) (kms.Uptime, error) {
	return ask(ctx, s, station, s.machines.Probe)
}

// Presence reads who uses a station.
func (s *Site) Presence(ctx context.Context, station string) (kms.Presence, error) {
	return ask(ctx, s, station, s.machines.Presence)
}

// Licensing reads what Windows says of its licences.
func (s *Site) Licensing(ctx context.Context, station string) (kms.Licensing, error) {
	return ask(ctx, s, station, s.machines.Licensing)
}

// Requests reads what a station asked the KMS host since a moment of its own clock.
func (s *Site) Requests(ctx context.Context, station string, since time.Time) ([]kms.Exchange, error) {
	return ask(ctx, s, station, func(ctx context.Context, address string) ([]kms.Exchange, error) {
		return s.machines.Requests(ctx, address, since)
	})
}

// Activate asks an unlicensed product with a KMS client key to activate.
func (s *Site) Activate(ctx context.Context, station, licenceID string) error {
	return s.tell(ctx, station, func(ctx context.Context, address string) error {
		return s.machines.Activate(ctx, address, licenceID)
	})
}

// Restart restarts a station; without force never one that somebody uses.
func (s *Site) Restart(ctx context.Context, station string, force bool) error {
	return s.tell(ctx, station, func(ctx context.Context, address string) error {
		return s.machines.Restart(ctx, address, force)
	})
}

func (s *Site) tell(ctx context.Context, station string, command func(ctx context.Context, address string) error) error {
	_, err := ask(ctx, s, station, func(ctx context.Context, address string) (struct{}, error) {
		return struct{}{}, command(ctx, address)
	})
	return err
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
	if h.machines == nil {
		return kms.Host{}, named("KMS host", h.name, &NoWinRMError{})
	}
	host, err := h.machines.Host(ctx, h.complete(h.name))
	return host, named("KMS host", h.name, err)
}

// Counted reads what the KMS host counted since a moment of its own clock; the zero
// moment means as long as a count lasts.
func (h Hosted) Counted(ctx context.Context, since time.Time) ([]kms.Counted, error) {
	if h.machines == nil {
		return nil, named("KMS host", h.name, &NoWinRMError{})
	}
	counted, err := h.machines.Counted(ctx, h.complete(h.name), since)
	return counted, named("KMS host", h.name, err)
}

func named(noun, name string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s %s: %w", noun, name, err)
}
