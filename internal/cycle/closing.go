package cycle

import (
	"errors"
	"slices"
	"strings"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/outcome"
)

// close ends the making of counts: because the thresholds hold, or because nobody can
// add anything more. Where a threshold holds, members that are not licensed yet are asked
// to activate, and read back. Stations that were restarted or woken are seen back.
func (c *cycle) close() {
	c.closing = true
	for _, s := range c.stations {
		switch s.phase {
		case ready, out:
			c.closeWith(s)
		case awaiting:
			c.finish(s)
		case silent:
			c.setExpectation(s, expectNothing)
			if !s.booting() {
				c.alarms.Clear(s.index)
			}
		case unread, asking, waking, checking, stopping, down, returned, closing, phases:
			// Its call, or its return, ends in place.
		}
	}
}

// closeWith asks a station's unlicensed products to activate, where that can succeed.
func (c *cycle) closeWith(s *station) {
	c.removeCandidate(s)
	c.alarms.Clear(s.index)
	if s.closing != nil || !s.up || !s.read || len(c.unlicensed(s)) == 0 {
		return
	}
	s.closing = &closingRound{}
	c.move(s, onClosing)
	c.send(s, call{verb: licensing}) // a product that is licensed by now must not be asked
}

// unlicensed are the licences to ask, of the products whose thresholds hold.
func (c *cycle) unlicensed(s *station) []kms.Licence {
	var licences []kms.Licence
	for p, product := range c.managed {
		if c.missing(p) == 0 {
			licences = append(licences, s.refused.Askable(s.licensing.Of(product))...)
		}
	}
	return licences
}

// closeOn goes through the station's unlicensed products, then reads back. What was read of
// its licences a while ago is read anew before the next one is asked.
func (c *cycle) closeOn(s *station, r report) {
	var refused *kms.CodeError
	if r.verb == activate {
		isRefused := errors.As(r.err, &refused) && !refused.Code.Counted()
		if r.err == nil || refused != nil || errors.Is(r.err, kms.ErrUnknownOutcome) {
			c.askedAfter++
			c.emit(outcome.KindAsked, s, outcome.Event{Product: c.managed[c.productOf(s, r.licence)]})
		}
		if isRefused {
			s.refused.PutAside(r.licence, refused.Error())
		}
	}
	left := slices.DeleteFunc(c.unlicensed(s), func(l kms.Licence) bool { return slices.Contains(s.closing.asked, l.ID) })
	switch {
	case r.verb == activate && (len(left) == 0 || c.now.Sub(s.licensed) > licenceAge):
		c.send(s, call{verb: licensing})
	case len(left) > 0 && (r.verb == activate || r.err == nil):
		s.closing.asked = append(s.closing.asked, left[0].ID)
		c.send(s, call{verb: activate, licence: left[0].ID})
	default:
		c.closed(s)
	}
}

// closed is the end of a station's part.
func (c *cycle) closed(s *station) {
	if s.excluded {
		c.move(s, onClosedOut)
		return
	}
	c.move(s, onClosed)
	if refusal := s.refusal(); !strings.Contains(s.reason, refusal) {
		s.reason = strings.TrimPrefix(s.reason+"; "+refusal, "; ")
	}
	if left := c.unlicensed(s); s.reason == "" && len(left) > 0 {
		s.reason = left[0].Name + ": " + left[0].Explanation()
	}
}
