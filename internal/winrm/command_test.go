package winrm_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/simulator/wsman"
	"github.com/timago/terraform-provider-timago/internal/winrm"
)

func TestCommandCostsFiveRequestsAndOneHandshake(t *testing.T) {
	t.Parallel()
	r := open(t, wsman.Config{NTLM: true})
	if _, err := client(t, winrm.Config{}).Execute(t.Context(), r.address, winrm.Command{Program: "hostname"}); err != nil {
		t.Fatal(err)
	}
	want := []wsman.Kind{wsman.Create, wsman.Execute, wsman.Receive, wsman.Signal, wsman.Delete}
	if kinds := r.kinds(); !slices.Equal(kinds, want) {
		t.Errorf("asked %v, want %v", kinds, want)
	}
	if n := r.count(handshake); n != 2 {
		t.Errorf("%d requests of handshakes, want 2", n)
	}
}

func TestCommandsOutput(t *testing.T) {
	t.Parallel()
	r := open(t, wsman.Config{NTLM: true})
	c := client(t, winrm.Config{})
	output, err := c.Execute(t.Context(), r.address, winrm.Command{Program: "much"})
	if err != nil || output.Stdout != strings.Repeat("0123456789", 60_000) || output.Stderr != "done" {
		t.Errorf("%d bytes and %q, error %v", len(output.Stdout), output.Stderr, err)
	}
	output, err = c.Execute(t.Context(), r.address, winrm.Command{Program: "nonsense"})
	var failed *winrm.CommandFailed
	if !errors.As(err, &failed) || failed.Output.Exit != -1 || failed.Output != output || !strings.Contains(err.Error(), "falsch geschrieben") {
		t.Errorf("got %v", err)
	}
	query := `/q:*[System[(EventID=12290) and TimeCreated[timediff(@SystemTime) <= 86400000]] and EventData[Data='a & b']]`
	output, err = c.Execute(t.Context(), r.address, winrm.Command{
		Program: "echo", Arguments: []string{"qe", "Key Management Service", query, "/f:xml", `C:\with space\`, ""},
	})
	if want := `echo qe "Key Management Service" "` + query + `" /f:xml "C:\with space\\" ""`; err != nil || output.Stdout != want {
		t.Errorf("the machine ran %q, want %q, error %v", output.Stdout, want, err)
	}
}

func TestSilentCommandIsAskedForAgain(t *testing.T) {
	t.Parallel()
	r := open(t, wsman.Config{NTLM: true})
	// Every request ends with an operation timeout before the command does.
	output, err := client(t, winrm.Config{Timeout: time.Second}).Execute(t.Context(), r.address, winrm.Command{Program: "slow"})
	if err != nil || output.Stdout != "late" {
		t.Errorf("got %q, error %v", output.Stdout, err)
	}
	if n := r.count(func(e wsman.Entry) bool { return e.Kind == wsman.Receive }); n < 2 {
		t.Errorf("asked for output %d times", n)
	}
}

// A service that is overtaxed may give up at once.
func TestOutputThatTimesOutAtOnceIsNotAskedForInALoop(t *testing.T) {
	t.Parallel()
	r := open(t, wsman.Config{NTLM: true})
	r.becomes(always(wsman.Receive, wsman.Condition{Trouble: wsman.Faulted, Fault: &wsman.Fault{Code: winrm.CodeOperationTimeout}}))
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	_, err := client(t, winrm.Config{}).Execute(ctx, r.address, winrm.Command{Program: "wait"})
	if !winrm.IsUnreachable(err) || !errors.Is(err, context.DeadlineExceeded) || !winrm.IsOutcomeUnknown(err) {
		t.Errorf("got %v", err)
	}
	if n := r.count(func(e wsman.Entry) bool { return e.Kind == wsman.Receive }); n < 2 || n > 8 {
		t.Errorf("asked %d times in two seconds", n)
	}
}

// Windows holds a request until there is output; another service may say "running" at once.
func TestEmptyOutputIsNotAskedForInALoop(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	answers := map[string]string{
		"/transfer/Create<": `<s:ShellId xmlns:s="x">1</s:ShellId>`, "/shell/Command<": `<s:CommandId xmlns:s="x">1</s:CommandId>`,
		"/shell/Receive<": `<s:ReceiveResponse xmlns:s="x"><s:CommandState State="x/CommandState/Running"/></s:ReceiveResponse>`,
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if request.Header.Get("Authorization") == "" {
			w.Header().Set("WWW-Authenticate", "Basic")
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		body, _ := io.ReadAll(request.Body)
		answer := ""
		for action, with := range answers {
			if strings.Contains(string(body), action) {
				answer = with
			}
		}
		if strings.Contains(answer, "Receive") {
			asked.Add(1)
		}
		w.Header().Set("Content-Type", "application/soap+xml;charset=UTF-8")
		_, _ = io.WriteString(w, `<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Header/><e:Body>`+answer+`</e:Body></e:Envelope>`)
	}))
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	c := client(t, winrm.Config{Auth: winrm.AuthBasic, AllowUnencrypted: true})
	_, err := c.Execute(ctx, server.Listener.Addr().String(), winrm.Command{Program: "wait"})
	if n := asked.Load(); !winrm.IsUnreachable(err) || n < 2 || n > 8 {
		t.Errorf("asked %d times in two seconds, %v", n, err)
	}
}

func TestCancelledCommandLeavesNoShell(t *testing.T) {
	t.Parallel()
	inEveryWay(t, func(t *testing.T, way way) {
		r := open(t, way.server)
		ctx, cancel := context.WithCancel(t.Context())
		r.becomes(func(request wsman.Request) wsman.Condition {
			if request.Kind == wsman.Receive {
				time.AfterFunc(20*time.Millisecond, cancel)
			}
			return wsman.Condition{}
		})
		_, err := client(t, way.client).Execute(ctx, r.address, winrm.Command{Program: "wait"})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		// The request that was given up is logged when the machine notices.
		kinds := slices.DeleteFunc(r.kinds(), func(k wsman.Kind) bool { return k == wsman.Receive })
		if len(kinds) < 2 || !slices.Equal(kinds[len(kinds)-2:], []wsman.Kind{wsman.Signal, wsman.Delete}) {
			t.Errorf("asked %v, want a signal and the shell's end", kinds)
		}
	})
}

func TestLostShellIsAnError(t *testing.T) {
	t.Parallel()
	r := open(t, wsman.Config{NTLM: true})
	go func() { <-r.started; r.Restart() }()
	_, err := client(t, winrm.Config{}).Execute(t.Context(), r.address, winrm.Command{Program: "wait"})
	var lost *winrm.ShellLost
	if !errors.As(err, &lost) && !winrm.IsUnreachable(err) {
		t.Errorf("got %v", err)
	}
	if n := len(r.kinds()); n > 8 {
		t.Errorf("%d requests for a shell that was lost", n)
	}
}

func TestShellsOnOneMachineAreFew(t *testing.T) {
	t.Parallel()
	r := open(t, wsman.Config{NTLM: true, MaxShells: 5})
	c := client(t, winrm.Config{})
	failures := make(chan error, 12)
	for range cap(failures) {
		go func() {
			_, err := c.Execute(t.Context(), r.address, winrm.Command{Program: "hostname"})
			failures <- err
		}()
	}
	for range cap(failures) {
		if err := <-failures; err != nil {
			t.Error(err)
		}
	}
	if n := r.count(func(e wsman.Entry) bool { return e.Fault != 0 }); n != 0 {
		t.Errorf("the quota of shells was hit %d times", n)
	}
}

func TestWhatCannotBeQuotedIsRefused(t *testing.T) {
	t.Parallel()
	r := open(t, wsman.Config{NTLM: true})
	c := client(t, winrm.Config{})
	for _, command := range [][]string{
		{"hostname & del"}, {""}, {`"a"`}, {"%COMSPEC%"},
		{"echo", `a" & del`}, {"echo", "%PATH%"}, {"echo", "!x!"}, {"echo", "a\r\nb"}, {"echo", "a\x00"}, {"echo", "]]>"}, {"echo", "\xff"},
	} {
		if _, err := c.Execute(t.Context(), r.address, winrm.Command{Program: command[0], Arguments: command[1:]}); err == nil {
			t.Errorf("%q was run", command)
		}
	}
	if n := len(r.entries()); n != 0 {
		t.Errorf("%d requests for commands that must not run", n)
	}
}
