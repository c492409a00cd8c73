package cycle

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/timago/terraform-provider-timago/internal/evidence"
	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/outcome"
	"github.com/timago/terraform-provider-timago/internal/scheduler"
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
				if c.isCountedFor(s, p) || !s.adds.Has(p) {
					continue // it asked by itself meanwhile
				}
				c.beginAsking(s, attempt{toAsk: scheduler.Only(p)})
				c.expectCounts(s, scheduler.Only(p))
				c.ask(s)
			case asking:
				s.asking.toAsk = s.asking.toAsk.With(p)
				c.expectCounts(s, scheduler.Only(p))
			case unread, silent, waking, checking, stopping, down, returned, awaiting, closing, out, phases:
				// Its start asks, or it is no longer there.
			}
		}
	}
}

func (c *cycle) beginAsking(s *station, a attempt) {
	c.removeCandidate(s)
	c.alarms.Clear(s.index)
	s.waitsForUser = false // its user is looked at again before a restart
	s.asking = &a
	c.move(s, onAsk)
}

// licenceAge is how old a read of licences may be for Activate to be called on it: the
// product must still be unlicensed.
const licenceAge = 10 * time.Second

// ask takes the next step in asking a station: what it has asked already is read where
// the host does not show it, its licences where they may have changed, and then each
// product that is left is asked to activate.
func (c *cycle) ask(s *station) {
	a := s.asking
	switch p, left := a.toAsk.First(); {
	case (a.doubted != nil || a.forCounts) && !a.requestsRead:
		c.send(s, call{verb: requests, since: s.presence.Boot})
	case !left && c.host.refusesAccount && a.requestsStale:
		a.requestsStale = false
		c.send(s, call{verb: requests, since: s.presence.Boot}) // its answer holds the count
	case !left:
		c.asksDone(s)
	case !a.requestsRead && (s.started() || c.host.logUnreadable || !c.isWindows(p)):
		c.send(s, call{verb: requests, since: s.presence.Boot})
	case c.now.Sub(s.licensed) > licenceAge:
		c.send(s, call{verb: licensing})
	default:
		askable := s.refused.Askable(s.licensing.Of(c.managed[p]))
		if len(askable) == 0 {
			c.notAskable(s, p)
			if s.phase == asking {
				c.ask(s)
			}
			return
		}
		a.commandedAt, a.pollsBefore = c.now, c.host.pollsBefore()
		c.send(s, call{verb: activate, licence: askable[0].ID})
	}
}

// notAskable judges a product that is licensed by now, or can no longer ask. That it is
// licensed is no evidence of a request: the licence may be as old as the image (A6).
func (c *cycle) notAskable(s *station, p int) {
	s.asking.toAsk = s.asking.toAsk.Without(p)
	switch {
	case !s.canAdd(c.managed[p]) && s.refusal() != "":
		c.excludeProduct(s, p, "it was asked to activate and refused: "+s.refusal())
	case s.started():
		c.endStartsOf(s, p, "it made no request after its start and cannot be asked to")
	default:
		c.dropCounts(s, scheduler.Only(p))
	}
}

// askOn takes in a step of asking.
func (c *cycle) askOn(s *station, r report) {
	if r.verb == activate {
		c.activated(s, r)
		return
	}
	if r.err != nil && transient(r.err) {
		c.askLater(s, r.err)
		return
	}
	if r.verb == requests {
		s.asking.requestsRead = true
		c.judgeByEvents(s, r.exchanges)
	}
	if s.phase == asking {
		c.ask(s)
	}
}

// transient reports whether a call may succeed when it is made again.
func transient(err error) bool {
	var code *kms.CodeError
	return !errors.Is(err, kms.ErrDenied) && !errors.As(err, &code)
}

// askLater makes the same call again after a while, and takes the station for unreachable
// after some.
func (c *cycle) askLater(s *station, err error) {
	a := s.asking
	if a.failures++; a.failures > asksRetried {
		if s.startedByUs() {
			c.exclude(s, fmt.Sprintf("it came back, but cannot be asked: %v", err))
			return
		}
		c.endStart(s)
		c.markUnreachable(s, err)
		return
	}
	c.setAlarm(s, c.now.Add(time.Duration(a.failures)*5*time.Second))
}

