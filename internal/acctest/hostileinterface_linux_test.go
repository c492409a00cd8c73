package acctest_test

import (
	"cmp"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/acctest"
)

// pages are those of a list of stations.
type pages struct {
	stations, size, systems int    // new ones on each page, the letters that their names end with, operating systems of each
	last                    int    // page; 0 where the list has no end
	location                string // of all stations
}

func (p pages) answer() func(w io.Writer, _ *http.Request) {
	var systems []string
	for i := range p.systems {
		systems = append(systems, fmt.Sprintf(`{"name": "Windows %d", "kms_activation": true, "image_kms_activation": null, "image_generation": 1}`, i))
	}
	rest := strings.Repeat("x", p.size) + `", "etag": "1", "location": "` + cmp.Or(p.location, "R101") + `", "computer_group": "", "online": true, "last_start": null,` +
		` "last_operating_system": null, "logged_on_user": null, "pending_command": null, "operating_systems": [` + strings.Join(systems, ",") + `]}`
	page := func(n int) string {
		var w strings.Builder
		next := `"next_page_token": "` + strconv.Itoa(n) + `", `
		if n == p.last {
			next = ""
		}
		w.WriteString("{" + next + `"items": [`)
		for i := range p.stations {
			if i > 0 {
				w.WriteString(",")
			}
			fmt.Fprintf(&w, `{"id": "6f1c1c52-6c1e-4f0a-9d57-%012x", "name": "PC%d`, n*p.stations+i, n*p.stations+i)
			w.WriteString(rest)
		}
		w.WriteString("]}")
		return w.String()
	}
	var mu sync.Mutex
	made := map[int]string{} // pages by their number
	return func(w io.Writer, r *http.Request) {
		n, _ := strconv.Atoi(r.URL.Query().Get("page_token")) // of the first page: none
		mu.Lock()
		text, known := made[n+1]
		if !known {
			text = page(n + 1)
			made[n+1] = text
		}
		mu.Unlock()
		_, _ = io.WriteString(w, text)
	}
}

const allStations = "data \"timago_stations\" \"all\" {\n}\n"

// listing is a run in front of an interface that answers everything so, with the most memory
// that the provider held.
func listing(t *testing.T, answer func(w io.Writer, r *http.Request), config string, args ...string) (acctest.Outcome, int64) {
	t.Helper()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		answer(w, r)
	}))
	defer server.Close()
	w := acctest.NewWorkspace(t, "TIMAGO_TOKEN=secret").Released()
	w.Write("ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))
	w.Write("main.tf", fmt.Sprintf(acctest.Required+`
provider "timago" {
  endpoint        = %q
  ca_certificate  = file("ca.pem")
  request_timeout = "15s"
  max_retries     = 0
}
`, server.URL))
	w.Write("asked."+map[bool]string{false: "tf", true: "tfquery.hcl"}[args[0] == "query"], config)
	return w.Measured(args...)
}

// An interface that answers what it likes to the list of the stations: the run says so and
// ends, and holds little memory for it.
func TestAHostileInterfaceCostsTheRunLittle(t *testing.T) {
	t.Parallel()
	saying := func(text string) func(w io.Writer, _ *http.Request) {
		return func(w io.Writer, _ *http.Request) { _, _ = io.WriteString(w, text) }
	}
	run := func(answer func(w io.Writer, r *http.Request)) (acctest.Outcome, int64) {
		return listing(t, answer, allStations, "plan", "-no-color")
	}
	well, usual := run(saying(`{"items": []}`))
	if !well.Contains("there are none") {
		t.Fatalf("an empty list:\n%s", well.Output)
	}
	for name, tt := range map[string]struct {
		answer func(w io.Writer, r *http.Request)
		says   string
	}{
		"a list of a million": {saying(`{"items": [{}` + strings.Repeat(",{}", 1_000_000) + `]}`), "it holds more than 150000 values"},
		"nesting":             {saying(strings.Repeat("[", 3<<20)), "it is nested deeper than 32"},
		"a body without end": {func(w io.Writer, r *http.Request) {
			for r.Context().Err() == nil {
				if _, err := w.Write(make([]byte, 1<<16)); err != nil {
					return
				}
			}
		}, "larger than 4 MB"},
		"fat pages without end":     {pages{stations: 500, size: 7_000, systems: 1}.answer(), "what the list holds is more than 8 MB"},
		"pages without end":         {pages{stations: 500, size: 10, systems: 1}.answer(), "the list has more than 2000 pages or 20000 items"},
		"many systems, without end": {pages{stations: 50, size: 10, systems: 100}.answer(), "what the list holds is more than 8 MB"},
		"a slow body": {func(w io.Writer, r *http.Request) {
			for r.Context().Err() == nil {
				_, _ = io.WriteString(w, strings.Repeat(" ", 4096))
				time.Sleep(20 * time.Millisecond)
			}
		}, "no complete answer within 15s"},
	} {
		start := time.Now()
		plan, peak := run(tt.answer)
		t.Logf("%s: %d MiB more, %.1f s", name, (peak-usual)>>20, time.Since(start).Seconds())
		if plan.Exit != 1 || !plan.Contains(tt.says) || peak-usual > mostHeld {
			t.Errorf("%s: %d MiB more than usual, exit code %d:\n%s", name, (peak-usual)>>20, plan.Exit, plan.Output)
		}
	}
}

