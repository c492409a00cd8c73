package evidence_test

import (
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/evidence"
	"github.com/timago/terraform-provider-timago/internal/kms"
)

// Who added a count is known only where the count rises by all that was asked.
func TestWhatTheLogShowsAgainstTheCount(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		polls       []poll // the first begins at 3
		outstanding int
		missed      int
		explained   bool
	}{
		"one asked, one more":                        {polls: []poll{{4, 1}, {4, 0}}, explained: true},
		"the count may be ahead of the log":          {polls: []poll{{4, 1}}},
		"it was":                                     {polls: []poll{{4, 0}, {4, 1}}, explained: true},
		"one asked, none more":                       {polls: []poll{{3, 1}, {3, 0}}},
		"two asked, one more":                        {polls: []poll{{4, 2}, {4, 0}}},
		"one was asked to make one and was not seen": {polls: []poll{{4, 1}, {4, 0}}, outstanding: 1},
		"one was asked to make one and given up":     {polls: []poll{{4, 1}, {4, 0}}, missed: 1},
		"… and both were counted":                    {polls: []poll{{5, 1}, {5, 0}}, missed: 1, explained: true},
		"an id left the count":                       {polls: []poll{{4, 1}, {3, 0}, {3, 0}}},
		"what the log held before adds nothing":      {polls: []poll{{3, 0}}, explained: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var b evidence.Balance
			if b.Explains(0) || b.Poll(1, 3, 7, 0) || b.IsComplete(evidence.New(), nil) {
				t.Error("it tells something before it has begun")
			}
			for i, p := range tt.polls {
				b.Poll(2+i, p.count, p.fresh, tt.missed)
			}
			if got := b.Explains(tt.outstanding); got != tt.explained {
				t.Errorf("explained: %t", got)
			}
		})
	}
}

// A log is complete where it held as many ids of the product as were counted. What nobody is
// known to hold may be of the product as well.
func TestACompleteLog(t *testing.T) {
	t.Parallel()
	const unknownID = "11111111-9f51-49dc-b234-f8b36ea0fb33"
	log := evidence.New()
	log.Record([]kms.Counted{
		record(0, before, windowsID), record(time.Second, before, windowsID), record(0, before, officeID), record(0, "unknown", unknownID),
	}, 1)
	log.Remember(evidence.Request{CMID: "of a station's own events", ActivationID: windowsID}, 1)
	for count, complete := range map[int]bool{0: false, 1: true, 2: true, 3: false} {
		var b evidence.Balance
		b.Poll(1, count, 3, 0)
		log.Record([]kms.Counted{record(time.Minute, after, windowsID)}, 2)
		if got := b.IsComplete(log, func(id string) (bool, bool) { return id == windowsID, id != unknownID }); got != complete {
			t.Errorf("an id of the product and an unknown one in the log, count %d: complete %t", count, got)
		}
	}
}
