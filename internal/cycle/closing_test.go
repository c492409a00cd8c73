package cycle

import (
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
)

// A9: what was read of licences a while ago is read anew before the next of them is asked: it
// may be licensed by now.
func TestWhatIsLicensedMeanwhileIsNotAskedInTheEnd(t *testing.T) {
	t.Parallel()
	const second = "73111121-5638-40f6-bc11-f1d7b0d64300"
	licences := func(one, other kms.LicenceStatus) report {
		licence := func(id string, status kms.LicenceStatus) kms.Licence {
			return kms.Licence{ID: id, Product: kms.Windows, Name: "Windows", Channel: kms.ChannelOf(client, ""), Status: status}
		}
		return report{licensing: kms.Licensing{CMID: first, Licences: []kms.Licence{licence(windowsID, one), licence(second, other)}}}
	}
	for name, tt := range map[string]struct {
		takes time.Duration // the first request
		since kms.LicenceStatus
		asked bool // the other one
	}{
		"at once":                          {0, kms.OOBGrace, true},
		"later, and it is licensed by now": {time.Minute, kms.Licensed, false},
		"later, and it is not":             {time.Minute, kms.OOBGrace, true},
	} {
		d := newManualDriver(t)
		c := d.begins("PC01")
		d.station(c, time.Hour, holds{first, client, kms.OOBGrace})
		d.host(c, 25, nil, nil)
		d.answer(c, licensing, licences(kms.OOBGrace, kms.OOBGrace))
		d.now = d.now.Add(tt.takes)
		d.answer(c, activate, report{})
		if tt.takes > 0 {
			d.answer(c, licensing, licences(kms.Licensed, tt.since))
		}
		if got := d.waits(c, activate); got != tt.asked || got && d.calls[c][0].licence != second {
			t.Errorf("%s: the other is asked: %t", name, got)
		}
		if tt.asked {
			d.answer(c, activate, report{})
			d.answer(c, licensing, licences(kms.Licensed, kms.Licensed))
		}
		if !c.finished() {
			t.Errorf("%s: it has not ended: %v", name, d.calls[c])
		}
	}
}
