package evidence_test

import (
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/evidence"
)

// Of the counts in answers to stations the youngest stands; of one moment's counts the highest.
func TestTheYoungestCountOfAStationStands(t *testing.T) {
	t.Parallel()
	answer := func(count int, from, to time.Duration) evidence.ClientCount {
		return evidence.ClientCount{Known: true, Count: count, From: noon.Add(from), To: noon.Add(to)}
	}
	stands := answer(10, 0, time.Minute)
	if stands.IsOlder(evidence.ClientCount{}) {
		t.Error("the first count does not stand")
	}
	for name, tt := range map[string]struct {
		answer evidence.ClientCount
		older  bool
	}{
		"later and more":            {answer: answer(12, 2*time.Minute, 3*time.Minute)},
		"later and less: it falls":  {answer: answer(8, 2*time.Minute, 3*time.Minute)},
		"perhaps later and less":    {answer: answer(8, 30*time.Second, 2*time.Minute), older: true},
		"perhaps earlier, and more": {answer: answer(12, -time.Minute, 30*time.Second)},
		"earlier, and more":         {answer: answer(12, -2*time.Minute, -time.Minute), older: true},
	} {
		if got := tt.answer.IsOlder(stands); got != tt.older {
			t.Errorf("%s: it is older: %t", name, got)
		}
	}
}
