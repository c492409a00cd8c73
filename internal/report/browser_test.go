//go:build unix

package report

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/browsertest"
)

var keptShots = flag.String("report.shots", "", "a folder in which the pages' screenshots are kept, to be looked at")

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
	dom := browsertest.Run(t, browser, append(args, "--dump-dom", "--screenshot="+shot, "--window-size="+strconv.Itoa(width)+",1400", "--virtual-time-budget=2000", "file://"+file)...)
	browsertest.Painted(t, shot, width)
	found := map[string]string{}
	for _, datum := range regexp.MustCompile(`data-([a-z]+)="([^"]*)"`).FindAllStringSubmatch(dom[:min(len(dom), 600)], -1) {
		found[datum[1]] = datum[2]
	}
	return found
}

// The pages as they are seen: running, done, failed, several pools, 300 stations, a narrow
// window, the dark, and in German. Nothing reaches out of the window, and every station has its row.
func TestTheReportInABrowser(t *testing.T) {
	t.Parallel()
	browser := browsertest.Find(t)
	const light, dark = "rgb(244, 245, 247)", "rgb(16, 21, 28)"
	german := []string{"--accept-lang=de", "--lang=de"}
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
		{"running", "german", 1280, 12, light, german},
		{"failed", "german-failed", 1280, 12, light, german},
		{"failed", "german-narrow", 500, 12, dark, append([]string{"--blink-settings=preferredColorScheme=0"}, german...)},
		{"pools", "pools", 1280, 48, light, nil},
		{"large", "large", 1280, 300, light, nil},
	} {
		for _, s := range scenes {
			if s.name != tt.scene {
				continue
			}
			page, _, _ := s.render(t)
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
	browser := browsertest.Find(t)
	page, _, _ := play(t, "done")
	file := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(file, []byte(page), 0o600); err != nil {
		t.Fatal(err)
	}
	dom := browsertest.Run(t, browser, "--dump-dom", "--accept-lang=de", "--lang=de", "--virtual-time-budget=1000", "file://"+file)
	if !strings.Contains(dom[:200], `<html lang="de"`) || !strings.Contains(dom, `data-lang="de" lang="de" aria-pressed="true"`) {
		t.Errorf("%s", dom[:200])
	}
}

// BenchmarkDraw is what a browser needs until a page stands: 12 stations, and 300.
func BenchmarkDraw(b *testing.B) {
	browser := browsertest.Find(b)
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
