package report

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/outcome"
)

// Section is a pool's part of the report. Its methods may be called on nil.
type Section struct {
	report   *Report
	pool     Pool
	began    time.Time
	ended    time.Time // zero: it has not
	state    state
	verdict  text
	next     text
	products []*product
	stations []*station // as they are shown
	byName   map[string]*station
	usual    Usual // of all stations that were seen starting here
	seen     struct{ returns, requests int }

	silent  time.Time // since when the KMS host cannot be read; zero: it can
	waiting bool      // nothing can be done but wait
	woken   int
}

// product is a count against its threshold.
type product struct {
	kms.Product
	target  int
	history []point // the oldest first, a point for each change
}

type point struct {
	at    time.Duration
	count int
}

// maxPoints bounds a curve: it is made coarser where a count changes more often.
const maxPoints = 2000

func newSection(r *Report, pool Pool, now time.Time) *Section {
	pool.Name, pool.Host = r.hidden.clean(pool.Name), r.hidden.clean(pool.Host)
	s := &Section{report: r, pool: pool, began: now, state: running, byName: map[string]*station{}}
	for _, p := range kms.Products() {
		if target := pool.Targets[p]; target > 0 {
			shown := &product{Product: p, target: target}
			s.products = append(s.products, shown)
			if count, known := pool.Counts[p]; known {
				shown.add(0, count)
			}
		}
	}
	for _, name := range pool.Stations {
		s.add(name)
	}
	slices.SortStableFunc(s.stations, func(a, b *station) int { return strings.Compare(a.inOrder(), b.inOrder()) })
	return s
}

func (s *Section) add(name string) *station {
	clean := s.report.hidden.clean
	st := &station{name: clean(name), zero: s.began, phase: idle, usual: s.pool.Usual[name]}
	st.title = cmp.Or(clean(s.pool.Titles[name]), st.name)
	s.stations = append(s.stations, st)
	s.byName[name] = st
	return st
}

// station finds a station; one that nobody announced is added.
func (s *Section) station(name string) *station {
	if st, known := s.byName[name]; known {
		return st
	}
	return s.add(name)
}

// title is how people know a station.
func (s *Section) title(name string) string {
	if st, known := s.byName[name]; known {
		return st.title
	}
	return s.report.hidden.clean(name)
}

// take takes in an event. It is false for one that brings nothing new.
func (s *Section) take(now time.Time, e outcome.Event) bool {
	at := now.Sub(s.began)
	if len(e.Counts) > 0 {
		s.count(at, e.Counts)
	}
	switch e.Kind {
	case outcome.KindHostSilent:
		s.silent = now
	case outcome.KindWaiting:
		s.waiting = true
	case outcome.KindWoken:
		s.woken++
	default:
		s.waiting = false
	}
	if e.Station == "" {
		return true
	}
	st := s.station(e.Station)
	if st.usual == (Usual{}) {
		st.usual = s.usual
	}
	before := *st
	news := st.take(now, at, e)
	s.noteStartTime(now, e.Kind, &before, st)
	return news
}

// count takes in the counts that the KMS host showed.
func (s *Section) count(at time.Duration, counts map[kms.Product]int) {
	s.silent = time.Time{}
	for _, p := range s.products {
		if count, known := counts[p.Product]; known {
			p.add(at, count)
		}
	}
}

func (p *product) add(at time.Duration, count int) {
	if last, known := p.count(); known && last == count {
		return
	}
	p.history = append(p.history, point{at, count})
	if len(p.history) > maxPoints {
		kept := p.history[:0]
		for i, point := range p.history {
			if i%2 == 0 || i == len(p.history)-1 {
				kept = append(kept, point)
			}
		}
		p.history = kept
	}
}

// count is the last count; false where none was read.
func (p *product) count() (int, bool) {
	if len(p.history) == 0 {
		return 0, false
	}
	return p.history[len(p.history)-1].count, true
}

func (p *product) missing() int {
	count, _ := p.count()
	return max(0, p.target-count)
}

// noteStartTime takes the time that a start took for the next ones.
func (s *Section) noteStartTime(now time.Time, kind outcome.Kind, before, st *station) {
	switch {
	case kind == outcome.KindBack && before.phase == down:
		st.usual.Return = now.Sub(before.since)
		s.seen.returns++
		s.usual.Return += (st.usual.Return - s.usual.Return) / time.Duration(s.seen.returns)
	case kind == outcome.KindCounted && before.phase == back:
		st.usual.Request = now.Sub(before.since)
		s.seen.requests++
		s.usual.Request += (st.usual.Request - s.usual.Request) / time.Duration(s.seen.requests)
	}
}

// end closes the section.
func (s *Section) end(now time.Time, o Outcome) {
	at := now.Sub(s.began)
	s.ended, s.next = now, s.report.hidden.advise(o.Next)
	s.count(at, o.Counts)
	s.state, s.verdict = s.report.hidden.judge(o)
	for _, name := range slices.Sorted(maps.Keys(o.Result.ByStation)) {
		s.station(name)
	}
	for name, st := range s.byName {
		r, known := o.Result.ByStation[name]
		st.end(now, at, r, known, s.report.hidden.reason(r.Reason))
	}
	if o.Result.Woken > 0 {
		s.woken = o.Result.Woken
	}
	s.waiting = false
}

// sums is what was sent and came of it in all.
type sums struct{ Asked, Restarts, Woken, Counted, InUse, LeftOut, Idle int }

func (s *Section) sums() sums {
	all := sums{Woken: s.woken}
	for _, st := range s.stations {
		all.Asked += st.asked
		all.Restarts += st.restarts
		all.Counted += st.counted
		switch st.phase {
		case inUse:
			all.InUse++
		case leftOut:
			all.LeftOut++
		case idle:
			all.Idle++
		default:
		}
	}
	return all
}

// inOrder is a station's title such that PC2 comes before PC10.
func (st *station) inOrder() string {
	return numbers.ReplaceAllStringFunc(st.title, func(n string) string { return fmt.Sprintf("%020s", n) })
}

var numbers = regexp.MustCompile("[0-9]+")
