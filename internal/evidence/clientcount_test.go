package evidence_test

import (
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/evidence"
)

// Of what stations were told the youngest stands; of one moment's counts the highest.
func TestWhatStationsWereToldLast(t *testing.T) {
	t.Parallel()
	told := func(count int, from, to time.Duration) evidence.ClientCount {
		return evidence.ClientCount{Known: true, Count: count, From: noon.Add(from), To: noon.Add(to)}
	}
	stands := told(10, 0, time.Minute)
	if stands.IsOlder(evidence.ClientCount{}) {
		t.Error("the first count does not stand")
	}
	for name, tt := range map[string]struct {
		told  evidence.ClientCount
		older bool
	}{
		"later and more":            {told: told(12, 2*time.Minute, 3*time.Minute)},
		"later and less: it falls":  {told: told(8, 2*time.Minute, 3*time.Minute)},
		"perhaps later and less":    {told: told(8, 30*time.Second, 2*time.Minute), older: true},
		"perhaps earlier, and more": {told: told(12, -time.Minute, 30*time.Second)},
		"earlier, and more":         {told: told(12, -2*time.Minute, -time.Minute), older: true},
	} {
		if got := tt.told.IsOlder(stands); got != tt.older {
			t.Errorf("%s: it is older: %t", name, got)
		}
	}
}
