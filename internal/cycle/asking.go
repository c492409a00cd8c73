package cycle

import (
	"errors"
	"fmt"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
)

// startAsks asks running members whose client machine id was not counted, as long as
// something is missing.
func (c *cycle) startAsks() {
	for p := range c.managed {
		for len(c.askable[p]) > 0 && c.short(p) > 0 {
			s := c.askable[p][0]
			c.askable[p] = c.askable[p][1:]
			switch s.phase {
			case ready:
				if c.isWindows(p) && c.isCounted(s) || !s.adds.has(p) {
					continue // it asked by itself meanwhile
				}
				c.removeCandidate(s)
				c.alarms.clear(s)
				s.waitsForUser = false // its user is looked at again before a restart
				c.move(s, asking)
				s.toAsk, s.requestsRead, s.tries = only(p), false, 0
				c.expectCounts(s, only(p))
				c.ask(s)
			case asking:
				s.toAsk = s.toAsk.with(p)
				c.expectCounts(s, only(p))
			case unread, away, waking, checking, stopping, down, returned, awaiting, closing, out, phases:
				// Its start asks, or it is no longer there.
			}
		}
	}
}

// licenceAge is how old a read of licences may be for Activate to be called on it: the
// product must still be unlicensed.
const licenceAge = 10 * time.Second

// ask takes the next step in asking a station: what it has asked already is read where
// the host does not show it, its licences where they may have changed, and then each
// product that is left is asked to activate.
func (c *cycle) ask(s *station) {
	switch p, left := s.toAsk.first(); {
	case !left && c.host.refusesAccount && s.requestsStale:
		s.requestsStale = false
		c.send(s, call{verb: requests, since: s.presence.Boot}) // its answer holds the count
	case !left:
		c.asksDone(s)
	case !s.requestsRead && (s.started || c.host.logUnreadable || !c.isWindows(p)):
		c.send(s, call{verb: requests, since: s.presence.Boot})
	case c.now.Sub(s.licensed) > licenceAge:
		c.send(s, call{verb: licensing})
	default:
		licence, can := s.askable(c.managed[p])
		if !can {
			c.notAskable(s, p)
			c.ask(s)
			return
		}
		c.send(s, call{verb: activate, licence: licence.ID})
	}
}

// notAskable judges a product that is licensed by now, or can no longer ask.
func (c *cycle) notAskable(s *station, p int) {
	s.toAsk = s.toAsk.without(p)
	switch {
	case s.started && s.licensing.LicensedByKMS(c.managed[p]) && c.isWindows(p):
		c.judge(s, p, s.licensing.CMID)
	case s.started && s.licensing.LicensedByKMS(c.managed[p]):
		c.credit(s, p)
	case s.started:
		c.excludeProduct(s, p, "it made no request after its start and cannot be asked to")
	default:
		c.dropCounts(s, only(p))
	}
}

// askOn takes in a step of asking.
func (c *cycle) askOn(s *station, r report) {
	if r.verb == activate {
		c.activated(s, r)
		return
	}
	if r.verb == requests && (r.err == nil || !transient(r.err)) {
		s.requestsRead = true
		c.learnRequests(s, r.exchanges)
	}
	if r.err != nil && transient(r.err) {
		c.askLater(s, r.err)
		return
	}
	if s.phase == asking {
		c.ask(s)
	}
}

// transient tells whether a call may succeed when it is made again.
func transient(err error) bool {
	var code *kms.CodeError
	return !errors.Is(err, kms.ErrDenied) && !errors.As(err, &code)
}

// askLater makes the same call again after a while, and gives the station up as absent
// after some.
func (c *cycle) askLater(s *station, err error) {
	if s.tries++; s.tries > asksRetried {
		s.toAsk = 0
		if s.started && s.startedByUs {
			c.exclude(s, fmt.Sprintf("it came back, but cannot be asked: %v", err))
			return
		}
		c.endStart(s)
		c.markUnreachable(s, err)
		return
	}
	c.alarms.set(s, c.now.Add(time.Duration(s.tries)*5*time.Second))
}

