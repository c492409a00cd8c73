package cycle_test

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"
	_ "time/tzdata" // the zones are those of the tests, not of the machine

	"pgregory.net/rapid"

	"github.com/timago/terraform-provider-timago/internal/cycle"
	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/outcome"
	"github.com/timago/terraform-provider-timago/internal/pool"
	"github.com/timago/terraform-provider-timago/internal/schedule"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// maintenance is a maintenance window as a scenario describes it, to the minute.
type maintenance struct {
	Days  []time.Weekday `yaml:"days"`
	Start time.Duration  `yaml:"start"`
	End   time.Duration  `yaml:"end"`
	Zone  string         `yaml:"zone"`
}

func (m *maintenance) window() *schedule.Window {
	if m == nil {
		return nil
	}
	return &schedule.Window{Days: m.Days, Start: m.Start, End: m.End, Location: m.place()}
}

func (m *maintenance) place() *time.Location {
	place, err := time.LoadLocation(m.Zone)
	if err != nil {
		panic(err)
	}
	return place
}

// span is from its opening until just before its close.
type span struct{ opens, closes time.Time }

// spans reads off a clock on the wall, minute by minute, when the window is open in
// the days before a moment and the days after it: it opens when the clock first shows its start on one of its
// days, or more, and closes when it first shows its end.
func (m *maintenance) spans(around time.Time) []span {
	const reach = 66 * 60
	begin := around.Truncate(time.Minute).Add(-reach * time.Minute)
	place := m.place()
	wall := make([]int, 2*reach) // what the clock shows, in minutes
	for i := range wall {
		shown := begin.Add(time.Duration(i) * time.Minute).In(place)
		year, month, date := shown.Date()
		wall[i] = int(time.Date(year, month, date, shown.Hour(), shown.Minute(), 0, 0, time.UTC).Unix() / 60)
	}
	first := func(shows int) (time.Time, bool) {
		i := slices.IndexFunc(wall, func(w int) bool { return w >= shows })
		return begin.Add(time.Duration(i) * time.Minute), i > 0
	}
	length := m.End - m.Start
	if length <= 0 {
		length += 24 * time.Hour
	}
	const day = 24 * 60
	var spans []span
	for midnight := wall[0] / day * day; midnight < wall[len(wall)-1]; midnight += day {
		if len(m.Days) > 0 && !slices.Contains(m.Days, time.Unix(int64(midnight)*60, 0).UTC().Weekday()) {
			continue
		}
		start := midnight + int(m.Start.Minutes())
		opens, within := first(start)
		closes, ends := first(start + int(length.Minutes()))
		if within && ends {
			spans = append(spans, span{opens, closes})
		}
	}
	return spans
}

// left is how long the window stays open; 0 where it is shut. One that opens as it closes
// follows.
func left(spans []span, now time.Time) time.Duration {
	most := time.Duration(0)
	for i, s := range spans {
		if !now.Before(s.opens) && now.Before(s.closes) {
			if i+1 < len(spans) && spans[i+1].opens.Equal(s.closes) {
				s = spans[i+1]
			}
			most = max(most, s.closes.Sub(now))
		}
	}
	return most
}

// zones change their clocks in spring and autumn: by an hour at two or three, by half an
// hour, at midnight, north and south of the equator; or never.
var zones = []string{"UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Kathmandu"}

// drawMaintenance draws a window and when the cycle begins: some time in two years, or
// soon before or after the clocks change.
func drawMaintenance(t *rapid.T) (*maintenance, time.Duration) {
	m := &maintenance{Zone: rapid.SampledFrom(zones).Draw(t, "zone")}
	origin := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	begins := origin.Add(seconds(t, 0, 2*365*24*3600, "begins"))
	if _, change := begins.In(m.place()).ZoneBounds(); !change.IsZero() && change.Year() < 2003 && rapid.Bool().Draw(t, "the clocks change") {
		begins = change.Add(seconds(t, -6*3600, 3*3600, "after the change"))
	}
	const day = 24 * 60
	shown := begins.In(m.place())
	start := shown.Hour()*60 + shown.Minute() - rapid.IntRange(-10, 5*60).Draw(t, "open for")
	end := shown.Hour()*60 + shown.Minute() + rapid.SampledFrom([]*rapid.Generator[int]{
		rapid.IntRange(3, 12), rapid.IntRange(4, 25), rapid.IntRange(25, 10*60), rapid.IntRange(-10, 3),
	}).Draw(t, "closes").Draw(t, "closes after")
	m.Start, m.End = time.Duration((start+day)%day)*time.Minute, time.Duration((end+day)%day)*time.Minute
	if rapid.Bool().Draw(t, "on some days") {
		m.Days = rapid.SliceOfNDistinct(rapid.SampledFrom([]time.Weekday{0, 1, 2, 3, 4, 5, 6}), 1, 6, rapid.ID[time.Weekday]).Draw(t, "days")
	}
	return m, begins.Sub(origin)
}

