package winrm

import (
	"net/http"
	"strings"
	"testing"
)

// What is taken for an address leads to that machine and to no other, and stays what it is
// when it is read again.
func FuzzTarget(f *testing.F) {
	for _, seed := range []string{"R101-PC01", "r101-pc01.schule.example:5986", "192.0.2.7:5985", "[2001:db8::7]:5986", "[2001:db8::7]", "2001:db8::7", "fe80::1%eth0", "a:b:c", "pc01/x", "user@pc01", ":1", "pc01:", "`", "pc{01}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, address string) {
		to, err := parseTarget(address, "http", 5985)
		if err != nil {
			return
		}
		again, err := parseTarget(to.String(), "http", 1)
		if err != nil || again != to {
			t.Errorf("%q is %+v, and read again %+v, %v", address, to, again, err)
		}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, to.url(), nil)
		if err != nil {
			t.Fatalf("%q: no request can be made: %v", address, err)
		}
		if request.URL.Hostname() != to.host || request.URL.Port() != to.port || request.URL.Path != "/wsman" || request.URL.User != nil {
			t.Errorf("%q asks %s", address, request.URL)
		}
		if !strings.Contains(strings.ToLower(address), to.host) {
			t.Errorf("%q leads to %q", address, to.host)
		}
	})
}
