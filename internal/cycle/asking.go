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
				c.unlist(s)
				c.alarms.clear(s)
				s.busy = false // its user is looked at again before a restart
				c.move(s, asking)
				s.todo, s.fresh, s.tries = only(p), false, 0
				c.owe(s, only(p))
				c.ask(s)
			case asking:
				s.todo = s.todo.with(p)
				c.owe(s, only(p))
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
	switch p, left := s.todo.first(); {
	case !left && c.host.denied && s.recount:
		s.recount = false
		c.send(s, call{verb: requests, since: s.presence.Boot}) // its answer holds the count
	case !left:
		c.asksDone(s)
	case !s.fresh && (s.started || c.host.blind || !c.isWindows(p)):
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
	s.todo = s.todo.without(p)
	switch {
	case s.started && s.licensing.LicensedByKMS(c.managed[p]) && c.isWindows(p):
		c.judge(s, p, s.licensing.CMID)
	case s.started && s.licensing.LicensedByKMS(c.managed[p]):
		c.credit(s, p)
	case s.started:
		c.addsNothing(s, p, "it made no request after its start and cannot be asked to")
	default:
		c.release(s, only(p))
	}
}

// askOn takes in a step of asking.
func (c *cycle) askOn(s *station, r report) {
	if r.verb == activate {
		c.activated(s, r)
		return
	}
	if r.verb == requests && (r.err == nil || !transient(r.err)) {
		s.fresh = true
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
	if s.tries++; s.tries > asksToRetry {
		s.todo = 0
		if s.started && s.ours {
			c.leave(s, fmt.Sprintf("it came back, but cannot be asked: %v", err))
			return
		}
		c.endStart(s)
		c.absent(s, err)
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
		s.todo = s.todo.without(p)
		c.requested(s, p)
	case errors.Is(r.err, kms.ErrUnknownOutcome):
		c.tallyAsk(s, p)
		s.todo = s.todo.without(p) // the events will tell
		if !s.started {
			s.started, s.ours, s.verified, s.since, s.back, s.patient = true, false, true, c.now, c.now, c.now
			s.mark, s.old = c.host.begunLooks-1, ""
			c.underWay = append(c.underWay, s)
		}
	case refused != nil && hostSilent(refused.Code) && s.tries < asksToRetry:
		c.askAfterSilence(s)
		return
	case refused != nil, errors.Is(r.err, kms.ErrDenied):
		s.todo = s.todo.without(p)
		c.addsNothing(s, p, "it was asked to activate and refused: "+r.err.Error())
	default:
		c.askLater(s, r.err)
		return
	}
	if s.phase == asking {
		c.ask(s)
	}
}

// hostSilent tells of a code that the station did not reach the KMS host.
func hostSilent(code kms.Code) bool {
	return code == 0xC004F074 || code == 0xC004F039 || code == 0x800706BA
}

func (c *cycle) askAfterSilence(s *station) {
	s.tries++
	c.alarms.set(s, c.now.Add(time.Duration(s.tries)*20*time.Second))
}

func (c *cycle) tallyAsk(s *station, p int) {
	c.asked++
	s.asked++
	s.recount = true
	c.tell(KindAsked, s, Event{Product: c.managed[p]})
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
			c.host.heard(p, e.Answer.Count, c.now.Add(-age))
			if !s.owes.has(p) {
				continue
			}
			s.todo = s.todo.without(p)
			if s.started {
				c.judgeConfirmed(s, p, e.CMID)
			} else {
				c.host.remember(e.CMID)
				c.release(s, only(p))
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
	case s.owes != 0:
		c.await(s)
	case s.started:
		c.finish(s)
	default:
		c.move(s, ready)
		c.place(s)
	}
}
