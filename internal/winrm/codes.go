package winrm

import "github.com/timago/terraform-provider-timago/internal/winrm/wsman"

// Codes that callers decide by.
const (
	CodeAccessDenied     uint32 = 5          //
	CodeShuttingDown     uint32 = 1115       // the machine is shutting down: not yet back
	CodeUnknownClass     uint32 = 2150858778 // class, property or WQL not known
	CodeOperationTimeout uint32 = 2150858793 // no data within the operation timeout
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
func faultOf(address string, fault *wsman.Element) error {
	f := wsman.DecodeFault(address, fault)
	switch {
	case f.Has(quotaCodes...):
		return &Quota{Fault: f}
	case f.Has(codeShellLost):
		return &ShellLost{Fault: f}
	case f.Has(deniedCodes...):
		return &AccessDenied{Fault: f}
	case f.Has(codeAborted, codeCancelled):
		// The service ends what it is doing because it is going down.
		return &Unreachable{Kind: KindReset, Address: address, Sent: true, Err: f}
	}
	return f
}