// TestWindowByTheWallClock holds the window's own reckoning against the clock on the wall.
func TestWindowByTheWallClock(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m, begins := drawMaintenance(t)
		now := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Add(begins)
		spans := m.spans(now)
		for _, after := range []time.Duration{0, 20 * time.Minute, time.Hour, 3 * time.Hour, 7 * time.Hour, 13 * time.Hour} {
			moment := now.Add(after)
			want := left(spans, moment)
			closes, open := m.window().Closes(moment)
			if open != (want > 0) || open && closes.Sub(moment) != want {
				t.Fatalf("%s at %s: closes %s (%t), by the wall clock in %s (%v)", m.window(), moment.In(m.place()), closes.In(m.place()), open, want, spans)
			}
		}
	})
}

// TestWindowIsLookedAtAgain: the look at a station's user takes its time. Where the window
// has then become too short, the restart is not commanded.
func TestWindowIsLookedAtAgain(t *testing.T) {
	t.Parallel()
	s := scenario{
		Thresholds: map[kms.Product]int{kms.Windows: 2}, Limits: pool.Limits{MaxParallel: 1, MaxRestartsPerStation: 1},
		Window: &maintenance{End: 4 * time.Minute, Zone: "UTC"}, Proven: true, Latency: 400 * time.Millisecond,
		Site: room(1, func(_ int, s *world.Station) {
			s.Counted, s.Products = true, []world.Product{{Title: "windows-11-education"}}
		}),
	}
	started := 0
	for i := range 60 {
		s.Begins = 55*time.Second + time.Duration(i)*100*time.Millisecond
		synctest.Test(t, func(t *testing.T) {
			w := s.play(t)
			if len(w.broken) > 0 {
				t.Errorf("%q\n%s", w.broken, w.log.String())
			}
			started += w.started
		})
	}
	if started == 0 || started == 60 {
		t.Errorf("%d of 60 were started: the moment was not met", started)
	}
}

// TestAnUnknownMemberIsExpectedToBeLikeTheOthers: like all of whom something is remembered,
// each the same, in whatever order the job names them. Here the fleet's cycle is 330 s, and
// the window stays open for some less, or more.
func TestAnUnknownMemberIsExpectedToBeLikeTheOthers(t *testing.T) {
	t.Parallel()
	pace := func(cycle time.Duration, seen int) pool.Pace {
		return pool.Pace{Return: pool.Span{Mean: cycle, Samples: seen}, Request: pool.Span{Samples: seen}}
	}
	for _, order := range [][]string{{"PC01", "PC02", "PC03"}, {"PC02", "PC01", "PC03"}, {"PC03", "PC02", "PC01"}} {
		for open, restarts := range map[time.Duration]int{5 * time.Minute: 0, 6 * time.Minute: 1} {
			site := room(3, func(i int, s *world.Station) {
				s.Counted = true
				if i < 2 {
					s.User = `SCHULE\erika`
				}
			})
			site.Host = counted(21)
			run(t, site, func(j *cycle.Job, _ *fakeSite) {
				j.Members, j.Window, j.Limits.WhenInUse = order, &schedule.Window{End: open}, kms.SkipWhenInUse
				j.Memory = pool.Memory{Proof: time.Now(), Paces: map[string]pool.Pace{"PC01": pace(time.Minute, 9), "PC02": pace(10*time.Minute, 1)}}
			}, func(t *testing.T, _ *fakeSite, r outcome.Result, err error) {
				if r.Restarts != restarts {
					t.Errorf("%v, open for %s: %d restarts, want %d (%v)", order, open, r.Restarts, restarts, err)
				}
			})
		}
	}
}

// TestAllDayIsAlwaysOpen: a window that opens as it closes bars nothing shortly before.
func TestAllDayIsAlwaysOpen(t *testing.T) {
	t.Parallel()
	for name, window := range map[string]schedule.Window{
		"every day": {Start: time.Minute, End: time.Minute},
		"on two":    {Start: time.Minute, End: time.Minute, Days: []time.Weekday{time.Friday, time.Saturday}}, // simulated time begins on a Saturday
		"on one":    {Start: time.Minute, End: time.Minute, Days: []time.Weekday{time.Friday}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, room(5, nil), func(j *cycle.Job, _ *fakeSite) { j.Window = &window },
				func(t *testing.T, _ *fakeSite, r outcome.Result, err error) {
					var outside *outcome.OutsideWindow
					if closes := slices.Equal(window.Days, []time.Weekday{time.Friday}); closes != errors.As(err, &outside) || !closes && r.Counts[kms.Windows] != 25 {
						t.Errorf("restarts %d, counts %v, %v", r.Restarts, r.Counts, err)
					}
				})
		})
	}
}
