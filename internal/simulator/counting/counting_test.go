package counting_test

import (
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/simulator/counting"
)

func TestClients(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)
	c := counting.New()
	c.Ask(2)
	for i, cmid := range []kms.CMID{"a", "b", "a", "c", "d", "e"} {
		if isNew := c.See(cmid, noon.Add(time.Duration(i)*time.Minute)); isNew == (i == 2) {
			t.Errorf("%s at %d: new: %t", cmid, i, isNew)
		}
	}
	if c.Count() != 4 || c.Seen() != 5 {
		t.Errorf("count %d of %d seen: the count ends at twice the threshold", c.Count(), c.Seen())
	}
	// "a" was seen again after "b".
	if next, some := c.NextLeaving(); !some || !next.Equal(noon.Add(time.Minute+kms.CountedFor)) {
		t.Errorf("the next leaves at %s", next)
	}
	if left := c.Forget(noon.Add(2*time.Minute + kms.CountedFor)); left != 2 || c.Seen() != 3 {
		t.Errorf("%d left after 30 days, %d stay", left, c.Seen())
	}
	if c.Lose(2); c.Seen() != 1 {
		t.Errorf("%d stay where two are lost", c.Seen())
	}
	if c.StartOver(); c.Seen() != 0 || c.Threshold() != 0 {
		t.Errorf("%d stay, threshold %d", c.Seen(), c.Threshold())
	}
}