// askAgain goes on with asking after a pause. What is no longer missing is asked for no more.
func (c *cycle) askAgain(s *station) {
	for _, p := range s.asking.toAsk.List() {
		switch {
		case s.pendingCounts.Has(p):
		case c.short(p) > 0:
			c.expectCounts(s, scheduler.Only(p))
		default:
			s.asking.toAsk = s.asking.toAsk.Without(p)
		}
	}
	c.ask(s)
}

// activated takes in what came of asking a product to activate.
func (c *cycle) activated(s *station, r report) {
	p := c.productOf(s, r.licence)
	var answer *kms.CodeError
	coded := errors.As(r.err, &answer)
	switch {
	case r.err == nil, coded && answer.Code.Counted(), errors.Is(r.err, kms.ErrUnknownOutcome):
		c.asked, s.asked, s.asking.requestsStale = c.asked+1, s.asked+1, true
		c.emit(outcome.KindAsked, s, outcome.Event{Product: c.managed[p]})
		s.asking.toAsk = s.asking.toAsk.Without(p)
		c.awaitRequest(s)
	case coded:
		c.refuse(s, p, r.licence, answer.Code)
		return
	case errors.Is(r.err, kms.ErrDenied):
		s.refused.PutAside(r.licence, r.err.Error())
	default:
		c.askLater(s, r.err)
		return
	}
	if s.phase == asking {
		c.ask(s)
	}
}

// refusalPause lies between a refusal and the next try, once more each time: four tries lie
// within the two minutes after a start.
const refusalPause = 20 * time.Second

// refuse takes in an answer that does not mean counted (A16). One of a machine that is
// still starting is tried again while it may be; any other that is not explained by
// Microsoft once more. Then the licence is put aside.
func (c *cycle) refuse(s *station, p int, licence string, code kms.Code) {
	if s.refusals == nil {
		s.refusals = map[string]int{}
	}
	s.refusals[licence]++
	s.lastRefusal = (&kms.CodeError{Code: code}).Error()
	starting := (code.Passes() || code.ReachesNoHost()) && s.age(c.now) < requestGrace
	if starting || s.refusals[licence] == 1 && (!code.Explained() || code.Passes() || code.ReachesNoHost()) {
		if !s.started() {
			c.dropCounts(s, scheduler.Only(p)) // others need not wait for it
		}
		c.setAlarm(s, c.now.Add(time.Duration(s.refusals[licence])*refusalPause))
		return
	}
	if code.ReachesNoHost() && c.canary == s {
		c.doubt = &doubt{station: s.name, code: code}
	}
	s.refused.PutAside(licence, s.lastRefusal)
	c.ask(s)
}

// awaitRequest has the request that was commanded looked for: that Windows took the command
// is no evidence, since it may ask another host, or nobody (A6).
func (c *cycle) awaitRequest(s *station) {
	if s.start == nil {
		s.start = &start{begun: true, stayedUp: true, at: s.asking.commandedAt, backAt: c.now, pollsBefore: s.asking.pollsBefore}
		c.underWay = append(c.underWay, s)
	}
	s.start.asked, s.start.waitingSince, s.start.lastLook = true, c.now, 0
	s.start.pollsAsked = s.asking.pollsBefore
	c.requestHostPoll(c.now)
}

// productOf is the managed product that a licence is for.
func (c *cycle) productOf(s *station, licence string) int {
	product, _ := s.licensing.ProductOf(licence)
	return max(0, slices.Index(c.managed, product))
}

