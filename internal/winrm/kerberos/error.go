package kerberos

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"github.com/jcmturner/gokrb5/v8/iana/errorcode"
	"github.com/jcmturner/gokrb5/v8/messages"

	"github.com/timago/terraform-provider-timago/internal/foreign"
)

// Reason says what Kerberos failed of.
type Reason string

const (
	// Skew: the clocks differ by more than is allowed, five minutes
	// where nobody changed that.
	Skew Reason = "clock skew"
	// UnknownService: the directory knows no machine of that name.
	UnknownService Reason = "unknown service"
	// WrongKey: the machine could not read its ticket.
	WrongKey Reason = "wrong key"
	// Untrusted: the machine did not prove that it is the one that the
	// ticket is for.
	Untrusted Reason = "untrusted"
	// Credentials: the keytab or credential cache has nothing that
	// could be used, or no longer.
	Credentials Reason = "credentials"
	// NoKDC: no KDC of the realm answered.
	NoKDC Reason = "no KDC"
	// Encryption: there is no AES key on one of the sides.
	Encryption Reason = "encryption type"
	// Other: anything else that a KDC answers with.
	Other Reason = "other"
)

// Failed means that Kerberos failed before, or other than by, the
// account's rejection. It says nothing about the account.
type Failed struct {
	Reason  Reason
	Realm   string
	Service string // principal of the machine, HTTP/<host>; "" when it was about the account's own ticket
	Code    int32  // of a KRB-ERROR (RFC 4120 7.5.9), 0 when none was received
	Err     error  // what else is known; may be nil
}

func (e *Failed) Error() string {
	var text string
	switch e.Reason {
	case Skew:
		text = "Kerberos refuses: this machine's clock differs too much from that of "
		if e.Service == "" {
			text += "the KDC of " + e.Realm
		} else {
			text += e.host()
		}
	case UnknownService:
		text = fmt.Sprintf("Kerberos realm %s knows no service %s", e.Realm, e.Service)
	case WrongKey:
		text = e.host() + " could not read its Kerberos ticket"
	case Untrusted:
		text = e.host() + " did not prove itself by Kerberos"
	case Credentials:
		text = "Kerberos has no credentials to use"
	case NoKDC:
		text = "no KDC of Kerberos realm " + e.Realm + " answered"
	case Encryption:
		text = "Kerberos found no AES key"
	default:
		text = "Kerberos failed"
	}
	if e.Err != nil {
		text += ": " + foreign.Text(e.Err.Error())
	}
	if e.Code != 0 {
		text += " " + errorcode.Lookup(e.Code)
	}
	return text
}

func (e *Failed) Unwrap() error { return e.Err }

func (e *Failed) host() string { return strings.TrimPrefix(e.Service, "HTTP/") }

// Advice says what to do next.
func (e *Failed) Advice() string {
	switch e.Reason {
	case Skew:
		return "Set the clocks: they may differ by five minutes at most. On Windows, w32tm /resync takes the domain's time."
	case UnknownService:
		if _, err := netip.ParseAddr(e.host()); err == nil {
			return "Kerberos knows machines by name: address the machine by the name that it has in the domain, not by its IP address."
		}
		return "Address the machine by its full name in the domain, not by an alias, and see that it has joined the domain. " +
			"An alias works where it is registered: setspn -S " + e.Service + " <computer name>."
	case WrongKey, Untrusted:
		return "See that the name leads to the machine that has it in the domain (DNS, setspn -Q " + e.Service + "), " +
			"and that the machine's trust with the domain holds: Test-ComputerSecureChannel -Repair."
	case Credentials:
		return "Get a new ticket with kinit, or see that keytab and credential cache are those of the account."
	case NoKDC:
		return "See that the realm is right, that krb5.conf or DNS (_kerberos._tcp." + e.Realm + ") names its KDCs, and that they can be reached on TCP port 88."
	case Encryption:
		return "Allow AES on the account and on the machine (msDS-SupportedEncryptionTypes). An account whose password is older than its domain's AES keys needs a new password."
	default:
		return "The KDC's own log tells more."
	}
}

// failed makes a *Failed of the account's realm.
func (t *Tickets) failed(reason Reason, service string, err error) error {
	return &Failed{Reason: reason, Realm: t.realm, Service: service, Err: err}
}

// Refusal is a KDC's word that the account may not log on.
type Refusal struct {
	Realm string
	Code  int32
}

// The codes that are about the account, and what each of them means.
var refusals = map[int32]string{
	errorcode.KDC_ERR_PREAUTH_FAILED:      "its password or key is wrong",
	errorcode.KDC_ERR_C_PRINCIPAL_UNKNOWN: "there is no such user",
	errorcode.KDC_ERR_CLIENT_REVOKED:      "the account is locked or disabled",
	errorcode.KDC_ERR_NAME_EXP:            "the account has expired",
	errorcode.KDC_ERR_KEY_EXPIRED:         "the password has expired",
	errorcode.KDC_ERR_CLIENT_NOTYET:       "the account is not valid yet",
	errorcode.KDC_ERR_POLICY:              "the domain's rules do not let it log on here or now",
}

func (e *Refusal) Error() string { return refusals[e.Code] + " " + errorcode.Lookup(e.Code) }

// meaning types what a KDC answered when it was asked for a ticket for a
// service, "" for the TGT.
func (t *Tickets) meaning(service string, err error) error {
	var said messages.KRBError
	var silent *noKDC
	switch {
	case errors.As(err, &silent):
		return t.failed(NoKDC, service, err)
	case !errors.As(err, &said):
		return t.failed(Other, service, err)
	}
	failed := &Failed{Reason: Other, Realm: t.realm, Service: service, Code: said.ErrorCode}
	switch said.ErrorCode {
	case errorcode.KRB_AP_ERR_SKEW:
		failed.Reason, failed.Service = Skew, ""
	case errorcode.KDC_ERR_S_PRINCIPAL_UNKNOWN:
		failed.Reason = UnknownService
	case errorcode.KDC_ERR_ETYPE_NOSUPP:
		failed.Reason = Encryption
	case errorcode.KRB_AP_ERR_TKT_EXPIRED:
		failed.Reason = Credentials
	default:
		if _, known := refusals[said.ErrorCode]; known && service == "" {
			return &Refusal{Realm: t.realm, Code: said.ErrorCode}
		}
	}
	return failed
}
