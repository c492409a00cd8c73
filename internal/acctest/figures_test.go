package acctest_test

import (
	"cmp"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/timago/terraform-provider-timago/internal/kms"
)

// figure is a number that pages give. # stands for it in a phrase, and is an expression of
// constants, of as many of the page's unit. "at least" lets the code stay below it.
type figure struct {
	phrase string
	is     string
	unit   string // "": 1
	within bool   // the code takes no more than the page grants
}

// ours are the numbers that this provider chose.
var ours = []figure{
	// Lists of Timago's interface.
	{phrase: "`page_size` up to #,", is: "timago.pageSize"},
	{phrase: "lists and filters stations, up to # a page", is: "timago.pageSize"},
	{phrase: "where # to a page are asked for", is: "timago.pageSize"},
	{phrase: "minimum: 1, maximum: #, default: 100", is: "timago.pageSize"},
	{phrase: "A list has at most # items", is: "timago.maxItems"},
	{phrase: "are asked for at most # pages", is: "timago.maxPages"},
	{phrase: "at most # MiB as it is sent", is: "timago.maxList", unit: "1 << 20"},
	{phrase: "at most # MiB in the texts", is: "timago.maxKept", unit: "1 << 20"},
	{phrase: "complete within # times the client's timeout", is: "timago.listTimeouts"},
	{phrase: "A list of stations may take # times as long", is: "timago.listTimeouts"},
	{phrase: "Of one location it has at most # items", is: "timago.maxLocation"},
	{phrase: "items and # MiB of these texts", is: "timago.maxLocationKept", unit: "1 << 20"},
	{phrase: "(in API mode, at most #)", is: "timago.maxLocation"},
	{phrase: "looked up in Timago (at most #)", is: "timago.maxLocation"},
	{phrase: "in API mode at most #.", is: "timago.maxLocation"},
	{phrase: "one `location` has at most #.", is: "timago.maxLocation"},
	{phrase: "An answer has at most # MiB", is: "timago.maxBody", unit: "1 << 20"},
	{phrase: "MiB and # values", is: "timago.maxValues"},
	{phrase: "so that # targets do", is: "timago.maxTargets"},
	{phrase: "request lines of at least # KiB", is: "timago.maxFilter", unit: "1 << 10", within: true},
	{phrase: "A request line of # KiB holds", is: "timago.maxFilter", unit: "1 << 10", within: true},
	{phrase: "so that # ids fit into one", is: "timago.pageSize"},
	{phrase: "KiB holds # ids", is: "timago.pageSize"},
	{phrase: "but not # long names", is: "timago.pageSize"},
	{phrase: "do. # names need not fit", is: "timago.pageSize"},
	{phrase: "maxItems: # items: {", is: "timago.pageSize"},
	{phrase: "maxItems: # items: $", is: "timago.maxTargets"},
	{phrase: "A client waits at most # seconds", is: "timago.maxRetryWait", unit: "time.Second"},
	{phrase: "before the next attempt. A client waits at most #.", is: "timago.maxRetryWait", unit: "time.Second"},
	// What Terraform is given, and what that costs.
	{phrase: "A result of more than # MB", is: "tflist.Most", unit: "1 << 20"},
	{phrase: "MB, about # stations", is: "timago.maxItems"},
	{phrase: "gives Terraform up to # MB", is: "tflist.Most", unit: "1 << 20"},
	{phrase: "MB, which are # stations", is: "timago.maxItems"},
	{phrase: "the provider takes up to # MB more", is: "acctest.mostHeld", unit: "1 << 20"},
	{phrase: "the newest first, # at most", is: "station.lastRequests"},
	{phrase: "A data source reads for at most # minutes", is: "station.readTimeout", unit: "time.Minute"},
	{phrase: "A data source reads for at most # minutes", is: "kmshost.readTimeout", unit: "time.Minute"},
	// Connections.
	{phrase: "at most # more are kept for a moment", is: "winrm.maxIdle"},
	{phrase: "At most # connections are in use at once", is: "winrm.defaultMaxParallel"},
	{phrase: "(`winrm.max_parallel`) and # are kept for later", is: "winrm.maxIdle"},
	{phrase: "may take a tenth of it, and at least # seconds", is: "winrm.leastDial", unit: "time.Second"},
	{phrase: "Default: #, with `use_tls`", is: "winrm.defaultPort"},
	{phrase: ", with `use_tls` #.", is: "winrm.defaultTLSPort"},
	{phrase: "TCP #, with `use_tls` TCP", is: "winrm.defaultPort"},
	{phrase: ", with `use_tls` TCP # |", is: "winrm.defaultTLSPort"},
	{phrase: "on TCP #, or", is: "winrm.defaultPort"},
	{phrase: "(TCP #, or", is: "winrm.defaultPort"},
	{phrase: ", or # with", is: "winrm.defaultTLSPort"},
	{phrase: "HTTP, port # |", is: "winrm.defaultPort"},
	{phrase: "TLS, port # |", is: "winrm.defaultTLSPort"},
	{phrase: "TCP-Port # zu den Stationen", is: "winrm.defaultPort"},
	{phrase: "Reading licences may take # minute in any case", is: "windows.licensingTimeout", unit: "time.Minute"},
	{phrase: "(with a local account #, with a domain's", is: "winrm.localStartRefusals - 1"},
	{phrase: "with a domain's # times)", is: "winrm.startRefusals - 1"},
	{phrase: "with `:port` if it is not #.", is: "site.discard"},
	{phrase: "Wake-on-LAN goes there, to port # unless", is: "site.discard"},
	{phrase: "UDP # | Wake-on-LAN", is: "site.discard"},
	{phrase: "that its port # gets", is: "check.defaultKMSPort"},
	{phrase: "runner | KMS host | TCP # |", is: "windows.defaultKMSPort"},
	{phrase: "stations | KMS host | TCP # |", is: "windows.defaultKMSPort"},
	// What a cycle and a check do.
	{phrase: "# a minute's notice", is: "2 * windows.shutdownNotice", unit: "60"}, // half
	{phrase: "Others follow, # at a time at most", is: "pool.DefaultMaxParallel"},
	{phrase: "# stations may be down at once (`max_parallel`)", is: "pool.DefaultMaxParallel"},
	{phrase: "# minutes after the start, or after half of `station_timeout`", is: "cycle.requestGrace", unit: "time.Minute"},
	{phrase: "One station is sent # requests at most", is: "check.mostRequests", within: true}, // and what the last line asks
	{phrase: "In a terminal of less than # characters", is: "check.columnsNeed"},
	{phrase: "written anew after # seconds at the earliest", is: "report.shortestPause", unit: "time.Second"},
	{phrase: "more than a # of the provider's processor time", is: "report.share"},
	{phrase: "mostly waits, every minute or #", is: "report.longestPause", unit: "time.Minute"},
	{phrase: "and every # minutes while nothing happens", is: "report.idlePause", unit: "time.Minute"},
	{phrase: "`kms-report.json` is written # a minute at most", is: "report.dataPause", unit: "time.Minute"},
	// Microsoft's, by which the code judges.
	{phrase: "more than # hours", is: "pool.maxClocksApart", unit: "time.Hour"},
	{phrase: "mehr als # Stunden", is: "pool.maxClocksApart", unit: "time.Hour"},
	{phrase: "the last # days", is: "kms.CountedFor", unit: "24 * time.Hour"},
	{phrase: "the next # days", is: "kms.CountedFor", unit: "24 * time.Hour"},
	{phrase: "A count lasts # days", is: "kms.CountedFor", unit: "24 * time.Hour"},
	{phrase: "less than # days", is: "kms.CountedFor", unit: "24 * time.Hour"},
	{phrase: "count # days after it was last seen", is: "kms.CountedFor", unit: "24 * time.Hour"},
	{phrase: "forgotten after # days", is: "kms.CountedFor", unit: "24 * time.Hour"},
	{phrase: "counts for # days", is: "kms.CountedFor", unit: "24 * time.Hour"},
	{phrase: "wait # days", is: "kms.CountedFor", unit: "24 * time.Hour"},
	{phrase: "nach # Tagen", is: "kms.CountedFor", unit: "24 * time.Hour"},
	{phrase: "once it has counted # requests, and Office", is: threshold(kms.Windows)},
	{phrase: "and Office once it has counted #.", is: threshold(kms.Office)},
	{phrase: "# for Windows", is: threshold(kms.Windows)},
	{phrase: "for Windows, # for Office", is: threshold(kms.Office)},
	{phrase: "for Windows and # for Office", is: threshold(kms.Office)},
	{phrase: "each member counts once, and # machines are needed", is: threshold(kms.Windows)},
	{phrase: "and # suffice for Windows", is: threshold(kms.Windows)},
	{phrase: "| Windows | # |", is: threshold(kms.Windows)},
	{phrase: "| Office | # |", is: threshold(kms.Office)},
	{phrase: "stops counting at #**", is: "2 * " + threshold(kms.Windows)},
	{phrase: "(# for Office)", is: "2 * " + threshold(kms.Office)},
	// How the code is kept, and tried.
	{phrase: "every call against them in # drawn sites", is: "cycle.worlds"},
	{phrase: "had not seen the engine, in # more", is: "cycle.worlds"},
	{phrase: "A file has at most # lines", is: "acctest.longestFile"},
	{phrase: "lines and a package #,", is: "acctest.largestPackage"},
}

