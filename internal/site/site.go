// Package site is one view of a site: its stations, its KMS host, and what can be asked
// of them. It is the only place that knows how they are reached; the cycle and the
// resources see names.
package site

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
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
	HostWinRM    *winrm.Config  // the KMS host's own account; nil: the stations'
	HostSuffix   string         // with HostWinRM: what DomainSuffix is for the KMS host's name
	CountSource  CountSource    // "": CountAuto
	MaxAge       time.Duration  // of an answer to a station that stands for a count
	Inventory    string         // path of a Datenexport or CSV file, for direct mode; "" none
}

// Site is a school's site. Its methods name the machine in their errors and wrap the
// sentinels of package kms.
type Site struct {
	transports    []*winrm.Client
	machines      *windows.Client  // nil where Windows itself is not asked
	hostMachines  *windows.Client  // the same for the KMS host
	timago        *timago.Client   // nil in direct mode
	inventory     []Station        // what is known of stations in direct mode
	inventoryFile string           // where it was read; "" none
	lines         map[string][]int // of the file, by name as it is asked, in lower case
	places        map[string]int   // in inventory, by all that a station is called, in lower case
	oddities      *inventory.OddError
	suffix        string
	port          string // of stations whose name has none; "" where Windows is not asked
	hostSuffix    string // the same for the KMS host
	hostPort      string
	kmsHost       string
	source        CountSource
	maxAge        time.Duration
	addresses     sync.Map // of stations by name
	commands      atomic.Int64
}

// Open prepares a site. It reaches nothing yet.
func Open(config Config) (*Site, error) {
	s := &Site{
		suffix: strings.TrimPrefix(config.DomainSuffix, "."), kmsHost: config.KMSHost,
		source: cmp.Or(config.CountSource, CountAuto), maxAge: config.MaxAge,
	}
	var err error
	if s.machines, err = s.account(config.WinRM); err != nil {
		return nil, err
	}
	if len(s.transports) > 0 {
		s.port = strconv.Itoa(s.transports[0].Port())
	}
	s.hostMachines, s.hostSuffix, s.hostPort = s.machines, s.suffix, s.port
	if config.HostWinRM != nil {
		s.hostSuffix = strings.TrimPrefix(config.HostSuffix, ".")
		if s.hostMachines, err = s.account(config.HostWinRM); err != nil {
			return nil, fmt.Errorf("the KMS host's own account: %w", err)
		}
		s.hostPort = strconv.Itoa(s.transports[len(s.transports)-1].Port())
	}
	if config.Timago != nil {
		if s.timago, err = timago.New(*config.Timago); err != nil {
			return nil, err
		}
	}
	if config.Inventory != "" {
		table, err := inventory.ReadFile(config.Inventory)
		if errors.Is(err, fs.ErrNotExist) {
			err = &NoInventoryError{Err: err}
		}
		if err != nil {
			return nil, fmt.Errorf("inventory: %w", err)
		}
		s.list(config.Inventory, table)
	}
	return s, nil
}

// account prepares asking Windows with an account; nil gives nil.
func (s *Site) account(config *winrm.Config) (*windows.Client, error) {
	if config == nil {
		return nil, nil //nolint:nilnil // no account, no client
	}
	transport, err := winrm.NewClient(*config)
	if err != nil {
		return nil, err
	}
	s.transports = append(s.transports, transport)
	return windows.New(transport), nil
}

// Close ends every connection.
func (s *Site) Close() {
	for _, transport := range s.transports {
		transport.Close()
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

// address is where a station is asked. Timago or the inventory tells; else it is the name
// itself, completed by the domain suffix where it is a bare computer name.
func (s *Site) address(ctx context.Context, name string) (string, error) {
	if address, known := s.addresses.Load(name); known {
		return address.(string), nil //nolint:forcetypeassert // only strings are stored, below
	}
	station, err := s.Find(ctx, name)
	if err != nil {
		return "", err
	}
	address := s.complete(cmp.Or(station.Address, station.Name))
	s.addresses.Store(name, address)
	return address, nil
}

func (s *Site) complete(name string) string { return Complete(name, s.suffix) }

// Complete appends the domain suffix to a bare computer name, with or without a port.
func Complete(name, suffix string) string {
	suffix = strings.TrimPrefix(suffix, ".")
	if suffix == "" {
		return name
	}
	host, port, err := net.SplitHostPort(name)
	if err != nil {
		host, port = name, ""
	}
	if noPort := err == nil && port == ""; host == "" || noPort || strings.ContainsAny(host, ".:") || strings.EqualFold(host, "localhost") {
		return name
	}
	host += "." + suffix
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

// Station reads how long a station has been up and what Windows says of its licences.
func (s *Site) Station(ctx context.Context, station string) (kms.Station, error) {
	return ask(ctx, s, station, s.machines.Station)
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
	return s.commandStation(ctx, station, func(ctx context.Context, address string) error {
		return s.machines.Activate(ctx, address, licenceID)
	})
}

// Restart restarts a station; without force never one that somebody uses.
func (s *Site) Restart(ctx context.Context, station string, force bool) error {
	return s.commandStation(ctx, station, func(ctx context.Context, address string) error {
		return s.machines.Restart(ctx, address, force)
	})
}

// Commands grows with everything that a station is told, when that begins and when it ends:
// what was read before may no longer be so.
func (s *Site) Commands() int64 { return s.commands.Load() }

// commanding counts a command; the returned function ends it.
func (s *Site) commanding() (end func()) {
	s.commands.Add(1)
	return func() { s.commands.Add(1) }
}

func (s *Site) commandStation(ctx context.Context, station string, command func(ctx context.Context, address string) error) error {
	defer s.commanding()()
	_, err := ask(ctx, s, station, func(ctx context.Context, address string) (struct{}, error) {
		return struct{}{}, command(ctx, address)
	})
	return err
}

func named(noun, name string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s %s: %w", noun, name, err)
}
