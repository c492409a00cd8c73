package simulator

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/timago/terraform-provider-timago/internal/simulator/eventlog"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
	"github.com/timago/terraform-provider-timago/internal/simulator/wsman"
)

// The classes here have the properties that matter to somebody, in the order of
// Windows, and enough others to show that an unlisted SELECT is no good idea.

func instance(class string, keys []string, namesAndValues ...any) wsman.Instance {
	i := wsman.Instance{Class: class, Keys: keys}
	for pair := range slices.Chunk(namesAndValues, 2) {
		name, _ := pair[0].(string)
		i.Properties = append(i.Properties, wsman.Property{Name: name, Value: pair[1]})
	}
	return i
}

// inLocal is a moment as CIM shows it, with microseconds.
func inLocal(t time.Time) time.Time { return t.In(zone).Truncate(time.Microsecond) }

func operatingSystem(v world.View) []wsman.Instance {
	caption := "Microsoft Windows 11 Education"
	version, productType := "10.0.26100", uint32(1)
	if v.Server {
		caption, version, productType = "Microsoft Windows Server 2022 Standard", "10.0.20348", 3
	}
	return []wsman.Instance{instance("Win32_OperatingSystem", nil,
		"BuildNumber", version[strings.LastIndexByte(version, '.')+1:],
		"Caption", caption,
		"CodeSet", "1252",
		"CountryCode", "49",
		"CSName", v.Name,
		"CurrentTimeZone", int16(60),
		"Description", "",
		"FreePhysicalMemory", uint64(5_203_148),
		"InstallDate", inLocal(v.Boot.AddDate(0, -4, 0).Truncate(time.Second)),
		"LastBootUpTime", inLocal(v.Boot),
		"LocalDateTime", inLocal(v.Now),
		"Locale", "0407",
		"Manufacturer", "Microsoft Corporation",
		"MUILanguages", []string{"de-DE"},
		"Name", caption+`|C:\Windows|\Device\Harddisk0\Partition3`,
		"NumberOfUsers", uint32(v.Desktops), //nolint:gosec // a handful
		"Organization", nil,
		"OSArchitecture", "64-Bit",
		"OSLanguage", uint32(1031),
		"OtherTypeDescription", nil,
		"Primary", true,
		"ProductType", productType,
		"Status", "OK",
		"Version", version,
	)}
}

func computerSystem(v world.View) []wsman.Instance {
	var user any
	if v.User != "" {
		user = v.User
	}
	return []wsman.Instance{instance("Win32_ComputerSystem", []string{"Name"},
		"Caption", v.Name,
		"DNSHostName", strings.ToLower(v.Name),
		"Domain", "schule.example",
		"DomainRole", uint16(1),
		"Manufacturer", "Timago",
		"Model", "Simulierte Station",
		"Name", v.Name,
		"NumberOfLogicalProcessors", uint32(4),
		"PartOfDomain", true,
		"Status", "OK",
		"TotalPhysicalMemory", uint64(8_465_223_680),
		"UserName", user,
		"Workgroup", nil,
	)}
}

func processes(v world.View) []wsman.Instance {
	var all []wsman.Instance
	add := func(name string, session uint32) {
		id := uint32(4 + 4*len(all)) //nolint:gosec // a handful
		all = append(all, instance("Win32_Process", []string{"Handle"},
			"Caption", name, "CommandLine", nil, "Handle", fmt.Sprint(id), "Name", name,
			"ProcessId", id, "SessionId", session))
	}
	for _, name := range []string{"System Idle Process", "System", "smss.exe", "csrss.exe", "services.exe", "lsass.exe", "svchost.exe", "svchost.exe", "winlogon.exe"} {
		add(name, 0)
	}
	for _, session := range v.Explorers {
		add("explorer.exe", session)
	}
	return all
}

