package report

import (
	"testing"

	"github.com/timago/terraform-provider-timago/internal/cycle"
	"github.com/timago/terraform-provider-timago/internal/kms"
)

// Each kind of event is a line that can be read by itself.
func TestEachKindOfEventIsALine(t *testing.T) {
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
		{cycle.Event{Kind: cycle.KindInUse, Station: station, Reason: "a user is logged on"}, "R101-PC01 is left for later: a user is logged on"},
		{cycle.Event{Kind: cycle.KindLeftOut, Station: station, Reason: "it is off"}, "R101-PC01 is left out: it is off"},
		{cycle.Event{Kind: cycle.KindLeftOut, Station: station, Product: kms.Office, Reason: "no key"}, "R101-PC01 is left out for Office: no key"},
		{cycle.Event{Kind: cycle.KindWaiting, Reason: "stations are in use"}, "waiting: stations are in use"},
		{cycle.Event{Kind: cycle.KindHostSilent, Reason: "no answer"}, "the KMS host could not be read and is asked again: no answer"},
		{cycle.Event{Kind: cycle.KindSwitchedOff, Station: station}, "switching off R101-PC01"},
		{cycle.Event{Kind: cycle.KindLeftOn, Station: station, Reason: "in use"}, "R101-PC01 stays on: in use"},
	} {
		if said := Line(tt.event, targets); said != tt.says {
			t.Errorf("%s: %q, want %q", tt.event.Kind, said, tt.says)
		}
	}
}
