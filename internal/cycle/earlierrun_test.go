package cycle

import (
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
)

// Where something shows that a run was killed a moment ago, it may have restarted a member that
// does not answer, or commanded the restart of one that still did: a count is kept for it (A11).
// Of one that was up long after such a command would have taken it down nothing is expected (A15).
func TestWhomAnEarlierRunMayHaveRestarted(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		read     bool // it answered in this run
		silentAt time.Duration
		expected int
	}{
		"it never answered":                   {silentAt: 3 * time.Minute, expected: 1},
		"it went down soon after it was read": {read: true, silentAt: time.Minute, expected: 1},
		"it went down a while after":          {read: true, silentAt: 3 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newManualDriver(t)
			c := d.begins("PC01")
			s := c.stations[0]
			s.read, c.earlierStart, c.now = tt.read, c.started.Add(-time.Minute), c.started.Add(tt.silentAt)
			c.markUnreachable(s, kms.ErrUnreachable)
			c.publishExpected()
			if got := d.ledger.Expected(kms.Windows); got != tt.expected {
				t.Errorf("%d counts are expected, want %d", got, tt.expected)
			}
		})
	}
}
