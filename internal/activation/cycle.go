package activation

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
)

// Tunables of a cycle.
const (
	readsAtOnce     = 32               // reads of stations that nobody waits for
	usualCycle      = 3 * time.Minute  // of a station of which nothing is known
	requestGrace    = 2 * time.Minute  // after a start until a product without a request is asked to make one
	requestPatience = time.Minute      // until a request that was commanded shows
	userLook        = 30 * time.Second // between looks at a station in use
	fewestAwayLook  = 30 * time.Second // between looks at a station that does not answer
	asksToRetry     = 3                // calls to activate that fail for want of an answer
)

// cycle decides. It is driven by begin, report, tick and cancel, each with the moment;
// after each the driver takes what is to be called. It is not safe for concurrent use,
// and with the same inputs always does the same.
type cycle struct {
	limits  Limits
	managed []kms.Product
	wanted  []int // by product
	ledger  *ledger
	canWake bool

	stations []*station
	alarms   alarms
	in       [phases]int // stations by phase
	idle     []*station  // candidates for a restart, the quickest first
	underWay []*station  // started, and counts owed
	askable  [][]*station
	sleeping []*station // could be woken
	hoped    int        // members that may be coming back by themselves

	host  host
	fleet Pace // of all stations together, for one of which nothing is known
	paces map[string]Pace

	proven   bool // restarts bring new client machine ids
	seenHere bool // … as this cycle saw itself
	prover   *station
	proof    time.Time
	keeps    *SameCMID

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
	ended                    error     // the context's
	deadline                 time.Time // for last words, once ended
}

func newCycle(job Job, ledger *ledger, canWake bool, now time.Time) *cycle {
	c := &cycle{
		limits: job.Limits.withDefaults(), ledger: ledger, started: now, now: now,
		paces: map[string]Pace{}, proven: !job.Memory.Proof.IsZero(), proof: job.Memory.Proof,
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
		s := &station{name: name, index: i, slot: -1, pace: job.Memory.Paces[name]}
		c.stations = append(c.stations, s)
		if s.pace.Return.Samples > 0 {
			c.fleet.Return = c.fleet.Return.with(s.pace.Return.Mean)
			c.fleet.Request = c.fleet.Request.with(s.pace.Request.Mean)
		}
	}
	for name, pace := range job.Memory.Paces {
		c.paces[name] = pace
	}
	c.in[unread] = len(c.stations)
	return c
}

// begin reads the host and all members.
func (c *cycle) begin(now time.Time) {
	c.now = now
	if len(c.managed) == 0 {
		c.done = true
		return
	}
	c.wish(now)
	for _, s := range c.stations {
		c.send(s, call{verb: presence})
	}
	c.decide()
}

