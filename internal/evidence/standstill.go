package evidence

import "time"

// Standstill watches whether a product's count still follows the requests that the host's
// log shows. A host counts to a ceiling and no further; then the log goes on and the count
// does not.
type Standstill struct {
	count      int // at the last poll that read the log
	risenEarly int // rises that the log has not explained yet
	unshown    int // requests that the log shows and the count does not
	movedAt    time.Time
	polls      int // in a row that show a standstill
}

const (
	// Unshown is how many requests in a row the host's log may show and its count not.
	Unshown = 2
	// confirmingPolls must show the same before a standstill is believed.
	confirmingPolls = 2
)

// Begin takes the count of the first poll.
func (s *Standstill) Begin(count int) { s.count = count }

// Poll takes in the count of a further poll and how many new ids of restarted stations its
// log shows.
// Of a count that nobody waits for nothing is suspected.
func (s *Standstill) Poll(count, fresh int, awaited bool, log *Log) {
	rise := count - s.count
	s.count = count
	// A count is read after the log: it may show a request that the log shows with the next poll.
	late := max(0, fresh-rise-s.risenEarly)
	s.risenEarly = max(0, s.risenEarly+rise-fresh)
	if rise == 0 && fresh == 0 {
		s.risenEarly = 0 // it was of others
	}
	switch {
	case rise < 0: // others move it, too
		s.unshown, s.movedAt = 0, log.Newest
	case rise > 0:
		s.unshown, s.movedAt = max(0, s.unshown+late-max(0, rise-fresh)), log.Newest
	default:
		s.unshown += late
	}
	if awaited && rise == 0 && s.unshown >= Unshown+log.ExpiredSince(s.movedAt) {
		s.polls++
	} else {
		s.polls = 0
	}
}

// Suspected reports whether the count seems to stand still. A poll may fall between a record
// and its count: another one decides.
func (s *Standstill) Suspected() bool { return s.polls > 0 }

// Confirmed reports whether enough polls agree that it does.
func (s *Standstill) Confirmed() bool { return s.polls > confirmingPolls }
