package acctest_test

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/acctest"
	"github.com/timago/terraform-provider-timago/internal/simulator"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// evils have answers of up to 1 MB, the most that is taken of one.
func evils() map[string]evil {
	const size = 1<<20 - 1000
	many := func(format string, n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	page := func(items string) func(http.ResponseWriter, *http.Request) {
		return saying(200, `<n:PullResponse><n:EnumerationContext>uuid:1</n:EnumerationContext><n:Items>`+items+`</n:Items></n:PullResponse>`)
	}
	text := strings.Repeat("Größe ", size/8)
	const query, events = "<n:Enumerate>", "Win32_NTLogEvent"
	record := `<i><RecordNumber>%[1]d</RecordNumber><TimeGenerated>2099-01-01T00:00:00Z</TimeGenerated><EventCode>12289</EventCode>` +
		`<InsertionStrings>0x00000000,0x0,%[1]d.schule.example:1688,36f27b39-2fd5-440b-be67-a09996d27a38,2026/3/2 7:30,1,0,259200,2de67392-b7a7-462a-b1ca-108dd189f588,30</InsertionStrings></i>`
	output := to("Receive", saying(200, `<r:ReceiveResponse xmlns:r="x"><r:Stream Name="stdout">`+base64.StdEncoding.EncodeToString([]byte(strings.Repeat("<Event>", size/10)))+`</r:Stream></r:ReceiveResponse>`))
	noLog := to(events, saying(500, bareFault("InternalError", "")))
	return map[string]evil{
		"pages without end":       to(query, page("<i><a>"+text+"</a></i>")),
		"pages of many instances": to(query, page(strings.Repeat("<i><a>1</a></i>", 15_000))),
		"pages of many values":    to("SoftwareLicensingProduct", page("<i>"+many("<a%x>1</a%[1]x>", 22_000)+"</i>")),
		"elements":                to(query, saying(200, strings.Repeat("<a/>", size/4))),
		"nesting":                 to(query, saying(200, strings.Repeat("<a>", size/3))),
		"attributes":              to(query, saying(200, "<x "+many(`a%x="" `, 30_000)+"/>")),
		"entities": to(query, func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `<!DOCTYPE x [<!ENTITY a "aaaa">`+many("<!ENTITY a%d '&a;&a;&a;&a;'>", 9)+`]>`+envelope("&a8;"))
		}),
		"a body without end": to(query, func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				if _, err := io.WriteString(w, text); err != nil {
					return
				}
			}
		}),
		"headers": to(query, func(w http.ResponseWriter, _ *http.Request) {
			for i := range 2_000 {
				w.Header().Add("X-Header", strings.Repeat("x", 2_000)+fmt.Sprint(i))
			}
		}),
		"a slow body": to(query, func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				_, _ = io.WriteString(w, "<")
				_ = http.NewResponseController(w).Flush()
				time.Sleep(20 * time.Millisecond)
			}
		}),
		"no answer":           to(query, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }),
		"a quota without end": to(query, saying(500, bareFault("QuotaLimit", ""))),
		"text that moves":     to(query, saying(500, bareFault("evil\u202e\u200bx", "evil\u202e\u200b\u2028\r\nError: forged\u009b31m"))),
		"no HTTP":             to(query, func(w http.ResponseWriter, _ *http.Request) { hijacked(w, "SSH-2.0-\x1b[2J\u202e\r\n") }),
		"a log without end":   to(events, page(many(record, 2_500))),
		"output without end": func(w http.ResponseWriter, r *http.Request, request string) bool {
			return noLog(w, r, request) || output(w, r, request)
		},
	}
}

// Hostile machines cost the run at most this much memory.
const mostHeld = 64 << 20

// Machines that know the account and do what they like, all at once beside five that are
// well: the run holds little memory for them, ends, and has read the others.
func TestHostileMachinesCostTheRunLittle(t *testing.T) {
	t.Parallel()
	hostile := evils()
	scenario := acctest.Classroom(5+len(hostile), world.Station{Licensed: true, Counted: true}, acctest.Counted(30))
	scenario.WinRM = simulator.WinRM{Basic: true, AllowUnencrypted: true}
	site := acctest.NewSite(t, scenario)
	run := func(stations []string) (acctest.Outcome, int64) {
		w := acctest.NewWorkspace(t, site.Env()...).Released()
		provider := strings.Replace(site.Provider(`auth = "basic"`, `allow_unencrypted = true`), `timeout  = "1m"`, `timeout  = "5s"`, 1)
		w.Write("main.tf", strings.Replace(provider, "kms = { ", `kms = { count_source = "stations", `, 1)+
			fmt.Sprintf("resource \"timago_activation_pool\" \"room\" {\n  name = \"R101\"\n  stations = %s\n}\n", quoted(stations)))
		start := time.Now()
		plan, peak := w.Measured("plan", "-no-color")
		t.Logf("%d stations: %d MiB, %.1f s", len(stations), peak>>20, time.Since(start).Seconds())
		if plan.Exit != 0 || peak == 0 || !plan.Contains(`status = "activated"`) {
			t.Errorf("the run ends with %d:\n%s", plan.Exit, plan.Output)
		}
		readable(t, plan.Output)
		return plan, peak
	}
	all := site.PlainAddresses()
	_, usual := run(all[:5])
	stations, met := slices.Clone(all[:5]), map[string]*atomic.Int32{}
	for name, e := range hostile {
		address, answers := e.before(t, all[len(stations)])
		stations, met[name] = append(stations, address), answers
	}
	plan, peak := run(stations)
	if more := peak - usual; more > mostHeld { // all at once
		t.Errorf("hostile machines cost %d MiB", more>>20)
	}
	for name, answers := range met {
		if n := answers.Load(); n == 0 || n == 1 && (name == "pages without end" || name == "a log without end") {
			t.Errorf("%s was met %d times", name, n)
		}
	}
	// Two of them are read: what is wrong there is the log.
	if lost := fmt.Sprintf("Unable to reach %d of the %d members", len(hostile)-2, len(stations)); !plan.Contains(lost) {
		t.Errorf("the run does not say %q:\n%s", lost, plan.Output)
	}
}