// theirs are the numbers of others, of examples and of arithmetic: nothing in the code decides
// by them.
var theirs = []string{
	// What a server owes its clients.
	"bodies of at least 256 KiB", "which is 256 KiB at least", "detail: At most 1 MiB", "is good for 10 minutes at least", "is held for 30 days at least",
	"silent for 30 minutes", "it has 30 minutes; then it has `failed`", "each from 5 minutes to 24 hours", "at most 7 days", "more than 7 days ahead",
	"at least 30 days after their end",
	// Examples, and what they come to.
	"stations: 30}", "stations: 28}", "what 30 stations change", "Why 30 stations need few restarts", "The 5 stations of the vendor's example need 20 restarts",
	"With 5 stations of 2 minutes each, 20 restarts take some 10 minutes", "5 stations × 5 restarts = 25",
	"With 5 stations and a count of 0 these are 5 requests without a restart and 20 restarts", "100 schools with 100 stations each",
	// Microsoft's, and no matter to the code.
	"until their 180 days end",
	// What was measured once, and the form of a commit.
	"20,000 stations took 0.7 GB", "A subject of at most 72 characters",
}

// A number that a page gives is the one that the code goes by.
func TestThePagesGiveTheNumbersThatHold(t *testing.T) {
	t.Parallel()
	code, pages := readConstants(t), readPages(t)
	for _, f := range ours {
		is, unit, seen := code.of(f.is), code.of(cmp.Or(f.unit, "1")), 0
		for name, page := range pages {
			for _, at := range f.in(page) {
				n := counted(page[at[2]:at[3]])
				if n < 0 {
					continue // a word that is no number
				}
				seen++
				if holds := n*unit == is || f.within && n*unit > is; !holds {
					t.Errorf("%s: %q, and %s is %d", name, page[at[0]:at[1]], f.is, is)
				}
			}
		}
		if seen == 0 {
			t.Errorf("no page says %q", f.phrase)
		}
	}
}

