package simulator

import (
	"fmt"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
	"github.com/timago/terraform-provider-timago/internal/simulator/wsman"
)

// noData is -1 in an unsigned property: Windows has no number.
const noData = uint32(1<<32 - 1)

func number(n int) uint32 { return uint32(n) } //nolint:gosec // counts, never negative

func licensingService(v world.View) []wsman.Instance {
	host, count, required := uint32(0), noData, noData
	listening := uint32(0)
	if v.IsHost {
		host, listening = 1, number(v.KMSPort)
		// The service's own numbers are those of Windows' key, where there is one.
		for _, p := range v.Products {
			if k := p.Key; k != nil && !k.NoData && p.ApplicationID == v.Products[0].ApplicationID {
				count, required = number(k.Count), number(k.Threshold)
			}
		}
	}
	return []wsman.Instance{instance("SoftwareLicensingService", []string{"Version"},
		"ClientMachineID", string(v.CMID),
		// What was discovered is noted with the product: slmgr and OSLicense read it there.
		"DiscoveredKeyManagementServiceMachineIpAddress", nil,
		"DiscoveredKeyManagementServiceMachineName", nil,
		"DiscoveredKeyManagementServiceMachinePort", uint32(0),
		"IsKeyManagementServiceMachine", host,
		"KeyManagementServiceCurrentCount", count,
		"KeyManagementServiceDnsPublishing", true,
		"KeyManagementServiceHostCaching", true,
		"KeyManagementServiceListeningPort", listening,
		"KeyManagementServiceLowPriority", false,
		"KeyManagementServiceMachine", "",
		"KeyManagementServicePort", uint32(0),
		"KeyManagementServiceProductKeyID", nil,
		"OA3xOriginalProductKey", wholeKey,
		"PolicyCacheRefreshRequired", uint32(0),
		"RemainingWindowsReArmCount", uint32(1001),
		"RequiredClientCount", required,
		"Version", "10.0.26100.4652",
		"VLActivationInterval", uint32(120),
		"VLRenewalInterval", uint32(10080),
	)}
}

// wholeKey stands for the machine's product key, which nobody may ever read; its form
// makes a search for it find nothing else.
const wholeKey = "BCDFG-HJKMP-QRTVW-XY234-67890"

func licensingProducts(v world.View) []wsman.Instance {
	all := make([]wsman.Instance, 0, len(v.Products)+len(withoutKey))
	all = append(all, withoutKey[:len(withoutKey)/2]...)
	for _, p := range v.Products {
		all = append(all, licensingProduct(v, p))
	}
	return append(all, withoutKey[len(withoutKey)/2:]...)
}

func licensingProduct(v world.View, p world.ProductView) wsman.Instance {
	var discovered any
	port, kind := uint32(0), noData
	if v.KMSHost != "" && p.Channel == "Volume:GVLK" && !p.ActiveDirectory {
		discovered, port = v.KMSHost, number(v.KMSPort)
	}
	if p.ActiveDirectory {
		kind = kms.ActivationTypeActiveDirectory
	} else if p.Channel == "Volume:GVLK" {
		kind = 0
	}
	host := hostNumbers{count: noData, required: noData}
	host.fill(p.Key)
	by := host.by
	return instance("SoftwareLicensingProduct", []string{"ID"},
		"ApplicationID", p.ApplicationID,
		"Description", p.Description,
		"DiscoveredKeyManagementServiceMachineName", discovered,
		"DiscoveredKeyManagementServiceMachinePort", port,
		"GracePeriodRemaining", number(int(p.Remaining.Minutes())),
		"ID", p.ID,
		"IsKeyManagementServiceMachine", host.is,
		"KeyManagementServiceCurrentCount", host.count,
		"KeyManagementServiceFailedRequests", host.failed,
		"KeyManagementServiceLicensedRequests", by[kms.Licensed],
		"KeyManagementServiceMachine", "",
		"KeyManagementServiceNonGenuineGraceRequests", by[kms.NonGenuineGrace],
		"KeyManagementServiceNotificationRequests", by[kms.Notification],
		"KeyManagementServiceOOBGraceRequests", by[kms.OOBGrace],
		"KeyManagementServiceOOTGraceRequests", by[kms.OOTGrace],
		"KeyManagementServicePort", uint32(0),
		"KeyManagementServiceProductKeyID", nil,
		"KeyManagementServiceTotalRequests", host.total,
		"KeyManagementServiceUnlicensedRequests", by[kms.Unlicensed],
		"LicenseDependsOn", nil,
		"LicenseFamily", "Volume",
		"LicenseIsAddon", false,
		"LicenseStatus", uint32(p.Status),
		"LicenseStatusReason", uint32(p.Reason),
		"MachineURL", nil,
		"Name", p.Name,
		"OfflineInstallationId", nil,
		"PartialProductKey", "3V66T",
		"ProductKeyChannel", p.Channel,
		"ProductKeyID", nil,
		"RemainingAppReArmCount", uint32(1001),
		"RemainingSkuReArmCount", uint32(1001),
		"RequiredClientCount", host.required,
		"VLActivationInterval", uint32(120),
		"VLActivationType", kind,
		"VLActivationTypeEnabled", uint32(0),
		"VLRenewalInterval", uint32(10080),
	)
}

// hostNumbers are the properties that only a host's entry fills.
type hostNumbers struct {
	is, count, required, total, failed uint32
	by                                 [kms.ExtendedGrace + 1]uint32
}

func (h *hostNumbers) fill(k *world.KeyView) {
	h.total, h.failed = noData, noData
	for i := range h.by {
		h.by[i] = noData
	}
	if k == nil {
		return
	}
	h.is = 1
	if k.NoData {
		return
	}
	h.count, h.required, h.total, h.failed = number(k.Count), number(k.Threshold), number(k.Total), number(k.Failed)
	for i := range h.by {
		h.by[i] = number(k.ByStatus[i])
	}
}

// withoutKey are products that Windows lists although no key is installed for them: on
// a real machine hundreds.
var withoutKey = func() []wsman.Instance {
	names := []string{"Professional", "Enterprise", "Education", "ProfessionalWorkstation", "EnterpriseS", "Core", "CoreSingleLanguage", "IoTEnterprise"}
	channels := []string{"Retail", "OEM:DM", "OEM:NONSLP", "Volume:MAK", "Volume:GVLK"}
	var all []wsman.Instance
	for i, name := range names {
		for j, channel := range channels {
			full := licensingProduct(world.View{}, world.ProductView{
				ID: fmt.Sprintf("%08x-0000-4000-8000-%012x", 0x1000+i, 0x10+j), ApplicationID: "55c92734-d682-4d71-983e-d6ec3f16059f",
				Name: "Windows(R), " + name + " edition", Description: "Windows(R) Operating System, " + channel + " channel", Channel: channel,
			})
			for at := range full.Properties {
				switch p := &full.Properties[at]; p.Name {
				case "PartialProductKey", "ProductKeyChannel":
					p.Value = nil
				}
			}
			all = append(all, full)
		}
	}
	return all
}()
