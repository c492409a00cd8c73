package report

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/outcome"
)

// shown is a page's text in one language, with blanks as a reader sees them.
func shown(page, language string) string {
	other := map[string]string{"en": "de", "de": "en"}[language]
	page = regexp.MustCompile(`(?s)<(style|script)>.*?</(style|script)>`).ReplaceAllString(page, " ")
	page = regexp.MustCompile(`<span lang="`+other+`">[^<]*</span>`).ReplaceAllString(page, "")
	page = regexp.MustCompile(`</?(span|b|small|time|code)\b[^>]*>`).ReplaceAllString(page, "")
	text := html.UnescapeString(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(page, " "))
	return strings.Join(strings.Fields(text), " ")
}

// rowOf is a station's row.
func rowOf(t *testing.T, page, station string) string {
	t.Helper()
	found := regexp.MustCompile(`<tr data-phase[^\n]*` + regexp.QuoteMeta(`<th scope="row">`+station+`<`) + `(?s:.*?)</tr>`).FindString(page)
	if found == "" {
		t.Errorf("no row of %s", station)
	}
	return found
}

func play(t *testing.T, name string) (page, data, lines string) {
	t.Helper()
	for _, s := range scenes {
		if s.name == name {
			return s.render(t)
		}
	}
	t.Fatalf("there is no scene %s", name)
	return "", "", ""
}

// While an apply runs its page says how far it is, what every station does and what is
// expected next; in both languages.
func TestAnApplyIsSeenWhileItRuns(t *testing.T) {
	t.Parallel()
	page, _, _ := play(t, "running")
	for language, sentences := range map[string][]string{
		"en": {
			"Windows 18 of 25 7 below the threshold, reached about 00:06:01", "Office 5 of 5 threshold met", "Windows lacks 7", "Running 3 min 18 s",
			"12 restarts 2 requests commanded 0 switched on 14 counted 1 in use 1 left out",
			"00:03:56 R101-PC05 is back", "00:06:01 Windows reaches 25", "one station is in use: its turn comes when nobody is logged on",
		},
		"de": {
			"Windows 18 von 25 7 unter dem Schwellenwert, erreicht gegen 00:06:01", "Office 5 von 5 Schwellenwert erreicht", "Windows fehlen 7", "Läuft 3 min 18 s",
			"12 Neustarts 2 Anfragen veranlasst 0 eingeschaltet 14 gezählt 1 in Gebrauch 1 ausgelassen",
			"00:03:56 R101-PC05 ist wieder da", "00:06:01 Windows erreicht 25",
		},
	} {
		text := shown(page, language)
		for _, sentence := range sentences {
			if !strings.Contains(text, sentence) {
				t.Errorf("%s: no %q in %s", language, sentence, text)
			}
		}
	}
	for station, want := range map[string][]string{
		"R101-PC01": {`data-phase="counted"`, `class="asked"`, `class="counted"`},
		"R101-PC03": {`data-phase="counted"`, `class="down"`, `class="back"`, "00:00:09 – 00:01:08 (59 s) · ✓ 00:01:24"},
		"R101-PC05": {`data-phase="down"`, `class="due"`, "is restarting, back about 00:03:56"},
		"R101-PC10": {`data-phase="in_use"`, `class="used"`, "a user is logged on"},
		"R101-PC11": {`data-phase="left_out"`, `class="out"`, "left out: Windows 11 Education: it has a multiple activation key (MAK)"},
		"R101-PC12": {`data-phase="idle"`, "nothing was asked of it"},
	} {
		for _, part := range want {
			if row := rowOf(t, page, station); !strings.Contains(row, part) {
				t.Errorf("%s: no %q in %s", station, part, row)
			}
		}
	}
	if !strings.Contains(page, `http-equiv="refresh"`) || !strings.Contains(page, `data-state="running"`) {
		t.Error("it does not load itself again")
	}
}

