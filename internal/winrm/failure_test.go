package winrm_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/simulator/wsman"
	"github.com/timago/terraform-provider-timago/internal/winrm"
)

var shutdown = winrm.Call{Class: "Win32_OperatingSystem", Method: "Win32ShutdownTracker"}

func TestQuotaIsWaitedFor(t *testing.T) {
	t.Parallel()
	for _, trouble := range []wsman.Trouble{wsman.Quota, wsman.QuotaWMI} {
		t.Run(string(trouble), func(t *testing.T) {
			t.Parallel()
			r := open(t, wsman.Config{NTLM: true})
			c := client(t, winrm.Config{})
			r.becomes(once(wsman.Invoke, wsman.Condition{Trouble: trouble}))
			if _, err := c.Invoke(t.Context(), r.address, shutdown); err != nil {
				t.Errorf("a quota that is free again: %v", err)
			}
			if kinds := r.kinds(); len(kinds) != 2 || len(r.invoked()) != 1 {
				t.Errorf("asked %v, executed %d times", kinds, len(r.invoked()))
			}
			r.becomes(always(wsman.Enumerate, wsman.Condition{Trouble: trouble}))
			_, err := c.Query(t.Context(), r.address, uptime, winrm.Timeout(1500*time.Millisecond))
			var quota *winrm.Quota
			if code, _ := winrm.Code(err); !errors.As(err, &quota) || code != 2150859173 {
				t.Errorf("a quota that stays exhausted: %v", err)
			}
		})
	}
}

func TestAnAccountIsAuthorisedAnew(t *testing.T) {
	t.Parallel()
	r := open(t, wsman.Config{NTLM: true})
	c := client(t, winrm.Config{})
	r.becomes(once(wsman.Invoke, wsman.Condition{Trouble: wsman.Faulted, Fault: &wsman.Fault{Code: 2150859177}}))
	if _, err := c.Invoke(t.Context(), r.address, shutdown); err != nil || len(r.invoked()) != 1 {
		t.Errorf("executed %d times: %v", len(r.invoked()), err)
	}
}

func TestFaultsByCode(t *testing.T) {
	t.Parallel()
	r := open(t, wsman.Config{NTLM: true})
	c := client(t, winrm.Config{})
	_, err := c.Query(t.Context(), r.address, "SELECT * FROM OfficeSoftwareProtectionProduct")
	if !winrm.IsUnknownClass(err) || !strings.Contains(err.Error(), "OfficeSoftwareProtectionProduct") {
		t.Errorf("an unknown class: %v", err)
	}
	for _, story := range []struct {
		name string
		code uint32
		is   func(error) bool
	}{
		{"access denied", 5, winrm.IsAccessDenied},
		{"access denied as HRESULT", 0x80070005, winrm.IsAccessDenied},
		{"access denied by WMI, as WS-Management says it", 0x80338104, winrm.IsAccessDenied},
		{"access denied by a WMI provider, as WS-Management says it", 0x80338105, winrm.IsAccessDenied},
		{"access denied on the way to WMI", 0x80338106, winrm.IsAccessDenied},
		{"access denied by WMI", 0x80041003, winrm.IsAccessDenied},
		{"a privilege is not held", 1314, winrm.IsAccessDenied},
		{"a privilege is not held, as WMI says it", 0x80041062, winrm.IsAccessDenied},
		{"class not known, as WMI says it", 0x80041010, winrm.IsUnknownClass},
		{"property not known, as WMI says it", 0x80041017, winrm.IsUnknownClass},
		{"going down", 995, func(err error) bool { return winrm.IsUnreachable(err) && winrm.IsOutcomeUnknown(err) }},
		{"going down as HRESULT", 0x800703E3, winrm.IsUnreachable},
		{"cancelled", 1223, winrm.IsUnreachable},
		{"shutting down", 1115, winrm.IsNotYetBack},
		{"shutdown under way", 1190, func(err error) bool { return winrm.IsCode(err, 1190) }},
		{"users logged on", 0x800704A7, func(err error) bool { return winrm.IsCode(err, 1191) }},
		{"shell lost", 2150858843, func(err error) bool { var lost *winrm.ShellLost; return errors.As(err, &lost) }},
		{"too slow", winrm.CodeOperationTimeout, winrm.IsOutcomeUnknown},
	} {
		for _, wmi := range []bool{false, true} {
			r.becomes(always(wsman.Invoke, wsman.Condition{Trouble: wsman.Faulted, Fault: &wsman.Fault{Code: story.code, WMI: wmi}}))
			_, err := c.Invoke(t.Context(), r.address, shutdown)
			if !story.is(err) {
				t.Errorf("%s (WMI error: %t): %v", story.name, wmi, err)
			}
			if code, ok := winrm.Code(err); !ok || code != story.code {
				t.Errorf("%s (WMI error: %t): code %d", story.name, wmi, code)
			}
		}
	}
}

