package cycle

import (
	"errors"
	"slices"
	"time"

	"github.com/timago/terraform-provider-timago/internal/evidence"
	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/outcome"
	"github.com/timago/terraform-provider-timago/internal/scheduler"
)

// host is what the cycle knows of the KMS host. Polls of it are numbered, so that what
// was seen can be put before or after a start without comparing clocks.
type host struct {
	known         bool
	counts        []int
	balances      []evidence.Balance // by product: whether all requests that the log shows were counted
	logUnreadable bool               // its log may not be read: the stations' events are the evidence

	pollsBegun           int
	polling              bool
	pollBegan, pollEnded time.Time // of the last poll
	pollSpacing          time.Duration
	settledSeen          int       // counts that it certainly contains, by the ledger
	pollWanted           time.Time // when a poll is wanted; zero: none is
	pollsWithoutLog      int       // in a row
	failures             int
	failing              time.Time     // since when
	silentFor            time.Duration // in all, before that

	// Where the host refuses the account its counts come from the stations' events.
	refusesAccount bool
	refusal        error // with what
	clientCounts   []evidence.ClientCount

	log *evidence.Log
}

func newHost(managed int) host {
	return host{
		counts: make([]int, managed), balances: make([]evidence.Balance, managed), clientCounts: make([]evidence.ClientCount, managed),
		log: evidence.New(),
	}
}

// Distances between polls of the host.
const (
	idlePolls    = 20 * time.Second
	failingPolls = 15 * time.Second
	// freshFor is how long a reading stands for the moment.
	freshFor = 2 * time.Second
	// hostAttempts is how often a host is asked that never answered in this cycle.
	hostAttempts = 3
	// logAttempts is how many polls in a row may fail to read the log until the stations'
	// events take its place.
	logAttempts = 5
)

// requestHostPoll wants the host to be polled by then.
func (c *cycle) requestHostPoll(at time.Time) {
	if c.host.pollWanted.IsZero() || at.Before(c.host.pollWanted) {
		c.host.pollWanted = at
	}
}

func (c *cycle) nextHostPoll() (time.Time, bool) {
	if c.host.pollWanted.IsZero() || c.host.polling || c.closing {
		return time.Time{}, false
	}
	return kms.Later(c.host.pollWanted, c.host.pollBegan.Add(c.host.pollSpacing)), true
}

func (c *cycle) pollHostIfDue() {
	at, wanted := c.nextHostPoll()
	if !wanted || at.After(c.now) || c.done {
		return
	}
	h := &c.host
	h.pollBegan, h.pollWanted = c.now, time.Time{}
	h.pollsBegun++
	if h.refusesAccount {
		h.pollWanted = c.now.Add(idlePolls) // nothing is read: what others do shows with time
		return
	}
	h.polling, h.pollSpacing = true, scheduler.UsualPolls
	for _, s := range c.underWay {
		h.pollSpacing = min(h.pollSpacing, scheduler.PollSpacing(c.cycleTime(s)))
	}
	since := h.log.Newest
	if !since.IsZero() {
		since = since.Add(-kms.LogOverlap)
	}
	c.outbox = append(c.outbox, call{
		verb: pollHost, since: since, withoutLog: h.logUnreadable, withClock: h.pollsBegun == 1, settled: c.ledger.Settled,
	})
}

// pollsBefore is how many polls cannot show a request that is made now. One that is under way
// may, and is known to show nothing old where the log was read before it.
func (h *host) pollsBefore() int {
	if h.polling && h.known && h.pollsWithoutLog == 0 {
		return h.pollsBegun - 1
	}
	return h.pollsBegun
}

// isFresh reports whether the last poll stands for the moment: a start may rest on it. Where
// the log was not read, a request of before the start would look like one of after it.
func (c *cycle) isFresh() bool {
	h := &c.host
	return h.refusesAccount || (h.logUnreadable || h.pollsWithoutLog == 0) && h.settledSeen == c.ledger.Settled && c.now.Sub(h.pollEnded) <= freshFor &&
		!c.ledger.HostRead.After(h.pollEnded)
}

// hostPolled takes in a poll of the host: first the evidence, then the counts.
func (c *cycle) hostPolled(r report) {
	h := &c.host
	h.polling = false
	if r.err != nil {
		c.hostFailed(r.err)
		return
	}
	h.silentFor, h.failures = c.hostSilent(), 0
	before := slices.Clone(h.counts)
	first := !h.known
	if !c.takeCounts(r.host) {
		return
	}
	h.known, h.pollEnded, h.settledSeen = true, c.now, r.settled
	c.ledger.HostRead = c.now
	if first || !slices.Equal(before, h.counts) {
		c.emit(outcome.KindCounts, nil, outcome.Event{Counts: c.counts()})
	}
	c.takeLog(r)
	c.judgeStarts()
	if r.logErr == nil && !r.withoutLog {
		c.balance()
		c.watchCeiling(!r.since.IsZero())
	}
}

