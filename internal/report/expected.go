package report

import (
	"slices"
	"time"
)

// expectation is something that is expected next, and about when.
type expectation struct {
	what    text
	at      time.Time // zero: no time is known
	soon    bool      // that time is over
	overdue bool      // … for long
}

// mostExpected bounds the stations that are named among what is expected.
const mostExpected = 6

// expected lists what should happen next, the soonest first. It is computed from what
// this cycle and earlier ones took, never more than a guess.
func (s *Section) expected(now time.Time) []expectation {
	if s.state != running {
		return nil
	}
	var list, later []expectation
	for _, p := range s.products {
		if p.missing() == 0 {
			continue
		}
		if at, known := s.reaches(p, now); known {
			later = append(later, expectation{what: say("%s reaches %d", "%s erreicht %d", p.Title(), p.target), at: at})
		}
	}
	unnamed, users := 0, 0
	for _, st := range s.byDue() {
		switch {
		case st.phase == inUse:
			users++
		case len(list) == mostExpected:
			unnamed++
		default:
			list = append(list, s.awaited(st, now))
		}
	}
	if unnamed > 0 {
		list = append(list, expectation{what: number(unnamed,
			say("and one more station", "und eine weitere Station"), say("and %d more stations", "und %d weitere Stationen", unnamed))})
	}
	list = append(list, later...)
	if users > 0 {
		list = append(list, expectation{what: number(users,
			say("one station is in use: its turn comes when nobody is logged on", "eine Station ist in Gebrauch: Sie kommt dran, wenn niemand mehr angemeldet ist"),
			say("%d stations are in use: their turn comes when nobody is logged on", "%d Stationen sind in Gebrauch: Sie kommen dran, wenn niemand mehr angemeldet ist", users))})
	}
	if !s.silent.IsZero() {
		list = append(list, expectation{what: say("the KMS host, which has not answered since %s, is asked again", "der KMS-Host, der seit %s nicht antwortet, wird wieder gefragt", clock(s.silent))})
	}
	if s.waiting {
		list = append(list, expectation{what: say("all that could be done at once is done: stations in use or without an answer are waited for",
			"alles, was sofort ging, ist getan: Auf Stationen in Gebrauch oder ohne Antwort wird gewartet")})
	}
	return list
}

// byDue lists the stations of which something is awaited, the soonest first; those of
// which no time is known come last.
func (s *Section) byDue() []*station {
	var waiting []*station
	for _, st := range s.stations {
		if st.phase.waits() || st.phase == inUse {
			waiting = append(waiting, st)
		}
	}
	slices.SortStableFunc(waiting, func(a, b *station) int {
		switch {
		case a.due.IsZero() == b.due.IsZero():
			return a.due.Compare(b.due)
		case a.due.IsZero():
			return 1
		}
		return -1
	})
	return waiting
}

// awaited says what is expected of one station.
func (s *Section) awaited(st *station, now time.Time) expectation {
	e := expectation{at: st.due}
	if !st.due.IsZero() && now.After(st.due) {
		e.soon, e.overdue = true, now.Sub(st.due) > st.due.Sub(st.since)/2
	}
	switch st.phase {
	case asked, back:
		e.what = say("%s is counted", "%s wird gezählt", st.title)
	default:
		e.what = say("%s is back", "%s ist wieder da", st.title)
		if limit := st.since.Add(s.pool.StationTimeout); e.overdue && s.pool.StationTimeout > 0 {
			e.what = say("%s is back, waited for until %s", "%s ist wieder da, erwartet bis %s", st.title, clock(limit))
		}
	}
	return e
}

// reaches guesses when the product's threshold is reached: the stations that are under way
// now go again as soon as they were counted, until nothing is missing. It is false where
// nothing is under way or no time is known.
func (s *Section) reaches(p *product, now time.Time) (time.Time, bool) {
	var counts []time.Time
	for _, st := range s.stations {
		takes, known := s.counts(st, now)
		switch {
		case !st.phase.waits():
		case !known:
			return time.Time{}, false
		default:
			counts = append(counts, takes)
		}
	}
	again := s.usual.Return + s.usual.Request
	if again == 0 {
		again = s.mean()
	}
	if len(counts) == 0 || again == 0 && len(counts) < p.missing() {
		return time.Time{}, false
	}
	slices.SortFunc(counts, time.Time.Compare)
	for missing := p.missing(); missing > 1; missing-- {
		if missing > len(counts) {
			counts[0] = counts[0].Add(again) // whoever was counted goes again
			slices.SortFunc(counts, time.Time.Compare)
		} else {
			counts = counts[1:]
		}
	}
	return counts[0], true
}

// counts is when a station's count is due; not before now.
func (s *Section) counts(st *station, now time.Time) (time.Time, bool) {
	due, known := st.due, !st.due.IsZero()
	if st.phase == down {
		due = due.Add(st.usual.Request)
	}
	if st.phase == asked {
		due, known = now, true // it is seen with the next look at the host
	}
	if due.Before(now) {
		due = now
	}
	return due, known
}

// mean is the mean of what the stations' starts took before.
func (s *Section) mean() time.Duration {
	var sum, n time.Duration
	for _, usual := range s.pool.Usual {
		if usual.Return > 0 {
			sum, n = sum+usual.Return+usual.Request, n+1
		}
	}
	if n == 0 {
		return 0
	}
	return sum / n
}