func TestMethodsReturnTheirCodeFromOnePlace(t *testing.T) {
	t.Parallel()
	r := open(t, wsman.Config{NTLM: true})
	c := client(t, winrm.Config{})
	_, err := c.Invoke(t.Context(), r.address, winrm.Call{Class: "Win32_OperatingSystem", Method: "Reboot"})
	var failed *winrm.MethodFailed
	if !errors.As(err, &failed) || failed.Value != 1190 || failed.Method != "Reboot" || !winrm.IsCode(err, 1190) {
		t.Errorf("got %v", err)
	}
	const notEnough = 0xC004F038
	activate := winrm.Call{
		Class: "SoftwareLicensingProduct", Method: "Activate",
		Selectors: map[string]string{"ID": "d5a1a1fd-1b1e-4f0a-9b8f-1f0a0c9d0e1f"},
	}
	for _, wmi := range []bool{false, true} {
		r.activates(&wsman.Fault{Code: notEnough, WMI: wmi})
		_, err := c.Invoke(t.Context(), r.address, activate)
		if code, ok := winrm.Code(err); !ok || code != notEnough {
			t.Errorf("Activate (WMI error: %t) gave code %X, %v", wmi, code, err)
		}
	}
	if got := r.invoked()[1].Selectors["ID"]; got != activate.Selectors["ID"] {
		t.Errorf("Activate was called on %q", got)
	}
}

func TestAnswersThatAreNone(t *testing.T) {
	t.Parallel()
	for _, trouble := range []wsman.Trouble{wsman.EmptyBody, wsman.TruncatedXML, wsman.Garbage} {
		for _, way := range ways {
			t.Run(string(trouble)+" "+way.name, func(t *testing.T) {
				t.Parallel()
				r, c := way.open(t)
				for kind, ask := range map[wsman.Kind]func() error{
					wsman.Enumerate: func() error { _, err := c.Query(t.Context(), r.address, uptime); return err },
					wsman.Receive: func() error {
						_, err := c.Execute(t.Context(), r.address, winrm.Command{Program: "hostname"})
						return err
					},
				} {
					r.becomes(always(kind, wsman.Condition{Trouble: trouble}))
					var protocol *winrm.Protocol
					if err := ask(); !errors.As(err, &protocol) {
						t.Errorf("%s: %v", kind, err)
					}
					r.becomes(nil)
					if err := ask(); err != nil {
						t.Errorf("%s afterwards: %v", kind, err)
					}
				}
			})
		}
	}
}

func TestUnreachable(t *testing.T) {
	t.Parallel()
	c := client(t, winrm.Config{})
	gone, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = gone.Close()
	for address, kind := range map[string]winrm.Kind{
		gone.Addr().String(): winrm.KindRefused,
		"r101-01.invalid":    winrm.KindDNS,
	} {
		_, err := c.Query(t.Context(), address, uptime)
		var unreachable *winrm.Unreachable
		if !errors.As(err, &unreachable) || unreachable.Kind != kind || unreachable.Sent {
			t.Errorf("%s: got %v, want %s", address, err, kind)
		}
	}
	for _, address := range []string{"", "a b", "http://a", "a:b", "a:0", "a:70000", "user@host", "a/b", "::1:x", "[::1"} {
		if _, err := c.Query(t.Context(), address, uptime); err == nil || winrm.IsUnreachable(err) {
			t.Errorf("%q was taken for an address: %v", address, err)
		}
	}
}

