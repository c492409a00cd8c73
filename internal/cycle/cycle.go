package cycle

import (
	"maps"
	"slices"
	"time"

	"github.com/timago/terraform-provider-timago/internal/pool"
	"github.com/timago/terraform-provider-timago/internal/schedule"

	"github.com/timago/terraform-provider-timago/internal/kms"
)

// Tunables of a cycle.
const (
	readsAtOnce           = 64               // reads of stations that nobody waits for
	firstReadsGrace       = 5 * time.Second  // for the first reads to end, until restarts no longer wait for them
	requestGrace          = 2 * time.Minute  // after a start until a product without a request is asked to make one
	askedRequestGrace     = time.Minute      // until a request that was commanded shows
	userCheckEvery        = 30 * time.Second // between looks at a station in use
	unreachableProbeEvery = 30 * time.Second // between looks at a station that does not answer
	asksRetried           = 3                // calls to activate that fail for want of an answer
)

// cycle decides. It is driven by begin, report, tick and cancel, each with the moment;
// after each the driver takes what is to be called. It is not safe for concurrent use,
// and with the same inputs always does the same.
type cycle struct {
	limits        pool.Limits
	managed       []kms.Product
	wanted        []int // by product
	ledger        *ledger
	canWake       bool
	window        *schedule.Window
	windowChecked bool // the window was found to allow what is needed

	stations       []*station
	alarms         alarms
	in             [phases]int // stations by phase
	candidates     []*station  // candidates for a restart, the quickest first
	underWay       []*station  // started, and counts owed
	askable        [][]*station
	inFlightBuffer []inFlight // memory for legs
	wakeable       []*station // could be woken
	expectedBack   int        // members that may be coming back by themselves

	host  host
	fleet pool.Pace // of all stations together, for one of which nothing is known
	paces map[string]pool.Pace

	cmidChanges        bool // restarts bring new client machine ids
	cmidChangeSeenHere bool // … as this cycle saw itself
	canary             *station
	cmidChangeSeenAt   time.Time
	keepsCMID          *SameCMID

	started time.Time
	now     time.Time
	calls   int    // made and not reported
	reads   int    // of these, reads that nobody waits for
	queue   []call // reads that wait for their turn
	outbox  []call
	events  []Event
	waiting bool // told that nothing can be done but wait

	asked, askedAfter, woken int
	closing                  bool
	done                     bool
	err                      error
	cancelCause              error     // the context's
	deadline                 time.Time // for last words, once ended
}

func newCycle(job Job, ledger *ledger, canWake bool, now time.Time) *cycle {
	c := &cycle{
		limits: job.Limits.WithDefaults(), window: job.Window, ledger: ledger, started: now, now: now,
		paces: map[string]pool.Pace{}, fleet: job.Memory.Fleet(job.Members), cmidChanges: !job.Memory.Proof.IsZero(), cmidChangeSeenAt: job.Memory.Proof,
	}
	c.canWake = canWake && c.limits.Wake
	for _, p := range kms.Products() {
		if threshold := job.Thresholds[p]; threshold > 0 {
			c.managed, c.wanted = append(c.managed, p), append(c.wanted, threshold)
		}
	}
	c.askable = make([][]*station, len(c.managed))
	c.host = newHost(len(c.managed))
	for i, name := range job.Members {
		s := &station{name: name, key: job.key(name), index: i, slot: -1, pace: job.Memory.Paces[name]}
		c.stations = append(c.stations, s)
	}
	maps.Copy(c.paces, job.Memory.Paces)
	c.in[unread] = len(c.stations)
	return c
}

// begin reads the host and all members.
func (c *cycle) begin(now time.Time) {
	c.now = now
	for _, s := range c.stations {
		c.ledger.members[s.key]++
	}
	if len(c.managed) == 0 {
		c.done = true
		return
	}
	c.requestHostPoll(now)
	for _, s := range c.stations {
		c.send(s, call{verb: presence})
	}
	c.publishExpected()
	c.decide()
}

// report takes in what came of a call.
func (c *cycle) takeReport(now time.Time, r report) {
	c.now = now
	c.calls--
	if r.verb == pollHost {
		c.hostPolled(r)
	} else {
		if r.queued {
			c.reads--
		}
		c.handleReport(r.station, r)
	}
	c.decide()
}

// tick lets happen what is due.
func (c *cycle) tick(now time.Time) {
	c.now = now
	for s := c.alarms.due(now); s != nil; s = c.alarms.due(now) {
		c.alarmed(s)
	}
	c.decide()
}