// A report that is done says so, loads itself no more and expects nothing.
func TestTheEndIsSeen(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"done":   "Done 5 min 52 s",
		"failed": "No station can add to the count any more. Not reached 3 min 12 s Next: Mend what keeps the stations",
	} {
		page, data, _ := play(t, name)
		if text := shown(page, "en"); !strings.Contains(text, want) || strings.Contains(text, "Expected next") {
			t.Errorf("%s: no %q in %s", name, want, text)
		}
		if strings.Contains(page, `http-equiv="refresh"`) || strings.Contains(data, `"running"`) {
			t.Errorf("%s: it still runs", name)
		}
	}
}

// Where a threshold is expected after the end of the axis, the line to it ends below it.
func TestAGuessIsDrawnAtItsTime(t *testing.T) {
	t.Parallel()
	page, _, _ := play(t, "running") // until 00:03:56 and some, and Windows is expected at 00:06:01
	found := regexp.MustCompile(`class="guess" d="M[0-9.]+ ([0-9.]+)L([0-9.]+) ([0-9.]+)"`).FindStringSubmatch(page)
	threshold := regexp.MustCompile(`class="threshold" d="M0 ([0-9.]+)H100"`).FindStringSubmatch(page)
	if found == nil || threshold == nil {
		t.Fatal("no guess is drawn")
	}
	height := func(text string) float64 { n, _ := strconv.ParseFloat(text, 64); return n }
	if from, to := height(found[1]), height(found[3]); found[2] != "100" || to >= from || to < height(threshold[1])+5 {
		t.Errorf("%v against a threshold at %v", found, threshold)
	}
}

// What is sent once the thresholds hold, so that stations become licensed, counts as sent. The
// cycle's result keeps it apart.
func TestRequestsForLicencesAreCountedAsSent(t *testing.T) {
	t.Parallel()
	page, data, _ := shoot(t, func(r *Report, look func()) {
		c := begin(r, Pool{Name: "R101", Stations: room(2), Targets: map[kms.Product]int{kms.Windows: 25, kms.Office: 5}})
		c.ask(room(2)[0], kms.Office)
		c.count(25, 4)
		c.counted(room(2)[0], kms.Office)
		for _, name := range room(2) {
			c.section.Event(outcome.Event{Kind: outcome.KindAsked, Station: name, Product: kms.Windows})
		}
		c.result.AskedAfter = 2
		c.reach()
		look()
	})
	if text := shown(page, "en"); !strings.Contains(text, "3 requests commanded") || !strings.Contains(data, `"sent":{"asked":3,`) {
		t.Errorf("%s\n%s", text, data)
	}
}

// Each kind of event is a plain line, with its time and pool. The cycle tells of a station
// in use at every look: once is enough.
func TestEachEventIsAPlainLine(t *testing.T) {
	t.Parallel()
	_, _, lines := shoot(t, func(r *Report, look func()) {
		c := begin(r, Pool{Name: "R101", Stations: []string{"10.0.0.7"}, Titles: map[string]string{"10.0.0.7": "PC01"}, Targets: map[kms.Product]int{kms.Windows: 25}})
		for range 3 {
			c.report(outcome.KindInUse, "10.0.0.7")
			time.Sleep(30 * time.Second)
		}
		c.report(outcome.KindRestarting, "10.0.0.7")
		c.report("of a later version", "10.0.0.7")
		c.count(25, 0)
		c.reach()
		look()
	})
	want := `2000-01-01T00:00:00Z R101: PC01 is left for later
2000-01-01T00:01:30Z R101: restarting PC01
2000-01-01T00:01:30Z R101: of a later version
2000-01-01T00:01:30Z R101: counts: Windows 25 of 25
2000-01-01T00:01:30Z R101: every threshold holds: Windows 25 of 25
2000-01-01T00:01:30Z R101: All that was wanted holds.
`
	if lines != want {
		t.Errorf("%s", lines)
	}
}