// activated takes in what came of asking a product to activate.
func (c *cycle) activated(s *station, r report) {
	p := c.productOf(s, r.licence)
	var refused *kms.CodeError
	switch {
	case r.err == nil, errors.As(r.err, &refused) && refused.Code == kms.CodeNotEnoughCount:
		c.tallyAsk(s, p)
		s.toAsk = s.toAsk.without(p)
		c.requested(s, p)
	case errors.Is(r.err, kms.ErrUnknownOutcome):
		c.tallyAsk(s, p)
		s.toAsk = s.toAsk.without(p) // the events will tell
		if !s.started {
			s.started, s.startedByUs, s.askedAfterStart, s.startedAt, s.backAt, s.waitingSince = true, false, true, c.now, c.now, c.now
			s.pollsBefore, s.cmidBefore = c.host.pollsBegun-1, ""
			c.underWay = append(c.underWay, s)
		}
	case refused != nil && cannotReachHost(refused.Code) && s.tries < asksRetried:
		c.askAfterPause(s)
		return
	case refused != nil, errors.Is(r.err, kms.ErrDenied):
		s.toAsk = s.toAsk.without(p)
		c.excludeProduct(s, p, "it was asked to activate and refused: "+r.err.Error())
	default:
		c.askLater(s, r.err)
		return
	}
	if s.phase == asking {
		c.ask(s)
	}
}

// hostSilent tells of a code that the station did not reach the KMS host.
func cannotReachHost(code kms.Code) bool {
	return code == 0xC004F074 || code == 0xC004F039 || code == 0x800706BA
}

func (c *cycle) askAfterPause(s *station) {
	s.tries++
	c.alarms.set(s, c.now.Add(time.Duration(s.tries)*20*time.Second))
}

func (c *cycle) tallyAsk(s *station, p int) {
	c.asked++
	s.asked++
	s.requestsStale = true
	c.emit(KindAsked, s, Event{Product: c.managed[p]})
}

// requested judges a request that was made on our command.
func (c *cycle) requested(s *station, p int) {
	switch {
	case !s.started: // its id was not counted before: that was looked up
		if c.isWindows(p) {
			c.host.remember(s.licensing.CMID)
		}
		c.credit(s, p)
	case c.isWindows(p):
		c.judge(s, p, s.licensing.CMID)
	default: // which id Office asked with only the events tell
	}
}

func (c *cycle) productOf(s *station, licence string) int {
	for _, l := range s.licensing.Licences {
		if l.ID == licence {
			for p, product := range c.managed {
				if product == l.Product {
					return p
				}
			}
		}
	}
	return 0
}

// learnRequests judges by the station's own events what it asked since its start.
func (c *cycle) learnRequests(s *station, exchanges []kms.Exchange) {
	for p, product := range c.managed {
		for _, e := range exchanges {
			age := s.clock(c.now).Sub(e.Time)
			if e.Answer == nil || !e.Answer.Code.Counted() || !asksFor(s.licensing, product, e.ActivationID) || age > kms.CountedFor {
				continue
			}
			c.host.takeClientCount(p, e.Answer.Count, c.now.Add(-age))
			if !s.pendingCounts.has(p) {
				continue
			}
			s.toAsk = s.toAsk.without(p)
			if s.started {
				c.judgeRequest(s, p, e.CMID)
			} else {
				c.host.remember(e.CMID)
				c.dropCounts(s, only(p))
			}
		}
		if s.phase == out {
			return
		}
	}
}

func asksFor(l kms.Licensing, product kms.Product, activationID string) bool {
	for _, licence := range l.Of(product) {
		if licence.ID == activationID {
			return true
		}
	}
	return false
}

// asksDone lets a station that was asked everything go on.
func (c *cycle) asksDone(s *station) {
	switch {
	case s.pendingCounts != 0:
		c.await(s)
	case s.started:
		c.finish(s)
	default:
		c.move(s, ready)
		c.makeCandidate(s)
	}
}
