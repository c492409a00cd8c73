package report

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	_ "embed" // the page's parts
	"encoding/base64"
	"fmt"
	"html/template"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/timago/terraform-provider-timago/internal/report/style"
)

var (
	//go:embed page.html
	pageSource string
	//go:embed page.css
	pageStyle string
	//go:embed page.js
	pageScript string

	layout = template.Must(template.New("page").Funcs(template.FuncMap{"clock": clock}).Parse(inBoth(pageSource)))

	// policy lets the page use what is in it and nothing else.
	policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-" + digest(pageScript) +
		"'; base-uri 'none'; form-action 'none'"
)

// inBoth puts the page's own words, written as {{t "English" "Deutsch"}}, into the
// template once and for all.
func inBoth(source string) string {
	return regexp.MustCompile(`\{\{t "([^"]*)" "([^"]*)"\}\}`).ReplaceAllStringFunc(source, func(call string) string {
		words := strings.Split(call, `"`)
		return string(text{words[1], words[3]}.HTML())
	})
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// pageView is what the page shows.
type pageView struct {
	Policy   string
	Style    template.CSS
	Script   template.JS
	Title    string
	State    state
	Words    text
	Running  bool
	Began    time.Time
	Written  time.Time
	Zone     string
	Lines    string // the file's name
	Document string
	Sections []sectionView
	Recent   template.HTML // what happened last, the newest first
	Silence  int64         // ms without a write after which nobody writes any more
}

type sectionView struct {
	ID       int
	Name     string
	Host     string
	State    state
	Words    text
	Verdict  text
	Next     text
	Running  bool
	Began    time.Time
	Lasting  string
	Span     string // seconds that the time axis shows
	Ticks    []tick
	Grid     string // the path of the axis' ticks and of now
	Now      string
	Products []curve
	Sent     []sentView
	Expected []expectation
	Busy     template.HTML // rows of stations of which there was an event
	Idle     template.HTML // rows of the others
	BusyN    int
	IdleN    text
	Open     bool // whether the others' rows are shown at first
	Hidden   int  // stations without a row
}

type sentView struct {
	Number int
	What   text
}

// What, At and Overdue are for the template.
func (e expectation) What() template.HTML { return e.what.HTML() }

// When is about when.
func (e expectation) When() template.HTML {
	switch {
	case e.at.IsZero():
		return "–"
	case e.soon && !e.overdue:
		return text{"soon", "gleich"}.HTML()
	}
	return template.HTML(clock(e.at)) //nolint:gosec // a time of day
}

// Overdue reports whether it should have happened.
func (e expectation) Overdue() bool { return e.overdue }

// Bounds of the page.
const (
	mostRows = 2000 // stations with a row of their own
	fewIdle  = 40   // stations of which nothing was asked are shown up to this number
)

// silenceGrace is how much later than at most expected a page may be written, on a machine
// that is busy, until it says that nothing was written any more.
const silenceGrace = time.Minute

// forPeople is the report as a page.
func (r *Report) forPeople(now time.Time) ([]byte, error) {
	s := r.state()
	name := cmp.Or(r.page, filepath.Base(r.path))
	stem := strings.TrimSuffix(name, filepath.Ext(name))
	view := pageView{
		Policy: policy, Style: template.CSS(style.Sheet + pageStyle), Script: template.JS(pageScript), //nolint:gosec // files of this package
		State: s, Words: s.words(), Running: s == running, Began: r.began, Written: now, Zone: now.Format("MST"),
		Lines: stem + ".txt", Document: stem + ".json", Silence: (r.pace.longest() + silenceGrace).Milliseconds(),
	}
	var counts []string
	for i, section := range r.sections {
		view.Sections = append(view.Sections, section.view(i+1, now))
		for _, p := range section.products {
			count, _ := p.count()
			counts = append(counts, fmt.Sprintf("%s %d/%d", p.Title(), count, p.target))
		}
	}
	view.Title = r.title()
	if len(r.sections) == 1 {
		view.Title = strings.Join(counts, ", ") + " – " + view.Title
	}
	var recent strings.Builder
	for _, e := range slices.Backward(r.recent) {
		recent.WriteString(e.row(len(r.sections) > 1))
	}
	view.Recent = template.HTML(recent.String()) //nolint:gosec // entries are escaped
	var page bytes.Buffer
	err := layout.Execute(&page, view)
	return page.Bytes(), err
}

// title names the pools.
func (r *Report) title() string {
	names := make([]string, 0, len(r.sections))
	for _, s := range r.sections {
		names = append(names, s.pool.Name)
	}
	if len(names) > 3 {
		names = append(names[:3], fmt.Sprintf("+%d", len(r.sections)-3))
	}
	return strings.Join(names, ", ")
}

func (s *Section) view(id int, now time.Time) sectionView {
	end := now
	if !s.ended.IsZero() {
		end = s.ended
	}
	at := end.Sub(s.began)
	span := s.axis(at)
	v := sectionView{
		ID: id, Name: s.pool.Name, Host: s.pool.Host, State: s.state, Words: s.state.words(), Verdict: s.summary(), Next: s.next,
		Running: s.state == running, Began: s.began, Lasting: lasting(at), Span: seconds(span), Now: seconds(at),
		Expected: s.expected(now), Sent: s.sent(),
	}
	v.Ticks = ticks(s.began, span)
	v.Grid = grid(v.Ticks)
	for _, p := range s.products {
		v.Products = append(v.Products, p.curve(s, at, span, now))
	}
	var busy, idlers bytes.Buffer
	idleN := 0
	for _, st := range s.stations {
		if v.BusyN+idleN == mostRows {
			v.Hidden++
			continue
		}
		rows := &idlers
		if st.untouched() {
			idleN++
		} else {
			rows, v.BusyN = &busy, v.BusyN+1
		}
		rows.WriteString(string(st.draw(id, at)))
	}
	v.Busy, v.Idle = template.HTML(busy.String()), template.HTML(idlers.String()) //nolint:gosec // rows are escaped
	v.IdleN = number(idleN, say("one station of which nothing was asked", "eine Station, von der nichts verlangt wurde"),
		say("%d stations of which nothing was asked", "%d Stationen, von denen nichts verlangt wurde", idleN))
	if idleN == 0 {
		v.IdleN = text{}
	}
	v.Open = idleN <= fewIdle
	return v
}

// summary says in one sentence how the section stands.
func (s *Section) summary() text {
	if s.state != running {
		return s.verdict
	}
	var t text
	for _, p := range s.products {
		if missing := p.missing(); missing > 0 {
			t = t.and(say("%s lacks %d", "%s fehlen %d", p.Title(), missing))
		}
	}
	return t.or(say("The thresholds hold; members that are not licensed are asked.", "Die Schwellenwerte sind erreicht; nicht lizenzierte Mitglieder werden gefragt."))
}

// sent is what was sent in all, and what came of it.
func (s *Section) sent() []sentView {
	all := s.sums()
	list := []sentView{
		{all.Restarts, number(all.Restarts, say("restart", "Neustart"), say("restarts", "Neustarts"))},
		{all.Asked, number(all.Asked, say("request commanded", "Anfrage veranlasst"), say("requests commanded", "Anfragen veranlasst"))},
		{all.Woken, say("switched on", "eingeschaltet")},
		{all.Counted, say("counted", "gezählt")},
		{all.InUse, say("in use", "in Gebrauch")},
		{all.LeftOut, say("left out", "ausgelassen")},
	}
	return list
}

func (st *station) untouched() bool {
	return st.phase == idle && len(st.spans)+len(st.marks) == 0 && st.reason == text{}
}

// seconds is a moment on a lane.
func seconds(d time.Duration) string {
	return strconv.FormatFloat(float64(d.Milliseconds()/100)/10, 'f', -1, 64)
}
