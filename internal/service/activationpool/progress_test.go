package activationpool

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/terraform-plugin-log/tflogtest"

	"github.com/timago/terraform-provider-timago/internal/cycle"
	"github.com/timago/terraform-provider-timago/internal/kms"
)

// Each kind of event is a line that can be read by itself.
func TestACycleIsLoggedInWords(t *testing.T) {
	t.Parallel()
	targets := map[kms.Product]int{kms.Windows: 25, kms.Office: 5}
	const station = "R101-PC01"
	for _, tt := range []struct {
		event cycle.Event
		says  string
	}{
		{cycle.Event{Kind: cycle.KindCounts, Counts: map[kms.Product]int{kms.Office: 3, kms.Windows: 22}}, "counts: Windows 22 of 25, Office 3 of 5"},
		{cycle.Event{Kind: cycle.KindCounts, Counts: map[kms.Product]int{kms.Windows: 0}}, "counts: Windows 0 of 25"},
		{cycle.Event{Kind: cycle.KindReached, Counts: map[kms.Product]int{kms.Windows: 25}}, "every threshold holds: Windows 25 of 25"},
		{cycle.Event{Kind: cycle.KindAsked, Station: station, Product: kms.Office}, "R101-PC01 was asked to activate Office"},
		{cycle.Event{Kind: cycle.KindCounted, Station: station, Product: kms.Windows}, "R101-PC01 was counted for Windows"},
		{cycle.Event{Kind: cycle.KindWoken, Station: station}, "switching on R101-PC01"},
		{cycle.Event{Kind: cycle.KindRestarting, Station: station}, "restarting R101-PC01"},
		{cycle.Event{Kind: cycle.KindBack, Station: station}, "R101-PC01 is back"},
		{cycle.Event{Kind: cycle.KindInUse, Station: station, Reason: `used by SCHULE\anna`}, `R101-PC01 is left for later: used by SCHULE\anna`},
		{cycle.Event{Kind: cycle.KindLeftOut, Station: station, Reason: "it is off"}, "R101-PC01 is left out: it is off"},
		{cycle.Event{Kind: cycle.KindLeftOut, Station: station, Product: kms.Office, Reason: "no key"}, "R101-PC01 is left out for Office: no key"},
		{cycle.Event{Kind: cycle.KindWaiting, Reason: "stations are in use"}, "waiting: stations are in use"},
		{cycle.Event{Kind: cycle.KindHostSilent, Reason: "no answer"}, "the KMS host could not be read and is asked again: no answer"},
		{cycle.Event{Kind: cycle.KindSwitchedOff, Station: station}, "switching off R101-PC01"},
		{cycle.Event{Kind: cycle.KindLeftOn, Station: station, Reason: "in use"}, "R101-PC01 stays on: in use"},
	} {
		if said := line(tt.event, targets); said != tt.says {
			t.Errorf("%s: %q, want %q", tt.event.Kind, said, tt.says)
		}
	}
}

// A station that is back says how long it was away. What machines read stands in fields. An
// error of several lines stays on the event's line: what cuts a log by lines sees all of it.
func TestAStationIsBackAfterItsOwnTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		tell := progress(tflogtest.RootLogger(t.Context(), &log), "R101", nil)
		tell(cycle.Event{Kind: cycle.KindRestarting, Station: "PC01"})
		time.Sleep(30 * time.Second)
		tell(cycle.Event{Kind: cycle.KindRestarting, Station: "PC02"})
		time.Sleep(44 * time.Second)
		tell(cycle.Event{Kind: cycle.KindBack, Station: "PC01"})
		tell(cycle.Event{Kind: cycle.KindBack, Station: "PC02"})
		tell(cycle.Event{Kind: cycle.KindHostSilent, Reason: "kms01:\n\tno answer"})

		lines, err := tflogtest.MultilineJSONDecode(&log)
		if err != nil || len(lines) != 5 {
			t.Fatalf("%d lines, %v", len(lines), err)
		}
		for i, want := range []string{"PC01 is back after 74s", "PC02 is back after 44s"} {
			got := lines[2+i]
			if got["@message"] != want || got["pool"] != "R101" || got["event"] != "back" || got["station"] != want[:4] {
				t.Errorf("%v, want %q", got, want)
			}
		}
		if lines[4]["reason"] != "kms01: no answer" || lines[4]["@message"] != "the KMS host could not be read and is asked again: kms01: no answer" {
			t.Errorf("%v", lines[4])
		}
	})
}
