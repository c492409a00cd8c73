package winrm_test

import (
	"bufio"
	"encoding/base64"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/simulator/wsman"
	"github.com/timago/terraform-provider-timago/internal/winrm"
)

// ntlmChallenge is one that every server can send: it holds nothing of an account.
func ntlmChallenge() string {
	m := append([]byte("NTLMSSP\x00"), 2, 0, 0, 0)
	m = append(m, make([]byte, 8)...)
	m = binary.LittleEndian.AppendUint32(m, 0xE28A8235)
	m = append(m, make([]byte, 16)...)
	m = append(m, 16, 0, 16, 0, 56, 0, 0, 0)
	m = append(m, make([]byte, 8)...)
	m = append(m, 7, 0, 8, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0)
	return "Negotiate " + base64.StdEncoding.EncodeToString(m)
}

// rogue lets everybody in with one and the same answer, and counts the logons.
func rogue(t *testing.T, status int, contentType, body string) (address string, logons *atomic.Int32) {
	t.Helper()
	logons = new(atomic.Int32)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		token, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(request.Header.Get("Authorization"), "Negotiate "))
		if len(token) > 8 && token[8] == 1 {
			w.Header().Set("WWW-Authenticate", ntlmChallenge())
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if len(token) > 8 && token[8] == 3 {
			logons.Add(1)
		}
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	return server.Listener.Addr().String(), logons
}

// Who lets everybody in proves nothing: a wrong password is still tried once, and with the
// right one the honest machines are asked as ever.
func TestARogueDoesNotLoosenTheRuleOfOneFailedLogon(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]struct {
		status            int
		contentType, body string
	}{
		"200":      {200, "", ""},
		"404":      {404, "text/html", "<html/>"},
		"500":      {500, "", ""},
		"plain":    {200, "application/soap+xml;charset=UTF-8", soap("<x/>")},
		"a fault":  {500, "application/soap+xml;charset=UTF-8", soap("<s:Fault/>")},
		"no seal":  {200, `multipart/encrypted;protocol="application/HTTP-SPNEGO-session-encrypted";boundary="Encrypted Boundary"`, "--Encrypted Boundary--\r\n"},
		"rejected": {403, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address, logons := rogue(t, answer.status, answer.contentType, answer.body)
			rooms := fleet(t, 8, wsman.Config{NTLM: true})
			c := client(t, winrm.Config{Password: "wrong"})
			if _, err := c.Query(t.Context(), address, uptime); err == nil || winrm.IsAuthRejected(err) {
				t.Errorf("the rogue: got %v", err)
			}
			if logons.Load() == 0 {
				t.Error("the rogue saw no logon")
			}
			for _, err := range askAll(t, c, rooms, 2) {
				if !winrm.IsAuthRejected(err) {
					t.Errorf("got %v, want a refusal", err)
				}
			}
			if n := failedLogons(rooms); n != 1 {
				t.Errorf("a wrong password cost %d failed logons, want 1", n)
			}
			right := client(t, winrm.Config{})
			_, _ = right.Query(t.Context(), address, uptime)
			for _, err := range askAll(t, right, rooms, 2) {
				do(t, err)
			}
		})
	}
}

// between puts somebody between client and machine, who may change the answers. Requests
// are counted from 1 on each connection.
func between(t *testing.T, machine string, change func(number int, request *http.Request, answer *http.Response)) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	do(t, err)
	ended := make(chan struct{})
	var open atomic.Int32
	serve := func(near net.Conn) {
		defer func() { _ = near.Close(); open.Add(-1) }()
		far, err := new(net.Dialer).DialContext(t.Context(), "tcp", machine)
		if err != nil {
			return
		}
		defer func() { _ = far.Close() }()
		fromNear, fromFar := bufio.NewReader(near), bufio.NewReader(far)
		for number := 1; ; number++ {
			request, err := http.ReadRequest(fromNear)
			if err != nil || request.Write(far) != nil {
				return
			}
			answer, err := http.ReadResponse(fromFar, request) //nolint:bodyclose // Write below reads it to its end
			if err != nil {
				return
			}
			change(number, request, answer)
			if answer.Write(near) != nil || answer.Close {
				return
			}
		}
	}
	go func() {
		defer close(ended)
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			open.Add(1)
			go serve(near)
		}
	}()
	t.Cleanup(func() {
		_ = listener.Close()
		<-ended
		for deadline := time.Now().Add(5 * time.Second); open.Load() > 0 && time.Now().Before(deadline); {
			time.Sleep(time.Millisecond)
		}
	})
	return listener.Addr().String()
}

