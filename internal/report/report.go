// Package report shows an apply while it runs: a page for people, the same as JSON for
// machines, and a plain line for each thing that happened. It is given the events of
// cycles and writes three files. It knows neither Terraform nor how a cycle decides, and
// nothing that goes wrong here is more than a warning.
package report

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/outcome"
)

// Pool is a pool whose cycle begins.
type Pool struct {
	Name           string
	Host           string              // the KMS host, as people know it
	Targets        map[kms.Product]int // the thresholds of the managed products
	Counts         map[kms.Product]int // as last read; a product may be missing
	Stations       []string            // as the cycle's events name them
	Titles         map[string]string   // computer names, of stations that are named otherwise
	Usual          map[string]Usual    // of stations that were seen starting before
	StationTimeout time.Duration       // how long a restart is waited for
}

// Usual is how long a station's start takes; 0 is not known.
type Usual struct {
	Return  time.Duration // from the restart's command until it answers
	Request time.Duration // from then until its request is counted
}

// Outcome is how a pool's part of an apply ended.
type Outcome struct {
	Result outcome.Result
	Counts map[kms.Product]int // as last read
	Holds  bool                // whether all that was wanted holds
	Err    error
	Next   string // what to do, in words; "" nothing
}

// Report is the report of one provider: every pool whose cycle runs has a section.
type Report struct {
	path       string
	hidden     *hider
	configured time.Time

	mu       sync.Mutex
	began    time.Time // when the first section did
	sections []*Section
	running  int           // sections that have not ended
	recent   []entry       // what happened last, the oldest first
	lines    []byte        // of what happened, not written yet
	changed  bool          // since the last write
	written  time.Time     // when that was
	dataAt   time.Time     // when the file for machines was; zero: it is due
	failure  error         // of the last write
	problems []error       // not returned yet
	warned   bool          // of a write at the end that failed
	ending   chan struct{} // closed when the last section ends
	stopped  chan struct{} // closed when the writer has ended

	pace    pace
	writing chan struct{} // holds something while the files are written
	files   *files        // used by who writes; nil while no name is held
	page    string        // the last one's page, in its folder
}

// New prepares a report at a path that ends in .html; nothing is written before a cycle
// begins. It is nil where the path is empty: everything can be called on that and does
// nothing. No text in the report will show the users' names.
func New(path string, users ...string) *Report {
	if path == "" {
		return nil
	}
	return &Report{path: path, hidden: hide(users), configured: time.Now(), pace: pace{used: processorTime}, writing: make(chan struct{}, 1)}
}

// Begin opens a section. From here on the files are written, until every section ended.
func (r *Report) Begin(pool Pool) *Section {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	s := newSection(r, pool, now)
	r.sections = append(r.sections, s)
	slices.SortStableFunc(r.sections, func(a, b *Section) int { return strings.Compare(a.pool.Name, b.pool.Name) })
	if r.began.IsZero() {
		r.began = now
	}
	r.changed = true
	if r.running++; r.running == 1 {
		r.dataAt = time.Time{} // the file for machines shows each beginning
		r.ending, r.stopped = make(chan struct{}), make(chan struct{})
		go r.write(r.ending, r.stopped)
	}
	return s
}

// Event takes in what happened, when it is reported.
func (s *Section) Event(e outcome.Event) {
	if s == nil {
		return
	}
	r := s.report
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	e.Reason = r.hidden.reason(e.Reason)
	if !s.take(now, e) {
		return
	}
	r.log(now, s, happened(e, s.title(e.Station), s.pool.Targets))
	r.changed = true
}

// End closes the section. It gives what went wrong with the files, each thing once.
func (s *Section) End(outcome Outcome) []error {
	if s == nil {
		return nil
	}
	r := s.report
	r.mu.Lock()
	now := time.Now()
	s.end(now, outcome)
	r.log(now, s, s.verdict)
	r.changed = true
	r.running--
	last, stopped := r.running == 0, r.stopped
	if last {
		close(r.ending)
	}
	r.mu.Unlock()
	if last {
		r.await(stopped)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	problems := r.problems
	r.problems = nil
	return problems
}
