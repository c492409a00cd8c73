package pool

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/schedule"
)

// Severity says whether a finding leaves an apply any chance.
type Severity uint8

// How much a finding weighs.
const (
	Warning Severity = iota // it may work all the same, or for the others
	Error                   // it cannot work
)

// FindingKind names what was found, for code that has to tell findings apart.
type FindingKind string

// What can be found before anything is touched.
const (
	NotAHost       FindingKind = "not a KMS host"
	KeyInactive    FindingKind = "host key not activated"
	KeyMissing     FindingKind = "host key missing"
	NobodyHolds    FindingKind = "product nobody holds"
	NeverCounted   FindingKind = "members that can never count"
	SeveralHosts   FindingKind = "members use several KMS hosts"
	OtherHost      FindingKind = "members use another KMS host"
	NotInDNS       FindingKind = "KMS host not in DNS"
	SeveralInDNS   FindingKind = "several KMS hosts in DNS"
	PortClosed     FindingKind = "KMS port not reachable"
	ClocksApart    FindingKind = "clocks apart"
	SharedCMID     FindingKind = "members share a client machine id"
	AboveCeiling   FindingKind = "threshold above the host's ceiling"
	TooFewPossible FindingKind = "fewer counts possible than needed"
	WindowTooShort FindingKind = "maintenance window too short"
)

// Finding is one thing that stands in the way, in words.
type Finding struct {
	Kind     FindingKind
	Severity Severity
	Summary  string
	Detail   string // what was seen, then what to do
}

// Facts are what was seen of a site before anything is touched. Nothing is found about
// what was not seen.
type Facts struct {
	KMSHost   string // as the pool names it, with ":port" where that differs
	Members   []Member
	Last      map[string]LastKnown
	Host      *HostReading   // nil: it was not read
	Discovery *kms.Discovery // nil: DNS was not asked
	Port      error          // why no connection to the KMS port was made; nil: it was, or was not tried
	Wanted    Wanted
	Limits    Limits

	Restarts int              // that are needed, now or for a renewal
	Window   *schedule.Window // when they may be made; nil: always
	Now      time.Time        // by which the window opens
	Memory   Memory           // what they took so far
}

// Preflight lists all that stands in the way, what leaves no chance first.
func Preflight(f Facts) []Finding {
	host := kms.Host{}
	if f.Host != nil {
		host = f.Host.Host
	}
	host.IsHost = true // what is wrong with the members is told all the same
	// Its errors are findings below.
	judged, _ := Assess(f.Members, host, f.Wanted, f.Last)
	p := preflight{Facts: f, judged: judged, limits: f.Limits.WithDefaults()}
	if f.Host != nil {
		p.hostKeys()
	}
	p.holders()
	p.neverCounted()
	p.hostsInUse()
	p.discovery()
	if f.Port != nil {
		p.find(PortClosed, Warning, fmt.Sprintf("The KMS port of %s is not reachable", kms.HostOf(f.KMSHost)),
			f.Port.Error(),
			"Stations that cannot reach it either are not counted (0xC004F074). See that the service sppsvc runs on the KMS host and that its firewall lets the "+
				"Key Management Service in. Where only this machine is kept out, nothing is wrong.")
	}
	p.clocks()
	p.sharedIDs()
	if f.Host != nil {
		p.ceilings()
		p.possibleCounts()
	}
	p.maintenance()
	slices.SortStableFunc(p.findings, func(x, y Finding) int { return int(y.Severity) - int(x.Severity) })
	return p.findings
}

type preflight struct {
	Facts
	judged   Assessment
	limits   Limits
	findings []Finding
}

func (p *preflight) find(kind FindingKind, severity Severity, summary string, detail ...string) {
	p.findings = append(p.findings, Finding{kind, severity, summary, strings.Join(detail, "\n\n")})
}

