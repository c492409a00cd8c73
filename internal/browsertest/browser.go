//go:build unix

// Package browsertest shows pages to a real browser, headless Chromium, for tests.
package browsertest

import (
	"bytes"
	"context"
	"image"
	"image/color"
	_ "image/png" // a screenshot's format
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// Find gives the browser's path. The test is skipped where there is none.
func Find(t testing.TB) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("needs Chromium: a page is looked at in a browser")
	return ""
}

// Run runs the browser in a process group of its own, which ends with the test, and gives
// what it writes.
func Run(t testing.TB, path string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	profile := t.TempDir()
	command := exec.CommandContext(ctx, path, append([]string{ //nolint:gosec // a test's own browser
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

// Painted checks that a screenshot has that width in pixels and shows more than an empty
// page.
func Painted(t testing.TB, screenshot string, width int) {
	t.Helper()
	file, err := os.Open(screenshot) //nolint:gosec // a test's own file
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	picture, _, err := image.Decode(file)
	if err != nil {
		t.Fatal(err)
	}
	size := picture.Bounds().Size()
	const step = 3 // letters are wider
	pixels, all := map[color.Color]int{}, 0
	for y := 0; y < size.Y; y += step {
		for x := 0; x < size.X; x += step {
			pixels[picture.At(x, y)]++
			all++
		}
	}
	most := 0
	for _, n := range pixels {
		most = max(most, n)
	}
	if size.X != width || len(pixels) < 50 || most > all*9/10 {
		t.Errorf("%s: %v with %d colours, %d of %d pixels of the same", screenshot, size, len(pixels), most, all)
	}
}
