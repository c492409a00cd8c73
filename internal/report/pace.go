package report

import "time"

// The rhythm of writing.
const (
	shortestPause = 5 * time.Second // between two writes
	longestPause  = 2 * time.Minute // also where nothing happened: who looks sees that it lives
	idlePause     = 8 * time.Minute // the same where nothing happened for long, and nothing is under way
	dataPause     = time.Minute     // between two writes for machines, but for the first and the last
	lastWrite     = 5 * time.Second // for the write at the end: an apply waits no longer
	// share is what part of the process's processor time writes may take: 4 %. A cycle that
	// waits for stations uses little, and what is written of it is mostly the same.
	share = 25
)

// pace decides when the files are written again.
type pace struct {
	used  func() time.Duration // of processors, by this process
	spent time.Duration        // of that by all writes
	last  time.Duration        // and by the last
	idle  int                  // writes one after the other that had nothing new to show
}

// longest is how long nothing is written at most.
func (p *pace) longest() time.Duration { return min(longestPause<<min(p.idle, 8), idlePause) }

// due reports whether the files are to be written, so long after the last time; changed,
// whether there is something to show, and underWay, whether something may become late.
func (p *pace) due(since time.Duration, changed, underWay bool) bool {
	if changed || underWay {
		p.idle = 0
	}
	switch {
	case since < shortestPause:
		return false
	case since >= p.longest():
		if !changed && !underWay {
			p.idle++
		}
		return true
	}
	return changed && (p.spent+p.last)*share <= p.used()
}

// took notes what a write took. What else the process does meanwhile is in it, which errs to
// fewer writes; a write is one goroutine, so that its own time bounds it.
func (p *pace) took(processor, wall time.Duration) {
	p.last = min(processor, wall)
	p.spent += p.last
}
