//go:build unix

package simulator_test

import (
	"bytes"
	"context"
	"image"
	"image/color"
	_ "image/png" // a screenshot's format
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// TestThePageInABrowser switches a station on while the page is open, so that what the
// browser has in the end was brought there by the page's script.
func TestThePageInABrowser(t *testing.T) {
	t.Parallel()
	browser := chromium(t)
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
	dom := browse(t, browser, "--dump-dom", "--screenshot="+screenshot, "--window-size=1280,900", "--virtual-time-budget=4000", front.URL)
	if looks.Load() < 2 {
		t.Errorf("the page was fetched %d times", looks.Load())
	}
	if found := tile(t, dom, "PC3"); !strings.Contains(found, `data-state="starting"`) {
		t.Errorf("PC3 was switched on: %s", found)
	}
	if text := shown(dom); !strings.Contains(text, "25 of 25 needed") {
		t.Errorf("no count: %s", text)
	}
	painted(t, screenshot)
}

func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("needs Chromium: the simulator's page is looked at in a browser")
	return ""
}

// browse runs the browser in a process group of its own, which ends with the test, and
// gives what it writes.
func browse(t *testing.T, path string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	profile := t.TempDir()
	command := exec.CommandContext(ctx, path, append([]string{
		"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--hide-scrollbars", "--user-data-dir=" + profile,
	}, args...)...)
	command.Env = append(os.Environ(), "HOME="+profile)
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	end := func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGKILL) }
	command.Cancel, command.WaitDelay = end, 10*time.Second
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	err := command.Run()
	if command.Process != nil {
		_ = end() // its own have mostly ended before
	}
	if err != nil {
		t.Fatalf("%s: %v\n%s", path, err, &stderr)
	}
	return stdout.String()
}

// painted checks that a picture shows more than an empty page.
func painted(t *testing.T, path string) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	picture, _, err := image.Decode(file)
	if err != nil {
		t.Fatal(err)
	}
	size := picture.Bounds().Size()
	pixels := map[color.Color]int{}
	for y := range size.Y {
		for x := range size.X {
			pixels[picture.At(x, y)]++
		}
	}
	most := 0
	for _, n := range pixels {
		most = max(most, n)
	}
	if size.X != 1280 || len(pixels) < 50 || most > size.X*size.Y*9/10 {
		t.Errorf("%v with %d colours, %d pixels of the same", size, len(pixels), most)
	}
}
