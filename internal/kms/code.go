package kms

import (
	"fmt"
	"slices"
)

// Code is an HRESULT or a system error: in LicenseStatusReason, in the events, and as the
// outcome of a request for activation. The set is open: whatever is not listed here is
// still a code, and is shown by its number.
type Code uint32

// Codes that this project decides by, beside passing and unreached. Any other is a refusal:
// one that is explained at once, one that is not when it comes again.
const (
	CodeOK             Code = 0
	CodeNotEnoughCount Code = 0xC004F038 // SL_E_VL_NOT_ENOUGH_COUNT
	CodeIDMismatch     Code = 0xC004F042 // SL_E_VL_KEY_MANAGEMENT_SERVICE_ID_MISMATCH
)

const (
	noRecord   = "no _vlmcs._tcp record was found in DNS"
	usedUp     = "the key's activations are used up (KMS host key or MAK)"
	unreadable = "the request or its answer could not be processed: the KMS host is too old for this product, or the licensing store is damaged"
)

// reasons explains codes in the words of learn.microsoft.com, activation-error-codes, and
// of slerror.h, shortened.
var reasons = map[Code]string{
	CodeNotEnoughCount: "the KMS host's count is below the threshold",
	0xC004F039:         "the KMS host did not answer the request",
	0xC004F041:         "the KMS host itself is not activated",
	CodeIDMismatch:     "this KMS host's key cannot activate this product",
	0xC004F06C:         "the clocks of client and KMS host differ by more than 4 hours",
	0xC004F074:         "no KMS host could be reached",
	0xC004F035:         "a volume key is installed on a machine without a qualifying base licence",
	0xC004F050:         "the product key is wrong",
	0xC004F009:         "the grace period is over",
	0xC004F014:         "no product key is installed",
	0xC004F069:         "key and edition do not match",
	0xC004C008:         usedUp,
	0xC004C020:         usedUp,
	0x8007232B:         noRecord,
	0x8007007B:         noRecord,
	0x8007251D:         noRecord,
	0x80092328:         noRecord,
	0x800706BA:         "the KMS host is unreachable or its port 1688 is closed",
	0x80070005:         "access was denied",
	0x8007000D:         unreadable,
	0x80070216:         unreadable,
	0x8004E108:         "the licensing store is damaged",
	0x803F7001:         "no valid licence or product key was found for this edition",
	0x87E10BC6:         "Microsoft's catalogue of licences does not hold this product",

	// Those that pass.
	0x80070015: "the machine is not ready",
	0x8007045B: "the machine is shutting down",
	0x80041033: "the machine's management service is starting or stopping",

	// Information.
	0x4004F00C: "it runs in its grace period",
	0x4004F00D: "it runs in the grace period that follows a change or the end of a licence",
	0x4004F040: "it is activated",
	0x4004F065: "it runs in the grace period of a product that is not genuine",
	0x4004F401: "it has a licence of the Microsoft Store",
}

// passing are the codes of a machine or service that is starting or going down:
// ERROR_NOT_READY, ERROR_SHUTDOWN_IN_PROGRESS, WBEM_E_SHUTTING_DOWN.
var passing = []Code{0x80070015, 0x8007045B, 0x80041033}

// unreached are the codes of a station that did not reach its KMS host. Soon after a start
// its network may not be up yet.
var unreached = []Code{0xC004F074, 0xC004F039, 0x800706BA, 0x8007232B, 0x8007007B, 0x8007251D, 0x80092328}

// String shows the code as Microsoft writes it.
func (c Code) String() string { return fmt.Sprintf("0x%08X", uint32(c)) }

// Informational reports whether the code is information, not an error, as the SL_I_… codes
// are: the first nibble is 4.
func (c Code) Informational() bool { return c == CodeOK || c>>28 == 4 }

// Counted reports whether a KMS host counted the request that it answered with the code. One
// that was told "not enough count" was counted all the same.
func (c Code) Counted() bool { return c.Informational() || c == CodeNotEnoughCount }

// Passes reports whether the code is gone by itself soon: the services are still starting.
// Every other code that is not Counted is a refusal, known or not.
func (c Code) Passes() bool { return slices.Contains(passing, c.hresult()) }

// ReachesNoHost reports whether the code says that no KMS host was reached.
func (c Code) ReachesNoHost() bool { return slices.Contains(unreached, c.hresult()) }

// Explained reports whether there are words for the code.
func (c Code) Explained() bool { return reasons[c.hresult()] != "" }

// hresult is the HRESULT that is made of a system error, which some answers give bare.
func (c Code) hresult() Code {
	if c != CodeOK && c>>16 == 0 {
		return 0x80070000 | c
	}
	return c
}

// Words explains the code in a sentence that ends with the code itself; an unknown
// code is shown by its number alone.
func (c Code) Words() string {
	if text, known := reasons[c.hresult()]; known {
		return text + " (" + c.String() + ")"
	}
	return c.String()
}

// CodeError is the answer to a request for activation that has a code. It is ErrNotYet
// where the code passes; else it is a refusal, but for CodeNotEnoughCount.
type CodeError struct{ Code Code }

func (e *CodeError) Error() string { return e.Code.Words() }

// Is makes a code that passes ErrNotYet.
func (e *CodeError) Is(target error) bool { return target == ErrNotYet && e.Code.Passes() }