func (p *preflight) hostKeys() {
	if !p.Host.Host.IsHost {
		p.find(NotAHost, Error, p.KMSHost+" is no KMS host",
			"The machine answers, and has no KMS host key (CSVLK): it counts nobody.",
			"Name the machine that has the key in kms_host or in kms.host of the provider block, or install the key there.")
		return
	}
	for _, product := range p.judged.Managed() {
		title, threshold := product.Title(), p.judged.Products[product].Threshold
		if !p.Host.Host.HasKey(product) {
			p.find(KeyMissing, Error, fmt.Sprintf("KMS host %s has no key for %s", p.KMSHost, title),
				fmt.Sprintf("The count of %s is to be %d, and the host refuses every request for it (0xC004F042).", title, threshold),
				fmt.Sprintf("Install the KMS host key for %s there, or leave the product out with thresholds = { %s = 0 }.", title, product))
			continue
		}
		if p.Host.Host.Activated(product) {
			continue
		}
		var why []string
		for _, entry := range p.Host.Host.Products {
			if entry.Product == product {
				own := kms.Licence{Status: entry.Status, Reason: entry.Reason}
				why = append(why, fmt.Sprintf("%s: %s.", entry.Name, own.Explanation()))
			}
		}
		p.find(KeyInactive, Error, fmt.Sprintf("The key for %s of KMS host %s is not activated", title, p.KMSHost),
			strings.Join(why, "\n")+"\nUntil it is, the host refuses every request for it (0xC004F041).",
			"Activate the key on the host, with the Volume Activation Tools or by slmgr /ato, over the internet or by telephone.")
	}
}

// holders finds thresholds that were set for a product that no member can be counted for.
func (p *preflight) holders() {
	for _, product := range p.judged.Managed() {
		state := p.judged.Products[product]
		if state.Members > 0 || !p.allKnown() || p.Host != nil && !p.Host.Host.HasKey(product) {
			continue
		}
		severity, consequence := Error, fmt.Sprintf("Nothing that these members do raises the count of %s.", product.Title())
		if p.Host != nil && state.Missing() == 0 {
			severity, consequence = Warning, fmt.Sprintf("Others hold the count of %s up: when it falls, these members cannot raise it.", product.Title())
		}
		p.find(NobodyHolds, severity, fmt.Sprintf("No member holds %s with a KMS client key", product.Title()), consequence,
			fmt.Sprintf("Install the volume licence's KMS client key (GVLK) on the members, or leave the product out with thresholds = { %s = 0 }.", product))
	}
}

// allKnown reports whether every member was read, now or before.
func (p *preflight) allKnown() bool { return len(p.judged.LastKnown) == len(p.Members) }

// neverCounted finds members that add nothing to any product's count, ever, and those
// that add nothing to the count of one that is managed.
func (p *preflight) neverCounted() {
	reasons := map[string]string{}
	for _, m := range p.Members {
		if never := p.judged.NeverCounts[m.Name]; never != "" {
			reasons[m.Name] = never
			continue
		}
		for _, product := range p.judged.Managed() {
			if m.Err != nil || m.Station.Holds(product) || len(m.Station.Of(product)) == 0 {
				continue
			}
			licence := m.Station.Of(product)[0]
			reasons[m.Name] = strings.TrimPrefix(reasons[m.Name]+"; "+licence.Name+": "+licence.NeverCounts(), "; ")
		}
	}
	if len(reasons) == 0 {
		return
	}
	severity, outcome := Warning, "They are left out where they add nothing:\n"
	if len(p.judged.NeverCounts) == len(p.Members) {
		severity, outcome = Error, "No member is left that can be counted:\n"
	}
	p.find(NeverCounted, severity,
		fmt.Sprintf("%d of %s can never be counted by a KMS host", len(reasons), kms.Plural(len(p.Members), "member")), outcome+Listing(reasons),
		"Install the volume licence's KMS client key (GVLK) on them, or take them out of stations. CSP licences contain no KMS key: ask the supplier. "+
			"A machine that Active Directory activates needs no KMS count.")
}

// maxClocksApart is how far the clocks of client and host may differ
// (learn.microsoft.com, activation-error-codes, 0xC004F06C).
const maxClocksApart = 4 * time.Hour

func (p *preflight) clockApart(m Member) (time.Duration, bool) {
	if p.Host == nil || p.Host.Now.IsZero() || m.Err != nil || m.Station.Now.IsZero() {
		return 0, false
	}
	apart := m.Station.Now.Sub(p.Host.Now)
	return apart, apart.Abs() > maxClocksApart
}

func (p *preflight) clocks() {
	wrong := map[string]string{}
	for _, m := range p.Members {
		if apart, tooFar := p.clockApart(m); tooFar {
			direction := "ahead of"
			if apart < 0 {
				direction = "behind"
			}
			wrong[m.Name] = fmt.Sprintf("its clock is %s %s the KMS host's", apart.Abs().Round(time.Minute), direction)
		}
	}
	if len(wrong) == 0 {
		return
	}
	p.find(ClocksApart, Warning,
		fmt.Sprintf("The clocks of %s and of KMS host %s are more than 4 hours apart", kms.Plural(len(wrong), "member"), p.KMSHost),
		Listing(wrong),
		"The host refuses their requests (0xC004F06C). Set the clocks right (w32tm /resync), and the clock of the machine that is wrong in its firmware too.")
}

