package acctest_test

import (
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/acctest"
)

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
		"a list of 4 million": {saying(`{"items": [{}` + strings.Repeat(",{}", 4_000_000) + `]}`), "it holds more than 400000 values"},
		"nesting":             {saying(strings.Repeat("[", 15<<20)), "it is nested deeper than 32"},
		"a body without end": {func(w io.Writer, r *http.Request) {
			for r.Context().Err() == nil {
				if _, err := w.Write(make([]byte, 1<<16)); err != nil {
					return
				}
			}
		}, "larger than 16 MB"},
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
