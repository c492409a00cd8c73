package kms

import (
	"slices"
	"strings"
	"time"
)

// Uptime is what one query of Win32_OperatingSystem gives. Both times are on the
// answering machine's clock, which may be far from the provider's.
type Uptime struct {
	Now  time.Time // LocalDateTime
	Boot time.Time // LastBootUpTime
}

// Duration is how long the machine has been up.
func (u Uptime) Duration() time.Duration { return u.Now.Sub(u.Boot) }

// RestartedSince reports whether the machine started anew after before was read.
// An open port proves nothing and a start time alone moves when the clock is set,
// so two durations are compared, each taken on the machine's own clock: it is up for
// less than has passed there since, or for less than it was up already.
func (u Uptime) RestartedSince(before Uptime) bool {
	return u.Duration() < u.Now.Sub(before.Now) || u.Duration() < before.Duration()
}

// ReadStands is for how long a read of a station or a host is as good as another one: for
// other pools and data sources, and for a cycle that begins.
const ReadStands = 30 * time.Second

// Presence is who uses a station, together with its uptime.
type Presence struct {
	Uptime
	Name     string // computer name as the station itself gives it
	User     string // logged on at the console, "DOMAIN\name"; "" nobody
	Desktops int    // sessions with a desktop, remote ones too
}

// InUse names who uses the station; "" when nobody does. Users to ignore are
// compared without case, with or without their domain.
func (p Presence) InUse(ignore []string) string {
	ignored := 0
	if p.User != "" {
		if !slices.ContainsFunc(ignore, func(u string) bool { return sameUser(u, p.User) }) {
			return p.User
		}
		ignored = 1
	}
	if p.Desktops > ignored {
		return "a user in a session of their own"
	}
	return ""
}

func sameUser(pattern, user string) bool {
	if strings.EqualFold(pattern, user) {
		return true
	}
	_, name, found := strings.Cut(user, `\`)
	return found && !strings.Contains(pattern, `\`) && strings.EqualFold(pattern, name)
}

// Licensing is what Windows says of its licences.
type Licensing struct {
	CMID     CMID      // of Windows; Office has its own, seen only in event 12288
	KMSHost  string    // the host that Windows asks, set or discovered; "" unknown
	KMSPort  int       // 0 where no host is known, else 1688 unless set
	KMSFound bool      // the host was found in DNS, nobody set it
	Licences []Licence // products with a key, without add-ons
}

// Of lists the licences of one product family.
func (l Licensing) Of(p Product) []Licence {
	var of []Licence
	for _, licence := range l.Licences {
		if licence.Product == p {
			of = append(of, licence)
		}
	}
	return of
}

// Holds reports whether a licence of the product can be counted by a KMS host.
func (l Licensing) Holds(p Product) bool {
	return slices.ContainsFunc(l.Of(p), func(l Licence) bool { return l.NeverCounts() == "" })
}

// Has reports whether a licence of the product has an activation id.
func (l Licensing) Has(p Product, activationID string) bool {
	product, known := l.ProductOf(activationID)
	return known && product == p
}

// ProductOf is the product that a licence is for, by its activation id; false where there is
// no such licence.
func (l Licensing) ProductOf(activationID string) (Product, bool) {
	for _, licence := range l.Licences {
		if licence.ID == activationID {
			return licence.Product, true
		}
	}
	return "", false
}

// LicensedByKMS reports whether every countable licence of the product is licensed, and that
// by a KMS host. One for which the host has no key is put aside, unless there is no other.
func (l Licensing) LicensedByKMS(p Product) bool {
	held := false
	for _, licence := range l.Of(p) {
		if licence.NeverCounts() != "" || licence.WithoutHostKey() {
			continue
		}
		held = true
		if licence.LicensedBy() != ByKMS {
			return false
		}
	}
	return held
}

// Station is one read of a station. Who uses it is another question: see Presence.
type Station struct {
	Uptime
	Name string    // computer name as the station itself gives it
	At   time.Time // when it was read, on the clock of this machine
	Licensing
}
