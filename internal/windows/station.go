package windows

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/timago/terraform-provider-timago/internal/foreign"
	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/winrm"
)

const (
	queryUptime   = "SELECT LastBootUpTime, LocalDateTime FROM Win32_OperatingSystem"
	querySystem   = "SELECT CSName, LastBootUpTime, LocalDateTime FROM Win32_OperatingSystem"
	queryConsole  = "SELECT Name, UserName FROM Win32_ComputerSystem"
	queryDesktops = "SELECT SessionId FROM Win32_Process WHERE Name = 'explorer.exe'"
	queryService  = "SELECT ClientMachineID, KeyManagementServiceMachine, KeyManagementServicePort, " +
		"DiscoveredKeyManagementServiceMachineName, DiscoveredKeyManagementServiceMachinePort FROM SoftwareLicensingService"
)

// Probe reads the uptime alone, in one query over a connection of its own: one that
// was open before a restart may hang half-open for minutes.
func (c *Client) Probe(ctx context.Context, address string) (kms.Uptime, error) {
	return c.uptime(ctx, address, winrm.FreshConnection(), winrm.Timeout(probeTimeout))
}

// probeTimeout bounds a probe: a machine that is up answers this in a moment.
const probeTimeout = 10 * time.Second

func (c *Client) uptime(ctx context.Context, address string, options ...winrm.Option) (kms.Uptime, error) {
	system, err := c.one(ctx, address, queryUptime, options...)
	if err != nil {
		return kms.Uptime{}, err
	}
	return c.uptimeOf(address, system)
}

func (c *Client) uptimeOf(address string, system winrm.Instance) (kms.Uptime, error) {
	boot, booted := system.Time("LastBootUpTime")
	now, known := system.Time("LocalDateTime")
	if !booted || !known {
		return kms.Uptime{}, fmt.Errorf("its start time is missing: %w", kms.ErrNotYet)
	}
	uptime := kms.Uptime{Now: now, Boot: boot}
	c.uptimes.Store(address, uptime)
	return uptime, nil
}

// Station reads what a station's state needs, in three queries over one connection: how
// long it has been up, and what Windows says of its licences.
func (c *Client) Station(ctx context.Context, address string) (kms.Station, error) {
	var station kms.Station
	err := c.transport.Visit(ctx, address, func(ctx context.Context) error {
		system, err := c.one(ctx, address, querySystem)
		if err != nil {
			return err
		}
		station.Name = text(system, "CSName")
		if station.Uptime, err = c.uptimeOf(address, system); err != nil {
			return err
		}
		station.At = time.Now()
		station.Licensing, err = c.licensing(ctx, address)
		return err
	})
	return station, classifyOnce(err)
}

// Presence reads who uses a station and how long it has been up, in three queries over one
// connection.
func (c *Client) Presence(ctx context.Context, address string) (kms.Presence, error) {
	var presence kms.Presence
	err := c.transport.Visit(ctx, address, func(ctx context.Context) (err error) {
		if presence.Uptime, err = c.uptime(ctx, address); err != nil {
			return err
		}
		computer, err := c.one(ctx, address, queryConsole)
		if err != nil {
			return err
		}
		presence.Name, presence.User = text(computer, "Name"), text(computer, "UserName")
		explorers, err := c.transport.Query(ctx, address, queryDesktops)
		presence.Desktops = sessions(explorers)
		return err
	})
	return presence, classifyOnce(err)
}

// sessions counts those that show a desktop, remote ones too: each runs an explorer, and
// one more for each window that its user has set to be a process of its own.
func sessions(explorers []winrm.Instance) int {
	seen, unnamed := map[uint32]bool{}, 0
	for _, explorer := range explorers {
		if session, known := explorer.Uint32("SessionId"); known {
			seen[session] = true
		} else {
			unnamed = 1 // somebody is there, whatever the session
		}
	}
	return max(len(seen), unnamed)
}

// Licensing reads the client machine id, the KMS host in use and the products that
// have a key, in two queries over one connection.
func (c *Client) Licensing(ctx context.Context, address string) (licensing kms.Licensing, err error) {
	err = c.transport.Visit(ctx, address, func(ctx context.Context) error {
		licensing, err = c.licensing(ctx, address)
		return err
	})
	return licensing, classifyOnce(err)
}

func (c *Client) licensing(ctx context.Context, address string) (kms.Licensing, error) {
	service, err := c.one(ctx, address, queryService)
	if err != nil {
		return kms.Licensing{}, err
	}
	id, _ := service.String("ClientMachineID")
	licensing := kms.Licensing{CMID: kms.ParseCMID(id)}
	licensing.KMSHost, licensing.KMSPort, licensing.KMSFound = hostInUse(service)
	instances, err := c.products(ctx, address, clientProperties, "")
	if err != nil {
		return kms.Licensing{}, err
	}
	for _, instance := range instances {
		licence, counted, err := licenceOf(instance)
		if err != nil {
			return kms.Licensing{}, err
		}
		if !counted {
			continue
		}
		licensing.Licences = append(licensing.Licences, licence)
		if licensing.KMSHost == "" && licence.Product == kms.Windows {
			// Where nobody set a host, the one that was discovered is noted here, as
			// slmgr reads it, and not with the service.
			licensing.KMSHost, licensing.KMSPort, licensing.KMSFound = hostInUse(instance)
		}
	}
	return licensing, nil
}

