package acctest_test

import (
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/acctest"
)

// pages are the pages of a list that has no end, each of so many new stations with names of
// this size and so many operating systems.
func pages(stations, size, systems int) func(w io.Writer, _ *http.Request) {
	var page atomic.Int32
	system := `{"name": "Windows", "kms_activation": true, "image_kms_activation": null, "image_generation": 1}`
	rest := strings.Repeat("x", size) + `", "etag": "1", "location": "R101", "computer_group": "", "online": true, "last_start": null,` +
		` "last_operating_system": null, "logged_on_user": null, "pending_command": null, "operating_systems": [` + strings.Repeat(system+",", systems-1) + system + `]}`
	return func(w io.Writer, _ *http.Request) {
		n := int(page.Add(1))
		_, _ = io.WriteString(w, `{"next_page_token": "`+strconv.Itoa(n)+`", "items": [`)
		for i := range stations {
			if i > 0 {
				_, _ = io.WriteString(w, ",")
			}
			_, _ = fmt.Fprintf(w, `{"id": "6f1c1c52-6c1e-4f0a-9d57-%012x", "name": "PC%d`, n*stations+i, n*stations+i)
			_, _ = io.WriteString(w, rest)
		}
		_, _ = io.WriteString(w, "]}")
	}
}

// An interface that answers what it likes to the list of the stations: the run says so and
// ends, and holds little memory for it.
func TestAHostileInterfaceCostsTheRunLittle(t *testing.T) {
	t.Parallel()
	run := func(answer func(w io.Writer, r *http.Request)) (acctest.Outcome, int64) {
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
  request_timeout = "3s"
  max_retries     = 0
}
data "timago_stations" "all" {}
`, server.URL))
		return w.Measured("plan", "-no-color")
	}
	saying := func(text string) func(w io.Writer, _ *http.Request) {
		return func(w io.Writer, _ *http.Request) { _, _ = io.WriteString(w, text) }
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
		"fat pages without end":     {pages(500, 7_000, 1), "what the list holds is more than 8 MB"},
		"pages without end":         {pages(500, 10, 1), "the list has more than 2000 pages or 20000 items"},
		"many systems, without end": {pages(50, 10, 100), "what the list holds is more than 8 MB"},
		"a slow body": {func(w io.Writer, r *http.Request) {
			for r.Context().Err() == nil {
				_, _ = io.WriteString(w, strings.Repeat(" ", 4096))
				time.Sleep(20 * time.Millisecond)
			}
		}, "no complete answer within 3s"},
	} {
		start := time.Now()
		plan, peak := run(tt.answer)
		t.Logf("%s: %d MiB more, %.1f s", name, (peak-usual)>>20, time.Since(start).Seconds())
		if plan.Exit != 1 || !plan.Contains(tt.says) || peak-usual > mostHeld {
			t.Errorf("%s: %d MiB more than usual, exit code %d:\n%s", name, (peak-usual)>>20, plan.Exit, plan.Output)
		}
	}
}
