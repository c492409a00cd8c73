package pool

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
)

// Status is what a pool is in the end about.
type Status string

// The pool's states. Unknown is never guessed from silence; it means that what was
// once read is too old to stand for today.
const (
	Activated    Status = "activated"
	NotActivated Status = "not_activated"
	Unknown      Status = "unknown"
)

// Requirement is how many members must also read back licensed by KMS.
type Requirement struct {
	All    bool
	Number int // used where All is false; 0 asks for none
}

// Wanted is what must hold.
type Wanted struct {
	Thresholds map[kms.Product]int // set ones; 0 leaves a product out, an absent one is decided by what members and host hold
	Managed    []kms.Product       // managed at the last assessment
	Planned    []kms.Product       // of an apply: no other product is taken up; nil: any may be
	Licensed   Requirement
	Settle     time.Duration // a member up for less keeps what was last known of it
}

// leavesOut reports whether an apply's plan has left the product alone.
func (w Wanted) leavesOut(product kms.Product) bool {
	return w.Planned != nil && !slices.Contains(w.Planned, product)
}

// LastKnown is what was last read of a member's licences. It stands in for a member
// that does not answer or has only just started.
type LastKnown struct {
	Licences    map[kms.Product]LastLicence `json:"licences,omitempty"`
	NeverCounts string                      `json:"never_counts,omitempty"` // why it can never count
}

// LastLicence is one product of LastKnown.
type LastLicence struct {
	ByKMS  bool   `json:"by_kms"`
	Reason string `json:"reason,omitempty"` // why not licensed, in words
}

// ProductState is one managed product's part of an Assessment.
type ProductState struct {
	Count     *int // nil: the host has not counted any request yet
	Threshold int
	Licensed  int // members licensed by KMS
	Members   int // members that hold the product with a KMS client key
	Reason    string
}

// Missing is how many counts the product lacks.
func (p ProductState) Missing() int {
	if p.Count == nil {
		return p.Threshold
	}
	return max(0, p.Threshold-*p.Count)
}

// Assessment holds what was read against what is wanted.
type Assessment struct {
	Status      Status
	Products    map[kms.Product]ProductState // the managed ones
	Unlicensed  map[string]string            // member: why, in words
	Unreachable []string
	NeverCounts map[string]string // member: why it can add nothing, ever
	Pending     map[string]string // member: why it is not judged yet
	LastKnown   map[string]LastKnown
	Asks        int // running members that can be asked to add a count that is missing
	Restarts    int // restarts that will be needed after them
}

// Managed lists the managed products in the order in which they are shown.
func (a Assessment) Managed() []kms.Product {
	return slices.DeleteFunc(kms.Products(), func(p kms.Product) bool { _, managed := a.Products[p]; return !managed })
}

// Thresholds gives the managed products' thresholds, for a Job.
func (a Assessment) Thresholds() map[kms.Product]int {
	thresholds := make(map[kms.Product]int, len(a.Products))
	for product, state := range a.Products {
		thresholds[product] = state.Threshold
	}
	return thresholds
}

// Missing is the largest number of counts that a managed product lacks.
func (a Assessment) Missing() int {
	missing := 0
	for _, state := range a.Products {
		missing = max(missing, state.Missing())
	}
	return missing
}

var (
	// ErrNoProduct: no product is known to manage, since none was set and no member
	// that was read holds one for which the host has a key.
	ErrNoProduct = errors.New("no product with a KMS client key is known among the members")
	// ErrNotKMSHost: the machine answers, but has no KMS host key.
	ErrNotKMSHost = errors.New("the machine is no KMS host: it has no KMS host key")
)

// NoneCountsError: every member was read and none can ever add to the count.
type NoneCountsError struct{ Reasons map[string]string }

func (e *NoneCountsError) Error() string {
	return "no member can ever be counted by a KMS host:\n" + Listing(e.Reasons)
}

