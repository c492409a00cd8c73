//go:build unix

package simulator_test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/timago/terraform-provider-timago/internal/browsertest"
)

// TestThePageInABrowser switches a station on while the page is open, so that what the
// browser has in the end was brought there by the page's script.
func TestThePageInABrowser(t *testing.T) {
	t.Parallel()
	browser := browsertest.Find(t)
	s := run(t, twoRooms)
	target, err := url.Parse(s.Ready().Page)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	proxy.Transport = transport
	var looks atomic.Int32
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" && looks.Add(1) == 2 {
			if err := s.World.PowerOn("PC3"); err != nil {
				t.Error(err)
			}
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)

	screenshot := filepath.Join(t.TempDir(), "page.png")
	dom := browsertest.Run(t, browser, "--dump-dom", "--screenshot="+screenshot, "--window-size=1280,900", "--virtual-time-budget=4000", front.URL)
	if looks.Load() < 2 {
		t.Errorf("the page was fetched %d times", looks.Load())
	}
	if found := tile(t, dom, "PC3"); !strings.Contains(found, `data-state="starting"`) {
		t.Errorf("PC3 was switched on: %s", found)
	}
	if text := shown(dom); !strings.Contains(text, "25 of 25 needed") {
		t.Errorf("no count: %s", text)
	}
	browsertest.Painted(t, screenshot, 1280)
}
