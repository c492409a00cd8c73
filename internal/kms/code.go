package kms

import "fmt"

// Code is an HRESULT of software licensing: in LicenseStatusReason, in the events,
// and as the outcome of a request for activation.
type Code uint32

// Codes that this project decides by. The others are only explained.
const (
	CodeOK             Code = 0
	CodeNotEnoughCount Code = 0xC004F038 // SL_E_VL_NOT_ENOUGH_COUNT
	CodeIDMismatch     Code = 0xC004F042 // SL_E_VL_KEY_MANAGEMENT_SERVICE_ID_MISMATCH
)

// reasons explains the codes on which a person can act, in the words of
// learn.microsoft.com, activation-error-codes, shortened.
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
	0xC004C008:         "the key's activations are used up (KMS host key or MAK)",
	0xC004C020:         "the key's activations are used up (KMS host key or MAK)",
	0x8007232B:         "no _vlmcs._tcp record was found in DNS",
	0x8007007B:         "no _vlmcs._tcp record was found in DNS",
	0x8007251D:         "no _vlmcs._tcp record was found in DNS",
	0x800706BA:         "the KMS host is unreachable or its port 1688 is closed",
	0x80070005:         "access was denied",
}

// String shows the code as Microsoft writes it.
func (c Code) String() string { return fmt.Sprintf("0x%08X", uint32(c)) }

// Informational tells whether the code is information, not an error: its severity
// (the first nibble) is 0 or 4, as in the SL_I_… codes.
func (c Code) Informational() bool { return c>>28 == 0 || c>>28 == 4 }

// Counted tells whether a KMS host counted the request that it answered with the code. One
// that was told "not enough count" was counted all the same.
func (c Code) Counted() bool { return c.Informational() || c == CodeNotEnoughCount }

// Words explains the code in a sentence that ends with the code itself; an unknown
// code is shown by its number alone.
func (c Code) Words() string {
	if text, known := reasons[c]; known {
		return text + " (" + c.String() + ")"
	}
	return c.String()
}

// CodeError is the refusal of a request for activation.
type CodeError struct{ Code Code }

func (e *CodeError) Error() string { return e.Code.Words() }

// Refuses tells whether the code is one with which software licensing or its way to
// the KMS host (DNS, RPC) refuses a request, not one of WS-Management.
func (c Code) Refuses() bool {
	_, known := reasons[c]
	return known && c != 0x80070005 || c>>16 == 0xC004
}
