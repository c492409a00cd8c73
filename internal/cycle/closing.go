package cycle

import (
	"errors"

	"github.com/timago/terraform-provider-timago/internal/kms"
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
		case away:
			c.setExpectedBack(s, false)
			if !s.booting() {
				c.alarms.clear(s)
			}
		case unread, asking, waking, checking, stopping, down, returned, closing, phases:
			// Its call, or its return, ends in place.
		}
	}
}

// rising tells of a station that was woken and was not seen up yet.
func (s *station) booting() bool { return s.phase == away && s.woken && !s.read }

// closeWith asks a station's unlicensed products to activate, where that can succeed.
func (c *cycle) closeWith(s *station) {
	c.removeCandidate(s)
	c.alarms.clear(s)
	if s.closingDone || !s.up || !s.read || len(c.unlicensed(s)) == 0 {
		return
	}
	c.move(s, closing)
	s.closingDone = true
	c.send(s, call{verb: licensing}) // a product that is licensed by now must not be asked
}

// unlicensed are the licences to ask, of the products whose thresholds hold.
func (c *cycle) unlicensed(s *station) []kms.Licence {
	var licences []kms.Licence
	for p, product := range c.managed {
		for _, l := range s.licensing.Of(product) {
			if c.missing(p) == 0 && l.CanAsk() {
				licences = append(licences, l)
			}
		}
	}
	return licences
}

// closeOn goes through the station's unlicensed products, then reads back.
func (c *cycle) closeOn(s *station, r report) {
	var refused *kms.CodeError
	switch {
	case r.verb == licensing && r.err == nil && !s.closingPlanned:
		s.closingPlanned, s.closingQueue = true, c.unlicensed(s)
	case r.verb == activate:
		if r.err == nil || errors.As(r.err, &refused) || errors.Is(r.err, kms.ErrUnknownOutcome) {
			c.askedAfter++
			c.emit(KindAsked, s, Event{Product: c.managed[c.productOf(s, r.licence)]})
		}
	default:
		c.closed(s)
		return
	}
	switch {
	case len(s.closingQueue) > 0:
		next := s.closingQueue[0]
		s.closingQueue = s.closingQueue[1:]
		c.send(s, call{verb: activate, licence: next.ID})
	case r.verb == activate:
		c.send(s, call{verb: licensing})
	default:
		c.closed(s)
	}
}

// closed is the end of a station's part.
func (c *cycle) closed(s *station) {
	if s.excluded {
		c.move(s, out)
		return
	}
	c.move(s, ready)
	if left := c.unlicensed(s); len(left) > 0 && s.reason == "" {
		s.reason = left[0].Name + ": " + left[0].Explanation()
	}
}
