package pool

import (
	"fmt"
	"slices"
	"strings"

	"github.com/timago/terraform-provider-timago/internal/kms"
)

// hostsInUse finds members that ask different KMS hosts, or another one than the pool's.
func (p *preflight) hostsInUse() {
	uses := map[string][]string{} // KMS host: members
	for _, m := range p.Members {
		if m.Err != nil || m.Station.KMSHost == "" {
			continue
		}
		name := m.Station.KMSHost
		for known := range uses {
			if kms.SameHost(known, name) {
				name = known
			}
		}
		uses[name] = append(uses[name], m.Name)
	}
	who := map[string]string{}
	for host, members := range uses {
		who[host] = strings.Join(members, ", ")
	}
	const set = "Let all ask one host: in DNS by one _vlmcs._tcp record, or by slmgr /skms in the image; where none was set on purpose, slmgr /ckms."
	if len(uses) > 1 {
		p.find(SeveralHosts, Warning, fmt.Sprintf("The members ask %d different KMS hosts", len(uses)),
			"Each host counts by itself, so the count is split:\n"+Listing(who), set)
		return
	}
	for host := range uses {
		// An address and a name cannot be compared here.
		if own := kms.HostOf(p.KMSHost); !kms.SameHost(host, own) && !kms.IsAddress(host) && !kms.IsAddress(own) {
			p.find(OtherHost, Warning, fmt.Sprintf("The members ask KMS host %s, not %s", host, own),
				fmt.Sprintf("What they ask is counted there, and the count that must hold is read from %s. Where both names mean one machine nothing is wrong.", own),
				fmt.Sprintf("Name %s in kms_host, or let the members ask %s. %s", host, own, set))
		}
	}
}

// discovery finds what is wrong in DNS for members that look there for their KMS host.
func (p *preflight) discovery() {
	if p.Discovery == nil {
		return
	}
	resolving, read := []string{}, 0
	for _, m := range p.Members {
		if m.Err != nil {
			continue
		}
		read++
		if m.Station.KMSHost == "" || m.Station.KMSFound {
			resolving = append(resolving, m.Name)
		}
	}
	if read > 0 && len(resolving) == 0 {
		return // the host was set on all of them
	}
	own, hosts := kms.HostOf(p.KMSHost), p.Discovery.Hosts()
	publish := "Let the KMS host publish itself (it does so by default; event 12293 in its log says why it could not), or write the record by hand: " +
		p.Discovery.Name + ", SRV, port 1688, the host's full name."
	switch named := slices.ContainsFunc(hosts, func(host string) bool { return kms.SameHost(host, own) || kms.IsAddress(own) }); {
	case len(hosts) == 0:
		p.find(NotInDNS, Warning, "No KMS host is found in DNS",
			fmt.Sprintf("There is no record %s, and stations on which no KMS host was set look for it there (0x8007232B).", p.Discovery.Name), publish)
	case !named:
		p.find(NotInDNS, Warning, fmt.Sprintf("KMS host %s is not found in DNS", own),
			fmt.Sprintf("%s names %s. Where that is the same machine nothing is wrong.", p.Discovery.Name, strings.Join(hosts, ", ")), publish)
	}
	if len(hosts) > 1 {
		records := map[string]string{}
		for _, record := range p.Discovery.Records {
			records[record.Host] = fmt.Sprintf("port %d, priority %d, weight %d", record.Port, record.Priority, record.Weight)
		}
		p.find(SeveralInDNS, Warning, fmt.Sprintf("DNS names %d KMS hosts", len(hosts)),
			fmt.Sprintf("Stations take any of those that %s names, and each host counts by itself, so the count is split:\n%s",
				p.Discovery.Name, Listing(records)),
			"Remove the records of hosts that shall count no more, or give the pool's host a lower priority number than all others.")
	}
}