const (
	wholeRoom = "resource \"timago_activation_pool\" \"room\" {\n  name     = \"R101\"\n  location = \"R101\"\n}\n"
	// allToImport lists as many as Terraform lets it.
	allToImport = "list \"timago_station_kms\" \"all\" {\n  provider         = timago\n  include_resource = true\n  limit            = 100000\n}\n"
)

// ten are as many as Terraform reads at once.
func ten(block string) string { return strings.Replace(block, "{\n", "{\n  count = 10\n", 1) }

// A list that keeps to the contract, and is as long as that allows, is read whole, or
// refused where Terraform would be given too much.
func TestAListAsLongAsTheContractAllowsCostsTheRunLittle(t *testing.T) {
	t.Parallel()
	_, usual := listing(t, pages{last: 1}.answer(), allStations, "plan", "-no-color")
	for name, tt := range map[string]struct {
		list   pages
		config string
		says   string
	}{
		"many stations":     {pages{stations: 500, size: 10, systems: 1, last: 39}, allStations, "No changes."},
		"many systems":      {pages{stations: 50, size: 10, systems: 100, last: 36}, allStations, "No changes."},
		"long texts":        {pages{stations: 500, size: 10, systems: 1, last: 39, location: strings.Repeat("x", 290)}, allStations, "No changes."},
		"too long a list":   {pages{stations: 500, size: 10, systems: 3, last: 34, location: strings.Repeat("x", 600)}, allStations, "the result is larger than 10 MB"},
		"ten lists":         {pages{stations: 500, size: 10, systems: 1, last: 14}, ten(allStations), "No changes."},
		"ten locations":     {pages{stations: 500, size: 10, systems: 1, last: 5, location: strings.Repeat("x", 200)}, ten(strings.Replace(allStations, "{", "{\n location=\""+strings.Repeat("x", 200)+"\"", 1)), "No changes."},
		"ten rooms":         {pages{stations: 500, size: 10, systems: 1, last: 6}, ten(wholeRoom), "and 2990 more"},
		"a room of a city":  {pages{stations: 500, size: 10, systems: 1, last: 39}, wholeRoom, "more than 3000 stations, or 2 MB, are in one location"},
		"a room that moves": {pages{stations: 500, size: 10, systems: 1, last: 6}, wholeRoom, "and 2990 more"},
	} {
		start := time.Now()
		plan, peak := listing(t, tt.list.answer(), tt.config, "plan", "-no-color")
		t.Logf("%s: %d MiB more, %.1f s", name, (peak-usual)>>20, time.Since(start).Seconds())
		if !plan.Contains(tt.says) || peak-usual > mostHeld {
			t.Errorf("%s: %d MiB more than usual, exit code %d:\n%s", name, (peak-usual)>>20, plan.Exit, plan.Output)
		}
	}
}

// The same list for `terraform query`.
func TestAQueryOfAllThatTheContractAllowsCostsTheRunLittle(t *testing.T) {
	acctest.Needs(t, "terraform query", acctest.Terraform(14))
	t.Parallel()
	_, usual := listing(t, pages{last: 1}.answer(), allToImport, "query", "-no-color")
	for name, list := range map[string]pages{
		"many stations": {stations: 500, size: 10, systems: 1, last: 39}, "many systems": {stations: 50, size: 10, systems: 100, last: 36},
	} {
		found, peak := listing(t, list.answer(), allToImport, "query", "-no-color")
		t.Logf("%s: %d MiB more", name, (peak-usual)>>20)
		if last := fmt.Sprintf("PC%d", (list.last+1)*list.stations-1); found.Exit != 0 || !found.Contains(last) || peak-usual > mostHeld {
			t.Errorf("%s: %d MiB more than usual, exit code %d:\n%.2000s", name, (peak-usual)>>20, found.Exit, found.Output)
		}
	}
}
