package cycle

import (
	"errors"
	"testing"
	"time"
)

// The table is all there is: it names no way twice, every phase can be reached, and none
// but the last is without a way on.
func TestTheTableOfTransitions(t *testing.T) {
	t.Parallel()
	type way struct {
		from phase
		on   occasion
	}
	listed := map[way]bool{}
	reached, left, used := map[phase]bool{unread: true}, map[phase]bool{}, map[occasion]bool{}
	for _, transition := range transitions {
		way := way{transition.from, transition.on}
		if listed[way] {
			t.Errorf("%s on %s is listed twice", way.from, way.on)
		}
		listed[way], reached[transition.to], left[transition.from], used[transition.on] = true, true, true, true
	}
	for p := range phases {
		if !reached[p] || !left[p] {
			t.Errorf("%s: reached %t, left %t", p, reached[p], left[p])
		}
		awaited := (&station{phase: p}).awaited()
		if ends := listed[way{p, onExcluded}]; awaited && p != waking && !ends {
			t.Errorf("something is awaited of a station that is %s, and nothing ends that", p)
		}
	}
	for on := range occasions {
		if !used[on] {
			t.Errorf("%s moves nobody", on)
		}
	}
}

// A move that nobody thought of ends the cycle before it does anything more.
func TestAnUnlistedMoveEndsTheCycle(t *testing.T) {
	t.Parallel()
	d := newManualDriver(t)
	c := d.begins("PC01")
	c.move(c.stations[0], onBack)
	var defect *unlistedError
	if calls, _ := c.take(); !c.finished() || !errors.As(c.outcome(), &defect) || len(calls) != 0 || defect.from != unread {
		t.Errorf("finished %t, %v, %d calls", c.finished(), c.outcome(), len(calls))
	}
	if c.stations[0].phase != unread {
		t.Errorf("it has moved to %s", c.stations[0].phase)
	}
}

// A14: what has passed in a phase stays with the station until something comes of it.
func TestTimeWithoutProgressAddsUp(t *testing.T) {
	t.Parallel()
	d := newManualDriver(t)
	c := d.begins("PC01")
	s := c.stations[0]
	c.limits.StationTimeout = time.Minute
	c.now = d.now.Add(40 * time.Second)
	c.move(s, onRead) // ready: nothing is awaited
	c.now = c.now.Add(time.Hour)
	s.asking = &attempt{}
	c.move(s, onAsk)
	c.now = c.now.Add(19 * time.Second)
	if c.overdue(s) {
		t.Fatal("time in which nothing was awaited runs")
	}
	c.host.failures, c.host.failing = 1, c.now
	c.now = c.now.Add(time.Hour)
	if c.overdue(s) {
		t.Fatal("time in which the evidence cannot be read runs")
	}
	c.host.silentFor, c.host.failures = c.hostSilent(), 0
	c.now = c.now.Add(time.Second)
	if !c.overdue(s) {
		t.Fatalf("after %s without progress its part goes on", c.withoutProgress(s))
	}
	c.progressed(s)
	if c.overdue(s) {
		t.Error("progress gives it no time")
	}
}
