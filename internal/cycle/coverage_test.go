package cycle_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/timago/terraform-provider-timago/internal/cycle"
	"github.com/timago/terraform-provider-timago/internal/outcome"
)

// coverage counts what drawn worlds have shown, so that no promise is held for want of
// anything that could break it.
type coverage struct {
	mu    sync.Mutex
	seen  map[string]int
	total int
	moves map[cycle.Transition]int
}

func (s *coverage) add(drawn scenario, w *invariantChecker) {
	log := w.log.String()
	var outside *outcome.OutsideWindow
	var stalled *outcome.Stalled
	change := false
	if drawn.Window != nil {
		_, before := w.begun.In(drawn.Window.place()).Zone()
		_, after := w.left.In(drawn.Window.place()).Zone()
		change = before != after
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seen == nil {
		s.seen, s.moves = map[string]int{}, map[cycle.Transition]int{}
	}
	s.total++
	for move := range w.moves {
		s.moves[move]++
	}
	for sight, seen := range map[string]bool{
		"a school of more than 60 stations":             len(drawn.Site.Stations) > 60,
		"a user who logs on":                            strings.Contains(log, " log-on "),
		"a user who logs off":                           strings.Contains(log, " log-off "),
		"other traffic on the host":                     len(drawn.Site.Traffic) > 0,
		"several products":                              len(drawn.Thresholds) > 1,
		"two pools on one host":                         drawn.Twin,
		"members read before the cycle":                 drawn.Read > 0,
		"a second run after a cancelled one":            drawn.Resume,
		"a station woken":                               strings.Contains(log, " woken "),
		"thresholds reached":                            w.outcome == nil,
		"nobody left who can add anything":              errors.As(w.outcome, &stalled),
		"a window that kept the cycle from the start":   errors.As(w.outcome, &outside) && w.started == 0,
		"a window that closed on a cycle":               errors.As(w.outcome, &outside) && w.started > 0,
		"restarts in a window":                          drawn.Window != nil && w.started > 0,
		"restarts in a window while the clocks changed": change && w.started > 0,
	} {
		if seen {
			s.seen[sight]++
		} else {
			s.seen[sight] += 0
		}
	}
}

// unseen are the transitions of the table that no world has shown.
func (s *coverage) unseen() []cycle.Transition {
	return slices.DeleteFunc(cycle.Transitions(), func(t cycle.Transition) bool { return s.moves[t] > 0 })
}

// judge wants everything to have been seen, schools only where enough worlds were drawn.
func (s *coverage) judge(t *testing.T) {
	t.Helper()
	if t.Failed() || s.total < fewestForCoverage {
		return
	}
	t.Logf("transitions that none of %d worlds has shown: %v", s.total, s.unseen())
	for sight, seen := range s.seen {
		t.Logf("%5d of %d worlds: %s", seen, s.total, sight)
		if seen == 0 && s.total >= 10*fewestForCoverage {
			t.Errorf("of %d worlds none has shown %s", s.total, sight)
		}
	}
}

const fewestForCoverage = 200
