package cycle

import (
	"errors"
	"slices"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
)

// host is what the cycle knows of the KMS host. Looks at it are numbered, so that what
// was seen can be put before or after a start without comparing clocks.
type host struct {
	known         bool
	counts        []int
	logUnreadable bool // its log may not be read: the stations' events are the evidence

	pollsBegun           int
	polling              bool
	pollBegan, pollEnded time.Time // of the last look
	pollSpacing          time.Duration
	settledSeen          int       // counts that it certainly contains, by the ledger
	pollWanted           time.Time // when a look is wanted; zero: none is
	pollsWithoutLog      int       // looks in a row that did not read the log
	failures             int
	failing              time.Time // since when

	// Where the host refuses the account its counts come from the stations' events.
	refusesAccount   bool
	clientCountKnown []bool
	clientCountAt    []time.Time

	first, last   map[kms.CMID]int // the look that showed it first and last
	byName        map[requestKey]seenRequest
	cmidVaries    map[string]bool // names under which several ids of one product were counted
	newest        time.Time       // on the host's clock
	recentRecords map[kms.Counted]bool
}

// sighted is a client's name, as kms.HostLabel gives it, and an activation id.
type requestKey struct{ client, activationID string }

type seenRequest struct {
	cmid kms.CMID
	look int
}

func newHost(managed int) host {
	return host{
		counts: make([]int, managed), clientCountKnown: make([]bool, managed), clientCountAt: make([]time.Time, managed),
		first: map[kms.CMID]int{}, last: map[kms.CMID]int{},
		byName: map[requestKey]seenRequest{}, cmidVaries: map[string]bool{}, recentRecords: map[kms.Counted]bool{},
	}
}

// Distances between looks at the host.
const (
	closestPolls = 250 * time.Millisecond
	usualPolls   = time.Second
	idlePolls    = 20 * time.Second
	failingPolls = 15 * time.Second // after failures
	// logOverlap is read again, since records of one moment may be written later.
	logOverlap = 5 * time.Second
	// freshFor is how long a reading stands for the moment.
	freshFor = 2 * time.Second
	// hostAttempts is how often a host is asked that never answered in this cycle.
	hostAttempts = 3
	// logAttempts is how many looks in a row may fail to read the log until the stations'
	// events take its place.
	logAttempts = 5
)

// spacingFor is the least distance between two looks while a station is under way whose
// cycle takes so long: a second, less where the whole takes only some.
func spacingFor(cycle time.Duration) time.Duration {
	return min(max(cycle/60, closestPolls), usualPolls)
}

// wish wants the host to be looked at by then.
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
	at, wished := c.nextHostPoll()
	if !wished || at.After(c.now) || c.done {
		return
	}
	h := &c.host
	h.pollBegan, h.pollWanted = c.now, time.Time{}
	h.pollsBegun++
	if h.refusesAccount {
		h.pollWanted = c.now.Add(idlePolls) // nothing is read: what others do shows with time
		return
	}
	h.polling, h.pollSpacing = true, usualPolls
	for _, s := range c.underWay {
		h.pollSpacing = min(h.pollSpacing, spacingFor(c.expectedCycle(s)))
	}
	since := h.newest
	if !since.IsZero() {
		since = since.Add(-logOverlap)
	}
	c.outbox = append(c.outbox, call{verb: pollHost, since: since, blind: h.logUnreadable, settled: c.ledger.settled})
}

// isFresh tells whether the last look stands for the moment: a start may rest on it. Where
// the log was not read, a request of before the start would look like one of after it.
func (c *cycle) isFresh() bool {
	return c.host.refusesAccount || (c.host.logUnreadable || c.host.pollsWithoutLog == 0) && c.host.settledSeen == c.ledger.settled && c.now.Sub(c.host.pollEnded) <= freshFor &&
		!c.ledger.read.After(c.host.pollEnded)
}

// looked takes in a look at the host: first the evidence, then the counts.
func (c *cycle) hostPolled(r report) {
	h := &c.host
	h.polling = false
	if r.err != nil {
		c.hostFailed(r.err)
		return
	}
	changed := !h.known
	for p, product := range c.managed {
		count, _ := r.host.Count(product) // no data yet: nothing was counted
		if !r.host.HasKey(product) {
			c.fail(&HostWithoutKey{Product: product})
			return
		}
		changed = changed || h.counts[p] != count
		h.counts[p] = count
	}
	h.known, h.failures, h.pollEnded, h.settledSeen = true, 0, c.now, r.settled
	c.ledger.read = c.now
	if changed {
		c.emit(KindCounts, nil, Event{Counts: c.counts()})
	}
	if r.logErr == nil {
		h.pollsWithoutLog = 0
		h.record(r.counted)
		c.readCMIDChangesInLog()
		c.dropCounted()
	} else {
		h.pollsWithoutLog++
		h.logUnreadable = h.logUnreadable || errors.Is(r.logErr, kms.ErrDenied) || h.pollsWithoutLog == logAttempts
	}
	settled := c.ledger.settled
	for _, s := range slices.Clone(c.underWay) {
		switch {
		case s.phase == awaiting:
			c.evidence(s)
		case s.phase == down && s.slot >= 0 && c.asks(s):
			c.alarms.set(s, c.now) // it must be back: its uptime proves it
		case s.phase == down:
			c.lookWhileDue(s)
		}
	}
	// What this look itself has shown, its counts contain: they were read after the log.
	h.settledSeen += c.ledger.settled - settled
}

