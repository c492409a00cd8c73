package report

import (
	"bytes"
	"encoding/json"
	"slices"
	"time"
)

// version is the version of the document for machines. It rises when something that was
// there is gone or means something else; what is new does not raise it.
const version = 1

// document is the report for machines, without its pools; schema.json describes it.
type document struct {
	Version int       `json:"version"`
	State   state     `json:"state"`
	Started time.Time `json:"started"`
	Written time.Time `json:"written"`
}

// poolDocument is a pool, without its stations.
type poolDocument struct {
	Name     string                     `json:"name"`
	KMSHost  string                     `json:"kms_host"`
	State    state                      `json:"state"`
	Verdict  string                     `json:"verdict,omitempty"`
	Next     string                     `json:"next,omitempty"`
	Started  time.Time                  `json:"started"`
	Finished time.Time                  `json:"finished,omitzero"`
	Sent     sentDocument               `json:"sent"`
	Counted  int                        `json:"counted"`
	Products map[string]productDocument `json:"products"`
	Expected []expectedDocument         `json:"expected"`
}

type sentDocument struct {
	Asked    int `json:"asked"`
	Restarts int `json:"restarts"`
	Woken    int `json:"woken"`
}

type productDocument struct {
	Threshold int             `json:"threshold"`
	Count     *int            `json:"count"`
	History   []pointDocument `json:"history"`
}

type pointDocument struct {
	At    time.Time `json:"at"`
	Count int       `json:"count"`
}

type expectedDocument struct {
	What    string    `json:"what"`
	At      time.Time `json:"at,omitzero"`
	Overdue bool      `json:"overdue,omitempty"`
}

type stationDocument struct {
	Name     string         `json:"name"`
	Title    string         `json:"title"`
	Phase    phase          `json:"phase"`
	Reason   string         `json:"reason,omitempty"`
	Asked    int            `json:"asked"`
	Restarts int            `json:"restarts"`
	Counted  int            `json:"counted"`
	Due      time.Time      `json:"due,omitzero"`
	Bars     []barDocument  `json:"bars"`
	Marks    []markDocument `json:"marks"`
}

type barDocument struct {
	Phase phase     `json:"phase"`
	From  time.Time `json:"from"`
	To    time.Time `json:"to,omitzero"`
}

type markDocument struct {
	Phase phase     `json:"phase"`
	At    time.Time `json:"at"`
}

// forMachines is the report as JSON.
func (r *Report) forMachines(now time.Time) ([]byte, error) {
	var pools [][]byte
	for _, s := range r.sections {
		pool, err := s.forMachines(now)
		if err != nil {
			return nil, err
		}
		pools = append(pools, pool)
	}
	return with(document{Version: version, State: r.state(), Started: instant(r.began), Written: instant(now)}, "pools", pools)
}

// with is an object and one more property: a list of values that are JSON already, and of
// which most were so at the last write. The encoder would read all of them again.
func with(object any, property string, values [][]byte) ([]byte, error) {
	head, err := json.Marshal(object)
	if err != nil {
		return nil, err
	}
	whole := slices.Concat(head[:len(head)-1], []byte(`,"`+property+`":[`), bytes.Join(values, []byte(",\n")), []byte("]}"))
	return whole, nil
}

func (s *Section) forMachines(now time.Time) ([]byte, error) {
	all := s.sums()
	d := poolDocument{
		Name: s.pool.Name, KMSHost: s.pool.Host, State: s.state, Verdict: s.verdict.en, Next: s.next.en,
		Started: instant(s.began), Finished: instant(s.ended), Counted: all.Counted,
		Sent:     sentDocument{Asked: all.Asked, Restarts: all.Restarts, Woken: all.Woken},
		Products: map[string]productDocument{}, Expected: []expectedDocument{},
	}
	for _, p := range s.products {
		shown := productDocument{Threshold: p.target, History: []pointDocument{}}
		for _, point := range p.history {
			shown.History = append(shown.History, pointDocument{At: s.moment(point.at), Count: point.count})
		}
		if count, known := p.count(); known {
			shown.Count = &count
		}
		d.Products[string(p.Product)] = shown
	}
	for _, e := range s.expected(now) {
		d.Expected = append(d.Expected, expectedDocument{What: e.what.en, At: instant(e.at), Overdue: e.overdue})
	}
	var stations [][]byte
	for _, st := range s.stations {
		if st.object == nil {
			object, err := json.Marshal(s.stationForMachines(st))
			if err != nil {
				return nil, err
			}
			st.object = object
		}
		stations = append(stations, st.object)
	}
	return with(d, "stations", stations)
}

func (s *Section) stationForMachines(st *station) stationDocument {
	d := stationDocument{
		Name: st.name, Title: st.title, Phase: st.phase, Reason: st.reason.en, Asked: st.asked, Restarts: st.restarts,
		Counted: st.counted, Due: instant(st.due), Bars: []barDocument{}, Marks: []markDocument{},
	}
	for _, b := range st.spans {
		shown := barDocument{Phase: b.phase, From: s.moment(b.from)}
		if !b.open {
			shown.To = s.moment(b.to)
		}
		d.Bars = append(d.Bars, shown)
	}
	for _, m := range st.marks {
		d.Marks = append(d.Marks, markDocument{Phase: m.phase, At: s.moment(m.at)})
	}
	return d
}

// moment is a moment of the section as a time.
func (s *Section) moment(at time.Duration) time.Time { return instant(s.began.Add(at)) }

// instant is a time as machines read it: to the millisecond.
func instant(at time.Time) time.Time {
	if at.IsZero() {
		return at
	}
	return at.Round(0).Truncate(time.Millisecond)
}

// state is that of the whole report: the worst of its sections, as long as none runs.
func (r *Report) state() state {
	all := reached
	for _, s := range r.sections {
		switch {
		case s.state == running:
			return running
		case all == reached || s.state == failed:
			all = s.state
		}
	}
	return all
}
