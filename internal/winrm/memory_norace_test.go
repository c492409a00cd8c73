//go:build !race

package winrm_test

import (
	"fmt"
	"io"
	"net/http"
	"runtime"
	"runtime/metrics"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// held measures the most memory that lives while a function runs, beyond what lived before.
func held(run func()) uint64 {
	live := func() uint64 {
		runtime.GC()
		sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		metrics.Read(sample)
		return sample[0].Value.Uint64()
	}
	before, most := live(), uint64(0)
	ended, measured := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(measured)
		for {
			most = max(most, live())
			select {
			case <-ended:
				return
			case <-time.After(2 * time.Millisecond):
			}
		}
	}()
	run()
	close(ended)
	<-measured
	return most - min(most, before)
}

// A hostile machine costs the run at most this much memory, though its five
// places are all taken by such answers.
const mostHeld = 64 << 20

// Not in parallel with other tests: it looks at the memory of all. Not under the race
// detector, which keeps a shadow of that memory.
//
//nolint:paralleltest // see above
func TestAHostileMachineCostsLittleMemory(t *testing.T) {
	const size = 1 << 20
	fill := func(piece string) string { return strings.Repeat(piece, (size-1000)/len(piece)) }
	many := func(format string, n int) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(strings.ReplaceAll(format, "%x", fmt.Sprintf("%x", i)))
		}
		return b.String()
	}
	page := func(items string) string {
		return soap(`<n:PullResponse><n:EnumerationContext>uuid:1</n:EnumerationContext><n:Items>` + items + `</n:Items></n:PullResponse>`)
	}
	text := fill("Größe ")
	for name, answer := range map[string]string{
		"pulls without end":    page("<i><a>" + text + "</a></i>"),
		"pulls of small ones":  page(strings.Repeat("<i><a>1</a></i>", 15_000)),
		"pulls of many values": page("<i>" + many("<a%x>1</a%x>", 22_000) + "</i>"),
		"elements":             soap(fill("<a/>")),
		"elements in elements": soap(fill("<a><b>")),
		"attributes":           soap("<x " + many(`a%x="" `, 30_000) + "/>"),
		"attributes in many":   soap(fill(`<a b="" c="" d="" e=""/>`)),
		"text":                 soap(text),
		"text in pieces":       soap(fill("&amp;")),
		"comments":             soap(fill("<!---->")),
		"namespaces":           soap(fill(`<a xmlns="x"/>`)),
		"more than is taken":   fill("<") + fill("<") + fill("<"),
	} {
		var answered atomic.Int32
		c, address := answers(t, func(w http.ResponseWriter, r *http.Request) {
			request, _ := io.ReadAll(r.Body)
			if strings.Contains(string(request), "Identify") {
				_, _ = io.WriteString(w, soap("<x/>"))
				return
			}
			answered.Add(1)
			_, _ = io.WriteString(w, answer)
		})
		used := held(func() {
			done := make(chan error)
			for range 5 {
				go func() { _, err := c.Query(t.Context(), address, uptime); done <- err }()
			}
			for range 5 {
				if err := <-done; err == nil {
					t.Errorf("%s: no error", name)
				}
			}
		})
		t.Logf("%-22s %3d answers, %2d MiB", name, answered.Load(), used>>20)
		if used > mostHeld || answered.Load() == 0 {
			t.Errorf("%s: %d MiB were held, %d answers", name, used>>20, answered.Load())
		}
	}
}
