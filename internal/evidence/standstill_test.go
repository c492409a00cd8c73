package evidence_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/evidence"
	"github.com/timago/terraform-provider-timago/internal/kms"
)

// poll is what one poll of the host shows: its count, and so many new ids in its log.
type poll struct{ count, fresh int }

// A ceiling shows in a log that goes on while the count stands still, and is believed only
// where polls agree.
func TestACountThatStandsStill(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		polls                []poll
		suspected, confirmed bool
	}{
		"the count follows":                {polls: []poll{{4, 1}, {5, 1}, {6, 1}}},
		"one request is late":              {polls: []poll{{3, 1}, {3, 0}, {3, 0}, {3, 0}}},
		"two are":                          {polls: []poll{{3, 2}}, suspected: true},
		"two are, and three polls agree":   {polls: []poll{{3, 1}, {3, 1}, {3, 0}, {3, 0}}, suspected: true, confirmed: true},
		"two are, and only two polls do":   {polls: []poll{{3, 2}, {3, 0}}, suspected: true},
		"two are, then the count follows":  {polls: []poll{{3, 2}, {3, 0}, {5, 0}, {5, 0}}},
		"the count is ahead of the log":    {polls: []poll{{5, 0}, {5, 2}, {5, 0}}},
		"others' rises explain nothing":    {polls: []poll{{5, 0}, {5, 0}, {5, 2}}, suspected: true},
		"the count falls: others move it":  {polls: []poll{{3, 2}, {2, 0}, {2, 0}, {2, 0}}},
		"it falls, and stands still there": {polls: []poll{{2, 0}, {2, 2}, {2, 0}, {2, 0}}, suspected: true, confirmed: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var s, unawaited evidence.Standstill
			s.Begin(3)
			unawaited.Begin(3)
			for _, p := range tt.polls {
				s.Poll(p.count, p.fresh, true, evidence.New())
				unawaited.Poll(p.count, p.fresh, false, evidence.New())
			}
			if s.Suspected() != tt.suspected || s.Confirmed() != tt.confirmed {
				t.Errorf("suspected: %t, confirmed: %t", s.Suspected(), s.Confirmed())
			}
			if unawaited.Suspected() {
				t.Error("it is suspected of a count that nobody waits for")
			}
		})
	}
}

// A count also stands still where as many ids leave it as are added.
func TestIDsThatExpireHideRequests(t *testing.T) {
	t.Parallel()
	for expiring := range 3 {
		log := evidence.New()
		var records []kms.Counted
		for i := range expiring {
			records = append(records, record(time.Minute-kms.CountedFor, kms.CMID(fmt.Sprint("expiring", i)), windowsID))
		}
		log.Record(append(records, record(0, before, windowsID)), 1)
		var s evidence.Standstill
		s.Begin(9)
		s.Poll(8, 0, true, log) // others have moved it at noon
		log.Record([]kms.Counted{record(2*time.Minute, after, windowsID)}, 2)
		if s.Poll(8, 3, true, log); s.Suspected() != (expiring < 2) {
			t.Errorf("%d of 3 requests have made up for ids that expired: suspected: %t", expiring, s.Suspected())
		}
	}
}