// unpromise strikes members out that were to be asked, since they were read before the
// log, and that the host turns out to have counted.
func (c *cycle) dropCounted() {
	for p := range c.managed {
		if c.isWindows(p) {
			c.askable[p] = slices.DeleteFunc(c.askable[p], c.isCounted)
		}
	}
}

// hostFailed asks a host again that did not answer, and gives up in time. Where the host
// refuses the account, the stations' events stand for it.
func (c *cycle) hostFailed(err error) {
	h := &c.host
	if errors.Is(err, kms.ErrDenied) {
		h.known, h.logUnreadable, h.refusesAccount = true, true, true
		return
	}
	if h.failures++; h.failures == 1 {
		h.failing = c.now
		c.emit(KindHostSilent, nil, Event{Reason: err.Error()})
	}
	if !h.known && h.failures >= hostAttempts || c.now.Sub(h.failing) >= c.limits.StationTimeout {
		c.fail(&HostUnreadable{Cause: err})
		return
	}
	c.requestHostPoll(c.now.Add(min(time.Duration(h.failures)*time.Second, failingPolls)))
}

// record takes over records of the host's log that were not read before.
func (h *host) record(events []kms.Counted) {
	for _, e := range events {
		if e.Time.After(h.newest) {
			h.newest = e.Time
		}
	}
	fresh := map[kms.Counted]bool{}
	for _, e := range events {
		if e.Time.After(h.newest.Add(-logOverlap)) {
			fresh[e] = true
		}
		if h.recentRecords[e] || !e.Code.Counted() || h.newest.Sub(e.Time) > kms.CountedFor {
			continue
		}
		client := kms.HostLabel(e.Client)
		key := requestKey{client, e.ActivationID}
		if before, known := h.byName[key]; known && before.cmid != e.CMID {
			h.cmidVaries[client] = true
		}
		h.byName[key] = seenRequest{e.CMID, h.pollsBegun}
		h.last[e.CMID] = h.pollsBegun
		h.remember(e.CMID)
	}
	h.recentRecords = fresh
}

// remember notes an id as counted.
func (h *host) remember(cmid kms.CMID) {
	if _, known := h.first[cmid]; !known && cmid != "" {
		h.first[cmid] = h.pollsBegun
	}
}

// isNew tells whether an id was not counted when look number mark had begun.
func (h *host) isNew(cmid kms.CMID, mark int) bool {
	first, known := h.first[cmid]
	return !known || first > mark
}

// isCounted tells whether the host is known to have counted the id that Windows has now.
func (c *cycle) isCounted(s *station) bool {
	_, known := c.host.first[s.licensing.CMID]
	return known
}

// sighting is a request that the host has shown since the station's start. Windows is
// known by its id; Office's only the events show, next to the computer's name.
func (h *host) requestSeen(s *station, product kms.Product) (kms.CMID, bool) {
	if product == kms.Windows {
		if look, seen := h.last[s.licensing.CMID]; seen && (look > s.pollsBefore || !s.startedByUs) {
			return s.licensing.CMID, true
		}
	}
	if product == kms.Windows && !s.startedByUs {
		return "", false
	}
	for _, licence := range s.licensing.Of(product) {
		if seen, known := h.byName[requestKey{kms.HostLabel(s.presence.Name), licence.ID}]; known && seen.look > s.pollsBefore && seen.cmid != s.cmidBefore {
			return seen.cmid, true
		}
	}
	return "", false
}

// lookWhileDue has the host looked at while a station is due: one look shows the requests
// of all, so that few probes are needed.
func (c *cycle) lookWhileDue(s *station) {
	if silence := c.now.Sub(s.startedAt); !c.host.logUnreadable && silence >= s.watch.from && silence < s.watch.until {
		c.requestHostPoll(c.now.Add(s.expectedCycle / 100))
	}
}

// asks tells whether the host has shown a request of a station's start.
func (c *cycle) asks(s *station) bool {
	for p := range c.managed {
		if _, seen := c.host.requestSeen(s, c.managed[p]); seen && s.pendingCounts.has(p) {
			return true
		}
	}
	return false
}

// proveByLog finds proof that restarts bring new ids: several of one product under the
// name of one member.
func (c *cycle) readCMIDChangesInLog() {
	for _, s := range c.stations {
		if c.cmidChanges {
			return
		}
		c.cmidChanges = s.read && c.host.cmidVaries[kms.HostLabel(s.presence.Name)]
	}
}

// heard takes a count from a station's event, where the host itself may not be read. The
// youngest answer stands.
func (h *host) takeClientCount(p, count int, at time.Time) {
	if h.refusesAccount && (!h.clientCountKnown[p] || at.After(h.clientCountAt[p])) {
		h.counts[p], h.clientCountKnown[p], h.clientCountAt[p] = count, true, at
	}
}
