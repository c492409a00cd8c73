package kms

import (
	"slices"
	"strings"
)

// Discovery is what DNS tells clients that look for a KMS host by themselves.
type Discovery struct {
	Name    string          // the record that was asked for, such as "_vlmcs._tcp.schule.example"
	Records []ServiceRecord // none: the name does not exist, or holds nothing
}

// ServiceRecord is one SRV record: clients take the lowest priority first, and within it
// more often the larger weight.
type ServiceRecord struct {
	Host             string // without the final dot
	Port             int
	Priority, Weight int
}

// Hosts lists the machines that are named, each once, in the order of the records.
func (d Discovery) Hosts() []string {
	var hosts []string
	for _, record := range d.Records {
		if !slices.ContainsFunc(hosts, func(host string) bool { return SameHost(host, record.Host) }) {
			hosts = append(hosts, record.Host)
		}
	}
	return hosts
}

// SameHost reports whether two names can mean one machine: they are equal without regard
// to case and final dot, or one of them is the other without its domain. Nothing is
// resolved, so an address equals only itself.
func SameHost(x, y string) bool {
	x, y = strings.ToLower(strings.TrimSuffix(x, ".")), strings.ToLower(strings.TrimSuffix(y, "."))
	if x == y {
		return true
	}
	shortX, domainX, _ := strings.Cut(x, ".")
	shortY, domainY, _ := strings.Cut(y, ".")
	return shortX == shortY && (domainX == "" || domainY == "")
}

// IsAddress reports whether a host is given by its IP address, not by name.
func IsAddress(host string) bool {
	return strings.Contains(host, ":") || host != "" && strings.Trim(host, "0123456789.") == ""
}

// HostOf is the host of "host" or "host:port".
func HostOf(address string) string {
	if rest, bracketed := strings.CutPrefix(address, "["); bracketed {
		host, _, _ := strings.Cut(rest, "]")
		return host
	}
	if host, _, _ := strings.Cut(address, ":"); strings.Count(address, ":") == 1 {
		return host
	}
	return address
}

// HostLabel is a computer's name without its domain, in lower case: the part by which a
// station's own name and the client name in a KMS host's log agree.
func HostLabel(name string) string {
	host, _, _ := strings.Cut(name, ".")
	return strings.ToLower(host)
}

// StationLabel is the part of a station's name, as it is configured, by which names of one
// machine are likely to agree.
func StationLabel(name string) string {
	host := HostOf(name)
	if IsAddress(host) {
		return host
	}
	return HostLabel(host)
}
