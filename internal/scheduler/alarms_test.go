package scheduler

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestAlarms holds the queue against a plain list of moments.
func TestAlarms(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		const stations = 6
		start := time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)
		alarms, plain := NewAlarms(stations), make([]time.Time, stations)
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			station := rapid.IntRange(0, stations-1).Draw(t, "station")
			if rapid.Bool().Draw(t, "set") {
				plain[station] = start.Add(second(rapid.IntRange(0, 9).Draw(t, "at")))
				alarms.Set(station, plain[station])
			} else {
				plain[station] = time.Time{}
				alarms.Clear(station)
			}
			for station, at := range plain {
				if alarms.IsSet(station) == at.IsZero() {
					t.Fatalf("station %d: %s, set: %t", station, at, alarms.IsSet(station))
				}
			}
		}
		var want, got []int
		for at := range 10 {
			for station, moment := range plain {
				if moment.Equal(start.Add(second(at))) {
					want = append(want, station)
				}
			}
		}
		if next, set := alarms.Next(); set != (len(want) > 0) || set && !next.Equal(plain[want[0]]) {
			t.Fatalf("next at %s, of %v", next, plain)
		}
		for at := range 10 {
			now := start.Add(second(at))
			for station, due := alarms.TakeDue(now); due; station, due = alarms.TakeDue(now) {
				if plain[station].After(now) {
					t.Fatalf("station %d is due too early", station)
				}
				got = append(got, station)
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("due were %v, want %v", got, want)
		}
	})
}