// virtualCards are IP-enabled and no way to the machine; the last has a gateway all the
// same, as a VPN's may.
var virtualCards = []struct{ description, mac, address, gateway string }{
	{"VirtualBox Host-Only Ethernet Adapter", "0A:00:27:00:00:0E", "192.168.56.1", ""},
	{"Hyper-V Virtual Ethernet Adapter", "00:15:5D:3A:01:02", "172.20.16.1", ""},
	{"TAP-Windows Adapter V9", "00:FF:5C:11:22:33", "10.8.0.6", "10.8.0.1"},
}

// adapters lists virtual cards first. The real one holds the address at which clients
// reach the machine, and its network's gateway.
func adapters(v world.View, ip net.IP) []wsman.Instance {
	var all []wsman.Instance
	add := func(description string, mac any, addresses, gateways []string) {
		index := uint32(len(all)) //nolint:gosec // a handful
		all = append(all, instance("Win32_NetworkAdapterConfiguration", []string{"Index"},
			"Caption", fmt.Sprintf("[%08d] %s", index, description), "DefaultIPGateway", gateways, "Description", description, "DHCPEnabled", true,
			"Index", index, "IPAddress", addresses, "IPEnabled", addresses != nil, "MACAddress", mac))
	}
	add("Microsoft Kernel Debug Network Adapter", nil, nil, nil)
	for _, card := range virtualCards[:v.Virtual] {
		var gateways []string
		if card.gateway != "" {
			gateways = []string{card.gateway}
		}
		add(card.description, card.mac, []string{card.address}, gateways)
	}
	add("Intel(R) Ethernet Connection (17) I219-LM", v.MAC, []string{ip.String(), "fe80::5054:ff:fe12:3456"}, []string{"127.0.0.1"})
	add("WAN Miniport (IP)", "02:00:4C:4F:4F:50", nil, nil)
	return all
}

// logEvents gives the records of licensing and a few of others, the newest first, as
// Windows does.
func logEvents(v world.View, events []eventlog.Record) []wsman.Instance {
	log, source := "Application", sourceLicensing
	if v.IsHost {
		log, source = "Key Management Service", sourceRequests
	}
	record := func(logfile, source string, number uint32, id int, at time.Time, insertions []string) wsman.Instance {
		return instance("Win32_NTLogEvent", []string{"Logfile", "RecordNumber"},
			"Category", uint16(0), "CategoryString", nil, "ComputerName", v.Name, "Data", nil,
			"EventCode", uint16(id), //nolint:gosec // ids have 16 bits
			"EventIdentifier", uint32(id)|0x4000_0000, //nolint:gosec // ids have 16 bits
			"EventType", uint8(3), "InsertionStrings", insertions, "Logfile", logfile, "Message", "Info: "+strings.Join(insertions, " "),
			"RecordNumber", number, "SourceName", source,
			"TimeGenerated", inLocal(at.Truncate(time.Second)), "TimeWritten", inLocal(at.Truncate(time.Second)),
			"Type", "Informationen", "User", nil)
	}
	all := make([]wsman.Instance, 0, len(events)+2)
	for _, e := range slices.Backward(events) {
		all = append(all, record(log, source, e.Number, e.ID, e.Time, []string{e.Insertions}))
	}
	return append(all,
		// Another source numbers its events as licensing does.
		record("Application", "VSS", 4_000_000_000, 12289, v.Boot, []string{`DeviceIoControl(\\?\Volume{6f1c}\ - 000001a4,0x0053c008,0,0,0,4096,[0])`, "0x80820001", "", ""}),
		record("System", "EventLog", 2, 6013, v.Boot, []string{"", "", "", "", "62", "60"}),
		record("System", "EventLog", 1, 6005, v.Boot, nil))
}

// The publisher of licensing's events, and the two classic sources that it writes them
// under. Win32_NTLogEvent knows only these, the command's XML shows both.
const (
	publisherSPP    = "Microsoft-Windows-Security-SPP"
	sourceLicensing = "Software Protection Platform Service" // Application
	sourceRequests  = "KmsRequests"                          // Key Management Service
)
