package cycle

import (
	"time"

	"github.com/timago/terraform-provider-timago/internal/evidence"
	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/ledger"
	"github.com/timago/terraform-provider-timago/internal/outcome"
	"github.com/timago/terraform-provider-timago/internal/pool"
	"github.com/timago/terraform-provider-timago/internal/schedule"
	"github.com/timago/terraform-provider-timago/internal/scheduler"
)

// Tunables of a cycle.
const (
	readsAtOnce           = 56               // reads of stations that nobody waits for: of so many each keeps its connection, by default
	firstReadsGrace       = 5 * time.Second  // for the first reads to end, until restarts no longer wait for them
	requestGrace          = 2 * time.Minute  // after a start until a product without a request is asked to make one, at the latest
	askedRequestGrace     = time.Minute      // until a request that was commanded shows
	userCheckEvery        = 30 * time.Second // between looks at a station in use
	unreachableProbeEvery = 30 * time.Second // between looks at a station that does not answer
	asksRetried           = 3                // calls to activate that fail for want of an answer
	waitingEvery          = time.Minute      // between two words on what an idle cycle waits for
)

// cycle decides. It is driven by begin, takeReport, tick and cancel, each with the moment;
// after each the driver takes what is to be called. It is not safe for concurrent use,
// and with the same inputs always does the same (A12).
type cycle struct {
	limits        pool.Limits
	managed       []kms.Product
	wanted        []int // by product
	ledger        *ledger.Ledger
	hostName      string // of the KMS host
	canWake       bool
	window        *schedule.Window
	windowChecked bool // the window was found to allow what is needed

	stations       []*station
	alarms         *scheduler.Alarms // by index
	in             [phases]int       // stations by phase
	candidates     []*station        // for a restart, the quickest first
	underWay       []*station        // stations with a start
	askable        [][]*station
	inFlightBuffer []scheduler.InFlight
	wakeable       []*station
	firstReads     int                    // stations whose first read has not ended
	expected       [expectations]int      // stations that do not answer, by what is expected of them
	byComputer     map[string][]*station  // members that were read, by the name of their computer
	byLabel        map[string][]*station  // all members, by the first part of their name
	readBefore     map[string]kms.Station // what was read of members a moment before the cycle began
	slowBefore     time.Duration          // a slow cycle, by what was known when this one began
	earlierStart   time.Time              // of a member, the latest before the cycle began

	host  host
	paces *scheduler.Paces // by index

	cmidChanges        scheduler.Products // for which restarts are known to bring new client machine ids
	cmidChangeSeenHere scheduler.Products // … as this cycle saw itself
	canary             *station           // the one that goes first
	doubt              *doubt             // why the next one must have shown that it reaches the host
	cmidChangeSeenAt   time.Time
	keepsCMID          *outcome.SameCMID

	ceilingChecked         bool                  // no target lies above the ceiling that the members' requests show
	logJudged, logComplete scheduler.Products    // whether the first log held all that was counted
	claims                 []claim               // requests that may have added counts
	standstills            []evidence.Standstill // by product

	started   time.Time
	now       time.Time
	calls     int    // made and not reported
	reads     int    // of these, reads that nobody waits for
	queue     []call // reads that wait for their turn
	outbox    []call
	events    []outcome.Event
	waitingAt time.Time // when it was said last that nothing can be done but wait
	moved     func(phase, occasion)

	asked, askedAfter, woken int
	closing                  bool
	done                     bool
	err                      error
	cancelCause              error     // the context's
	deadline                 time.Time // for the last reports, once cancelled
}

func newCycle(job Job, shared *ledger.Ledger, canWake bool, now time.Time) *cycle {
	c := &cycle{
		limits: job.Limits.WithDefaults(), window: job.Window, ledger: shared, hostName: job.Host, started: now, now: now, alarms: scheduler.NewAlarms(len(job.Members)),
		byComputer: map[string][]*station{}, byLabel: map[string][]*station{}, paces: scheduler.NewPaces(job.Members, job.Memory), cmidChangeSeenAt: job.Memory.Proof,
	}
	c.slowBefore, c.readBefore = c.paces.SlowFleet(), job.Read
	c.canWake = canWake && c.limits.Wake
	for _, p := range kms.Products() {
		if threshold := job.Thresholds[p]; threshold > 0 {
			c.managed, c.wanted = append(c.managed, p), append(c.wanted, threshold)
		}
	}
	if !job.Memory.Proof.IsZero() {
		c.cmidChanges = c.all()
	}
	c.askable = make([][]*station, len(c.managed))
	c.standstills = make([]evidence.Standstill, len(c.managed))
	c.host = newHost(len(c.managed))
	for i, name := range job.Members {
		s := &station{
			name: name, key: job.key(name), index: i,
			firstReadPending: true, awaitedSince: now,
		}
		c.stations = append(c.stations, s)
		label := kms.StationLabel(name)
		c.byLabel[label] = append(c.byLabel[label], s)
	}
	c.in[unread], c.firstReads = len(c.stations), len(c.stations)
	return c
}

// begin reads the host and all members.
func (c *cycle) begin(now time.Time) {
	c.now = now
	for _, s := range c.stations {
		c.ledger.AddMember(s.key)
	}
	if len(c.managed) == 0 {
		c.done = true
		return
	}
	c.requestHostPoll(now)
	for _, s := range c.stations {
		if read, known := c.readBefore[s.name]; known && now.Sub(read.At) <= kms.ReadStands {
			c.takeWhole(s, read, read.At)
			c.admit(s)
		} else {
			c.send(s, call{verb: whole})
		}
	}
	c.readBefore = nil
	c.publishExpected()
	c.decide()
}

// takeReport takes in what came of a call.
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
	for i, due := c.alarms.TakeDue(now); due; i, due = c.alarms.TakeDue(now) {
		c.alarmed(c.stations[i])
	}
	c.decide()
}

// cancel lets nothing new start. Calls that were made may still report for a while (A10).
func (c *cycle) cancel(now time.Time, cause error) {
	c.now, c.cancelCause, c.deadline = now, cause, now.Add(cancelGracePeriod)
	c.queue = nil
	c.publishExpected()
}

// take hands over what is to be called and what has happened.
func (c *cycle) take() ([]call, []outcome.Event) {
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
	next, set := c.alarms.Next()
	if at, wanted := c.nextHostPoll(); wanted && (!set || at.Before(next)) {
		return at, true
	}
	return next, set
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
	case unread, silent, asking, closing, waking:
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

func (c *cycle) emit(kind outcome.Kind, s *station, event outcome.Event) {
	event.Kind = kind
	if s != nil {
		event.Station = s.name
	}
	c.events = append(c.events, event)
}

func (c *cycle) all() scheduler.Products { return scheduler.Only(len(c.managed)) - 1 }

func (c *cycle) counts() map[kms.Product]int {
	counts := make(map[kms.Product]int, len(c.managed))
	for p, product := range c.managed {
		counts[product] = c.host.counts[p]
	}
	return counts
}
