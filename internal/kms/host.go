package kms

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// HostProduct is one KMS host entry of SoftwareLicensingProduct. Numbers are nil
// where Windows has no data; no data is not 0.
type HostProduct struct {
	ID        string
	Product   Product
	Name      string
	Channel   Channel
	Status    LicenceStatus
	Reason    Code
	Count     *int // current count, capped at twice the largest threshold asked for
	Threshold *int // RequiredClientCount
	Counters  Counters
}

// Counters are the host's cumulative numbers of requests. They only grow and are no
// measure of the current count.
type Counters struct {
	Total, Failed, Unlicensed, Licensed, OOBGrace, OOTGrace, NonGenuineGrace, Notification *int
}

// Host is one read of a KMS host.
type Host struct {
	IsHost        bool  // it has a KMS host key
	Port          int   // the port it listens on
	DNSPublishing *bool // whether it publishes itself in DNS; nil: not told
	Products      []HostProduct
	// FromClients: the host itself was not read, and this is what its answers to clients
	// showed. Of a product that is absent nothing is known.
	FromClients bool
}

// WithCount is the host with a count that was read later.
func (h Host) WithCount(p Product, count int) Host {
	h.Products = slices.Clone(h.Products)
	for i := range h.Products {
		if h.Products[i].Product == p {
			h.Products[i].Count = nil
		}
	}
	first := slices.IndexFunc(h.Products, func(e HostProduct) bool { return e.Product == p })
	if first < 0 {
		h.Products = append(h.Products, HostProduct{Product: p, Status: Licensed})
		first = len(h.Products) - 1
	}
	h.Products[first].Count = &count
	return h
}

// CountSource says where a KMS host's counts are read.
type CountSource string

// Where counts are read.
const (
	CountAuto     CountSource = "auto"     // on the host; where it refuses the account, from the answers that its clients got
	CountHost     CountSource = "host"     // on the host alone
	CountStations CountSource = "stations" // from the answers that its clients got; the host is not asked
)

// HasKey reports whether the host has a key for the product family.
func (h Host) HasKey(p Product) bool {
	return slices.ContainsFunc(h.Products, func(e HostProduct) bool { return e.Product == p })
}

// Activated reports whether a key of the product family is activated itself; until
// it is, the host activates nobody.
func (h Host) Activated(p Product) bool {
	return slices.ContainsFunc(h.Products, func(e HostProduct) bool { return e.Product == p && e.Status == Licensed })
}

// Count is the host's count for the product family; false where it gave no number.
// A host may hold keys of several Office generations that count apart; the largest
// count is then taken, since an old generation nobody uses stays at 0.
func (h Host) Count(p Product) (int, bool) {
	count, known := 0, false
	for _, entry := range h.Products {
		if entry.Product == p && entry.Count != nil {
			count, known = max(count, *entry.Count), true
		}
	}
	return count, known
}

// HostOfMost is the KMS host that most of those who name one name, in lower case; of several
// the first in the alphabet, and "" where nobody names one.
func HostOfMost(named []string) string {
	uses := map[string]int{}
	for _, host := range named {
		if host != "" {
			uses[strings.ToLower(host)]++
		}
	}
	hosts := slices.SortedFunc(maps.Keys(uses), func(x, y string) int {
		return cmp.Or(cmp.Compare(uses[y], uses[x]), cmp.Compare(x, y))
	})
	if len(hosts) == 0 {
		return ""
	}
	return hosts[0]
}