func TestLostAnswerToARestartIsUnknown(t *testing.T) {
	t.Parallel()
	inEveryWay(t, func(t *testing.T, way way) {
		r, c := way.open(t)
		if _, err := c.Query(t.Context(), r.address, uptime); err != nil {
			t.Fatal(err)
		}
		for _, trouble := range []wsman.Trouble{wsman.Reset, wsman.Hang} {
			r.becomes(always(wsman.Invoke, wsman.Condition{Trouble: trouble, After: true}))
			before := len(r.invoked())
			_, err := c.Invoke(t.Context(), r.address, shutdown, winrm.Timeout(400*time.Millisecond))
			var unreachable *winrm.Unreachable
			if !errors.As(err, &unreachable) || !unreachable.Sent || !winrm.IsOutcomeUnknown(err) {
				t.Errorf("%s: %v", trouble, err)
			}
			if made := len(r.invoked()) - before; made != 1 {
				t.Errorf("%s: the restart was called %d times, want once", trouble, made)
			}
		}
	})
}

func TestLostAnswerToAQueryIsAskedForAgain(t *testing.T) {
	t.Parallel()
	r := open(t, wsman.Config{NTLM: true})
	c := client(t, winrm.Config{})
	for range 2 {
		if _, err := c.Query(t.Context(), r.address, uptime); err != nil {
			t.Fatal(err)
		}
		r.becomes(once(wsman.Enumerate, wsman.Condition{Trouble: wsman.Reset}))
	}
	if kinds := r.kinds(); len(kinds) != 3 {
		t.Errorf("asked %v", kinds)
	}
}

func TestConnectionsThatAMachineClosedAreReplaced(t *testing.T) {
	t.Parallel()
	inEveryWay(t, func(t *testing.T, way way) {
		r, c := way.open(t)
		for range 3 {
			if _, err := c.Invoke(t.Context(), r.address, shutdown); err != nil {
				t.Fatal(err)
			}
			r.Restart()
			time.Sleep(200 * time.Millisecond) // idle for longer than is used without a look
		}
		if len(r.invoked()) != 3 {
			t.Errorf("three calls were made %d times", len(r.invoked()))
		}
	})
}

func TestProbesUseConnectionsOfTheirOwn(t *testing.T) {
	t.Parallel()
	r := open(t, wsman.Config{NTLM: true})
	c := client(t, winrm.Config{})
	for range 3 {
		if _, err := c.Query(t.Context(), r.address, uptime, winrm.FreshConnection()); err != nil {
			t.Fatal(err)
		}
	}
	connections := map[uint64]bool{}
	for _, entry := range r.entries() {
		connections[entry.Connection] = true
	}
	if len(connections) != 3 {
		t.Errorf("three probes used %d connections", len(connections))
	}
}

func TestCancelledCallsReturnAtOnce(t *testing.T) {
	t.Parallel()
	inEveryWay(t, func(t *testing.T, way way) {
		r, c := way.open(t)
		if _, err := c.Query(t.Context(), r.address, uptime); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		r.becomes(func(request wsman.Request) wsman.Condition {
			if request.Kind != wsman.Enumerate {
				return wsman.Condition{}
			}
			cancel()
			return wsman.Condition{Trouble: wsman.Hang}
		})
		_, err := c.Query(ctx, r.address, uptime)
		var interrupted *winrm.Interrupted
		if !errors.As(err, &interrupted) || !errors.Is(err, context.Canceled) || !interrupted.Sent || winrm.IsUnreachable(err) {
			t.Errorf("got %v", err)
		}
		r.becomes(nil)
		if _, err := c.Query(t.Context(), r.address, uptime); err != nil {
			t.Errorf("afterwards: %v", err)
		}
	})
}

