package cycle

import (
	"strings"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/schedule"
)

func TestABlockedCycleSaysWhenTheWindowOpensNext(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	night := schedule.Window{Days: []time.Weekday{time.Saturday}, Start: 22 * time.Hour, End: 5 * time.Hour, Location: berlin}
	for name, test := range map[string]struct {
		window schedule.Window
		now    string
		says   string // "": nothing of it
	}{
		"closed":               {night, "2026-07-01T12:00:00+02:00", "; it opens next on Saturday, 2026-07-04 22:00 CEST"},
		"open, for too short":  {night, "2026-07-05T04:59:00+02:00", "; it opens next on Saturday, 2026-07-11 22:00 CEST"},
		"all day, on that day": {schedule.Window{Days: []time.Weekday{time.Friday}, Start: 0, End: 0}, "2026-07-03T23:59:00Z", "; it opens next on Friday, 2026-07-10 00:00 UTC"},
		"never":                {schedule.Window{Days: []time.Weekday{time.Saturday + 1}, End: time.Hour}, "2026-07-01T12:00:00Z", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now, err := time.Parse(time.RFC3339, test.now)
			if err != nil {
				t.Fatal(err)
			}
			said := (&cycle{window: &test.window, now: now}).windowClosed().Error()
			if _, after, _ := strings.Cut(said, "before it closes"); after != test.says {
				t.Errorf("it says %q, want %q", after, test.says)
			}
		})
	}
}
