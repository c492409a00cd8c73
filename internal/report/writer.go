package report

import (
	"errors"
	"fmt"
	"html/template"
	"path/filepath"
	"slices"
	"time"
)

// mostLines bounds the plain lines that wait to be written, in bytes.
const mostLines = 1 << 20

// entry is something that happened, as people read it.
type entry struct {
	at   string // the page's text before the pool's name
	pool string
	what template.HTML
}

// row is the entry on the page, with its pool where there are several.
func (e entry) row(several bool) string {
	if several {
		return e.at + "<b>" + template.HTMLEscapeString(e.pool) + "</b> " + string(e.what) + "</span></li>\n"
	}
	return e.at + string(e.what) + "</span></li>\n"
}

// mostRecent is how many of the things that happened last the page shows.
const mostRecent = 40

// log notes what happened.
func (r *Report) log(now time.Time, s *Section, what text) {
	if len(r.recent) == mostRecent {
		r.recent = append(r.recent[:0], r.recent[1:]...)
	}
	at := `    <li><time datetime="` + now.Format(time.RFC3339) + `">` + clock(now) + `</time> <span>`
	r.recent = append(r.recent, entry{at, s.pool.Name, what.HTML()})
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

// writeIfDue writes where it is due. It gives the time until the next try.
func (r *Report) writeIfDue() time.Duration {
	r.mu.Lock()
	since := time.Since(r.written)
	due := r.pace.due(since, r.changed, r.underWay())
	r.mu.Unlock()
	if !due {
		if since >= shortestPause {
			r.addLines()
		}
		return max(time.Second, shortestPause-since)
	}
	used, began := r.pace.used(), time.Now()
	r.writeOnce()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pace.took(r.pace.used()-used, time.Since(began))
	return shortestPause
}

// addLines writes the plain lines that wait: they cost next to nothing, and somebody may
// follow them.
func (r *Report) addLines() {
	r.writing <- struct{}{}
	defer func() { <-r.writing }()
	r.mu.Lock()
	lines := r.lines
	if r.files == nil || len(lines) == 0 {
		r.mu.Unlock()
		return
	}
	r.lines = nil
	r.mu.Unlock()
	left, err := r.files.add(lines)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(left, r.lines...)
	if err != nil {
		r.failure = err
	}
}

// underWay reports whether something is awaited of a station: that it is late shows without
// an event.
func (r *Report) underWay() bool {
	return slices.ContainsFunc(r.sections, func(s *Section) bool {
		return s.state == running && slices.ContainsFunc(s.stations, func(st *station) bool { return st.phase.waits() })
	})
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
	if r.failure = err; err != nil {
		r.dataAt = time.Time{}
	}
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

// draw renders the files and takes the lines that wait; no data where the file for machines
// is young enough. Whatever goes wrong there must not end the apply.
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
	if r.running == 0 || r.dataAt.IsZero() || now.Sub(r.dataAt) >= dataPause {
		if data, err = r.forMachines(now); err != nil {
			return nil, nil, nil, err
		}
		r.dataAt = now
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
	err = errors.Join(err, r.files.replace(r.files.page, page))
	if data != nil {
		err = errors.Join(err, r.files.replace(r.files.data, data))
	}
	return left, err
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