// judgeByEvents judges by the station's own events what it asked since its start.
func (c *cycle) judgeByEvents(s *station, exchanges []kms.Exchange) {
	for p, product := range c.managed {
		for _, e := range exchanges {
			age := s.clock(c.now).Sub(e.Time)
			if e.Answer == nil || !e.Answer.Code.Counted() || !c.isOurHost(e.Host) || !s.licensing.Has(product, e.ActivationID) || age > kms.CountedFor {
				continue
			}
			s.reachesHost = true
			from, to := c.answeredBetween(s, age)
			c.host.takeClientCount(p, evidence.ClientCount{Known: true, Count: e.Answer.Count, From: from, To: to})
			if s.pendingCounts.Has(p) {
				c.judgeByEvent(s, p, e, age)
			}
		}
		if s.phase == out {
			return
		}
	}
}

// judgeByEvent judges by one answered request whether the station has asked for a product:
// since its start, or before it was commanded to.
func (c *cycle) judgeByEvent(s *station, p int, e kms.Exchange, age time.Duration) {
	if s.asking != nil {
		s.asking.toAsk = s.asking.toAsk.Without(p)
	}
	id := evidence.Request{CMID: e.CMID, ActivationID: e.ActivationID}
	if c.isSinceStart(s, age) {
		c.judgeRequest(s, p, id)
		return
	}
	c.host.log.RememberEarlier(id)
	c.dropCounts(s, scheduler.Only(p))
}

// isSinceStart reports whether a request of such an age was made since the station's start, or
// since it was commanded to.
func (c *cycle) isSinceStart(s *station, age time.Duration) bool {
	return s.started() && (!s.start.stayedUp || age <= c.now.Sub(s.start.at)+eventGrain)
}

// answeredBetween gives the moments between which a request of such an age was answered. Of one
// since a start its age is not believed, since clocks may be set: an uptime does not move.
func (c *cycle) answeredBetween(s *station, age time.Duration) (from, to time.Time) {
	if c.isSinceStart(s, age) && (s.start.byUs || s.start.stayedUp) {
		return kms.Later(s.start.at, c.now.Add(-s.age(c.now)-eventGrain)), c.now
	}
	to = c.now.Add(-age + eventGrain)
	if to.After(c.now) {
		to = c.now
	}
	return c.now.Add(-age - eventGrain), to
}

// isOurHost reports whether an event is about the KMS host that the cycle reads. A name and an
// address cannot be compared: then it is, unless the host's own log can tell.
func (c *cycle) isOurHost(asked string) bool {
	host, ours := kms.HostOf(asked), kms.HostOf(c.hostName)
	if host == "" || kms.SameHost(host, ours) {
		return true
	}
	return c.host.logUnreadable && (kms.IsAddress(host) || kms.IsAddress(ours))
}

// eventGrain is how much earlier than it was an event may be dated: Windows dates by the
// second.
const eventGrain = 2 * time.Second

// asksDone lets a station that was asked everything go on.
func (c *cycle) asksDone(s *station) {
	if first := s.asking.doubted; first != nil && !s.reachesHost {
		c.exclude(s, fmt.Sprintf("nothing shows that it reaches the KMS host, and %s did not: %s", first.station, first.code.Words()))
		return
	}
	s.asking = nil
	switch {
	case s.pendingCounts != 0 && s.started():
		c.await(s, onAnswersAwaited)
	case s.started():
		c.finish(s)
	default:
		c.dropCounts(s, s.pendingCounts)
		c.move(s, onAsked)
		c.makeCandidate(s)
	}
}

// seekClientCounts reads the events of members that can be restarted for the host's counts,
// where the host refuses the account and no station was told one yet.
func (c *cycle) seekClientCounts() {
	if !slices.ContainsFunc(c.all().List(), c.host.noCountKnown) {
		return
	}
	for _, s := range slices.Clone(c.candidates) {
		if !s.eventsRead {
			s.eventsRead = true
			c.beginAsking(s, attempt{forCounts: true})
			c.ask(s)
		}
	}
}

// doubt is the reason why the next station must have shown that it reaches the KMS host
// before it is restarted: the one that went first did not.
type doubt struct {
	station string
	code    kms.Code
}

// dispel reads of a candidate whether the KMS host has answered it since it started.
func (c *cycle) dispel(s *station) {
	c.beginAsking(s, attempt{doubted: c.doubt})
	c.ask(s)
}
