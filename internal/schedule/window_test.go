package schedule

import (
	"testing"
	"time"
)

func TestWindowCloses(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	night := Window{Days: []time.Weekday{time.Saturday}, Start: 22 * time.Hour, End: 5 * time.Hour, Location: berlin}
	halfPastTwo := Window{Start: 2*time.Hour + 30*time.Minute, End: 4 * time.Hour, Location: berlin}
	untilHalfPastTwo := Window{Start: time.Hour, End: 2*time.Hour + 30*time.Minute, Location: berlin}
	twoDays := Window{Days: []time.Weekday{time.Monday, time.Tuesday}, Start: 6 * time.Hour, End: 6 * time.Hour}
	for name, test := range map[string]struct {
		window Window
		now    string
		closes string // "" where the window is shut
	}{
		"before":                        {night, "2026-07-04T21:59:59+02:00", ""},
		"begins":                        {night, "2026-07-04T22:00:00+02:00", "2026-07-05T05:00:00+02:00"},
		"after midnight":                {night, "2026-07-05T04:59:59+02:00", "2026-07-05T05:00:00+02:00"},
		"over":                          {night, "2026-07-05T05:00:00+02:00", ""},
		"begins on Saturdays alone":     {night, "2026-07-05T22:30:00+02:00", ""},
		"asked from elsewhere":          {night, "2026-07-04T20:30:00Z", "2026-07-05T05:00:00+02:00"},
		"an hour is left out":           {night, "2026-03-28T23:00:00+01:00", "2026-03-29T05:00:00+02:00"},
		"an hour comes twice":           {night, "2026-10-24T23:00:00+02:00", "2026-10-25T05:00:00+01:00"},
		"its start is left out":         {halfPastTwo, "2026-03-29T01:59:59+01:00", ""},
		"at the change instead":         {halfPastTwo, "2026-03-29T03:00:00+02:00", "2026-03-29T04:00:00+02:00"},
		"its start comes twice":         {halfPastTwo, "2026-10-25T02:30:00+02:00", "2026-10-25T04:00:00+01:00"},
		"its end is left out":           {untilHalfPastTwo, "2026-03-29T01:30:00+01:00", "2026-03-29T03:00:00+02:00"},
		"its end comes twice":           {untilHalfPastTwo, "2026-10-25T02:00:00+02:00", "2026-10-25T02:30:00+02:00"},
		"it does not open once more":    {untilHalfPastTwo, "2026-10-25T02:10:00+01:00", ""},
		"all day, where start is end":   {Window{Start: 6 * time.Hour, End: 6 * time.Hour}, "2026-01-01T05:59:00Z", "2026-01-02T06:00:00Z"},
		"all day, and the next day too": {twoDays, "2026-07-07T05:59:00Z", "2026-07-08T06:00:00Z"},
		"all day, for the last time":    {twoDays, "2026-07-08T05:59:00Z", "2026-07-08T06:00:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now, err := time.Parse(time.RFC3339, test.now)
			if err != nil {
				t.Fatal(err)
			}
			closes, open := test.window.Closes(now)
			if shown := closes.In(berlin).Format(time.RFC3339); open != (test.closes != "") || open && !equalMoment(t, closes, test.closes) {
				t.Errorf("closes %s (%t), want %q", shown, open, test.closes)
			}
		})
	}
}

