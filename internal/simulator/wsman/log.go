package wsman

import "time"

// Entry is the log's record of one HTTP request. It is written when the
// outcome is known and before the client gets its answer, so that a client
// that has its answer finds it in the log.
type Entry struct {
	Request
	Time        time.Time // arrival
	Path        string
	Handshake   bool    // a leg of an authentication, without an operation
	FailedLogon bool    // a password was tried and found wrong: what locks accounts
	Sealed      bool    // the body was NTLM-sealed
	Status      int     // 0: no answer was sent
	Fault       uint32  // code of the fault that was answered
	Trouble     Trouble // what the condition did
}
