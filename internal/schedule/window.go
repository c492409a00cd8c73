// Package schedule is the calendar of maintenance windows: when one is open, until when,
// and when the next one opens, by the wall clock of a place and through its changes.
package schedule

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Window is when restarts may be made, by the wall clock of a place.
type Window struct {
	Days     []time.Weekday // on which it begins; none: every day
	Start    time.Duration  // after midnight, by the wall clock
	End      time.Duration  // the same; not after Start: on the next day
	Location *time.Location // nil: UTC
}

func (w Window) String() string {
	clock := func(d time.Duration) string { return fmt.Sprintf("%02d:%02d", int(d.Hours()), int(d.Minutes())%60) }
	days := "every day"
	if len(w.Days) > 0 {
		names := make([]string, len(w.Days))
		for i, day := range w.Days {
			names[i] = day.String()
		}
		days = strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s %s-%s %s", days, clock(w.Start), clock(w.End), w.Zone())
}

// Zone is the place whose wall clock counts.
func (w Window) Zone() *time.Location {
	if w.Location == nil {
		return time.UTC
	}
	return w.Location
}

// Closes is when the window that is open at the moment closes; false when none is. Where the
// next one opens as it closes, that one's close counts: one more is longer than any cycle. Of an
// hour that a change of the clocks repeats, a start at the first and an end at the first
// are meant; in an hour that it leaves out, the moment of the change is.
func (w Window) Closes(now time.Time) (time.Time, bool) {
	for _, ahead := range []int{0, -1} { // begun today, or yesterday and over midnight
		start, end, opens := w.on(now, ahead)
		if !opens || now.Before(start) || !now.Before(end) {
			continue
		}
		if next, later, goesOn := w.on(now, ahead+1); goesOn && next.Equal(end) {
			end = later
		}
		return end, true
	}
	return time.Time{}, false
}

// Admits reports whether something that takes so long can be begun now and end in the window.
func (w Window) Admits(now time.Time, takes time.Duration) bool {
	closes, open := w.Closes(now)
	return open && !now.Add(takes).After(closes)
}

// Next is the opening that the moment falls into, else the one after it; false where there
// is none within two weeks, as where the clocks leave a whole window out.
func (w Window) Next(now time.Time) (opens, closes time.Time, found bool) {
	for ahead := -1; ahead <= 14; ahead++ {
		start, end, begins := w.on(now, ahead)
		if begins && start.Before(end) && now.Before(end) {
			return start, end, true
		}
	}
	return time.Time{}, time.Time{}, false
}

// Reopens is when the window opens next, the opening that the moment falls into apart; zero
// where there is none within two weeks.
func (w Window) Reopens(now time.Time) time.Time {
	if closes, open := w.Closes(now); open {
		now = closes
	}
	opens, _, _ := w.Next(now)
	return opens
}

// Closed says where the window is not open at the moment, and when it opens next.
func (w Window) Closed(now time.Time) (words string, closed bool) {
	opens, _, found := w.Next(now)
	if !found || !opens.After(now) {
		return "", false
	}
	return fmt.Sprintf("the maintenance window (%s) is closed; it opens next on %s", w, w.Format(opens)), true
}

// Format shows a moment by the wall clock of the window's place.
func (w Window) Format(moment time.Time) string {
	return moment.In(w.Zone()).Format("Monday, 2006-01-02 15:04 MST")
}

// on is when the window opens and closes that begins so many days after the moment's day;
// false where none begins on it.
func (w Window) on(now time.Time, ahead int) (opens, closes time.Time, begins bool) {
	local := now.In(w.Zone())
	day := time.Date(local.Year(), local.Month(), local.Day()+ahead, 12, 0, 0, 0, w.Zone())
	if len(w.Days) > 0 && !slices.Contains(w.Days, day.Weekday()) {
		return time.Time{}, time.Time{}, false
	}
	over := 0
	if w.End <= w.Start {
		over = 1
	}
	return wallClock(day, 0, w.Start), wallClock(day, over, w.End), true
}

// wallClock is the first moment on a day, or so many days later, at which the wall clock
// shows at least the time.
func wallClock(day time.Time, later int, clock time.Duration) time.Time {
	hour, minute, second := int(clock/time.Hour), int(clock/time.Minute)%60, int(clock/time.Second)%60
	t := time.Date(day.Year(), day.Month(), day.Day()+later, hour, minute, second, 0, day.Location())
	begins, ends := t.ZoneBounds()
	if t.Hour() != hour%24 || t.Minute() != minute {
		// The clocks leave this time out: time.Date has put it before or after the change.
		if !begins.IsZero() && t.Sub(begins) < 3*time.Hour {
			return begins
		}
		return ends
	}
	if !begins.IsZero() {
		_, after := t.Zone()
		_, before := begins.Add(-time.Second).Zone()
		if earlier := t.Add(time.Duration(after-before) * time.Second); after < before && earlier.Before(begins) {
			return earlier // the clocks show it twice
		}
	}
	return t
}