// No number with a unit stands in a page that nothing holds, unless it is listed as another's.
func TestEveryNumberOfThePagesIsHeldOrAnothers(t *testing.T) {
	t.Parallel()
	pages, used := readPages(t), map[string]bool{}
	unheld := regexp.MustCompile(`[0-9][0-9,.]* (?:seconds?|minutes?|hours?|days?|weeks?|[KMG]i?B|stations?|machines|requests?|connections|ids|items|pages|values|characters|restarts?|Tagen?|Stunden|Minuten|Sekunden)\b`)
	for name, page := range pages {
		for _, f := range ours {
			page = f.blanked(page)
		}
		for _, phrase := range theirs {
			if strings.Contains(page, phrase) {
				used[phrase] = true
				page = strings.ReplaceAll(page, phrase, "…")
			}
		}
		for _, found := range unheld.FindAllStringIndex(page, -1) {
			t.Errorf("%s: nothing holds %q", name, page[max(0, found[0]-40):min(len(page), found[1]+20)])
		}
	}
	for _, phrase := range theirs {
		if !used[phrase] {
			t.Errorf("no page says %q any more", phrase)
		}
	}
}

// The table of the classroom is what the counts come to: whoever runs is asked, and the rest is
// restarted.
func TestTheClassroomsTableAddsUp(t *testing.T) {
	t.Parallel()
	rows := regexp.MustCompile(`(?m)^\| ([0-9]+) \| ([0-9]+) \| ([0-9]+) \| ([0-9]+) \|$`).FindAllStringSubmatch(readGuides(t)["classroom.md.tmpl"], -1)
	if len(rows) < 4 {
		t.Fatalf("only %d rows: this test looks in the wrong place", len(rows))
	}
	for _, row := range rows {
		missing := int64(kms.Windows.Threshold()) - counted(row[2])
		asked := min(counted(row[1]), missing)
		if counted(row[3]) != asked || counted(row[4]) != missing-asked {
			t.Errorf("%s: %d are asked, and %d restarted", row[0], asked, missing-asked)
		}
	}
}

