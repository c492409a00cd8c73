package report

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/timago/terraform-provider-timago/internal/report/style"
)

// The page needs nothing from elsewhere, and its policy lets nothing else in.
func TestThePageStandsByItself(t *testing.T) {
	t.Parallel()
	page, _, _ := play(t, "running")
	if found := regexp.MustCompile(`(?i)(https?:|//[a-z]|src=|@import|url\()[^"' ]*`).FindAllString(strings.ReplaceAll(page, "// a full", ""), -1); len(found) > 0 {
		t.Errorf("it reaches out: %q", found)
	}
	script := regexp.MustCompile(`(?s)<script>(.*?)</script>`).FindStringSubmatch(page)
	sum := sha256.Sum256([]byte(script[1]))
	want := "script-src &#39;sha256-" + strings.ReplaceAll(base64.StdEncoding.EncodeToString(sum[:]), "+", "&#43;") + "&#39;"
	if !strings.Contains(page, want) {
		t.Errorf("no %s", want)
	}
}

// 300 stations and 2,000 events make a page below 1 MB, and thousands of stations one that
// a browser still opens.
func TestTheSizeOfAPage(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ stations, events, limit int }{{300, 2000, 1_000_000}, {10_000, 50_000, 4 << 20}} {
		synctest.Test(t, func(t *testing.T) { // a slow disk takes none of the last write's time
			r, c := busy(t, tt.stations, tt.events)
			r.mu.Lock()
			page, err := r.forPeople(time.Now())
			r.mu.Unlock()
			if err != nil || len(page) > tt.limit || len(page) < tt.stations*10 {
				t.Errorf("%d stations, %d events: %d bytes, %v", tt.stations, tt.events, len(page), err)
			}
			t.Logf("%d stations, %d events: %d bytes", tt.stations, tt.events, len(page))
			if problems := c.reach(); len(problems) > 0 {
				t.Errorf("%d stations: %v", tt.stations, problems)
			}
		})
	}
}

// Texts and what is drawn stand out from their paper as WCAG 2.2 asks of them (1.4.3,
// 1.4.11), in the light and in the dark.
func TestTheContrastOfColours(t *testing.T) {
	t.Parallel()
	sheet := style.Sheet + pageStyle
	schemes := map[string]map[string]string{"light": {}, "dark": {}}
	for _, block := range regexp.MustCompile(`(?s)(@media \(prefers-color-scheme: dark\) \{\s*)?:root \{(.*?)\}`).FindAllStringSubmatch(strings.Split(sheet, "@page")[0], -1) {
		for _, colour := range regexp.MustCompile(`--([a-z-]+): (#[0-9a-f]{6})`).FindAllStringSubmatch(block[2], -1) {
			schemes[map[bool]string{true: "dark", false: "light"}[block[1] != ""]][colour[1]] = colour[2]
		}
	}
	for scheme, colours := range schemes {
		for _, pair := range []struct {
			on, above string
			least     float64
		}{
			{"ink", "card", 7}, {"ink", "paper", 7}, {"quiet", "card", 4.5}, {"quiet", "paper", 4.5},
			{"good", "card", 4.5}, {"good", "good-paper", 4.5}, {"busy", "busy-paper", 4.5}, {"use", "use-paper", 4.5}, {"bad", "bad-paper", 4.5},
			{"bar", "card", 3}, {"use", "card", 3}, {"off", "card", 3}, {"bad", "card", 3},
		} {
			if got := contrast(t, colours[pair.on], colours[pair.above]); got < pair.least {
				t.Errorf("%s: %s on %s has %.2f, want %g", scheme, pair.on, pair.above, got, pair.least)
			}
		}
	}
}

func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	x, y := luminance(t, a), luminance(t, b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func luminance(t *testing.T, colour string) float64 {
	t.Helper()
	if len(colour) != 7 {
		t.Fatalf("no colour: %q", colour)
	}
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(colour[1+2*i:3+2*i], 16, 8)
		if err != nil {
			t.Fatal(fmt.Errorf("%s: %w", colour, err))
		}
		part := float64(n) / 255
		if part <= 0.04045 {
			sum += weight * part / 12.92
		} else {
			sum += weight * math.Pow((part+0.055)/1.055, 2.4)
		}
	}
	return sum
}
