package report

import (
	"html/template"
	"time"

	"github.com/timago/terraform-provider-timago/internal/outcome"
)

// phase is where a station's part stands, as far as events show. It is also how machines
// read it.
type phase string

const (
	idle     phase = "idle"         // nothing was asked of it
	asked    phase = "asked"        // to activate; its count is awaited
	starting phase = "starting"     // it is being switched on
	down     phase = "down"         // it is being restarted
	back     phase = "back"         // it answers again; its count is awaited
	counted  phase = "counted"      // it has added a count
	inUse    phase = "in_use"       // a user is logged on
	leftOut  phase = "left_out"     // it adds nothing more
	off      phase = "switched_off" // as it was before the cycle woke it
	underWay phase = "under_way"    // the cycle ended first
)

// waits reports whether something of the station is under way in the phase.
func (p phase) waits() bool { return p == asked || p == starting || p == down || p == back }

// span is a phase that takes time, as a bar shows it. Times are since the section began.
type span struct {
	phase    phase
	from, to time.Duration
	open     bool // it has not ended: to means nothing yet
}

// mark is a moment that a bar shows.
type mark struct {
	phase phase // asked, counted or leftOut
	at    time.Duration
}

// maxSpans bounds what is kept of one station. Those that come later are not drawn.
const maxSpans = 400

// station is what the report knows of one member.
type station struct {
	name, title string
	zero        time.Time // the section's begin
	usual       Usual

	phase    phase
	since    time.Time // the phase's begin
	due      time.Time // its expected end; zero: not known
	spans    []span
	marks    []mark
	restarts int
	asked    int
	counted  int
	reason   text // why it is left out, or stays on

	row    template.HTML // as last drawn; "" it has changed since
	object []byte        // the same for machines; nil it has changed since
}

func (st *station) changed() { st.row, st.object = "", nil }

// enter begins a phase; what it takes is drawn as a bar where drawn is not empty.
func (st *station) enter(p, drawn phase, now time.Time, at time.Duration) {
	st.close(at)
	st.phase, st.since, st.due = p, now, time.Time{}
	if drawn != "" && len(st.spans) < maxSpans {
		st.spans = append(st.spans, span{phase: drawn, from: at, open: true})
	}
}

func (st *station) close(at time.Duration) {
	if open := st.open(); open != nil {
		open.to, open.open = at, false
	}
}

// open is the bar that has not ended; nil where there is none.
func (st *station) open() *span {
	if len(st.spans) > 0 && st.spans[len(st.spans)-1].open {
		return &st.spans[len(st.spans)-1]
	}
	return nil
}

func (st *station) mark(p phase, at time.Duration) {
	if len(st.marks) < maxSpans {
		st.marks = append(st.marks, mark{p, at})
	}
}

// take takes in an event of the station. It is false for one that brings nothing new.
func (st *station) take(now time.Time, at time.Duration, e outcome.Event) bool {
	switch e.Kind {
	case outcome.KindAsked:
		st.mark(asked, at)
		st.asked++
		if st.phase != asked && st.phase != back && st.phase != leftOut {
			st.enter(asked, back, now, at)
		}
	case outcome.KindWoken:
		st.enter(starting, starting, now, at)
		st.expect(now, st.usual.Return+st.usual.Request, st.usual.Return)
	case outcome.KindRestarting:
		st.restarts++
		st.enter(down, down, now, at)
		st.expect(now, st.usual.Return, st.usual.Return)
	case outcome.KindBack:
		st.enter(back, back, now, at)
		st.expect(now, st.usual.Request, st.usual.Request)
	case outcome.KindCounted:
		st.count(now, at)
	case outcome.KindInUse:
		if st.phase == inUse {
			return false
		}
		if st.phase == down {
			st.restarts-- // Windows refused: somebody had logged on
		}
		st.enter(inUse, inUse, now, at)
	case outcome.KindLeftOut:
		st.leave(now, at, e)
	case outcome.KindSwitchedOff:
		st.enter(off, "", now, at)
	case outcome.KindLeftOn:
		st.reason = because(say("it stays on", "sie bleibt an"), e.Reason)
	default:
	}
	st.changed()
	return true
}

// expect says when the phase should end, where what it is made of is known.
func (st *station) expect(now time.Time, takes, known time.Duration) {
	if known > 0 {
		st.due = now.Add(takes)
	}
}

// count notes a count. The bar of its waiting ends here; where another product's count
// follows, that one's moment.
func (st *station) count(now time.Time, at time.Duration) {
	st.mark(counted, at)
	st.counted++
	last := len(st.spans) - 1
	if last >= 0 && st.phase == counted && st.spans[last].phase == back {
		st.spans[last].to = at
	}
	if st.phase != leftOut {
		st.enter(counted, "", now, at)
	}
}

// leave notes why the station is left out, altogether or for one product.
func (st *station) leave(now time.Time, at time.Duration, e outcome.Event) {
	st.mark(leftOut, at)
	if e.Product != "" {
		st.reason = because(say("left out for %s", "für %s ausgelassen", e.Product.Title()), e.Reason)
		return
	}
	st.enter(leftOut, "", now, at)
	st.reason = because(say("left out", "ausgelassen"), e.Reason)
}

// end closes the station's part by what the cycle's result says of it.
func (st *station) end(now time.Time, at time.Duration, r outcome.StationResult, known bool, reason string) {
	st.changed()
	if !known {
		st.close(at)
		st.due = time.Time{}
		return
	}
	// Events have shown every request; the result counts only those that were to make counts.
	st.restarts, st.asked, st.counted = r.Restarts, max(st.asked, r.Asked), r.Counted
	switch r.Outcome {
	case outcome.UnderWay:
		st.enter(underWay, "", now, at)
		st.reason = because(say("the cycle ended first", "der Lauf endete vorher"), reason)
	case outcome.LeftOut, outcome.NotJudged:
		if st.phase != leftOut && st.phase != off {
			st.enter(leftOut, "", now, at)
			st.reason = because(say("left out", "ausgelassen"), reason)
		}
	default:
		if st.phase.waits() {
			st.enter(st.reached(), "", now, at)
		}
	}
	st.close(at)
	st.due = time.Time{}
}

// reached is how far a station has come of which nothing more is awaited.
func (st *station) reached() phase {
	switch {
	case st.counted > 0:
		return counted
	case st.asked > 0:
		return asked
	}
	return idle
}