var numerals = map[string]int64{"half": 1, "a": 1, "once": 1, "two": 2, "three": 3, "four": 4, "five": 5, "eight": 8, "ten": 10, "twenty-fifth": 25}

// counted is a number as a page writes it; -1 where it is none.
func counted(text string) int64 {
	if is, word := numerals[strings.ToLower(text)]; word {
		return is
	}
	is, err := strconv.ParseInt(strings.ReplaceAll(text, ",", ""), 10, 64)
	if err != nil {
		return -1
	}
	return is
}

// in is where a page says it, and gives the number. Most pages do not say it, and a pattern that
// begins with a number is slow to find that out.
func (f figure) in(page string) [][]int {
	before, after, _ := strings.Cut(f.phrase, "#")
	if !strings.Contains(page, before) || !strings.Contains(page, after) {
		return nil
	}
	pattern := strings.Replace(regexp.QuoteMeta(f.phrase), "#", `([0-9]+(?:,[0-9]{3})*|[A-Za-z]+(?:-[a-z]+)?)`, 1)
	return regexp.MustCompile(pattern).FindAllStringSubmatchIndex(page, -1)
}

// blanked is the page without this number.
func (f figure) blanked(page string) string {
	var rest strings.Builder
	from := 0
	for _, at := range f.in(page) {
		rest.WriteString(page[from:at[2]] + "…")
		from = at[3]
	}
	return rest.String() + page[from:]
}

func threshold(product kms.Product) string { return strconv.Itoa(product.Threshold()) }

// readPages are all pages and the contract, with one space between two words, without blocks of
// code and without tables of what was measured once.
func readPages(t *testing.T) map[string]string {
	t.Helper()
	rows := regexp.MustCompile(`(?m)^\|.*$`)
	measured := regexp.MustCompile("(?s)`make bench-.*?(\n#|$)")
	pages := map[string]string{}
	add := func(file string) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		pages[strings.TrimPrefix(file, "../../")] = strings.Join(strings.Fields(measured.ReplaceAllStringFunc(fenced.ReplaceAllString(string(text), ""), func(section string) string {
			return rows.ReplaceAllString(section, "")
		})), " ")
	}
	for _, file := range []string{"../../README.md", "../../ARCHITECTURE.md", "../../CONTRIBUTING.md", "../timago/openapi.yaml"} {
		add(file)
	}
	if err := filepath.WalkDir("../../docs", func(file string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			add(file)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if len(pages) < 28 {
		t.Fatalf("only %d pages were found: this test looks in the wrong place", len(pages))
	}
	return pages
}