func (p *preflight) sharedIDs() {
	shared, members := map[string]string{}, 0
	for cmid, names := range p.judged.ClientIDs(p.Members) {
		if len(names) > 1 {
			shared[string(cmid)] = strings.Join(names, ", ")
			members += len(names)
		}
	}
	if len(shared) == 0 {
		return
	}
	p.find(SharedCMID, Warning, fmt.Sprintf("%d members share %s", members, kms.Plural(len(shared), "client machine id")),
		"The KMS host counts those of one line as one:\n"+Listing(shared),
		"Their image was captured without sysprep /generalize, or gives no new id at a start. See in Timago under Stationen > Betriebssystem that the option "+
			"KMS-Aktivierung is on for them, and reset their image: the option takes effect only then.")
}

// ceilings finds thresholds that the host does not count up to, whoever asks it.
func (p *preflight) ceilings() {
	if p.Host.LogErr != nil || slices.ContainsFunc(p.Members, func(m Member) bool { return m.Err != nil }) {
		return // what was not read may ask with a larger threshold
	}
	for _, product := range p.judged.Managed() {
		var licences []kms.Licence
		for _, m := range p.Members {
			licences = append(licences, m.Station.Of(product)...)
		}
		state := p.judged.Products[product]
		ceiling := Ceiling(product, p.Host.largestThreshold(), licences)
		if ceiling == 0 || ceiling >= state.Threshold || state.Missing() == 0 || state.Count != nil && *state.Count > ceiling {
			continue
		}
		p.find(AboveCeiling, Error,
			fmt.Sprintf("KMS host %s counts %s up to %d, and %d is to hold", p.KMSHost, product.Title(), ceiling, state.Threshold),
			fmt.Sprintf("A KMS host counts up to twice the largest threshold that it is asked with. That of these members is %d, as Windows Server has, and no request of the last 30 days in the host's log has a larger one. "+
				"However often they start, the count stays at %d.", ceiling/2, ceiling),
			fmt.Sprintf("Windows Server is activated from a count of %d on: set thresholds = { %s = %[1]d }. Or add members that run a Windows client.", ceiling/2, product))
	}
}

// possibleCounts finds products whose missing counts these members cannot make, whatever
// they do.
func (p *preflight) possibleCounts() {
	for _, product := range p.judged.Managed() {
		state := p.judged.Products[product]
		asks, restarting := p.asks(product), 0
		for _, m := range p.Members {
			if p.mayRestart(m, product) {
				restarting++
			}
		}
		possible := asks + restarting*p.limits.MaxRestartsPerStation
		if state.Missing() <= possible || state.Members == 0 && p.allKnown() {
			continue // where nobody holds it that is told already
		}
		// Other pools and other machines may make the rest.
		p.find(TooFewPossible, Warning,
			fmt.Sprintf("%s lacks %s, and at most %d can be made", product.Title(), kms.Plural(state.Missing(), "count"), possible),
			fmt.Sprintf("%s can be asked without a restart, and %s restarted up to %s each.",
				kms.Plural(asks, "member"), kms.Plural(restarting, "member"), times(p.limits.MaxRestartsPerStation)),
			"Add members, or raise cycle.max_restarts_per_station.")
	}
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// asks counts the members that can add to the product's count by asking now. Those that
// share a client machine id add one.
func (p *preflight) asks(product kms.Product) int {
	asking, ids := 0, map[kms.CMID]bool{}
	for _, m := range p.Members {
		_, refused := p.clockApart(m)
		if m.Err != nil || refused || !slices.ContainsFunc(m.Station.Of(product), func(l kms.Licence) bool {
			return l.CanAsk() && l.Reason != kms.CodeNotEnoughCount && !l.WithoutHostKey()
		}) {
			continue
		}
		if product == kms.Windows && m.Station.CMID != "" {
			if ids[m.Station.CMID] {
				continue
			}
			ids[m.Station.CMID] = true
		}
		asking++
	}
	return asking
}

// mayRestart reports whether restarts of the member can add to the product's count. One of
// which nothing is known may.
func (p *preflight) mayRestart(m Member, product kms.Product) bool {
	if known, remembered := p.judged.LastKnown[m.Name]; remembered {
		if _, holds := known.Licences[product]; !holds || known.NeverCounts != "" {
			return false
		}
	}
	_, refused := p.clockApart(m)
	inUse := m.Presence != nil && p.limits.WhenInUse == kms.SkipWhenInUse && m.Presence.InUse(p.limits.IgnoreUsers) != ""
	return !refused && !inUse
}