// Texts from outside stay text: in the page, in the lines and for machines. No account is
// named.
func TestHostileTextsStayText(t *testing.T) {
	t.Parallel()
	const hostile = "</script><script>alert(1)</script>\x1b[31m\u202e\nSCHULE\\kms-admin"
	folder := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		r := New(filepath.Join(folder, "report.html"), `SCHULE\kms-admin`, "")
		c := begin(r, Pool{Name: hostile, Host: hostile, Stations: []string{hostile}, Targets: map[kms.Product]int{kms.Windows: 25}})
		c.section.Event(outcome.Event{Kind: outcome.KindHostSilent, Reason: strings.Repeat(hostile, 50)})
		c.leaveOut(hostile, hostile)
		for _, err := range c.section.End(Outcome{Result: c.result, Err: errors.New(hostile), Next: hostile}) {
			t.Error(err)
		}
	})
	page, data, lines := read(t, folder, "report.html"), read(t, folder, "report.json"), read(t, folder, "report.txt")
	if strings.Contains(page, "<script>alert") || strings.Count(page, "<script>") != 1 {
		t.Error("a text became a script")
	}
	if !json.Valid([]byte(data)) {
		t.Error("no JSON")
	}
	if strings.Count(lines, "\n") != 3 {
		t.Errorf("more or less than a line for each event:\n%s", lines)
	}
	for name, text := range map[string]string{"page": page, "JSON": data, "lines": lines} {
		if strings.Contains(text, "kms-admin") || strings.ContainsAny(text, "\x1b\u202e") {
			t.Errorf("the %s holds an account or a control character", name)
		}
	}
}

// The end of a cycle is told in words of its own, whatever its error lists.
func TestHowACycleEnded(t *testing.T) {
	t.Parallel()
	users := map[string]string{"PC01": `used by SCHULE\anna`}
	for _, tt := range []struct {
		outcome Outcome
		state   state
		says    string
	}{
		{Outcome{Holds: true}, reached, "All that was wanted holds."},
		{Outcome{}, unmet, "The cycle ended, and not all that was wanted holds."},
		{Outcome{Err: &outcome.Stalled{Stations: users}}, unmet, "No station can add to the count any more."},
		{Outcome{Err: &outcome.SameCMID{Members: 5, Stations: users}}, unmet, "The image keeps its client machine id: each of 5 members counts once."},
		{Outcome{Err: &outcome.Cancelled{Waiting: users, Cause: fmt.Errorf("too late: %w", context.DeadlineExceeded)}}, cancelled, "The time for this apply ran out."},
		{Outcome{Err: &outcome.Cancelled{Waiting: users, Cause: errors.New("interrupt")}}, cancelled, "The apply was interrupted."},
		{Outcome{Err: &outcome.HostUnreadable{Cause: errors.New("no answer")}}, failed, "The KMS host's counts could not be read: no answer"},
		{Outcome{Err: &outcome.HostWithoutKey{Product: kms.Office}}, failed, "The KMS host has no key for Office."},
		{Outcome{Err: fmt.Errorf("it is closed: %w", &outcome.OutsideWindow{})}, unmet, "The maintenance window is closed."},
		{Outcome{Err: errors.New("anything else")}, failed, "The cycle ended with an error: anything else"},
		{Outcome{Err: errors.New("station PC20: not found in Timago")}, failed, "The cycle ended with an error: station PC20: not found in Timago"},
	} {
		state, says := hide(nil).judge(tt.outcome)
		if state != tt.state || says.en != tt.says || says.de == says.en || strings.Contains(says.en+says.de, "anna") {
			t.Errorf("%v: %s, %+v", tt.outcome.Err, state, says)
		}
	}
}

// A report that nobody wants costs nothing.
func TestNoReportIsWanted(t *testing.T) {
	t.Parallel()
	section := New("").Begin(Pool{})
	section.Event(outcome.Event{Kind: outcome.KindWaiting})
	if problems := section.End(Outcome{}); problems != nil {
		t.Error(problems)
	}
}
