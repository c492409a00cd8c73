package acctest_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"unicode"
)

// evil is what a machine does that is against the provider: what it answers to a request,
// and whether it does. It answers pulls itself as soon as it has answered once.
type evil func(w http.ResponseWriter, r *http.Request, request string) bool

// to answers requests that hold a text.
func to(text string, answer func(w http.ResponseWriter, r *http.Request)) evil {
	return func(w http.ResponseWriter, r *http.Request, request string) bool {
		if !strings.Contains(request, text) {
			return false
		}
		answer(w, r)
		return true
	}
}

// saying answers with a body in an envelope.
func saying(status int, body string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, envelope(body))
	}
}

func envelope(body string) string {
	return `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:n="http://schemas.xmlsoap.org/ws/2004/09/enumeration"><s:Header/><s:Body>` + body + `</s:Body></s:Envelope>`
}

func bareFault(subcode, text string) string {
	return `<s:Fault><s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value>w:` + subcode + `</s:Value></s:Subcode></s:Code><s:Reason><s:Text>` + text + `</s:Text></s:Reason></s:Fault>`
}

// hijacked says something that is no HTTP.
func hijacked(w http.ResponseWriter, text string) {
	connection, _, err := http.NewResponseController(w).Hijack()
	if err == nil {
		_, _ = io.WriteString(connection, text)
		_ = connection.Close()
	}
}

// before starts a machine that does evil and leaves all else to the one behind it, over a
// connection of its own for each that it takes. met counts what it answered itself.
func (e evil) before(t *testing.T, machine string) (address string, met *atomic.Int32) {
	t.Helper()
	met = new(atomic.Int32)
	type way struct{}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		if r.Header.Get("Authorization") != "" || len(body) > 0 {
			request := string(body)
			if met.Load() > 0 && strings.Contains(request, "<n:Pull>") {
				request += "<n:Enumerate> SoftwareLicensingProduct Win32_NTLogEvent" // it goes on with what it began
			}
			if e(w, r, request) {
				met.Add(1)
				return
			}
		}
		transport, _ := r.Context().Value(way{}).(*http.Transport)
		behind := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: machine})
		behind.Transport, behind.ErrorLog = transport, log.New(io.Discard, "", 0)
		behind.ServeHTTP(w, r)
	}))
	var mu sync.Mutex
	ways := map[net.Conn]*http.Transport{}
	server.Config.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		mu.Lock()
		defer mu.Unlock()
		ways[c] = &http.Transport{MaxConnsPerHost: 1, DisableCompression: true}
		return context.WithValue(ctx, way{}, ways[c])
	}
	server.Start()
	t.Cleanup(func() {
		server.Close()
		for _, transport := range ways {
			transport.CloseIdleConnections()
		}
	})
	return server.Listener.Addr().String(), met
}

// readable fails the test where a terminal would do more with a text than show it.
func readable(t *testing.T, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		for _, r := range strings.TrimSuffix(line, "\n") {
			if !unicode.IsPrint(r) {
				t.Errorf("%U in %q", r, line)
			}
		}
	}
}

func quoted(values []string) string {
	text := make([]string, len(values))
	for i, value := range values {
		text[i] = fmt.Sprintf("%q", value)
	}
	return "[" + strings.Join(text, ", ") + "]"
}
