package winrm_test

import (
	"bufio"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/winrm"
)

// answers is a machine that takes Basic and answers every message as told.
func answers(t *testing.T, answer http.HandlerFunc) (*winrm.Client, string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, _, ok := r.BasicAuth(); !ok {
			w.Header().Set("WWW-Authenticate", `Basic realm="WSMAN"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		answer(w, r)
	}))
	t.Cleanup(server.Close)
	c := client(t, winrm.Config{Auth: winrm.AuthBasic, AllowUnencrypted: true, Timeout: 2 * time.Second})
	return c, server.Listener.Addr().String()
}

func soap(body string) string {
	return `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:n="http://schemas.xmlsoap.org/ws/2004/09/enumeration"><s:Header/><s:Body>` + body + `</s:Body></s:Envelope>`
}

func TestEnumerationWithoutEndIsGivenUp(t *testing.T) {
	t.Parallel()
	var pulls, releases atomic.Int32
	c, address := answers(t, func(w http.ResponseWriter, r *http.Request) {
		request, _ := io.ReadAll(r.Body)
		name := "EnumerateResponse"
		switch {
		case strings.Contains(string(request), "enumeration/Pull"):
			name = "PullResponse"
			pulls.Add(1)
		case strings.Contains(string(request), "enumeration/Release"):
			name = "ReleaseResponse"
			releases.Add(1)
		}
		_, _ = io.WriteString(w, soap("<n:"+name+"><n:EnumerationContext>uuid:1</n:EnumerationContext></n:"+name+">"))
	})
	_, err := c.Query(t.Context(), address, uptime)
	var protocol *winrm.Protocol
	if !errors.As(err, &protocol) || pulls.Load() > 100 || releases.Load() != 1 {
		t.Errorf("got %v after %d pulls and %d releases", err, pulls.Load(), releases.Load())
	}
}

func TestAnswersAreBounded(t *testing.T) {
	t.Parallel()
	var sent atomic.Int64
	c, address := answers(t, func(w http.ResponseWriter, _ *http.Request) {
		for range 1 << 14 { // 1 GiB
			n, err := w.Write(make([]byte, 1<<16))
			if sent.Add(int64(n)); err != nil {
				return
			}
		}
	})
	_, err := c.Query(t.Context(), address, uptime)
	var protocol *winrm.Protocol
	// What the system's buffers take comes on top.
	if !errors.As(err, &protocol) || sent.Load() > 64<<20 {
		t.Errorf("got %v after %d bytes", err, sent.Load())
	}
}

func TestStatusesThatAreNoAnswer(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusNoContent, http.StatusFound, http.StatusBadRequest, http.StatusNotFound, http.StatusInternalServerError, http.StatusBadGateway} {
		c, address := answers(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "http://"+"127.0.0.1:1/")
			w.WriteHeader(status)
		})
		_, err := c.Query(t.Context(), address, uptime)
		var protocol *winrm.Protocol
		if !errors.As(err, &protocol) || protocol.Status != status {
			t.Errorf("%d: got %v", status, err)
		}
	}
}

func TestEnvelopeWithAnotherAnswer(t *testing.T) {
	t.Parallel()
	c, address := answers(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, soap("<x/>"))
	})
	for name, ask := range map[string]func() error{
		"query":  func() error { _, err := c.Query(t.Context(), address, uptime); return err },
		"method": func() error { _, err := c.Invoke(t.Context(), address, shutdown); return err },
		"shell": func() error {
			_, err := c.Execute(t.Context(), address, winrm.Command{Program: "hostname"})
			return err
		},
	} {
		if err := ask(); err == nil || winrm.IsUnreachable(err) {
			t.Errorf("%s: %v", name, err)
		}
		if err := ask(); name == "method" && !winrm.IsOutcomeUnknown(err) {
			t.Errorf("it may have been carried out: %v", err)
		}
	}
}

func TestRequestsUnderWayAreLimited(t *testing.T) {
	t.Parallel()
	var now, most atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, _, ok := r.BasicAuth(); !ok {
			w.Header().Set("WWW-Authenticate", "Basic")
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		defer now.Add(-1)
		for n := now.Add(1); n > most.Load(); {
			most.Store(n)
		}
		time.Sleep(5 * time.Millisecond)
		_, _ = io.WriteString(w, soap("<n:EnumerateResponse><n:EndOfSequence/></n:EnumerateResponse>"))
	}))
	defer server.Close()
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
	c := client(t, winrm.Config{Auth: winrm.AuthBasic, AllowUnencrypted: true, MaxParallel: 3})
	failures := make(chan error, 40)
	for i := range cap(failures) {
		// One server under several names is several machines.
		address := net.JoinHostPort([]string{"127.0.0.1", "localhost"}[i%2], port)
		go func() { _, err := c.Query(t.Context(), address, uptime); failures <- err }()
	}
	for range cap(failures) {
		if err := <-failures; err != nil {
			t.Error(err)
		}
	}
	if n := most.Load(); n > 3 || n < 2 {
		t.Errorf("%d requests at once, want at most 3, and more than one", n)
	}
}

// speaks is a machine that answers the n-th request of a connection with the
// n-th text, then closes it; asked counts the requests.
func speaks(t *testing.T, texts ...string) (address string, asked *atomic.Int32) {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	asked = new(atomic.Int32)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			reader := bufio.NewReader(connection)
			for _, text := range texts {
				request, err := http.ReadRequest(reader)
				if err != nil {
					break
				}
				_, _ = io.Copy(io.Discard, request.Body)
				asked.Add(1)
				_, _ = io.WriteString(connection, text)
			}
			_ = connection.Close()
		}
	}()
	t.Cleanup(func() { _ = listener.Close(); <-ended })
	return listener.Addr().String(), asked
}

func TestWhatIsNotHTTP(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"SSH":             "SSH-2.0-OpenSSH_9.2\r\n",
		"endless headers": "HTTP/1.1 200 OK\r\n" + strings.Repeat("X: "+strings.Repeat("y", 1000)+"\r\n", 6000),
		"endless waiting": strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 300_000),
		"wrong length":    "HTTP/1.1 401 Unauthorized\r\nContent-Length: -1\r\n\r\n",
	} {
		address, _ := speaks(t, text)
		_, err := client(t, winrm.Config{Timeout: time.Minute}).Query(t.Context(), address, uptime)
		if _, ok := errors.AsType[*winrm.Protocol](err); !ok {
			t.Errorf("%s: got %v", name, err)
		}
	}
	address, _ := speaks(t, "")
	var unreachable *winrm.Unreachable
	if _, err := client(t, winrm.Config{}).Query(t.Context(), address, uptime); !errors.As(err, &unreachable) || unreachable.Kind != winrm.KindReset || unreachable.Sent {
		t.Errorf("a connection that ends: %v", err)
	}
}

// A server that asks for a session without sealing gets no credentials.
func TestNoCredentialsForAWeakSession(t *testing.T) {
	t.Parallel()
	weak := append([]byte("NTLMSSP\x00\x02\x00\x00\x00"), make([]byte, 44)...)
	weak[20] = 0x01 // Unicode and nothing else
	address, asked := speaks(t, fmt.Sprintf("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nWWW-Authenticate: Negotiate %s\r\n\r\n", base64.StdEncoding.EncodeToString(weak)), "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
	_, err := client(t, winrm.Config{}).Query(t.Context(), address, uptime)
	var protocol *winrm.Protocol
	if !errors.As(err, &protocol) || asked.Load() != 1 {
		t.Errorf("got %v after %d requests", err, asked.Load())
	}
}
