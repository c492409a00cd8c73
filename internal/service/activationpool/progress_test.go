package activationpool

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/terraform-plugin-log/tflogtest"

	"github.com/timago/terraform-provider-timago/internal/outcome"
)

// A station that is back says how long it was away. What machines read stands in fields. An
// error of several lines stays on the event's line: what cuts a log by lines sees all of it.
func TestAStationIsBackAfterItsOwnTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		tell := progress(tflogtest.RootLogger(t.Context(), &log), "R101", nil, nil)
		tell(outcome.Event{Kind: outcome.KindRestarting, Station: "PC01"})
		time.Sleep(30 * time.Second)
		tell(outcome.Event{Kind: outcome.KindRestarting, Station: "PC02"})
		time.Sleep(44 * time.Second)
		tell(outcome.Event{Kind: outcome.KindBack, Station: "PC01"})
		tell(outcome.Event{Kind: outcome.KindBack, Station: "PC02"})
		tell(outcome.Event{Kind: outcome.KindHostSilent, Reason: "kms01:\n\tno answer"})

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
