package cycle

import (
	"fmt"
	"time"

	"github.com/timago/terraform-provider-timago/internal/schedule"
)

// OutsideWindow: something would have to be started, and the maintenance window does not
// allow it.
type OutsideWindow struct {
	Window  schedule.Window
	Missing []Shortfall
	Opens   time.Time // next; zero where it does not open within two weeks
}

func (e *OutsideWindow) Error() string {
	text := fmt.Sprintf("stations would have to be started (%s), which the maintenance window (%s) does not allow now, or they could not be expected to be through before it closes",
		describe(e.Missing), e.Window)
	if e.Opens.IsZero() {
		return text
	}
	return text + "; it opens next on " + e.Window.Format(e.Opens)
}

// outside is the end of a cycle that the window bars.
func (c *cycle) windowClosed() *OutsideWindow {
	e, after := &OutsideWindow{Window: *c.window, Missing: c.shortfalls()}, c.now
	if closes, open := c.window.Closes(after); open {
		after = closes
	}
	e.Opens, _, _ = c.window.Next(after)
	return e
}

// allows tells whether a start that takes so long can be expected to end in the window.
func (c *cycle) allows(takes time.Duration) bool {
	if c.window == nil {
		return true
	}
	closes, open := c.window.Closes(c.now)
	return open && !c.now.Add(takes).After(closes)
}

// barred tells whether it is the window that keeps a product's count from being made:
// someone could add to it, none of these may start now, and those that do not answer are
// too few to make it by asking, once they do.
func (c *cycle) blockedByWindow(p int) bool {
	if c.window == nil {
		return false
	}
	someone, silent := false, 0
	for _, s := range c.stations {
		startable := s.isCandidate || s.waitsForUser || s.phase == unread || s.phase == away && !s.woken
		switch {
		case !startable || s.read && s.adds&c.lacking() == 0:
			continue
		case c.allows(c.expectedCycle(s)):
			return false
		case s.read && !s.adds.has(p):
			continue
		}
		someone = true
		if s.phase == away && !s.expectedBack && !c.canWake { // of one that is expected the ledger knows
			silent++
		}
	}
	return someone && c.short(p) > c.ledger.expected(c.managed[p])+silent
}

// opened tells whether asking and starting may begin: where something would have to be
// started that the window bars, the cycle ends before anything is touched.
func (c *cycle) windowAllows() bool {
	if c.window == nil || c.windowChecked {
		return true
	}
	if c.in[unread] > 0 && c.now.Sub(c.started) < firstReadsGrace {
		return false
	}
	for p := range c.managed {
		if c.blockedByWindow(p) {
			c.fail(c.windowClosed())
			return false
		}
	}
	c.windowChecked = true
	return true
}