func TestDeadlineOfTheCallerIsATimeout(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := client(t, winrm.Config{}).Query(ctx, black(t), uptime)
	var unreachable *winrm.Unreachable
	if !errors.As(err, &unreachable) || unreachable.Kind != winrm.KindTimeout || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestServiceThatIsNotThereYet(t *testing.T) {
	t.Parallel()
	r := open(t, wsman.Config{NTLM: true})
	c := client(t, winrm.Config{})
	r.becomes(func(wsman.Request) wsman.Condition { return wsman.Condition{Trouble: wsman.Unavailable} })
	_, err := c.Query(t.Context(), r.address, uptime)
	var unreachable *winrm.Unreachable
	if !errors.As(err, &unreachable) || unreachable.Kind != winrm.KindUnavailable || unreachable.Sent {
		t.Errorf("got %v", err)
	}
}

func TestSlowOperationIsAskedForAgain(t *testing.T) {
	t.Parallel()
	r := open(t, wsman.Config{NTLM: true})
	c := client(t, winrm.Config{})
	for _, bare := range []bool{false, true} {
		slow := wsman.Condition{Trouble: wsman.Faulted, Fault: &wsman.Fault{Code: winrm.CodeOperationTimeout, Bare: bare}}
		r.becomes(once(wsman.Enumerate, slow))
		if _, err := c.Query(t.Context(), r.address, uptime); err != nil {
			t.Error(err)
		}
		r.becomes(once(wsman.Invoke, slow))
		if _, err := c.Invoke(t.Context(), r.address, shutdown); !winrm.IsOutcomeUnknown(err) {
			t.Errorf("a method that timed out was called again: %v", err)
		}
	}
}

func TestEnumerationThatFailsIsReleasedOrGone(t *testing.T) {
	t.Parallel()
	r := open(t, wsman.Config{NTLM: true})
	c := client(t, winrm.Config{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r.becomes(func(request wsman.Request) wsman.Condition {
		if request.Kind == wsman.Pull {
			// The answer is on its way when the caller gives up.
			time.AfterFunc(20*time.Millisecond, cancel)
			return wsman.Condition{Trouble: wsman.Hang}
		}
		return wsman.Condition{}
	})
	if _, err := c.Query(ctx, r.address, "SELECT Name FROM Win32_Process"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// What is answered instead of "who is there" came before the command was sent.
func TestACommandThatWasNotSentHasNoUnknownOutcome(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{
		"404":       "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
		"500":       "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n",
		"no HTTP":   "SSH-2.0-OpenSSH_9.2\r\n",
		"too large": "HTTP/1.1 401 Unauthorized\r\nContent-Length: 9999999\r\n\r\n" + strings.Repeat("x", 9999999),
	} {
		address, _ := speaks(t, answer)
		_, err := client(t, winrm.Config{}).Invoke(t.Context(), address, shutdown)
		var protocol *winrm.Protocol
		if !errors.As(err, &protocol) || winrm.IsOutcomeUnknown(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A service that is overtaxed may give up at once.
func TestOperationsThatTimeOutAtOnceAreNotAskedForInALoop(t *testing.T) {
	t.Parallel()
	r := open(t, wsman.Config{NTLM: true})
	r.becomes(always(wsman.Enumerate, wsman.Condition{Trouble: wsman.Faulted, Fault: &wsman.Fault{Code: winrm.CodeOperationTimeout}}))
	_, err := client(t, winrm.Config{}).Query(t.Context(), r.address, uptime, winrm.Timeout(2*time.Second))
	if !winrm.IsCode(err, winrm.CodeOperationTimeout) {
		t.Errorf("got %v", err)
	}
	if n := len(r.kinds()); n < 2 || n > 8 {
		t.Errorf("asked %d times in two seconds", n)
	}
}

func TestAReadWithoutAnAnswerSpeaksOfNoEffect(t *testing.T) {
	t.Parallel()
	r := open(t, wsman.Config{NTLM: true})
	r.becomes(always(wsman.Enumerate, wsman.Condition{Trouble: wsman.Hang}))
	_, err := client(t, winrm.Config{}).Query(t.Context(), r.address, uptime, winrm.Timeout(300*time.Millisecond))
	if !winrm.IsUnreachable(err) || strings.Contains(err.Error(), "effect") {
		t.Errorf("got %v", err)
	}
}
