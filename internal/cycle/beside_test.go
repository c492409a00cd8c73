package cycle

import (
	"errors"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/outcome"
)

// Who of two pools has added what the count rose by is not known while the other's request was
// not seen, nor once it has given up on it.
func TestACountThatAnotherPoolMayHaveMade(t *testing.T) {
	t.Parallel()
	const ours, others kms.CMID = "11111111-1111-1111-1111-111111111111", "22222222-2222-2222-2222-222222222222"
	for name, tt := range map[string]struct {
		count   int
		givenUp bool
		proven  bool
	}{
		"the other's may be the one":            {count: 23},
		"the other has given up, and it may be": {count: 23, givenUp: true},
		"both were counted":                     {count: 24, proven: true},
	} {
		d := newManualDriver(t)
		pool, other := d.begins("PC01"), d.begins("PC02")
		d.station(pool, time.Hour, holds{ours, client, kms.OOBGrace})
		d.station(other, time.Hour, holds{others, client, kms.OOBGrace})
		d.host(pool, 22, nil, nil)
		d.host(other, 22, nil, nil)
		d.answer(pool, activate, report{})
		d.answer(other, activate, report{})
		if tt.givenUp {
			other.requestNotSeen(other.stations[0])
		}
		log := []kms.Counted{d.record("PC01", ours)} // of one of both
		for range 3 {
			d.now = d.now.Add(5 * time.Second)
			pool.requestHostPoll(d.now)
			pool.tick(d.now)
			d.collect(pool)
			d.host(pool, tt.count, log, nil)
		}
		if got := pool.stations[0].counted > 0; got != tt.proven {
			t.Errorf("%s: PC01 is said to have added a count: %t", name, got)
		}
	}
}

// A log that is first read after a start shows a request with its id, and not whether that was
// before it: the station is neither said to have added a count nor left out.
func TestALogThatIsFirstReadAfterAStart(t *testing.T) {
	t.Parallel()
	d := newManualDriver(t)
	c := d.begins("PC01")
	d.host(c, 22, nil, errors.New("the log is busy"))
	d.answer(c, whole, report{err: kms.ErrUnreachable})
	d.later(c, time.Minute)
	d.answer(c, probe, report{presence: kms.Presence{Uptime: d.up(time.Second)}})
	d.station(c, time.Second, holds{first, client, kms.OOBGrace})
	s := c.stations[0]
	if s.phase != awaiting {
		t.Fatalf("its request is not awaited: %s", s.phase)
	}
	for s.phase == awaiting && !d.waits(c, pollHost) {
		d.later(c, time.Second)
	}
	d.host(c, 23, []kms.Counted{d.record("PC01", first)}, nil)
	if s.phase == awaiting || s.phase == out || s.counted > 0 {
		t.Errorf("it is %s (%s), counted %d", s.phase, s.reason, s.counted)
	}
}

// What cannot show a request that is made now: all polls that were begun, but for one that is
// under way and whose log was read before.
func TestPollsThatShowNothingOfARequest(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		host host
		want int
	}{
		"none is under way":                      {host{pollsBegun: 3, known: true}, 3},
		"one is":                                 {host{pollsBegun: 3, known: true, polling: true}, 2},
		"the first one is: it shows old ones":    {host{pollsBegun: 1, polling: true}, 1},
		"one is, and the last had no log to see": {host{pollsBegun: 3, known: true, polling: true, pollsWithoutLog: 1}, 3},
	} {
		if got := tt.host.pollsBefore(); got != tt.want {
			t.Errorf("%s: %d, want %d", name, got, tt.want)
		}
	}
}

// A ceiling may show while a station's user is looked at once more: it is not restarted.
func TestACeilingThatShowsBeforeARestartIsCommanded(t *testing.T) {
	t.Parallel()
	server := func(name string, cmid kms.CMID, up kms.Uptime) report {
		h := holds{cmid, client, kms.Licensed}
		licences := h.licensing()
		licences.Licences[0].Name = "Windows(R), ServerStandard edition"
		return report{whole: kms.Station{Name: name, Uptime: up, Licensing: licences}}
	}
	d := newManualDriver(t)
	c := d.begins("PC01", "PC02")
	d.answer(c, whole, server("PC01", first, d.up(time.Hour)))
	d.answer(c, whole, report{err: kms.ErrUnreachable})
	d.host(c, 5, []kms.Counted{{Time: d.now, Threshold: 5, Client: "PC01", CMID: first, ActivationID: windowsID}}, nil)
	for !d.waits(c, presence) && d.now.Sub(c.started) < 10*time.Minute { // the silent one is expected back for a while
		d.later(c, time.Second)
		if d.waits(c, probe) {
			d.answer(c, probe, report{err: kms.ErrUnreachable})
		}
		if d.waits(c, pollHost) {
			d.host(c, 5, nil, nil)
		}
	}
	for !d.waits(c, probe) && d.now.Sub(c.started) < 15*time.Minute && d.waits(c, presence) {
		d.now = d.now.Add(time.Second)
		c.tick(d.now)
		d.collect(c)
	}
	d.answer(c, probe, report{presence: kms.Presence{Uptime: d.up(time.Hour)}})
	d.answer(c, whole, server("PC02", "22222222-2222-2222-2222-222222222222", d.up(time.Hour)))
	d.answer(c, presence, report{presence: kms.Presence{Name: "PC01", Uptime: d.up(time.Hour)}})
	var capped *outcome.CountCapped
	if d.waits(c, restart) || !errors.As(c.err, &capped) || capped.Ceiling != 10 {
		t.Errorf("a restart is commanded: %t; %v", d.waits(c, restart), c.err)
	}
}

// A machine that has two names is asked under one of them once no more counts are made.
func TestAMachineOfTwoNamesIsAskedOnce(t *testing.T) {
	t.Parallel()
	d := newManualDriver(t)
	c := d.begins("PC01", "PC01.schule.example")
	for range 2 {
		d.answer(c, whole, report{whole: kms.Station{Name: "PC01", Uptime: d.up(time.Hour), Licensing: holds{first, client, kms.OOBGrace}.licensing()}})
	}
	d.host(c, 25, nil, nil)
	for d.waits(c, licensing) {
		d.licences(c, holds{first, client, kms.OOBGrace})
	}
	asked := 0
	for ; d.waits(c, activate); asked++ {
		d.answer(c, activate, report{})
	}
	if asked != 1 {
		t.Errorf("it is asked %d times", asked)
	}
}

// What a cycle expects of members that it has not read yet keeps other cycles from restarts.
// Once it is cancelled it keeps nothing.
func TestACancelledCycleExpectsNothing(t *testing.T) {
	t.Parallel()
	d := newManualDriver(t)
	c := d.begins("PC01", "PC02")
	if expected := d.ledger.Expected(kms.Windows); expected != 2 {
		t.Errorf("%d counts are expected of two members whose first read has not ended", expected)
	}
	c.cancel(d.now, errors.New("interrupted"))
	if expected := d.ledger.Expected(kms.Windows); expected != 0 {
		t.Errorf("%d counts are expected of a cancelled cycle", expected)
	}
}
