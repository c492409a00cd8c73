//go:build unix

package report

import (
	"bytes"
	"context"
	"flag"
	"image"
	"image/color"
	_ "image/png" // a screenshot's format
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

var keptShots = flag.String("report.shots", "", "a folder in which the pages' screenshots are kept, to be looked at")

func chromium(t testing.TB) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("needs Chromium: the report is looked at in a browser")
	return ""
}

// browse runs the browser in a process group of its own, which ends with the test, and
// gives what it writes.
func browse(t testing.TB, path string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
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

// gauge measures the page once it is laid out. It is no part of the page, whose policy would
// not let it run.
const gauge = `<script>
addEventListener("load", () => {
  const root = document.documentElement;
  root.dataset.overflow = root.scrollWidth - root.clientWidth;
  root.dataset.drawn = Math.ceil(performance.now());
  root.dataset.rows = [...document.querySelectorAll("tbody tr")].filter((row) => row.getClientRects().length > 0).length;
  root.dataset.paper = getComputedStyle(document.body).backgroundColor;
});
</script></head>`

var policyTag = regexp.MustCompile(`<meta http-equiv="Content-Security-Policy"[^>]*>`)

// open opens a page in a window of that width and gives what the gauge measured.
func open(t testing.TB, browser, name, page string, width int, args ...string) map[string]string {
	t.Helper()
	folder := t.TempDir()
	file := filepath.Join(folder, "report.html")
	page = strings.Replace(policyTag.ReplaceAllString(page, ""), "</head>", gauge, 1)
	if err := os.WriteFile(file, []byte(page), 0o600); err != nil {
		t.Fatal(err)
	}
	shot := filepath.Join(folder, name+".png")
	if *keptShots != "" {
		shot = filepath.Join(*keptShots, name+".png")
	}
	dom := browse(t, browser, append(args, "--dump-dom", "--screenshot="+shot, "--window-size="+strconv.Itoa(width)+",1400", "--virtual-time-budget=2000", "file://"+file)...)
	painted(t, shot, width)
	found := map[string]string{}
	for _, datum := range regexp.MustCompile(`data-([a-z]+)="([^"]*)"`).FindAllStringSubmatch(dom[:min(len(dom), 600)], -1) {
		found[datum[1]] = datum[2]
	}
	return found
}

// painted checks that a picture shows more than an empty page.
func painted(t testing.TB, path string, width int) {
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
	if size.X != width || len(pixels) < 50 || most > size.X*size.Y*9/10 {
		t.Errorf("%s: %v with %d colours, %d pixels of the same", path, size, len(pixels), most)
	}
}

// The pages as they are seen: running, done, failed, several pools, 300 stations, a narrow
// window and the dark. Nothing reaches out of the window, and every station has its row.
func TestTheReportInABrowser(t *testing.T) {
	t.Parallel()
	browser := chromium(t)
	const light, dark = "rgb(244, 245, 247)", "rgb(16, 21, 28)"
	for _, tt := range []struct {
		scene, name string
		width, rows int
		paper       string
		args        []string
	}{
		{"running", "running", 1280, 12, light, nil},
		{"running", "narrow", 500, 12, light, nil},
		{"running", "dark", 1280, 12, dark, []string{"--blink-settings=preferredColorScheme=0"}},
		{"done", "done", 1280, 12, light, nil},
		{"failed", "failed", 1280, 12, light, nil},
		{"pools", "pools", 1280, 48, light, nil},
		{"large", "large", 1280, 300, light, nil},
	} {
		for _, s := range scenes {
			if s.name != tt.scene {
				continue
			}
			page, _, _ := s.look(t)
			seen := open(t, browser, tt.name, page, tt.width, tt.args...)
			t.Logf("%s: %d bytes, drawn within %s ms", tt.name, len(page), seen["drawn"])
			if seen["overflow"] != "0" || seen["rows"] != strconv.Itoa(tt.rows) || seen["paper"] != tt.paper {
				t.Errorf("%s: %v", tt.name, seen)
			}
		}
	}
}

// The page's own script runs under the page's own policy: it takes the browser's language.
func TestTheReportSpeaksTheReadersLanguage(t *testing.T) {
	t.Parallel()
	browser := chromium(t)
	page, _, _ := play(t, "done")
	file := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(file, []byte(page), 0o600); err != nil {
		t.Fatal(err)
	}
	dom := browse(t, browser, "--dump-dom", "--accept-lang=de", "--lang=de", "--virtual-time-budget=1000", "file://"+file)
	if !strings.Contains(dom[:200], `<html lang="de"`) || !strings.Contains(dom, `data-lang="de" lang="de" aria-pressed="true"`) {
		t.Errorf("%s", dom[:200])
	}
}

// BenchmarkDraw is what a browser needs until a page stands: 12 stations, and 300.
func BenchmarkDraw(b *testing.B) {
	browser := chromium(b)
	pages := map[string]string{"stations=12": smallPage(b), "stations=300": largePage(b)}
	for name, page := range pages {
		b.Run(name, func(b *testing.B) {
			sum := 0
			for b.Loop() {
				drawn, err := strconv.Atoi(open(b, browser, "bench", page, 1280)["drawn"])
				if err != nil {
					b.Fatal(err)
				}
				sum += drawn
			}
			b.ReportMetric(float64(sum)/float64(b.N), "ms-drawn")
		})
	}
}

func smallPage(b *testing.B) string { return drawnPage(b, 12, 100) }

func largePage(b *testing.B) string { return drawnPage(b, 300, 2000) }

func drawnPage(b *testing.B, stations, events int) string {
	b.Helper()
	r, c := busy(b, stations, events)
	c.reach()
	page, err := r.forPeople(time.Now())
	if err != nil {
		b.Fatal(err)
	}
	return string(page)
}
