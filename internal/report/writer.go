package report

import (
	"errors"
	"fmt"
	"html/template"
	"path/filepath"
	"time"
)

// The rhythm of writing.
const (
	shortestPause = 5 * time.Second  // between two writes
	longestPause  = 30 * time.Second // also where nothing happened: who looks sees that it lives
	pausePerCost  = 2000             // a write that took long is not made again soon: 0.05 % of a processor
	lastWrite     = 5 * time.Second  // for the write at the end: an apply waits no longer
)

// mostLines bounds the plain lines that wait to be written, in bytes.
const mostLines = 1 << 20

// entry is something that happened, as people read it.
type entry struct {
	at   time.Time
	pool string
	what template.HTML
}

// mostRecent is how many of the things that happened last the page shows.
const mostRecent = 40

// log notes what happened.
func (r *Report) log(now time.Time, s *Section, what text) {
	if len(r.recent) == mostRecent {
		r.recent = append(r.recent[:0], r.recent[1:]...)
	}
	r.recent = append(r.recent, entry{now, s.pool.Name, what.HTML()})
	if len(r.lines) < mostLines {
		r.lines = fmt.Appendf(r.lines, "%s %s: %s\n", now.Format(time.RFC3339), s.pool.Name, what.en)
	}
}

// write writes while sections run, and once more when the last has ended.
func (r *Report) write(ending <-chan struct{}, stopped chan<- struct{}) {
	defer close(stopped)
	pause := time.NewTimer(0)
	defer pause.Stop()
	for {
		select {
		case <-ending:
			r.writeOnce()
			r.letGo()
			return
		case <-pause.C:
			pause.Reset(r.writeIfDue())
		}
	}
}

// writeIfDue writes where something changed, or nothing was written for long. It gives
// the time until the next try.
func (r *Report) writeIfDue() time.Duration {
	r.mu.Lock()
	since := time.Since(r.written)
	due := r.changed && since >= shortestPause || since >= longestPause
	r.mu.Unlock()
	switch {
	case due:
		began := time.Now()
		r.writeOnce()
		return min(longestPause, max(shortestPause, pausePerCost*time.Since(began)))
	case since < shortestPause:
		return shortestPause - since
	}
	return time.Second
}

// writeOnce writes the files as things stand. What goes wrong is kept for the end; a
// later write may mend it.
func (r *Report) writeOnce() {
	r.writing <- struct{}{}
	defer func() { <-r.writing }()
	page, data, lines, err := r.draw(time.Now())
	if err == nil {
		lines, err = r.save(page, data, lines)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(lines, r.lines...)
	r.failure = err
	r.changed = r.changed || err != nil
}

// letGo lets others have the files once nothing runs any more.
func (r *Report) letGo() {
	r.writing <- struct{}{}
	defer func() { <-r.writing }()
	if r.files != nil {
		_ = r.files.close() // all was written
		r.files = nil
	}
}

// draw renders the files and takes the lines that wait. Whatever goes wrong there must
// not end the apply.
func (r *Report) draw(now time.Time) (page, data, lines []byte, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("the report could not be drawn: %v", fault)
		}
	}()
	r.changed, r.written = false, now
	if page, err = r.forPeople(now); err != nil {
		return nil, nil, nil, err
	}
	if data, err = r.forMachines(now); err != nil {
		return nil, nil, nil, err
	}
	lines, r.lines = r.lines, nil
	return page, data, lines, nil
}

// save writes the files; it gives the lines that could not be written.
func (r *Report) save(page, data, lines []byte) ([]byte, error) {
	if r.files == nil {
		files, err := claim(r.path, r.configured, r.page)
		if err != nil {
			return lines, err
		}
		before := r.page
		r.files, r.page = files, files.page
		if files.page != filepath.Base(r.path) && files.page != before {
			r.mu.Lock()
			r.problems = append(r.problems, &TakenError{Path: r.path, Instead: filepath.Join(filepath.Dir(r.path), files.page)})
			r.mu.Unlock()
		}
	}
	left, err := r.files.add(lines)
	return left, errors.Join(err, r.files.replace(r.files.page, page), r.files.replace(r.files.data, data))
}

// await waits for the last write, and takes over what went wrong.
func (r *Report) await(stopped <-chan struct{}) {
	late := time.NewTimer(lastWrite)
	defer late.Stop()
	err := error(nil)
	select {
	case <-stopped:
		r.mu.Lock()
		err = r.failure
		r.mu.Unlock()
	case <-late.C:
		err = fmt.Errorf("it could not be written within %s", lastWrite)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil && !r.warned {
		r.warned = true
		r.problems = append(r.problems, &WriteError{Path: r.path, Err: err})
	}
}