func TestTheNextOpening(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	night := Window{Days: []time.Weekday{time.Saturday}, Start: 22 * time.Hour, End: 5 * time.Hour, Location: berlin}
	daily := Window{Start: time.Hour, End: 4 * time.Hour, Location: berlin}
	leftOut := Window{Start: 2*time.Hour + 10*time.Minute, End: 2*time.Hour + 50*time.Minute, Location: berlin}
	for name, test := range map[string]struct {
		window Window
		now    string
		opens  string
		lasts  time.Duration
	}{
		"in days":                          {night, "2026-07-01T12:00:00+02:00", "2026-07-04T22:00:00+02:00", 7 * time.Hour},
		"just before":                      {night, "2026-07-04T21:59:59+02:00", "2026-07-04T22:00:00+02:00", 7 * time.Hour},
		"open since yesterday":             {night, "2026-07-05T04:59:59+02:00", "2026-07-04T22:00:00+02:00", 7 * time.Hour},
		"just over":                        {night, "2026-07-05T05:00:00+02:00", "2026-07-11T22:00:00+02:00", 7 * time.Hour},
		"the night with an hour less":      {night, "2026-03-25T12:00:00+01:00", "2026-03-28T22:00:00+01:00", 6 * time.Hour},
		"the night with an hour more":      {night, "2026-10-20T12:00:00+02:00", "2026-10-24T22:00:00+02:00", 8 * time.Hour},
		"today, an hour less":              {daily, "2026-03-29T00:30:00+01:00", "2026-03-29T01:00:00+01:00", 2 * time.Hour},
		"today, an hour more":              {daily, "2026-10-25T00:30:00+02:00", "2026-10-25T01:00:00+02:00", 4 * time.Hour},
		"tomorrow as ever":                 {daily, "2026-10-25T04:00:00+01:00", "2026-10-26T01:00:00+01:00", 3 * time.Hour},
		"the clocks leave a whole one out": {leftOut, "2026-03-29T00:00:00+01:00", "2026-03-30T02:10:00+02:00", 40 * time.Minute},
		"all day":                          {Window{Start: 6 * time.Hour, End: 6 * time.Hour}, "2026-01-01T05:00:00Z", "2025-12-31T06:00:00Z", 24 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now, err := time.Parse(time.RFC3339, test.now)
			if err != nil {
				t.Fatal(err)
			}
			opens, closes, found := test.window.Next(now)
			if !found || !equalMoment(t, opens, test.opens) || closes.Sub(opens) != test.lasts {
				t.Errorf("opens %s for %s (%t), want %s for %s", opens.In(berlin).Format(time.RFC3339), closes.Sub(opens), found, test.opens, test.lasts)
			}
		})
	}
}

func TestAWindowThatIsOpenReopensAnotherDay(t *testing.T) {
	t.Parallel()
	night := Window{Days: []time.Weekday{time.Saturday}, Start: 22 * time.Hour, End: 5 * time.Hour}
	for now, reopens := range map[string]string{
		"2026-07-04T21:59:59Z": "2026-07-04T22:00:00Z",
		"2026-07-05T04:59:59Z": "2026-07-11T22:00:00Z",
		"2026-07-05T05:00:00Z": "2026-07-11T22:00:00Z",
	} {
		moment, err := time.Parse(time.RFC3339, now)
		if err != nil {
			t.Fatal(err)
		}
		if got := night.Reopens(moment); !equalMoment(t, got, reopens) {
			t.Errorf("at %s it reopens at %s, want %s", now, got.Format(time.RFC3339), reopens)
		}
	}
}

func TestAWindowSaysWhereItIsClosed(t *testing.T) {
	t.Parallel()
	night := Window{Start: 22 * time.Hour, End: 5 * time.Hour}
	for at, want := range map[string]string{
		"2026-07-01T12:00:00Z": "the maintenance window (every day 22:00-05:00 UTC) is closed; it opens next on Wednesday, 2026-07-01 22:00 UTC",
		"2026-07-01T21:59:59Z": "the maintenance window (every day 22:00-05:00 UTC) is closed; it opens next on Wednesday, 2026-07-01 22:00 UTC",
		"2026-07-01T22:00:00Z": "",
		"2026-07-02T04:59:59Z": "",
	} {
		now, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if words, closed := night.Closed(now); words != want || closed != (want != "") {
			t.Errorf("at %s: %q, %t", at, words, closed)
		}
	}
}

func equalMoment(t *testing.T, moment time.Time, want string) bool {
	t.Helper()
	wanted, err := time.Parse(time.RFC3339, want)
	return err == nil && moment.Equal(wanted)
}
