package cycle

import (
	"time"

	"github.com/timago/terraform-provider-timago/internal/outcome"
)

// windowClosed is the end of a cycle that the window blocks.
func (c *cycle) windowClosed() *outcome.OutsideWindow {
	return &outcome.OutsideWindow{Window: *c.window, Missing: c.shortfalls(), Opens: c.window.Reopens(c.now)}
}

// windowAdmits reports whether a start that takes so long can be expected to end in the
// window (A4).
func (c *cycle) windowAdmits(takes time.Duration) bool {
	return c.window == nil || c.window.Admits(c.now, takes)
}

// windowToBlame is the one definition of "the window keeps a count from being made":
// somebody could be started and add to it but for the window, and what may come without a
// start is too little.
func windowToBlame(missing, withoutStart, startable int) bool {
	return startable > 0 && missing > withoutStart
}

// blockedByWindow reports whether the window is to blame for a product's missing count. A
// member that does not answer and cannot be woken may come up by itself and is asked then:
// that is one count without a start.
func (c *cycle) blockedByWindow(p int) bool {
	if c.window == nil {
		return false
	}
	startable, withoutStart := 0, c.ledger.Expected(c.managed[p])
	for _, s := range c.stations {
		mayStart := s.isCandidate || s.waitsForUser || s.phase == unread || s.phase == silent && !s.woken
		switch {
		case !mayStart || s.read && s.adds&c.lacking() == 0:
			continue
		case c.windowAdmits(c.cycleTime(s)):
			return false
		case s.read && !s.adds.Has(p):
			continue
		}
		startable++
		if s.phase == silent && !c.canWake && !c.isExpected(s) { // of one that is expected the ledger knows
			withoutStart++
		}
	}
	return windowToBlame(c.short(p), withoutStart, startable)
}

// isExpected reports whether a member that does not answer is among those that this cycle
// publishes as expected.
func (c *cycle) isExpected(s *station) bool {
	return s.silence != nil && (s.silence.expected == expectStarted || s.silence.expected == expectFromEarlier && c.earlierRunSeen())
}

// windowAllows reports whether asking and starting may begin: where something would have to be
// started that the window blocks, the cycle ends before anything is touched.
func (c *cycle) windowAllows() bool {
	if c.window == nil || c.windowChecked {
		return true
	}
	if c.in[unread] > 0 && c.now.Sub(c.started) < firstReadsGrace {
		return false
	}
	for p := range c.managed {
		if c.blockedByWindow(p) {
			c.fail(c.unlessCapped(c.windowClosed()))
			return false
		}
	}
	c.windowChecked = true
	return true
}
