// Package winrm is a client of WS-Management as Windows speaks it: CIM queries,
// CIM method calls and commands in a shell.
//
// A CIM query costs one HTTP request and starts no process on the machine, so
// it is the way to ask Windows for anything; commands are for what CIM does
// badly. Every call ends with its context and has a deadline of its own, every
// answer is bounded and checked before it is used, and every failure is a typed
// error that was recognised by code and status, never by its localised text.
package winrm

import (
	"github.com/timago/terraform-provider-timago/internal/winrm/kerberos"
	"github.com/timago/terraform-provider-timago/internal/winrm/wsman"
)

// What callers see of the messages.
type (
	Instance = wsman.Instance
	Call     = wsman.Call
	Argument = wsman.Argument
	Fault    = wsman.Fault
)

// What callers see of Kerberos.
type (
	KerberosConfig = kerberos.Config
	KerberosFailed = kerberos.Failed
)

// KerberosNoKDC is the reason of a KerberosFailed that no KDC answered.
const KerberosNoKDC = kerberos.NoKDC

// Quote makes a WQL string literal of s, quotation marks included.
func Quote(s string) string { return wsman.Quote(s) }