// defaultKMSPort is meant where Windows reports port 0.
const defaultKMSPort = 1688

// hostInUse is the KMS host that was set, else the one that was discovered, then found.
func hostInUse(i winrm.Instance) (host string, port int, found bool) {
	for n, names := range [][2]string{
		{"KeyManagementServiceMachine", "KeyManagementServicePort"},
		{"DiscoveredKeyManagementServiceMachineName", "DiscoveredKeyManagementServiceMachinePort"},
	} {
		if host := text(i, names[0]); host != "" {
			if port, known := number(i, names[1]); known && *port != 0 {
				return host, *port, n > 0
			}
			return host, defaultKMSPort, n > 0
		}
	}
	return "", 0, false
}

// Properties of SoftwareLicensingProduct. PartialProductKey is only filtered by, never
// read; the class's other properties are never asked for.
var (
	productProperties = []string{
		"ID", "ApplicationID", "Name", "Description", "LicenseIsAddon", "LicenseStatus", "LicenseStatusReason",
	}
	clientProperties = append(slices.Clip(productProperties),
		"GracePeriodRemaining", "VLActivationType",
		"KeyManagementServiceMachine", "KeyManagementServicePort",
		"DiscoveredKeyManagementServiceMachineName", "DiscoveredKeyManagementServiceMachinePort")
)

// propertyChannel came with Windows 8; a SELECT that names it fails whole before.
const propertyChannel = "ProductKeyChannel"

// licensingTimeout: the class can take seconds and starts a service on first use.
const licensingTimeout = 60 * time.Second

func queryProducts(list, and string) string {
	return "SELECT " + list + " FROM SoftwareLicensingProduct WHERE PartialProductKey IS NOT NULL" + and
}

// products asks for the products with a key; hundreds have none.
func (c *Client) products(ctx context.Context, address string, properties []string, and string) ([]winrm.Instance, error) {
	instances, err := c.transport.Query(ctx, address, queryProducts(withChannel(properties), and), winrm.Timeout(licensingTimeout))
	if winrm.IsUnknownClass(err) {
		instances, err = c.transport.Query(ctx, address, queryProducts(strings.Join(properties, ", "), and), winrm.Timeout(licensingTimeout))
	}
	if err != nil {
		return nil, classify(err)
	}
	return instances, nil
}

// licenceOf reads one product; false for add-ons and for what no KMS host counts.
func licenceOf(i winrm.Instance) (kms.Licence, bool, error) {
	application, _ := i.String("ApplicationID")
	product, counted := kms.ProductOf(application)
	if addon, _ := i.Bool("LicenseIsAddon"); addon || !counted {
		return kms.Licence{}, false, nil
	}
	status, known := i.Uint32("LicenseStatus")
	if !known {
		// A read that failed must not pass for status 0, which is Unlicensed.
		return kms.Licence{}, false, fmt.Errorf("a product's licence status is missing: %w", kms.ErrNotYet)
	}
	licence := kms.Licence{Product: product, Status: kms.LicenceStatus(status)}
	licence.ID, licence.Name = strings.ToLower(text(i, "ID")), text(i, "Name")
	licence.Channel = channelOf(i)
	reason, _ := i.Uint32("LicenseStatusReason")
	licence.Reason = kms.Code(reason)
	if minutes, known := number(i, "GracePeriodRemaining"); known {
		licence.Grace = time.Duration(*minutes) * time.Minute
	}
	if kind, known := number(i, "VLActivationType"); known {
		licence.ActivationType = uint32(*kind) //nolint:gosec // number gives what was a uint32
	}
	licence.KMSHost, _, _ = hostInUse(i)
	return licence, true, nil
}

func channelOf(i winrm.Instance) kms.Channel {
	return kms.ChannelOf(text(i, propertyChannel), text(i, "Description"))
}

// text reads what is shown to people; "" where there is none.
func text(i winrm.Instance, name string) string {
	value, _ := i.String(name)
	return foreign.Text(value)
}

// noData is how Windows writes that it has no number: -1 in an unsigned property.
const noData = 1<<32 - 1

// number reads an unsigned property; nil and false where Windows has no data.
func number(i winrm.Instance, name string) (*int, bool) {
	value, known := i.Uint32(name)
	if !known || value == noData {
		return nil, false
	}
	n := int(value)
	return &n, true
}