// report takes in what came of a call.
func (c *cycle) report(now time.Time, r report) {
	c.now = now
	c.calls--
	switch {
	case r.verb == look:
		c.looked(r)
	default:
		if r.queued {
			c.reads--
		}
		c.heard(r.station, r)
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
	c.now, c.ended, c.deadline = now, cause, now.Add(lastWords)
	c.queue = nil
}

// take hands over what is to be called and what has happened.
func (c *cycle) take() ([]call, []Event) {
	if c.ended != nil || c.done {
		c.outbox = nil
	}
	calls, events := c.outbox, c.events
	c.calls += len(calls)
	c.outbox, c.events = nil, nil
	return calls, events
}

// next is when the cycle wants to be ticked; false when only reports can move it.
func (c *cycle) next() (time.Time, bool) {
	if c.ended != nil {
		return c.deadline, true
	}
	var next time.Time
	if len(c.alarms) > 0 {
		next = c.alarms[0].alarm
	}
	if at, wished := c.nextLook(); wished && (next.IsZero() || at.Before(next)) {
		next = at
	}
	return next, !next.IsZero()
}

func (c *cycle) finished() bool {
	if c.ended != nil {
		return c.calls == 0 || !c.now.Before(c.deadline)
	}
	return c.done
}

// send asks a station something. Reads that nobody waits for take turns.
func (c *cycle) send(s *station, asked call) {
	if c.ended != nil {
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

func (c *cycle) tell(kind Kind, s *station, event Event) {
	event.Kind = kind
	if s != nil {
		event.Station = s.name
	}
	c.events = append(c.events, event)
}

// decide starts what can be started, and ends the cycle when nothing more can come.
func (c *cycle) decide() {
	for len(c.queue) > 0 && c.reads < readsAtOnce && c.ended == nil {
		c.reads++
		c.outbox = append(c.outbox, c.queue[0])
		c.queue = c.queue[1:]
	}
	if c.done || c.ended != nil {
		return
	}
	if c.host.known && !c.closing {
		if c.met(c.all()) {
			c.tell(KindReached, nil, Event{Counts: c.counts()})
			c.close()
		} else {
			c.start()
		}
	}
	c.lookIfWished()
	if c.closing && c.busyPhases() == 0 && len(c.outbox) == 0 {
		c.done = true
	}
}

func (c *cycle) all() products { return only(len(c.managed)) - 1 }

// busyPhases counts the stations from which something is still to come.
func (c *cycle) busyPhases() int {
	return len(c.stations) - c.in[away] - c.in[ready] - c.in[out]
}

// start starts what is needed, the cheapest first: asks, then wakes, then restarts.
func (c *cycle) start() {
	c.startAsks()
	candidate := c.choose()
	sleeper := c.sleeper()
	switch {
	case c.host.settled != c.ledger.settled:
		c.wish(c.now) // counts were made that the last look may not show
		return
	case candidate == nil && sleeper == nil:
		c.restOrStall()
		return
	case !c.isFresh():
		c.wish(c.now)
		return
	}
	for ; sleeper != nil; sleeper = c.sleeper() {
		c.wake(sleeper)
	}
	for candidate = c.choose(); candidate != nil; candidate = c.choose() {
		c.check(candidate)
	}
}

// missing is what the host's count lacks.
func (c *cycle) missing(p int) int { return max(0, c.wanted[p]-c.host.counts[p]) }

// short is what is missing beyond all that is under way, here and in other cycles.
func (c *cycle) short(p int) int { return c.missing(p) - c.ledger.underWay[c.managed[p]] }

func (c *cycle) met(of products) bool {
	for p := range c.managed {
		if of.has(p) && c.missing(p) > 0 {
			return false
		}
	}
	return true
}

// lacking are the products whose thresholds do not hold.
func (c *cycle) lacking() products {
	var lacking products
	for p := range c.managed {
		if c.missing(p) > 0 {
			lacking = lacking.with(p)
		}
	}
	return lacking
}

// owe notes counts as under way. Only what is missing is waited for.
func (c *cycle) owe(s *station, counts products) {
	for p, product := range c.managed {
		if counts.has(p) && !s.owes.has(p) {
			s.owes = s.owes.with(p)
			c.ledger.underWay[product]++
		}
	}
}

// release takes counts out of what is under way.
func (c *cycle) release(s *station, counts products) {
	for p, product := range c.managed {
		if counts.has(p) && s.owes.has(p) {
			s.owes = s.owes.without(p)
			c.ledger.underWay[product]--
		}
	}
}

// choose picks the station to be restarted next; nil when none should be.
func (c *cycle) choose() *station {
	down := c.in[checking] + c.in[stopping] + c.in[down]
	if down >= c.limits.MaxParallel || c.keeps != nil || !c.proven && c.prover != nil {
		return nil
	}
	needed := false
	need := make([]int, len(c.managed))
	for p := range need {
		// Cheaper means come first: members not read yet, or asked in a moment, or on their
		// way back from an earlier run's restart may add a count each.
		if c.host.denied && !c.host.told[p] {
			continue // restarts rest on a count that was read
		}
		need[p] = c.short(p) - c.in[unread] - c.hoped - len(c.askable[p])
		needed = needed || need[p] > 0
	}
	if !needed || len(c.idle) == 0 {
		return nil
	}
	view := lineup{need: need, legs: c.legs(), parallel: c.limits.MaxParallel, capacity: c.capacity}
	if c.limits.Spread == SpreadEven {
		return c.chooseEven(view)
	}
	for _, s := range c.idle {
		if c.ledger.busy[s.name] == nil && view.wants(c.candidate(s)) {
			return s
		}
	}
	return nil
}

// chooseEven gives, for the product that lacks most, each station that adds to it an
// equal share of what is missing. Of those to whom some is still owed it takes the one
// with the most work before it; the rest of the division goes to the quickest.
func (c *cycle) chooseEven(view lineup) *station {
	view.legs = nil // nobody repeats in another's place: what falls to a station is its own
	order := slices.SortedFunc(slices.Values(c.all().list()), func(p, q int) int { return cmp.Compare(view.need[q], view.need[p]) })
	for _, p := range order {
		if view.need[p] <= 0 {
			return nil
		}
		var made []int
		for _, s := range c.stations {
			if s.adds.has(p) && (s.idle || s.started && s.owes != 0) {
				made = append(made, c.candidate(s).made)
			}
		}
		share := evenly(made, view.need[p])
		var chosen *station
		most := time.Duration(0)
		for _, s := range c.idle {
			candidate := c.candidate(s)
			if !s.adds.has(p) || c.ledger.busy[s.name] != nil || share.owed(candidate.made, true) == 0 || !view.wants(candidate) {
				continue
			}
			if work := time.Duration(share.owed(candidate.made, false)) * candidate.cycle; chosen == nil || work > most {
				chosen, most = s, work
			}
		}
		if chosen != nil {
			return chosen
		}
	}
	return nil
}

func (c *cycle) candidate(s *station) candidate {
	made := s.counted
	if s.owes != 0 {
		made++
	}
	return candidate{adds: s.adds, cycle: c.cycleOf(s), made: made}
}

// cycleOf is how long the station's cycle is expected to take.
func (c *cycle) cycleOf(s *station) time.Duration {
	return cmp.Or(s.pace.cycle(), c.fleet.cycle(), usualCycle)
}

// legs are the stations that were started and owe a count.
func (c *cycle) legs() []leg {
	legs := make([]leg, 0, len(c.underWay))
	for _, s := range c.underWay {
		cycle := c.cycleOf(s)
		end := s.since.Add(cycle).Sub(c.now)
		// One that is overdue may take as long again as it is late.
		legs = append(legs, leg{adds: s.adds, end: max(end, -end, time.Second), cycle: cycle, left: c.limits.MaxRestartsPerStation - s.restarts})
	}
	return legs
}

// capacity tells how many restarts stations that add to all of these can still make.
func (c *cycle) capacity(of products) int {
	sum := 0
	for _, s := range c.stations {
		if s.adds.contains(of) && (s.idle || s.started && s.owes != 0) {
			sum += max(0, c.limits.MaxRestartsPerStation-s.restarts)
		}
	}
	return sum
}

// restOrStall ends the cycle when nobody can add anything more.
func (c *cycle) restOrStall() {
	if c.busyPhases() > 0 || c.host.failures > 0 {
		return
	}
	for p, product := range c.managed {
		if c.ledger.underWay[product] > 0 && c.missing(p) > 0 {
			c.wish(c.host.begun.Add(rarelyLook)) // another cycle makes it
			return
		}
	}
	patient := false
	for _, s := range c.stations {
		patient = patient || s.phase == away || s.busy && s.adds&c.lacking() != 0 || s.idle && c.ledger.busy[s.name] != nil
	}
	if patient {
		if !c.waiting {
			c.waiting = true
			c.tell(KindWaiting, nil, Event{Reason: "everything that could be done at once is done; stations in use, or without an answer, are waited for"})
		}
		c.wish(c.host.begun.Add(rarelyLook)) // others may add what is missing
		return
	}
	c.err = c.stalled()
	c.close()
}

// stalled says why nothing more can come.
func (c *cycle) stalled() error {
	reasons := map[string]string{}
	for _, s := range c.stations {
		reasons[s.name] = cmp.Or(s.reason, c.cannotAdd(s))
	}
	if c.host.denied && slices.Contains(c.host.told, false) {
		return &HostUnreadable{Cause: errUntold}
	}
	if c.keeps != nil {
		c.keeps.Missing, c.keeps.Stations = c.shortfalls(), reasons
		return c.keeps
	}
	return &Stalled{Missing: c.shortfalls(), Stations: reasons}
}

var errUntold = fmt.Errorf("%w, and no member's events show a count", kms.ErrDenied)

func (c *cycle) cannotAdd(s *station) string {
	var lacking kms.Product
	for p, product := range c.managed {
		if c.missing(p) > 0 {
			lacking = product
		}
	}
	if s.adds&c.lacking() == 0 {
		return fmt.Sprintf("it has no %s with a KMS client key", lacking.Title())
	}
	return "it was not needed for what others could not add"
}

func (c *cycle) shortfalls() []Shortfall {
	var missing []Shortfall
	for p, product := range c.managed {
		if c.missing(p) > 0 {
			missing = append(missing, Shortfall{Product: product, Count: c.host.counts[p], Threshold: c.wanted[p]})
		}
	}
	return missing
}

func (c *cycle) counts() map[kms.Product]int {
	counts := make(map[kms.Product]int, len(c.managed))
	for p, product := range c.managed {
		counts[product] = c.host.counts[p]
	}
	return counts
}

// fail ends the cycle at once.
func (c *cycle) fail(err error) {
	c.err, c.done = err, true
}

// result is what was done so far.
func (c *cycle) result(now time.Time) Result {
	r := Result{
		Started: c.started, Finished: now, Asked: c.asked, AskedAfter: c.askedAfter, Woken: c.woken,
		ByStation: make(map[string]StationResult, len(c.stations)),
		Memory:    Memory{Paces: c.paces, Proof: c.proof},
	}
	if c.host.known {
		r.Counts = c.counts()
	}
	for _, s := range c.stations {
		r.ByStation[s.name] = s.result()
		r.Restarts += s.restarts
		c.release(s, s.owes)
		c.free(s)
	}
	return r
}

// outcome is the cycle's error.
func (c *cycle) outcome() error {
	if c.ended == nil {
		return c.err
	}
	early := &Cancelled{Cause: c.ended, Waiting: map[string]string{}}
	if c.host.known {
		early.Missing = c.shortfalls()
	}
	for _, s := range c.stations {
		switch {
		case s.phase == stopping, s.phase == down, s.phase == returned, s.phase == awaiting && s.ours:
			early.UnderWay = append(early.UnderWay, s.name)
		case s.busy:
			early.Waiting[s.name] = s.reason
		}
	}
	if c.err != nil {
		early.Cause = errors.Join(c.err, c.ended)
	}
	return early
}
