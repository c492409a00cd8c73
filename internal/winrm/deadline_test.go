package winrm_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/winrm"
)

// An answer that drips, or one that never begins, ends with the call's own deadline; pulls
// that each come in time end as one read.
func TestAHostileMachineCostsItsOwnDeadline(t *testing.T) {
	t.Parallel()
	for name, story := range map[string]struct {
		answer func(ctx context.Context, w http.ResponseWriter)
		most   int32 // answers
	}{
		"nothing": {func(ctx context.Context, _ http.ResponseWriter) { <-ctx.Done() }, 2},
		"a byte now and then": {func(ctx context.Context, w http.ResponseWriter) {
			for ctx.Err() == nil {
				_, _ = io.WriteString(w, "<")
				_ = http.NewResponseController(w).Flush()
				time.Sleep(20 * time.Millisecond)
			}
		}, 2},
		"slow pulls": {func(_ context.Context, w http.ResponseWriter) {
			time.Sleep(150 * time.Millisecond)
			_, _ = io.WriteString(w, soap(`<n:PullResponse><n:EnumerationContext>uuid:1</n:EnumerationContext><n:Items><i/></n:Items></n:PullResponse>`))
		}, 100},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var answered atomic.Int32
			c, address := answers(t, func(w http.ResponseWriter, r *http.Request) {
				request, _ := io.ReadAll(r.Body)
				if strings.Contains(string(request), "Identify") {
					_, _ = io.WriteString(w, soap("<x/>"))
					return
				}
				answered.Add(1)
				story.answer(r.Context(), w)
			})
			_, err := c.Query(t.Context(), address, uptime, winrm.Timeout(500*time.Millisecond))
			if !winrm.IsUnreachable(err) || answered.Load() > story.most {
				t.Errorf("got %v after %d answers", err, answered.Load())
			}
		})
	}
}
