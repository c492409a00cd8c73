package wsman

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/timago/terraform-provider-timago/internal/foreign"
)

// Fault is a SOAP fault.
type Fault struct {
	Address string // of the machine that answered so, for messages
	// Code is the outermost code: a WS-Management or Win32 code, or an HRESULT;
	// 0 when the fault carried none.
	Code uint32
	// Provider is the code that the WMI provider itself reported inside the
	// fault, 0 when there is none. Licensing HRESULTs come here or in Code.
	Provider uint32
	Subcode  string // local name, e.g. "InternalError"; decides where there is no code
	Text     string // localised: for people only
}

func (e *Fault) Error() string {
	text := fmt.Sprintf("%s answered with a fault", e.Address)
	if code := e.Specific(); code != 0 {
		text += fmt.Sprintf(" %d (0x%08X)", code, code)
	} else if e.Subcode != "" {
		text += " " + e.Subcode
	}
	if e.Text != "" {
		text += ": " + e.Text
	}
	return text
}

// Specific is the innermost code that the fault carries, 0 when there is none.
func (e *Fault) Specific() uint32 {
	if e.Provider != 0 {
		return e.Provider
	}
	return e.Code
}

// standardCodes are Windows' codes for those subcodes of the standard (DSP0226) that
// are decided by: a service may send the subcode alone.
var standardCodes = map[string]uint32{
	"AccessDenied": 5,
	"QuotaLimit":   2150859173,
	"TimedOut":     2150858793,
}

// Has reports whether the fault carries one of the codes, as itself or, for a
// Win32 code, as the HRESULT made of it. Without any code its subcode stands for one.
func (e *Fault) Has(codes ...uint32) bool {
	code := e.Code
	if code == 0 && e.Provider == 0 {
		code = standardCodes[e.Subcode]
	}
	return slices.ContainsFunc(codes, func(wanted uint32) bool {
		return wanted != 0 && (SameCode(code, wanted) || SameCode(e.Provider, wanted))
	})
}

// SameCode reports whether two codes are one, be it that one of them is the
// HRESULT made of the other.
func SameCode(a, b uint32) bool { return win32(a) == win32(b) }

// win32 takes the Win32 code out of an HRESULT of facility Win32 (0x8007xxxx).
func win32(code uint32) uint32 {
	if code>>16 == 0x8007 {
		return code & 0xFFFF
	}
	return code
}

// DecodeFault reads a fault element.
func DecodeFault(address string, fault *Element) *Fault {
	f := &Fault{Address: address}
	if value := fault.path("Code", "Subcode", "Value"); value != nil {
		f.Subcode = foreign.Short(localPart(value.Trimmed()), 80)
	}
	if text := fault.path("Reason", "Text"); text != nil {
		f.Text = text.Trimmed()
	}
	detail := fault.Child("Detail")
	if detail == nil {
		detail = fault
	}
	var codes []uint32
	detail.walk(func(e *Element) {
		if code, ok := codeOf(e); ok {
			codes = append(codes, code)
		}
		if message := e.Child("Message"); e.Name == "WSManFault" && message != nil && f.Text == "" {
			f.Text = strings.TrimSpace(message.allText())
		}
	})
	if len(codes) > 0 {
		f.Code = codes[0]
		if last := codes[len(codes)-1]; last != f.Code {
			f.Provider = last
		}
	}
	f.Text = foreign.Text(f.Text)
	return f
}

// codeOf is the code that an element of a fault's detail has itself.
func codeOf(e *Element) (uint32, bool) {
	switch {
	case e.Name == "WSManFault":
		return ParseUint32(e.Attribute("Code"))
	case e.Child("error_Code") != nil || e.Child("MessageID") != nil:
		return wmiErrorCode(e) // MSFT_WmiError, which newer hosts send without a WSManFault
	case e.Name == "__ExtendedStatus" && e.Child("StatusCode") != nil:
		return ParseUint32(e.Child("StatusCode").Trimmed())
	}
	return 0, false
}

// wmiErrorCode prefers the HRESULT that stands in the message id ("HRESULT
// 0x803381a5"): error_Code holds the same number or a general one.
func wmiErrorCode(wmiError *Element) (uint32, bool) {
	if id := wmiError.Child("MessageID"); id != nil {
		if hex, found := strings.CutPrefix(id.Trimmed(), "HRESULT "); found {
			if code, ok := ParseUint32(hex); ok && code != 0 {
				return code, true
			}
		}
	}
	if number := wmiError.Child("error_Code"); number != nil {
		if code, ok := ParseUint32(number.Trimmed()); ok && code != 0 {
			return code, true
		}
	}
	return 0, false
}

// ParseUint32 reads an unsigned number, also one that was written signed
// (-1073418184 for 0xC004F038) or in hex.
func ParseUint32(text string) (uint32, bool) {
	text = strings.TrimSpace(text)
	if signed, err := strconv.ParseInt(text, 10, 32); err == nil {
		return uint32(signed), true //nolint:gosec // the two's complement is wanted: an HRESULT
	}
	base := 10
	if hex, found := strings.CutPrefix(strings.ToLower(text), "0x"); found {
		text, base = hex, 16
	}
	unsigned, err := strconv.ParseUint(text, base, 32)
	return uint32(unsigned), err == nil
}

func localPart(qualified string) string {
	if _, local, found := strings.Cut(qualified, ":"); found {
		return local
	}
	return qualified
}
