package wsman

import (
	"cmp"
	"strings"
	"time"
)

// Kind says what a request asks for.
type Kind string

// The kinds of requests. Logon is every request that ends before an operation
// is looked at: the legs of a handshake, and refused logons.
const (
	Logon     Kind = "logon"
	Identify  Kind = "identify"
	Enumerate Kind = "enumerate"
	Pull      Kind = "pull"
	Release   Kind = "release"
	Get       Kind = "get"
	Invoke    Kind = "invoke"
	Create    Kind = "create"
	Execute   Kind = "command"
	Send      Kind = "send"
	Receive   Kind = "receive"
	Signal    Kind = "signal"
	Delete    Kind = "delete"
	Unknown   Kind = "unknown"
)

// Request is what a client asks, as far as it is of interest outside.
type Request struct {
	Kind          Kind
	Class, Method string
	Query         string // WQL
	Command       string // the line with its arguments
	ShellID       string
	User          string // as the client names it; the account once it is authenticated
	Authenticated bool
	Connection    uint64 // number of the TCP connection, from 1
}

// Detail is what the request is about, in one line.
func (r Request) Detail() string {
	if r.Method != "" {
		return r.Class + "." + r.Method
	}
	return strings.TrimSpace(cmp.Or(r.Query, r.Class, r.Command, r.ShellID))
}

// Trouble is one way in which an endpoint fails.
type Trouble string

// What may be wrong. On requests of kind Logon only Unauthorized,
// Unavailable, Reset, Hang and the delay take effect: the others corrupt the
// answer to an operation.
const (
	None         Trouble = ""
	Unauthorized Trouble = "unauthorized" // 401 though the password is right
	Unavailable  Trouble = "unavailable"  // 503, as http.sys answers while the service is not there
	Quota        Trouble = "quota"        // fault 2150859173 as WSManFault
	QuotaWMI     Trouble = "quota-wmi"    // the same as MSFT_WmiError, as newer Windows sends it
	ShuttingDown Trouble = "shutting-down"
	Faulted      Trouble = "fault" // Condition.Fault
	Reset        Trouble = "reset" // TCP reset
	Hang         Trouble = "hang"  // half-open: no answer ever
	EmptyBody    Trouble = "empty-body"
	TruncatedXML Trouble = "truncated-xml"
	Garbage      Trouble = "garbage" // 200 with a page that is no SOAP
)

// corruptsTheAnswer: the operation is executed in any case.
func (t Trouble) corruptsTheAnswer() bool {
	return t == EmptyBody || t == TruncatedXML || t == Garbage
}

// Condition is what is wrong with an endpoint right now, for one request. The
// zero value is an endpoint in order.
type Condition struct {
	Trouble Trouble
	// After says that the operation is executed before the trouble shows: the
	// command was taken and its answer is lost. EmptyBody, TruncatedXML and
	// Garbage always come after; without a trouble it means nothing.
	After bool
	Fault *Fault        // with Faulted
	Delay time.Duration // waited before anything is done
}
