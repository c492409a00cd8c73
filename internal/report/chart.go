package report

import (
	"fmt"
	"html/template"
	"strconv"
	"strings"
	"time"
)

// tick is a time of day on the axis.
type tick struct {
	Label string
	At    string  // in seconds since the section began
	Left  float64 // the same in percent of the axis
}

const (
	shortestAxis = 5 * time.Second
	mostTicks    = 6
)

var steps = []time.Duration{
	time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 15 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute,
	15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour,
}

// axis is how much time the lanes show: up to now, and as long as the section runs what
// is expected soon.
func (s *Section) axis(at time.Duration) time.Duration {
	span := max(at, shortestAxis)
	margin := span / 50 // for what is drawn at the very end
	if s.state != running {
		return span + margin
	}
	future := span
	for _, st := range s.stations {
		if !st.due.IsZero() {
			future = max(future, st.due.Sub(s.began))
		}
	}
	return min(future, span*3/2+time.Minute) + margin
}

// ticks are round times of day on an axis.
func ticks(began time.Time, span time.Duration) []tick {
	step := steps[len(steps)-1]
	for _, s := range steps {
		if span/s < mostTicks {
			step = s
			break
		}
	}
	layout := "15:04"
	if step < time.Minute {
		layout = time.TimeOnly
	}
	_, offset := began.Zone()
	local := time.Duration(offset) * time.Second // whole hours are the local ones
	var list []tick
	for t := began.Add(local).Truncate(step).Add(step - local); t.Before(began.Add(span)) && len(list) < 2*mostTicks; t = t.Add(step) {
		at := t.Sub(began)
		list = append(list, tick{Label: t.Format(layout), At: seconds(at), Left: percent(at, span)})
	}
	return list
}

// grid is the path of the ticks.
func grid(ticks []tick) string {
	var path strings.Builder
	for _, t := range ticks {
		fmt.Fprintf(&path, "M%s 0V28", t.At)
	}
	return path.String()
}

func percent(at, span time.Duration) float64 {
	return float64(int(10000*at.Seconds()/span.Seconds())) / 100
}

// curve is a count over time, drawn on a field of 100 by 100.
type curve struct {
	Title     string
	Count     string
	Target    int
	Missing   int
	Met       bool
	Line      string // the steps of the count
	Area      string // below them
	Threshold float64
	Now       float64
	Count0    float64 // height of the last count
	Guess     string  // to the threshold; "" none
	GuessAt   time.Time
	Words     text
}

func (p *product) curve(s *Section, at, span time.Duration, now time.Time) curve {
	count, known := p.count()
	top := p.target
	for _, point := range p.history {
		top = max(top, point.count)
	}
	height := func(count int) float64 { return 100 - float64(int(10000*float64(count)/(1.18*float64(top))))/100 }
	c := curve{
		Title: p.Title(), Target: p.target, Missing: p.missing(), Met: known && count >= p.target, Count: "–",
		Threshold: height(p.target), Now: percent(at, span), Count0: height(count),
	}
	if !known {
		c.Words = say("no count was read yet", "noch keine Anzahl gelesen")
		return c
	}
	c.Count = fmt.Sprint(count)
	var line strings.Builder
	first := percent(p.history[0].at, span)
	for i, point := range p.history {
		if i == 0 {
			fmt.Fprintf(&line, "M%g %g", first, height(point.count))
			continue
		}
		fmt.Fprintf(&line, "H%gV%g", percent(point.at, span), height(point.count))
	}
	fmt.Fprintf(&line, "H%g", c.Now)
	c.Line = line.String()
	c.Area = c.Line + fmt.Sprintf("V100H%gZ", first)
	c.Words = say("threshold met", "Schwellenwert erreicht")
	if !c.Met {
		c.Words = say("%d below the threshold", "%d unter dem Schwellenwert", c.Missing)
	}
	if s.state == running && !c.Met {
		if reached, guessed := s.reaches(p, now); guessed {
			c.GuessAt = reached
			x, y := percent(reached.Sub(s.began), span), c.Threshold
			if x > 100 { // the axis ends before that: so does the line, on its way
				y = c.Count0 + (y-c.Count0)*(100-c.Now)/(x-c.Now)
				x = 100
			}
			c.Guess = fmt.Sprintf("M%g %gL%g %.4g", c.Now, c.Count0, x, y)
		}
	}
	return c
}

