package report

import (
	"testing"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/outcome"
)

// Each kind of event is a line that can be read by itself.
func TestEachKindOfEventIsALine(t *testing.T) {
	t.Parallel()
	targets := map[kms.Product]int{kms.Windows: 25, kms.Office: 5}
	const station = "R101-PC01"
	for _, tt := range []struct {
		event outcome.Event
		says  string
	}{
		{outcome.Event{Kind: outcome.KindCounts, Counts: map[kms.Product]int{kms.Office: 3, kms.Windows: 22}}, "counts: Windows 22 of 25, Office 3 of 5"},
		{outcome.Event{Kind: outcome.KindCounts, Counts: map[kms.Product]int{kms.Windows: 0}}, "counts: Windows 0 of 25"},
		{outcome.Event{Kind: outcome.KindReached, Counts: map[kms.Product]int{kms.Windows: 25}}, "every threshold holds: Windows 25 of 25"},
		{outcome.Event{Kind: outcome.KindAsked, Station: station, Product: kms.Office}, "R101-PC01 was asked to activate Office"},
		{outcome.Event{Kind: outcome.KindCounted, Station: station, Product: kms.Windows}, "R101-PC01 was counted for Windows"},
		{outcome.Event{Kind: outcome.KindWoken, Station: station}, "switching on R101-PC01"},
		{outcome.Event{Kind: outcome.KindRestarting, Station: station}, "restarting R101-PC01"},
		{outcome.Event{Kind: outcome.KindBack, Station: station}, "R101-PC01 is back"},
		{outcome.Event{Kind: outcome.KindInUse, Station: station, Reason: "a user is logged on"}, "R101-PC01 is left for later: a user is logged on"},
		{outcome.Event{Kind: outcome.KindLeftOut, Station: station, Reason: "it is off"}, "R101-PC01 is left out: it is off"},
		{outcome.Event{Kind: outcome.KindLeftOut, Station: station, Product: kms.Office, Reason: "no key"}, "R101-PC01 is left out for Office: no key"},
		{outcome.Event{Kind: outcome.KindWaiting, Reason: "stations are in use"}, "waiting: stations are in use"},
		{outcome.Event{Kind: outcome.KindHostSilent, Reason: "no answer"}, "the KMS host could not be read and is asked again: no answer"},
		{outcome.Event{Kind: outcome.KindSwitchedOff, Station: station}, "switching off R101-PC01"},
		{outcome.Event{Kind: outcome.KindLeftOn, Station: station, Reason: "in use"}, "R101-PC01 stays on: in use"},
	} {
		if said := Line(tt.event, targets); said != tt.says {
			t.Errorf("%s: %q, want %q", tt.event.Kind, said, tt.says)
		}
	}
}
