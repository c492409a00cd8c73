package check_test

import (
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/timago/terraform-provider-timago/internal/check"
)

// Who showed a certificate, and then let nobody finish the greeting, is not called trusted.
func TestACertificateThatWasNotVerifiedIsNotCalledTrusted(t *testing.T) {
	t.Parallel()
	s := classroom(t, nil, 0)
	usual := httptest.NewTLSServer(http.NotFoundHandler())
	defer usual.Close()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		greeted := false
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			if !greeted {
				greeted = tls.Server(conn, usual.TLS).HandshakeContext(t.Context()) == nil
			}
			_ = conn.Close()
		}
	}()
	config := s.named(listener.Addr().String())
	config.Site.WinRM.UseTLS = true
	found := s.check(config)
	_ = listener.Close()
	<-ended
	if line := found.line(ofStation, "TLS"); line.Verdict != check.Unanswered || !strings.Contains(line.Means, "not seen whether its certificate is trusted") {
		t.Errorf("%+v\n%s", line, found)
	}
}