// draw is the station's row. A bar that has not ended grows, so its row is drawn anew. Rows
// are most of a page, and a template takes longer for them.
func (st *station) draw(section int, at time.Duration) template.HTML {
	if st.row != "" && st.open() == nil {
		return st.row
	}
	row := make([]byte, 0, 1024)
	add := func(texts ...string) {
		for _, text := range texts {
			row = append(row, text...)
		}
	}
	add(`<tr data-phase="`, string(st.phase), `"><th scope="row">`, template.HTMLEscapeString(st.title))
	if st.name != st.title {
		add(` <small>`, template.HTMLEscapeString(st.name), `</small>`)
	}
	add(`</th><td class="lane"><svg viewBox="0 0 100 28" preserveAspectRatio="none" aria-hidden="true">`)
	if story := st.story(); story != "" {
		add(`<title>`, template.HTMLEscapeString(story), `</title>`)
	}
	add(`<g><use href="#grid-`, strconv.Itoa(section), `"/>`)
	for _, p := range st.paths(at) {
		for _, class := range p.classes {
			add(`<path class="`, class, `" d="`, p.line, `"/>`)
		}
	}
	add(`</g></svg></td><td class="n">`, some(st.restarts), `</td><td class="n">`, some(st.counted), `</td><td class="now">`, string(st.words().HTML()), "</td></tr>\n")
	st.row = template.HTML(row) //nolint:gosec // what comes from outside is escaped
	return st.row
}

// some is a number, and nothing for none.
func some(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// path is a line of a row, drawn once for each class.
type path struct {
	classes []string
	line    string
}

// paths are the bars and marks of a row, those that lie on others last.
func (st *station) paths(at time.Duration) []path {
	lines := map[phase]string{}
	for _, b := range st.spans {
		to, shown := b.to, b.phase
		if b.open {
			to = at
		}
		if shown != down && shown != starting && shown != inUse {
			shown = back
		}
		lines[shown] += "M" + seconds(b.from) + " 14H" + seconds(to)
	}
	for _, m := range st.marks {
		switch m.phase {
		case asked:
			lines[asked] += "M" + seconds(m.at) + " 5V23"
		case counted:
			lines[counted] += "M" + seconds(m.at) + " 14h0"
		default:
			lines[leftOut] += "M" + seconds(m.at) + " 14h.1" // some printers leave out a square of no length
		}
	}
	if open := st.open(); open != nil && !st.due.IsZero() {
		if due := open.from + st.due.Sub(st.since); due > at {
			lines[underWay] = "M" + seconds(at) + " 14H" + seconds(due) + "M" + seconds(due) + " 8V20"
		}
	}
	var drawn []path
	for _, shown := range shownPaths {
		if line := lines[shown.phase]; line != "" {
			drawn = append(drawn, path{shown.classes, line})
		}
	}
	return drawn
}

// shownPaths are the classes of what a row shows, in the order in which it is drawn.
var shownPaths = []struct {
	phase   phase
	classes []string
}{
	{inUse, []string{"used"}}, {back, []string{"back"}}, {starting, []string{"starting"}}, {down, []string{"down"}}, {underWay, []string{"due"}},
	{asked, []string{"asked"}}, {counted, []string{"halo", "counted"}}, {leftOut, []string{"halo", "out"}},
}

// story lists the station's restarts for whoever points at them, in signs that need no
// language.
func (st *station) story() string {
	var lines []string
	for i, b := range st.spans {
		if b.phase != down && b.phase != starting {
			continue
		}
		from := st.zero.Add(b.from)
		line := clock(from) + " – …"
		if !b.open {
			line = fmt.Sprintf("%s – %s (%s)", clock(from), clock(st.zero.Add(b.to)), lasting(b.to-b.from))
		}
		if i+1 < len(st.spans) && st.spans[i+1].phase == back && !st.spans[i+1].open {
			line += " · ✓ " + clock(st.zero.Add(st.spans[i+1].to))
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}