// Listing shows reasons by member, one a line, in the order of the names.
func Listing(reasons map[string]string) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(reasons)) {
		fmt.Fprintf(&b, "  - %s: %s\n", name, reasons[name])
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// ListingByReason shows reasons with the members that have them, the commonest first. Of
// many members it names the first.
func ListingByReason(reasons map[string]string) string {
	names := map[string][]string{}
	for _, name := range slices.Sorted(maps.Keys(reasons)) {
		names[reasons[name]] = append(names[reasons[name]], name)
	}
	var lines []string
	for _, reason := range slices.SortedFunc(maps.Keys(names), func(x, y string) int {
		return cmp.Or(cmp.Compare(len(names[y]), len(names[x])), cmp.Compare(names[x][0], names[y][0]))
	}) {
		lines = append(lines, "  - "+kms.FirstOf(10, names[reason], ", ")+": "+reason)
	}
	return strings.Join(lines, "\n")
}

// Assess judges a survey. last is what was known of members before; it decides for
// those that did not answer or started less than Settle ago. The host's count decides
// the status; a member that does not answer never turns it.
func Assess(members []Member, host kms.Host, wanted Wanted, last map[string]LastKnown) (Assessment, error) {
	if !host.IsHost {
		return Assessment{}, ErrNotKMSHost
	}
	a := Assessment{
		Products:    map[kms.Product]ProductState{},
		Unlicensed:  map[string]string{},
		NeverCounts: map[string]string{},
		Pending:     map[string]string{},
		LastKnown:   map[string]LastKnown{},
	}
	for _, m := range members {
		known, remembered := last[m.Name]
		switch {
		case m.Pending != "":
			a.Pending[m.Name] = m.Pending
			continue
		case m.Err != nil:
			a.Unreachable = append(a.Unreachable, m.Name)
		case !remembered, m.Station.Duration() >= wanted.Settle:
			known, remembered = lastKnownOf(m.Station), true
		default:
			known = known.mergeNewlyLicensed(lastKnownOf(m.Station))
		}
		if remembered {
			a.LastKnown[m.Name] = known
		}
		if known.NeverCounts != "" {
			a.NeverCounts[m.Name] = known.NeverCounts
		}
	}
	slices.Sort(a.Unreachable)
	if len(a.NeverCounts) == len(members) && len(members) > 0 {
		return a, &NoneCountsError{Reasons: a.NeverCounts}
	}
	for _, product := range kms.Products() {
		if wanted.leavesOut(product) {
			continue
		}
		if threshold, managed := a.manages(product, members, host, wanted); managed {
			a.Products[product] = a.judge(product, threshold, host)
		}
	}
	if len(a.Products) == 0 {
		return a, ErrNoProduct
	}
	a.Status = a.status(wanted.Licensed, members)
	a.estimate(members)
	return a, nil
}

// mergeNewlyLicensed takes over what a station that has just started says of licences it has got
// back already. That it has not got others back yet says nothing.
func (k LastKnown) mergeNewlyLicensed(now LastKnown) LastKnown {
	merged := LastKnown{Licences: maps.Clone(k.Licences), NeverCounts: k.NeverCounts}
	for product, licence := range now.Licences {
		if _, held := merged.Licences[product]; held && licence.ByKMS {
			merged.Licences[product] = licence
		}
	}
	return merged
}

// lastKnownOf condenses one read of a station.
func lastKnownOf(s kms.Station) LastKnown {
	known := LastKnown{Licences: map[kms.Product]LastLicence{}}
	for _, licence := range s.Licences {
		if never := licence.NeverCounts(); never != "" {
			if licence.Product == kms.Windows || known.NeverCounts == "" {
				known.NeverCounts = licence.Name + ": " + never
			}
			continue
		}
		known.Licences[licence.Product] = LastLicence{ByKMS: s.LicensedByKMS(licence.Product), Reason: whyUnlicensed(s.Of(licence.Product))}
	}
	switch {
	case len(known.Licences) > 0:
		known.NeverCounts = "" // one product that counts is enough to take part
	case len(s.Licences) == 0:
		known.NeverCounts = "no product with an installed key was found on it"
	}
	return known
}

// whyUnlicensed is the reason of the first licence that is not licensed. One for which the
// host has no key gives it only where there is no other.
func whyUnlicensed(licences []kms.Licence) string {
	reason := ""
	for _, l := range licences {
		why := l.Explanation()
		if why == "" || l.NeverCounts() != "" {
			continue
		}
		if why = l.Name + ": " + why; !l.WithoutHostKey() {
			return why
		}
		reason = cmp.Or(reason, why)
	}
	return reason
}

// manages decides whether a product is managed, and at which threshold.
func (a *Assessment) manages(product kms.Product, members []Member, host kms.Host, wanted Wanted) (int, bool) {
	if threshold, set := wanted.Thresholds[product]; set {
		return threshold, threshold > 0
	}
	held, allRead := false, len(a.Unreachable)+len(a.Pending) == 0
	for _, m := range members {
		known, remembered := a.LastKnown[m.Name]
		_, holds := known.Licences[product]
		held = held || holds
		allRead = allRead && remembered
	}
	managedBefore := slices.Contains(wanted.Managed, product)
	switch {
	case held && host.HasKey(product):
		return product.Threshold(), true
	case managedBefore && (held || !allRead):
		return product.Threshold(), true // neither a lost host key nor silence takes a product out of care
	}
	return 0, false
}

func (a *Assessment) judge(product kms.Product, threshold int, host kms.Host) ProductState {
	state := ProductState{Threshold: threshold}
	if count, known := host.Count(product); known {
		state.Count = &count
	}
	reasons := map[string]int{}
	for name, known := range a.LastKnown {
		licence, holds := known.Licences[product]
		if !holds {
			continue
		}
		state.Members++
		if licence.ByKMS {
			state.Licensed++
			continue
		}
		why := cmp.Or(licence.Reason, product.Title()+": licensed, but not by a KMS host")
		reasons[why]++
		if before := a.Unlicensed[name]; before != "" {
			why = before + "; " + why
		}
		a.Unlicensed[name] = why
	}
	state.Reason = state.explain(product, host, reasons)
	return state
}

// explain says in words why the threshold is not met and what the members give as
// their reason; empty where nothing is missing.
func (p ProductState) explain(product kms.Product, host kms.Host, members map[string]int) string {
	var parts []string
	switch {
	case !host.HasKey(product) && host.FromClients:
		parts = append(parts, "no member has an answer of the KMS host for "+product.Title()+" yet, and the host itself was not read")
	case !host.HasKey(product):
		parts = append(parts, "the KMS host has no key for "+product.Title())
	case p.Count == nil:
		parts = append(parts, "the KMS host has not counted any request yet")
	case p.Missing() > 0:
		parts = append(parts, fmt.Sprintf("the KMS host's count %d is below the threshold %d", *p.Count, p.Threshold))
	default:
		return ""
	}
	if host.HasKey(product) && !host.Activated(product) {
		parts = append(parts, "the KMS host's own key is not activated")
	}
	for _, why := range slices.SortedFunc(maps.Keys(members), func(x, y string) int {
		return cmp.Or(cmp.Compare(members[y], members[x]), cmp.Compare(x, y))
	}) {
		parts = append(parts, fmt.Sprintf("%s: %s", kms.Plural(members[why], "member"), why))
	}
	return strings.Join(parts, "; ")
}

func (a *Assessment) status(required Requirement, members []Member) Status {
	if a.Missing() > 0 {
		return NotActivated
	}
	// What is not known of a member speaks neither for nor against it.
	unlicensed, counting := len(a.Unlicensed), len(members)-len(a.NeverCounts)
	if required.All && unlicensed > 0 || !required.All && counting-unlicensed < required.Number {
		return NotActivated
	}
	return Activated
}

// estimate counts who can be asked now and how many restarts will then be missing.
func (a *Assessment) estimate(members []Member) {
	missing := a.Missing()
	for _, m := range members {
		if m.Err != nil || m.Pending != "" || a.Asks == missing {
			continue
		}
		if slices.ContainsFunc(m.Station.Licences, func(l kms.Licence) bool {
			// One that was told "not enough" has asked, and was counted by that.
			return l.CanAsk() && l.Reason != kms.CodeNotEnoughCount && !l.WithoutHostKey() && a.Products[l.Product].Missing() > 0
		}) {
			a.Asks++
		}
	}
	a.Restarts = missing - a.Asks
}