// takeCounts takes over the counts; false where the host has no key for what is wanted.
func (c *cycle) takeCounts(read kms.Host) bool {
	for p, product := range c.managed {
		count, _ := read.Count(product) // no data yet: nothing was counted
		if !read.HasKey(product) {
			c.fail(&outcome.HostWithoutKey{Product: product})
			return false
		}
		c.host.counts[p] = count
	}
	return true
}

// takeLog takes over the host's records. A log that cannot be read for a while is replaced
// by the stations' events.
func (c *cycle) takeLog(r report) {
	h := &c.host
	if r.logErr != nil {
		h.pollsWithoutLog++
		h.logUnreadable = h.logUnreadable || errors.Is(r.logErr, kms.ErrDenied) || h.pollsWithoutLog == logAttempts
		return
	}
	h.pollsWithoutLog = 0
	if !r.clock.Now.IsZero() {
		c.noteEarlierRequests(r.counted, r.clock.Now)
	}
	h.log.Record(r.counted, h.pollsBegun)
	c.dropCounted()
}

// judgeStarts holds the stations that were started against what the host has shown.
func (c *cycle) judgeStarts() {
	settled := c.ledger.Settled
	for _, s := range slices.Clone(c.underWay) {
		if again := s.start.unneeded & s.adds & c.lacking(); again != 0 && s.start.begun { // the count has fallen
			s.start.unneeded, s.start.asked = s.start.unneeded&^again, false
			c.expectCounts(s, again)
		}
		switch {
		case s.phase == awaiting:
			c.judgeByHost(s)
		case s.phase == down && c.alarms.IsSet(s.index) && c.hasAsked(s):
			c.alarms.Set(s.index, c.now) // it must be back: its uptime proves it
		case s.phase == down:
			c.pollWhileDue(s)
		}
	}
	// What this poll itself has shown, its counts contain: they were read after the log.
	c.host.settledSeen += c.ledger.Settled - settled
}

// dropCounted strikes members out that were to be asked, since they were read before the
// log, and that the host turns out to have counted.
func (c *cycle) dropCounted() {
	for p := range c.managed {
		c.askable[p] = slices.DeleteFunc(c.askable[p], func(s *station) bool { return c.isCountedFor(s, p) })
	}
}

// hostFailed asks a host again that did not answer, and gives up in time. Where the host
// refuses the account, the stations' events stand for it.
func (c *cycle) hostFailed(err error) {
	h := &c.host
	if errors.Is(err, kms.ErrDenied) {
		h.silentFor, h.failures = c.hostSilent(), 0 // it answers
		if h.known && !h.refusesAccount {           // it was read before: that stands until stations know better
			for p := range c.managed {
				h.clientCounts[p] = evidence.ClientCount{Known: true, Count: h.counts[p], From: h.pollBegan, To: h.pollEnded}
			}
		}
		h.known, h.logUnreadable, h.refusesAccount, h.refusal = true, true, true, err
		return
	}
	if h.failures++; h.failures == 1 {
		h.failing = c.now
		c.emit(outcome.KindHostSilent, nil, outcome.Event{Reason: err.Error()})
	}
	if !h.known && h.failures >= hostAttempts || c.now.Sub(h.failing) >= c.limits.StationTimeout {
		c.fail(&outcome.HostUnreadable{Cause: err})
		return
	}
	c.requestHostPoll(c.now.Add(min(time.Duration(h.failures)*time.Second, failingPolls)))
}

// pollWhileDue has the host polled while a station is due: one poll shows the requests of
// all, so that few probes are needed.
func (c *cycle) pollWhileDue(s *station) {
	st := s.start
	if silence := c.now.Sub(st.at); !c.host.logUnreadable && silence >= st.watch.From && silence < st.watch.Until {
		c.requestHostPoll(c.now.Add(s.expectedCycle / 100))
	}
}

// takeClientCount takes a count from a station's event, where the host itself may not be
// read. The youngest answer stands.
func (h *host) takeClientCount(p int, count evidence.ClientCount) {
	if h.refusesAccount && !count.IsOlder(h.clientCounts[p]) {
		h.counts[p], h.clientCounts[p] = count.Count, count
	}
}

// noCountKnown reports whether the host refuses the account and no station was told a
// product's count yet.
func (h *host) noCountKnown(p int) bool { return h.refusesAccount && !h.clientCounts[p].Known }

// noteEarlierRequests looks in the first read of the log for requests that members made
// shortly before the cycle began.
func (c *cycle) noteEarlierRequests(records []kms.Counted, hostNow time.Time) {
	members := map[string]bool{}
	for _, s := range c.stations {
		members[kms.HostLabel(s.name)] = true
		if s.presence.Name != "" {
			members[kms.HostLabel(s.presence.Name)] = true
		}
	}
	for _, record := range records {
		if members[kms.HostLabel(record.Client)] {
			c.noteEarlierStart(c.now.Add(-hostNow.Sub(record.Time)))
		}
	}
}

// noteEarlierStart notes a member's start that lies before the cycle: an earlier run may
// have been at work, and have others on their way back (A11, A15).
func (c *cycle) noteEarlierStart(at time.Time) {
	if at.Before(c.started) && at.After(c.earlierStart) {
		c.earlierStart = at
	}
}
