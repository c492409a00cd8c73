package check

import (
	"context"
	"fmt"
	"strings"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/windows"
)

// hostProbes are the assumptions about the KMS host: what its clients see of it first, then
// what it says of itself, which a pool can do without.
func hostProbes() []probe {
	probes := []probe{
		{name: "DNS", expected: "_vlmcs._tcp names it", ask: published},
		{name: "KMS port", expected: "clients can connect", ask: serves},
	}
	probes = append(probes, reach()...)
	probes = append(probes, classes(windows.HostQuestions())...)
	return append(probes,
		probe{name: "Batches", expected: "several instances come in few messages", ask: batches},
		probe{name: "Host key", expected: "installed and activated", ask: hostKeys},
		probe{name: "Count", expected: "a number for each product", ask: counts},
		probe{name: "Log by class", expected: "12290 of a day in seconds", ask: logBy(windows.ByClass)},
		probe{name: "Log by command", expected: "the same by wevtutil", ask: logBy(windows.ByCommand)},
		probe{name: "Log and count", expected: "the log shows who was counted", ask: reproduced},
		probe{name: "Clock", expected: "within 4 hours of every station's", ask: hostClock},
	)
}

func published(ctx context.Context, m *machine) finding {
	domain := strings.Trim(m.Site.DomainSuffix, ".")
	if _, rest, _ := strings.Cut(m.host, "."); domain == "" && !kms.IsAddress(m.host) {
		domain = rest
	}
	if domain == "" {
		return finding{Holds, "no domain is known to look in", ""}
	}
	found, err := m.network.Discover(ctx, domain)
	switch {
	case err != nil:
		return failed(Notable, err, "Where nobody sets the host on the stations they look it up there.")
	case len(found.Records) == 0:
		return finding{Notable, "no record " + found.Name, "Stations on which nobody set the host (slmgr /skms) find none."}
	}
	for _, host := range found.Hosts() {
		if kms.SameHost(host, m.host) {
			return holds("%s, %s", found.Name, count(len(found.Records), "record", "records"))
		}
	}
	return finding{Notable, found.Name + " names " + strings.Join(found.Hosts(), ", "), "Stations on which nobody set the host (slmgr /skms) ask another one."}
}

const defaultKMSPort = 1688

// serves connects and says nothing: the key management service speaks to Windows alone.
func serves(ctx context.Context, m *machine) finding {
	port := defaultKMSPort
	for _, station := range m.machines {
		if kms.SameHost(station.licensing.KMSHost, m.host) && station.licensing.KMSPort != 0 {
			port = station.licensing.KMSPort
		}
	}
	f, open := m.connect(ctx, m.host, port)
	if !open {
		return f.but(Blocks, "See that the service sppsvc runs on the host, and that its firewall lets the stations in. From another network than theirs this says little.")
	}
	return f
}

func hostKeys(ctx context.Context, m *machine) finding {
	host, err := m.windows.Host(ctx, m.address)
	if err != nil {
		return unread(err)
	}
	m.keys = host
	var shown []string
	activated := true
	for _, p := range host.Products {
		shown = append(shown, fmt.Sprintf("%s %s %s", p.Product.Title(), p.Channel.Raw, p.Status))
		activated = activated && p.Status == kms.Licensed
	}
	f := holds("%s", strings.Join(shown, "; "))
	switch {
	case !host.IsHost || len(shown) == 0:
		return finding{Blocks, "it has no KMS host key", "Install the KMS host key (CSVLK) and activate it, or name the right host."}
	case !activated:
		return f.but(Blocks, "A host key that is not activated itself activates nobody: Volume Activation Tools, or slmgr /ato.")
	}
	return f
}

func counts(_ context.Context, m *machine) finding {
	var shown []string
	unknown := false
	for _, product := range kms.Products() {
		if !m.keys.HasKey(product) {
			continue
		}
		n, known := m.keys.Count(product)
		if !known {
			unknown = true
			shown = append(shown, product.Title()+" no data")
			continue
		}
		shown = append(shown, fmt.Sprintf("%s %d of %d", product.Title(), n, product.Threshold()))
	}
	f := holds("%s", strings.Join(shown, "; "))
	switch {
	case len(shown) == 0:
		return finding{Unanswered, "not read", "See Host key."}
	case unknown:
		return f.but(Notable, "Windows has no number yet: nobody has asked since the host started.")
	}
	return f
}

// reproduced compares the log of a day with the count: who was counted in a day is at most
// the count, up to where it is capped.
func reproduced(_ context.Context, m *machine) finding {
	for _, log := range m.logs {
		if log.err != nil {
			continue
		}
		ids := map[kms.CMID]bool{}
		for _, e := range log.read.Counted {
			if e.Code.Counted() {
				ids[e.CMID] = true
			}
		}
		most, known := 0, false
		for _, product := range kms.Products() {
			if n, is := m.keys.Count(product); is {
				most, known = max(most, n), true
			}
		}
		f := holds("%s in a day", count(len(ids), "id", "ids"))
		switch {
		case known && len(ids) > most && most < kms.Office.Cap():
			return f.but(Notable, fmt.Sprintf("More than the count of %d: the host has forgotten some, as after a restart. There is no forecast then.", most))
		case known && len(ids) == 0 && most > 0:
			return f.but(Notable, fmt.Sprintf("The count is %d: nobody asked within a day, or the log was cleared. There is no forecast without it.", most))
		}
		return f
	}
	return finding{Unanswered, "no log was read", "See Log by class."}
}

func hostClock(ctx context.Context, m *machine) finding {
	f := clock(ctx, m)
	if f.verdict == Unanswered {
		return f
	}
	agree := false
	for _, station := range m.machines {
		if station.isHost || station.uptime.Now.IsZero() {
			continue
		}
		if apart := m.ahead - station.ahead; apart.Abs() > kmsTolerance {
			return finding{Blocks, fmt.Sprintf("%s from %s", rough(apart.Abs()), station.name),
				"A KMS host refuses clients whose clock is more than 4 hours from its own (0xC004F06C): w32tm /resync on the one that is wrong."}
		}
		agree = true
	}
	if f.verdict == Blocks && agree && !m.uptime.Now.IsZero() {
		return f.but(Notable, "The stations' clocks agree with it, so that it refuses none of them for that: set this computer's (w32tm /resync).")
	}
	return f
}