// cancel lets nothing new start. Calls that were made may still report for a while.
func (c *cycle) cancel(now time.Time, cause error) {
	c.now, c.cancelCause, c.deadline = now, cause, now.Add(cancelGracePeriod)
	c.queue = nil
}

// take hands over what is to be called and what has happened.
func (c *cycle) take() ([]call, []Event) {
	if c.done {
		c.outbox = nil
	}
	calls, events := c.outbox, c.events
	c.calls += len(calls)
	c.outbox, c.events = nil, nil
	return calls, events
}

// next is when the cycle wants to be ticked; false when only reports can move it.
func (c *cycle) next() (time.Time, bool) {
	if c.cancelCause != nil {
		return c.deadline, true
	}
	var next time.Time
	if len(c.alarms) > 0 {
		next = c.alarms[0].alarm
	}
	if at, wished := c.nextHostPoll(); wished && (next.IsZero() || at.Before(next)) {
		next = at
	}
	return next, !next.IsZero()
}

func (c *cycle) finished() bool {
	if c.cancelCause != nil {
		return c.calls == 0 || !c.now.Before(c.deadline)
	}
	return c.done
}

// send asks a station something. Reads that nobody waits for take turns.
func (c *cycle) send(s *station, asked call) {
	if c.cancelCause != nil {
		return
	}
	asked.station = s
	switch s.phase {
	case unread, away, asking, closing, waking:
		asked.queued = true
		if c.reads == readsAtOnce {
			c.queue = append(c.queue, asked)
			return
		}
		c.reads++
	case ready, checking, stopping, down, returned, awaiting, out, phases:
	}
	c.outbox = append(c.outbox, asked)
}

func (c *cycle) move(s *station, to phase) {
	c.in[s.phase]--
	c.in[to]++
	s.phase = to
}

func (c *cycle) emit(kind Kind, s *station, event Event) {
	event.Kind = kind
	if s != nil {
		event.Station = s.name
	}
	c.events = append(c.events, event)
}

// decide starts what can be started, and ends the cycle when nothing more can come.
func (c *cycle) decide() {
	defer c.publishExpected()
	for len(c.queue) > 0 && c.reads < readsAtOnce && c.cancelCause == nil {
		c.reads++
		c.outbox = append(c.outbox, c.queue[0])
		c.queue = c.queue[1:]
	}
	if c.done || c.cancelCause != nil {
		return
	}
	if c.host.known && !c.closing {
		if c.met(c.all()) {
			c.emit(KindReached, nil, Event{Counts: c.counts()})
			c.close()
		} else {
			c.start()
		}
	}
	c.pollHostIfDue()
	if c.closing && c.busyPhases() == 0 && len(c.outbox) == 0 && !slices.ContainsFunc(c.stations, (*station).booting) {
		c.done = true
	}
}

func (c *cycle) all() products { return only(len(c.managed)) - 1 }

// busyPhases counts the stations from which something is still to come.
func (c *cycle) busyPhases() int {
	return len(c.stations) - c.in[away] - c.in[ready] - c.in[out]
}

// promise tells all cycles what this one may yet add without a restart: members not read
// yet, or asked in a moment, or on their way back from an earlier run's restart may add a
// count each. These cheaper means come first.
func (c *cycle) publishExpected() {
	for p, product := range c.managed {
		counts := 0
		if !c.closing && !c.done && c.cancelCause == nil {
			counts = c.in[unread] + c.expectedBack + len(c.askable[p])
		}
		c.ledger.publishExpected(c, product, counts)
	}
}

// start starts what is needed, the cheapest first: asks, then wakes, then restarts.
func (c *cycle) start() {
	if c.publishExpected(); !c.windowAllows() {
		return
	}
	c.startAsks()
	c.publishExpected()
	if c.host.refusesAccount {
		c.host.settledSeen = c.ledger.settled // the stations' answers hold the counts
	}
	if c.host.polling && !c.isFresh() {
		return // what can be started shows with the look
	}
	candidate := c.choose()
	sleeper := c.nextToWake()
	switch {
	case c.host.settledSeen != c.ledger.settled:
		c.requestHostPoll(c.now) // counts were made that the last look may not show
		return
	case candidate == nil && sleeper == nil:
		c.waitOrStall()
		return
	case !c.isFresh():
		c.requestHostPoll(c.now)
		return
	}
	for ; sleeper != nil; sleeper = c.nextToWake() {
		c.wake(sleeper)
	}
	for candidate = c.choose(); candidate != nil; candidate = c.choose() {
		c.check(candidate)
	}
}

func (c *cycle) counts() map[kms.Product]int {
	counts := make(map[kms.Product]int, len(c.managed))
	for p, product := range c.managed {
		counts[product] = c.host.counts[p]
	}
	return counts
}
