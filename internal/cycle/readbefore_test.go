package cycle

import (
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
)

// What was just read of a member stands for its first read, for half a minute. Its user and
// its uptime are looked at before its restart all the same.
func TestWhatWasJustReadIsNotReadAgain(t *testing.T) {
	t.Parallel()
	for name, story := range map[string]struct {
		ago  time.Duration
		read bool // anew
	}{
		"a moment ago":      {ago: 29 * time.Second},
		"a little too long": {ago: 31 * time.Second, read: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newManualDriver(t)
			c := d.beginsWith(map[string]kms.Station{"PC01": d.read("PC01", time.Hour, story.ago)}, "PC01")
			if got := d.waits(c, whole); got != story.read {
				t.Fatalf("it is read anew: %t", got)
			}
			if story.read {
				d.station(c, time.Hour, holds{first, client, kms.Licensed})
			}
			d.host(c, 24, []kms.Counted{d.record("PC01", first)}, nil)
			if d.waits(c, restart) || !d.waits(c, presence) {
				t.Error("it is not looked at before it is restarted")
			}
		})
	}
}

// A member that has started since its licences were read has others: a restart that rests on
// the old ones would be held against an id that it no longer has.
func TestNobodyIsRestartedByLicencesOfAnEarlierStart(t *testing.T) {
	t.Parallel()
	for name, story := range map[string]struct {
		up    time.Duration // when it is looked at, 40 s after its licences were read
		stale bool
	}{
		"it has started since": {up: 20 * time.Second, stale: true},
		"it was up before":     {up: 41 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newManualDriver(t)
			c := d.beginsWith(map[string]kms.Station{"PC01": d.read("PC01", time.Hour, 20*time.Second)}, "PC01")
			d.now = d.now.Add(20 * time.Second)
			d.host(c, 24, []kms.Counted{d.record("PC01", first)}, nil)
			d.answer(c, presence, report{presence: kms.Presence{Name: "PC01", Uptime: d.up(story.up)}})
			if got := d.waits(c, restart); got == story.stale {
				t.Fatalf("it is restarted: %t", got)
			}
			if !story.stale {
				return
			}
			d.station(c, story.up, holds{"22222222-2222-2222-2222-222222222222", client, kms.OOBGrace})
			if d.waits(c, restart) || !d.waits(c, activate) {
				t.Error("its new id is not asked to be counted first")
			}
		})
	}
}

// read is what was read of a station so long ago, after it had been up for so long.
func (d *manualDriver) read(name string, up, ago time.Duration) kms.Station {
	at := d.now.Add(-ago)
	return kms.Station{
		Name: name, At: at, Uptime: kms.Uptime{Boot: at.Add(-up), Now: at},
		Licensing: holds{first, client, kms.Licensed}.licensing(),
	}
}
