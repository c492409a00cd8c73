package cycle

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/ledger"
	"github.com/timago/terraform-provider-timago/internal/pool"
)

// manualDriver plays cycles on one KMS host by hand: it holds the calls that they have made and
// answers each when a story wants it, so that what two cycles know can be told apart.
type manualDriver struct {
	t      *testing.T
	now    time.Time
	ledger *ledger.Ledger
	calls  map[*cycle][]call
}

func newManualDriver(t *testing.T) *manualDriver {
	t.Helper()
	var book ledger.Book
	return &manualDriver{t: t, now: time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC), ledger: book.Of("kms01"), calls: map[*cycle][]call{}}
}

// begins starts a cycle that wants 25 counts of Windows and knows that restarts count.
func (d *manualDriver) begins(members ...string) *cycle {
	d.t.Helper()
	return d.beginsWith(nil, members...)
}

// beginsWith is begins of a cycle that is given what was just read of members.
func (d *manualDriver) beginsWith(read map[string]kms.Station, members ...string) *cycle {
	d.t.Helper()
	c := newCycle(Job{
		Members: members, Read: read, Thresholds: map[kms.Product]int{kms.Windows: 25}, Memory: pool.Memory{Proof: d.now},
	}, d.ledger, false, d.now)
	c.begin(d.now)
	d.collect(c)
	return c
}

func (d *manualDriver) collect(c *cycle) {
	calls, _ := c.take()
	d.calls[c] = append(d.calls[c], calls...)
}

// later lets time pass and does what is due.
func (d *manualDriver) later(c *cycle, by time.Duration) {
	for end := d.now.Add(by); d.now.Before(end); {
		next, due := c.next()
		if !due || next.After(end) {
			next = end
		}
		d.now = kms.Later(d.now, next)
		c.tick(d.now)
		d.collect(c)
		if due && next.Equal(d.now) && len(d.calls[c]) > 0 {
			return // it waits for an answer
		}
	}
}

// waits reports whether a call is unanswered.
func (d *manualDriver) waits(c *cycle, of verb) bool {
	return slices.ContainsFunc(d.calls[c], func(made call) bool { return made.verb == of })
}

// answer reports on the first call of this kind.
func (d *manualDriver) answer(c *cycle, of verb, answer report) {
	d.t.Helper()
	at := slices.IndexFunc(d.calls[c], func(made call) bool { return made.verb == of })
	if at < 0 {
		d.t.Fatalf("nobody asked: verb %d of %v", of, d.calls[c])
	}
	answer.call = d.calls[c][at]
	d.calls[c] = slices.Delete(d.calls[c], at, at+1)
	c.takeReport(d.now, answer)
	d.collect(c)
}

// host answers a look at the KMS host.
func (d *manualDriver) host(c *cycle, count int, log []kms.Counted, unread error) {
	d.t.Helper()
	d.answer(c, pollHost, report{
		host:    kms.Host{IsHost: true, Products: []kms.HostProduct{{Product: kms.Windows, Status: kms.Licensed, Count: &count}}},
		counted: log, logErr: unread,
	})
}

const (
	windowsID = "e0c42288-980c-4788-a014-c080d2e1926e"
	client    = "Volume:GVLK"
)

// holds is what a station's Windows says of itself.
type holds struct {
	cmid    kms.CMID
	channel string
	status  kms.LicenceStatus
}

// station answers the read of a member that has been up for so long.
func (d *manualDriver) station(c *cycle, up time.Duration, windows holds) {
	d.t.Helper()
	name := ""
	for _, made := range d.calls[c] {
		if made.verb == whole {
			name = made.station.name
			break
		}
	}
	d.answer(c, whole, report{whole: kms.Station{Name: name, Uptime: d.up(up), Licensing: windows.licensing()}})
}

func (d *manualDriver) licences(c *cycle, windows holds) {
	d.t.Helper()
	d.answer(c, licensing, report{licensing: windows.licensing()})
}

func (h holds) licensing() kms.Licensing {
	return kms.Licensing{CMID: h.cmid, Licences: []kms.Licence{{
		ID: windowsID, Product: kms.Windows, Name: "Windows", Channel: kms.ChannelOf(h.channel, ""), Status: h.status, Grace: 180 * 24 * time.Hour,
	}}}
}

const first kms.CMID = "11111111-1111-1111-1111-111111111111"

