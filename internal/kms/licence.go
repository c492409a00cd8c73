package kms

import (
	"fmt"
	"strings"
	"time"
)

// LicenceStatus is SoftwareLicensingProduct.LicenseStatus.
type LicenceStatus uint32

// The states that Windows knows.
const (
	Unlicensed LicenceStatus = iota
	Licensed
	OOBGrace
	OOTGrace
	NonGenuineGrace
	Notification
	ExtendedGrace
)

var licenceStatusNames = [...]string{
	"Unlicensed", "Licensed", "OOBGrace", "OOTGrace", "NonGenuineGrace", "Notification", "ExtendedGrace",
}

// String gives Microsoft's own name of the state.
func (s LicenceStatus) String() string {
	if int(s) < len(licenceStatusNames) {
		return licenceStatusNames[s]
	}
	return fmt.Sprintf("LicenceStatus(%d)", uint32(s))
}

// ActivationTypeActiveDirectory is the value of VLActivationType on a product that
// Active Directory activated; such a product adds nothing to a KMS count.
const ActivationTypeActiveDirectory = 1

// Licence is one product of a station with a key installed.
type Licence struct {
	ID             string // activation id (SKU), a lower-case GUID
	Product        Product
	Name           string
	Channel        Channel
	Status         LicenceStatus
	Reason         Code
	Grace          time.Duration // left of the licence or grace period; 0 where it does not end or was not read
	ActivationType uint32        // VLActivationType; 0 unknown
	KMSHost        string        // the host this product asks, set or discovered; "" unknown
}

// Means is how a licensed product came by its licence.
type Means uint8

// The ways to a licence. Only the first says anything about a KMS host.
const (
	NotLicensed Means = iota
	ByKMS
	ByActiveDirectory
	ByOther // MAK, OEM, retail
)

// LicensedBy says how the product is licensed. LicenseStatus 1 alone proves nothing
// about KMS: such a licence has a client key, is not Active Directory's, and ends.
func (l Licence) LicensedBy() Means {
	switch {
	case l.Status != Licensed:
		return NotLicensed
	case l.ActivationType == ActivationTypeActiveDirectory:
		return ByActiveDirectory
	case l.Channel.Counts() && l.Grace > 0:
		return ByKMS
	default:
		return ByOther
	}
}

// NeverCounts says in words why the product adds nothing to a KMS count; empty
// where it can count.
func (l Licence) NeverCounts() string {
	if l.Channel.Counts() && l.LicensedBy() == ByActiveDirectory {
		return "it was activated through Active Directory and asks no KMS host"
	}
	return l.Channel.NeverCounts()
}

// CanAsk reports whether Activate may be called on the product: only on an unlicensed
// one with a KMS client key; on a MAK product it would use up an activation.
func (l Licence) CanAsk() bool {
	return l.Channel.Counts() && l.Status != Licensed && l.ActivationType != ActivationTypeActiveDirectory
}

// WithoutHostKey reports whether the KMS host refused the product for want of a key.
func (l Licence) WithoutHostKey() bool { return l.Status != Licensed && l.Reason == CodeIDMismatch }

// Explanation says in words why the product is not licensed; empty where it is.
func (l Licence) Explanation() string {
	switch {
	case l.Status == Licensed:
		return ""
	case l.Reason == 0 || l.Reason.Informational():
		return l.Status.String()
	default:
		return l.Status.String() + ": " + l.Reason.Words()
	}
}

// Threshold is the count from which a KMS host activates the product: 25 for Windows
// clients, 5 for Windows Server and Office (learn.microsoft.com, kms-activation-planning).
func (l Licence) Threshold() int {
	if l.Product == Windows && strings.Contains(l.Name, "Server") {
		return serverThreshold
	}
	return l.Product.Threshold()
}

// serverThreshold is that of Windows Server. Its count is that of Windows.
const serverThreshold = 5
