package windows

import (
	"context"
	"slices"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/winrm"
)

const queryHost = "SELECT IsKeyManagementServiceMachine, KeyManagementServiceListeningPort, KeyManagementServiceDnsPublishing " +
	"FROM SoftwareLicensingService"

const onlyHostKeys = " AND IsKeyManagementServiceMachine = 1"

var hostProperties = append(slices.Clip(productProperties),
	"KeyManagementServiceCurrentCount", "RequiredClientCount",
	"KeyManagementServiceTotalRequests", "KeyManagementServiceFailedRequests",
	"KeyManagementServiceUnlicensedRequests", "KeyManagementServiceLicensedRequests",
	"KeyManagementServiceOOBGraceRequests", "KeyManagementServiceOOTGraceRequests",
	"KeyManagementServiceNonGenuineGraceRequests", "KeyManagementServiceNotificationRequests")

// Host reads a KMS host's counts, in two queries. The account may be refused there and
// still be right for the stations, so its answer proves nothing about the account.
func (c *Client) Host(ctx context.Context, address string) (kms.Host, error) {
	service, err := c.one(ctx, address, queryHost, winrm.NotProof())
	if err != nil {
		return kms.Host{}, err
	}
	is, _ := service.Uint32("IsKeyManagementServiceMachine")
	port, _ := service.Uint32("KeyManagementServiceListeningPort")
	host := kms.Host{IsHost: is == 1, Port: int(port)}
	if host.Port == 0 || port == noData {
		host.Port = defaultKMSPort
	}
	if publishes, known := service.Bool("KeyManagementServiceDnsPublishing"); known {
		host.DNSPublishing = &publishes
	}
	// Counts are read per product; the service's own are those of an older model.
	instances, err := c.products(ctx, address, hostProperties, onlyHostKeys)
	if err != nil {
		return kms.Host{}, err
	}
	for _, instance := range instances {
		entry, counted, err := hostProductOf(instance)
		if err != nil {
			return kms.Host{}, err
		}
		if counted {
			host.Products = append(host.Products, entry)
		}
	}
	return host, nil
}

// HostUptime reads the KMS host's clock, and when it started.
func (c *Client) HostUptime(ctx context.Context, address string) (kms.Uptime, error) {
	return c.uptime(ctx, address, winrm.NotProof())
}

func hostProductOf(i winrm.Instance) (kms.HostProduct, bool, error) {
	licence, counted, err := licenceOf(i)
	if err != nil || !counted {
		return kms.HostProduct{}, false, err
	}
	entry := kms.HostProduct{
		ID: licence.ID, Product: licence.Product, Name: licence.Name, Channel: licence.Channel,
		Status: licence.Status, Reason: licence.Reason,
	}
	for name, field := range map[string]**int{
		"KeyManagementServiceCurrentCount":            &entry.Count,
		"RequiredClientCount":                         &entry.Threshold,
		"KeyManagementServiceTotalRequests":           &entry.Counters.Total,
		"KeyManagementServiceFailedRequests":          &entry.Counters.Failed,
		"KeyManagementServiceUnlicensedRequests":      &entry.Counters.Unlicensed,
		"KeyManagementServiceLicensedRequests":        &entry.Counters.Licensed,
		"KeyManagementServiceOOBGraceRequests":        &entry.Counters.OOBGrace,
		"KeyManagementServiceOOTGraceRequests":        &entry.Counters.OOTGrace,
		"KeyManagementServiceNonGenuineGraceRequests": &entry.Counters.NonGenuineGrace,
		"KeyManagementServiceNotificationRequests":    &entry.Counters.Notification,
	} {
		*field, _ = number(i, name)
	}
	return entry, true, nil
}
