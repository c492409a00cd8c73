package winrm

import (
	"strconv"
	"strings"
	"unicode"
)

// Codes that callers decide by.
const (
	CodeFileNotFound      uint32 = 2          // a program that is not there
	CodeAccessDenied      uint32 = 5          //
	CodeShuttingDown      uint32 = 1115       // the machine is shutting down: not yet back
	CodeShutdownScheduled uint32 = 1190       // a shutdown is already under way
	CodeUsersLoggedOn     uint32 = 1191       // users are logged on and force was not given
	CodeUnknownClass      uint32 = 2150858778 // class, property or WQL not known
	CodeOperationTimeout  uint32 = 2150858793 // no data within the operation timeout
)

const (
	codeAborted   uint32 = 995
	codeCancelled uint32 = 1223
	codeShellLost uint32 = 2150858843
	// codeOtherToken: the account was authorised with another token before, as after a
	// change of its groups. The service forgets that, and takes the next request
	// (wsmerror.h, ERROR_WSMAN_DIFFERENT_AUTHZ_TOKEN).
	codeOtherToken uint32 = 2150859177
)

// deniedCodes are what an account without administrator rights meets: Win32 (access
// denied, a privilege is not held), WMI's own (WBEM_E_ACCESS_DENIED,
// WBEM_E_PRIVILEGE_NOT_HELD), and those of WS-Management for WMI that answered so or could
// not be connected to (wsmerror.h, ERROR_WSMAN_WMI_*_ACCESS_DENIED).
var deniedCodes = []uint32{
	CodeAccessDenied, 1314, 0x80041003, 0x80041062, 0x80338104, 0x80338105, 0x80338106,
}

// unknownCodes say that a query names a class or property that is not there: that of
// WS-Management, and WMI's own where they come through as they are
// (WBEM_E_INVALID_CLASS, WBEM_E_INVALID_QUERY).
var unknownCodes = []uint32{CodeUnknownClass, 0x80041010, 0x80041017}

// quotaCodes are the WSMAN_ERROR codes for exhausted quotas: operations,
// shells, processes and memory per user and per shell.
var quotaCodes = []uint32{
	2150859173, 2150859174, 2150859175, 2150859176, 2150859179,
	2150859236, 2150859237, 2150859238, 2150859239, 2150859240, 2150859241, 2150859242,
}

// faultOf makes the typed error of a fault element.
func faultOf(address string, fault *element) error {
	f := decodeFault(address, fault)
	switch {
	case f.has(quotaCodes...):
		return &Quota{Fault: f}
	case f.has(codeShellLost):
		return &ShellLost{Fault: f}
	case f.has(deniedCodes...):
		return &AccessDenied{Fault: f}
	case f.has(codeAborted, codeCancelled):
		// The service ends what it is doing because it is going down.
		return &Unreachable{Kind: KindReset, Address: address, Sent: true, Err: f}
	}
	return f
}

func decodeFault(address string, fault *element) *Fault {
	f := &Fault{Address: address}
	if value := fault.path("Code", "Subcode", "Value"); value != nil {
		f.Subcode = localPart(value.trimmed())
	}
	if text := fault.path("Reason", "Text"); text != nil {
		f.Text = text.trimmed()
	}
	detail := fault.child("Detail")
	if detail == nil {
		detail = fault
	}
	var codes []uint32
	detail.walk(func(e *element) {
		switch {
		case e.name == "WSManFault":
			if code, ok := parseUint32(e.attribute("Code")); ok {
				codes = append(codes, code)
			}
			if message := e.child("Message"); message != nil && f.Text == "" {
				f.Text = strings.TrimSpace(message.allText())
			}
		case e.child("error_Code") != nil || e.child("MessageID") != nil:
			// MSFT_WmiError, which newer hosts send without a WSManFault.
			if code, ok := wmiErrorCode(e); ok {
				codes = append(codes, code)
			}
		case e.name == "__ExtendedStatus":
			if status := e.child("StatusCode"); status != nil {
				if code, ok := parseUint32(status.trimmed()); ok {
					codes = append(codes, code)
				}
			}
		}
	})
	if len(codes) > 0 {
		f.Code = codes[0]
		if last := codes[len(codes)-1]; last != f.Code {
			f.Provider = last
		}
	}
	f.Text = shorten(f.Text, 500)
	return f
}

// wmiErrorCode prefers the HRESULT that stands in the message id ("HRESULT
// 0x803381a5"): error_Code holds the same number or a general one.
func wmiErrorCode(wmiError *element) (uint32, bool) {
	if id := wmiError.child("MessageID"); id != nil {
		if hex, found := strings.CutPrefix(id.trimmed(), "HRESULT "); found {
			if code, ok := parseUint32(hex); ok && code != 0 {
				return code, true
			}
		}
	}
	if number := wmiError.child("error_Code"); number != nil {
		if code, ok := parseUint32(number.trimmed()); ok && code != 0 {
			return code, true
		}
	}
	return 0, false
}

// parseUint32 reads an unsigned number, also one that was written signed
// (-1073418184 for 0xC004F038) or in hex.
func parseUint32(text string) (uint32, bool) {
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

// shorten makes one printable line of foreign text.
func shorten(text string, limit int) string {
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r)
	}), " ")
	if runes := []rune(text); len(runes) > limit {
		return string(runes[:limit]) + " …"
	}
	return text
}