func (d *manualDriver) record(client string, cmid kms.CMID) kms.Counted {
	return kms.Counted{Time: d.now, Threshold: 25, Client: client, CMID: cmid, ActivationID: windowsID}
}

// An id that was counted before a start would look like a new one in a log that is read
// only after it.
func TestNobodyIsStartedOnALogThatWasNotRead(t *testing.T) {
	t.Parallel()
	d := newManualDriver(t)
	c := d.begins("PC01")
	d.station(c, time.Hour, holds{first, client, kms.Licensed})
	d.host(c, 24, nil, errors.New("the log is busy"))
	if d.waits(c, presence) {
		t.Fatal("a restart is prepared on counts alone")
	}
	d.later(c, 5*time.Second)
	d.host(c, 24, []kms.Counted{d.record("PC01", first)}, nil)
	if !d.waits(c, presence) {
		t.Error("no restart is prepared once the log was read")
	}
}

// Two pools on one host: what one read last, the other's older reading must not gainsay,
// not even within the time that a reading stands.
func TestAReadingThatAnotherPoolOvertookStartsNobody(t *testing.T) {
	t.Parallel()
	for name, counts := range map[string]struct {
		seen  int // by the other pool, a moment later
		start bool
	}{
		"somebody else was counted": {seen: 25},
		"nothing has changed":       {seen: 24, start: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newManualDriver(t)
			pool, other := d.begins("PC01"), d.begins("PC02")
			d.host(pool, 24, nil, nil)
			d.now = d.now.Add(time.Second)
			d.host(other, counts.seen, nil, nil)
			d.station(other, time.Hour, holds{first, "Volume:MAK", kms.Licensed}) // it can add nothing
			d.station(pool, time.Hour, holds{first, client, kms.Licensed})
			if d.waits(pool, presence) {
				t.Fatal("a restart is prepared on a reading that another has overtaken")
			}
			d.later(pool, time.Second)
			d.host(pool, counts.seen, nil, nil)
			if got := d.waits(pool, presence); got != counts.start {
				t.Errorf("a restart is prepared: %t, with %d of 25 counted", got, counts.seen)
			}
		})
	}
}

// A member that started by itself asks by itself. When nothing shows of that for two
// minutes, its own events are read before it is asked for anything: it may have been
// answered from a log that the host did not show.
func TestWhoCameBackIsNotAskedForWhatItHasAsked(t *testing.T) {
	t.Parallel()
	for name, story := range map[string]struct {
		asked bool // by itself
	}{
		"it has asked": {asked: true}, "it has not": {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newManualDriver(t)
			c := d.begins("PC01")
			d.host(c, 24, nil, nil)
			d.answer(c, whole, report{err: kms.ErrUnreachable})
			for back := false; !back; back = d.now.Sub(c.started) > time.Minute {
				d.settle(c, 24)
				d.later(c, time.Minute)
				if d.waits(c, probe) && d.now.Sub(c.started) < time.Minute {
					d.answer(c, probe, report{err: kms.ErrUnreachable})
				}
			}
			d.answer(c, probe, report{presence: kms.Presence{Uptime: d.up(20 * time.Second)}})
			d.station(c, 20*time.Second, holds{first, client, kms.OOBGrace})
			for !d.waits(c, requests) {
				if d.waits(c, activate) {
					t.Fatal("it is asked before its events were read")
				}
				if d.now.Sub(c.started) > 5*time.Minute {
					t.Fatal("its events were never read")
				}
				d.settle(c, 24)
				d.later(c, time.Minute)
			}
			var events []kms.Exchange
			if story.asked {
				events = []kms.Exchange{{
					Request: kms.Request{Time: d.now.Add(-time.Minute), CMID: first, ActivationID: windowsID},
					Answer:  &kms.Answer{Time: d.now.Add(-time.Minute), Code: kms.CodeNotEnoughCount, Count: 25},
				}}
			}
			d.answer(c, requests, report{exchanges: events})
			if d.waits(c, licensing) {
				d.licences(c, holds{first, client, kms.OOBGrace})
			}
			if got := d.waits(c, activate); got == story.asked {
				t.Errorf("it is asked: %t", got)
			}
		})
	}
}

// settle answers looks at the host that are under way.
func (d *manualDriver) settle(c *cycle, count int) {
	d.t.Helper()
	for d.waits(c, pollHost) {
		d.host(c, count, nil, nil)
	}
}

func (d *manualDriver) up(since time.Duration) kms.Uptime {
	return kms.Uptime{Boot: d.now.Add(-since), Now: d.now}
}
