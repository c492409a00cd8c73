package wsman_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/simulator/wsman"
)

// under serves a station on which something is wrong with every method call.
func under(t *testing.T, condition wsman.Condition) (*endpoint, func() (reply, error)) {
	t.Helper()
	config := plain()
	config.Condition = func(r wsman.Request) wsman.Condition {
		if r.Kind == wsman.Invoke && r.Authenticated && r.Method == "Win32ShutdownTracker" && r.User == username {
			return condition
		}
		return wsman.Condition{}
	}
	e := serve(t, config)
	c := newClient(t, e)
	c.http.Timeout = 300 * time.Millisecond
	return e, func() (reply, error) {
		class := cimv2 + "Win32_OperatingSystem"
		return c.try(class+"/Win32ShutdownTracker", class, "<p/>")
	}
}

func TestWhatMayBeWrong(t *testing.T) {
	t.Parallel()
	isReset := func(_ reply, err error) bool { return errors.Is(err, syscall.ECONNRESET) }
	timesOut := func(_ reply, err error) bool { return errors.Is(err, context.DeadlineExceeded) }
	status := func(code int) func(reply, error) bool {
		return func(r reply, err error) bool { return err == nil && r.status == code && r.text == "" }
	}
	faults := func(code uint32) func(reply, error) bool {
		return func(r reply, err error) bool { return err == nil && r.status == 500 && r.fault() == code }
	}
	for name, test := range map[string]struct {
		condition wsman.Condition
		executed  bool
		seen      func(reply, error) bool
	}{
		"refused with the right password": {wsman.Condition{Trouble: wsman.Unauthorized}, false, status(401)},
		"not there":                       {wsman.Condition{Trouble: wsman.Unavailable}, false, status(503)},
		"quota":                           {wsman.Condition{Trouble: wsman.Quota}, false, faults(wsman.CodeQuota)},
		"shutting down":                   {wsman.Condition{Trouble: wsman.ShuttingDown}, false, faults(wsman.CodeAborted)},
		"shutting down, but taken":        {wsman.Condition{Trouble: wsman.ShuttingDown, After: true}, true, faults(wsman.CodeAborted)},
		"reset":                           {wsman.Condition{Trouble: wsman.Reset}, false, isReset},
		"answer lost by a reset":          {wsman.Condition{Trouble: wsman.Reset, After: true}, true, isReset},
		"half-open":                       {wsman.Condition{Trouble: wsman.Hang}, false, timesOut},
		"answer never sent":               {wsman.Condition{Trouble: wsman.Hang, After: true}, true, timesOut},
		"too slow":                        {wsman.Condition{Delay: time.Minute}, false, timesOut},
		"slow":                            {wsman.Condition{Delay: 20 * time.Millisecond}, true, func(r reply, err error) bool { return err == nil && r.status == 200 }},
		"empty":                           {wsman.Condition{Trouble: wsman.EmptyBody}, true, status(200)},
		"another fault":                   {wsman.Condition{Trouble: wsman.Faulted, Fault: &wsman.Fault{Code: 2147942402}}, false, faults(2147942402)},
		"no fault in particular":          {wsman.Condition{Trouble: wsman.Faulted}, false, faults(0)},
		"quota as newer Windows says it": {wsman.Condition{Trouble: wsman.QuotaWMI}, false, func(r reply, err error) bool {
			wmi := r.Body.Fault.Detail.WMI
			return err == nil && r.status == 500 && r.Body.Fault.Detail.Fault == nil && r.Header.RelatesTo == "" &&
				wmi != nil && wmi.MessageID == "HRESULT 0x803381a5" && wmi.Code == wsman.CodeQuota
		}},
		"cut off": {wsman.Condition{Trouble: wsman.TruncatedXML}, true, func(r reply, err error) bool {
			return err != nil && r.status == 200 && strings.Contains(r.text, "Envelope")
		}},
		"no SOAP": {wsman.Condition{Trouble: wsman.Garbage}, true, func(r reply, err error) bool {
			return err == nil && r.status == 200 && r.text != "" && !strings.Contains(r.text, "Envelope")
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, call := under(t, test.condition)
			if r, err := call(); !test.seen(r, err) {
				t.Errorf("the client sees %+v, %v", r, err)
			}
			if got := len(e.station.invoked()); (got == 1) != test.executed {
				t.Errorf("executed %d times", got)
			}
			e.Close()
			entries := e.entries()
			if len(entries) != 1 || entries[0].Trouble != test.condition.Trouble || entries[0].Kind == wsman.Logon || entries[0].FailedLogon {
				t.Errorf("the log: %+v", entries)
			}
		})
	}
}

// What goes wrong on the wire goes wrong in a handshake too; the others wait
// for an operation.
func TestTroubleDuringAHandshake(t *testing.T) {
	t.Parallel()
	for trouble, want := range map[wsman.Trouble]int{
		wsman.None: 401, wsman.Unauthorized: 401, wsman.Unavailable: 503, wsman.Quota: 401, wsman.EmptyBody: 401,
	} {
		t.Run(string(trouble), func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int32
			e := serve(t, wsman.Config{NTLM: true, Condition: func(r wsman.Request) wsman.Condition {
				if r.Kind != wsman.Logon || r.Authenticated {
					t.Errorf("asked about %+v", r)
				}
				asked.Add(1)
				return wsman.Condition{Trouble: trouble}
			}})
			response, _ := post(t, oneConnection(t, e), e.url(), "", identify)
			if response.status != want || asked.Load() != 1 {
				t.Errorf("status %d, asked %d times", response.status, asked.Load())
			}
		})
	}
}

// 401 in spite of the right password ends the logon of the connection, too.
func TestUnauthorizedOnALoggedOnConnection(t *testing.T) {
	t.Parallel()
	var refuse atomic.Bool
	e := serve(t, wsman.Config{NTLM: true, TLS: withTLS(), Condition: func(wsman.Request) wsman.Condition {
		if refuse.Load() {
			return wsman.Condition{Trouble: wsman.Unauthorized}
		}
		return wsman.Condition{}
	}})
	c := oneConnection(t, e)
	handshake(t, c, e.url(), ntlmClient(t, "SCHULE", "operator", password), raw, nil, identify)
	refuse.Store(true)
	if response, _ := post(t, c, e.url(), "", identify); response.status != http.StatusUnauthorized {
		t.Errorf("status %d", response.status)
	}
	refuse.Store(false)
	if response, _ := post(t, c, e.url(), "", identify); response.status != http.StatusUnauthorized {
		t.Errorf("the connection is still logged on: status %d", response.status)
	}
	if got := e.entries(); slices.ContainsFunc(got, func(e wsman.Entry) bool { return e.FailedLogon }) {
		t.Errorf("counted as a wrong password: %+v", got)
	}
}

func TestCloseEndsWhatIsGoingOn(t *testing.T) {
	t.Parallel()
	e := serve(t, plain())
	c := newClient(t, e)
	shell := c.shell()
	id := shell.command("wait")
	failed := make(chan error, 1)
	go func() {
		_, err := shell.try(shellNS+"/Receive", cmdShell, `<rsp:Receive><rsp:DesiredStream CommandId="`+id+`"/></rsp:Receive>`)
		failed <- err
	}()
	e.Close()
	if err := <-failed; err == nil {
		t.Error("the waiting request got an answer")
	}
}