// becomes makes a bare answer of another.
func bare(answer *http.Response, status int) {
	_, _ = io.Copy(io.Discard, answer.Body)
	answer.StatusCode, answer.Status, answer.Header = status, "", http.Header{}
	answer.Body, answer.ContentLength = http.NoBody, 0
}

// Inside a sealed session a bare status is not believed: what was sent may have been
// carried out, is not sent again, and nothing is said of rights.
func TestABareStatusInsideASealedSession(t *testing.T) {
	t.Parallel()
	restart := winrm.Call{Class: "Win32_OperatingSystem", Method: "Win32ShutdownTracker"}
	for _, status := range []int{401, 403, 404, 503} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			t.Parallel()
			machine := open(t, wsman.Config{NTLM: true})
			var changed atomic.Int32
			address := between(t, machine.address, func(number int, request *http.Request, answer *http.Response) {
				// Three requests prove the account, the fourth is a query: then the
				// connection is one that was used before.
				if number == 5 && request.ContentLength > 0 {
					changed.Add(1)
					bare(answer, status)
				}
			})
			c := client(t, winrm.Config{})
			_, err := c.Query(t.Context(), address, uptime)
			do(t, err)
			_, err = c.Invoke(t.Context(), address, restart)
			if !winrm.IsOutcomeUnknown(err) || winrm.IsAccessDenied(err) || winrm.IsAuthRejected(err) {
				t.Errorf("got %v, want an outcome that is unknown", err)
			}
			if n := len(machine.invoked()); n != 1 || changed.Load() != 1 {
				t.Errorf("the method ran %d times, %d answers were changed", n, changed.Load())
			}
			// A query changes nothing, and is made again over another connection.
			for range 3 {
				_, err = c.Query(t.Context(), address, uptime)
				do(t, err)
			}
			if changed.Load() < 2 {
				t.Error("no query met the changed answer")
			}
		})
	}
}

// Basic belongs to no connection: a proxy may end it after every answer.
func TestBasicThroughAProxyThatEndsConnections(t *testing.T) {
	t.Parallel()
	machine := open(t, wsman.Config{Basic: true, AllowUnencrypted: true})
	var answers atomic.Int32
	address := between(t, machine.address, func(_ int, _ *http.Request, answer *http.Response) {
		answer.Close = true
		answers.Add(1)
	})
	c := client(t, winrm.Config{Auth: winrm.AuthBasic, AllowUnencrypted: true})
	for range 2 {
		_, err := c.Query(t.Context(), address, uptime)
		do(t, err)
	}
	if n := answers.Load(); n != 4 {
		t.Errorf("%d answers, want a greeting, the proof and two queries", n)
	}
}

func TestSeveralSchemesInOneLine(t *testing.T) {
	t.Parallel()
	machine := open(t, wsman.Config{NTLM: true})
	address := between(t, machine.address, func(_ int, _ *http.Request, answer *http.Response) {
		if offered := answer.Header.Get("WWW-Authenticate"); offered != "" {
			answer.Header.Set("WWW-Authenticate", `Basic realm="WSMAN, here", charset="UTF-8", `+offered+", Kerberos")
		}
	})
	_, err := client(t, winrm.Config{}).Query(t.Context(), address, uptime)
	do(t, err)
}
