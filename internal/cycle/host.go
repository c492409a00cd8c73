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
	known  bool
	counts []int
	blind  bool // its log may not be read: the stations' events are the evidence

	begunLooks   int
	looking      bool
	begun, ended time.Time // of the last look
	spacing      time.Duration
	settled      int       // counts that it certainly contains, by the ledger
	wished       time.Time // when a look is wanted; zero: none is
	unlogged     int       // looks in a row that did not read the log
	failures     int
	failing      time.Time // since when

	// Where the host refuses the account its counts come from the stations' events.
	denied bool
	told   []bool
	toldAt []time.Time

	first, last map[kms.CMID]int // the look that showed it first and last
	byName      map[sighted]sighting
	varied      map[string]bool // names under which several ids of one product were counted
	newest      time.Time       // on the host's clock
	recent      map[kms.Counted]bool
}

// sighted is a client's name, as kms.HostLabel gives it, and an activation id.
type sighted struct{ client, activationID string }

type sighting struct {
	cmid kms.CMID
	look int
}

func newHost(managed int) host {
	return host{
		counts: make([]int, managed), told: make([]bool, managed), toldAt: make([]time.Time, managed),
		first: map[kms.CMID]int{}, last: map[kms.CMID]int{},
		byName: map[sighted]sighting{}, varied: map[string]bool{}, recent: map[kms.Counted]bool{},
	}
}

// Distances between looks at the host.
const (
	closestLook = 250 * time.Millisecond
	usualLook   = time.Second
	rarelyLook  = 20 * time.Second
	slowestLook = 15 * time.Second // after failures
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
	return min(max(cycle/60, closestLook), usualLook)
}

// wish wants the host to be looked at by then.
func (c *cycle) wish(at time.Time) {
	if c.host.wished.IsZero() || at.Before(c.host.wished) {
		c.host.wished = at
	}
}

func (c *cycle) nextLook() (time.Time, bool) {
	if c.host.wished.IsZero() || c.host.looking || c.closing {
		return time.Time{}, false
	}
	return kms.Later(c.host.wished, c.host.begun.Add(c.host.spacing)), true
}

func (c *cycle) lookIfWished() {
	at, wished := c.nextLook()
	if !wished || at.After(c.now) || c.done {
		return
	}
	h := &c.host
	h.begun, h.wished = c.now, time.Time{}
	h.begunLooks++
	if h.denied {
		h.wished = c.now.Add(rarelyLook) // nothing is read: what others do shows with time
		return
	}
	h.looking, h.spacing = true, usualLook
	for _, s := range c.underWay {
		h.spacing = min(h.spacing, spacingFor(c.cycleOf(s)))
	}
	since := h.newest
	if !since.IsZero() {
		since = since.Add(-logOverlap)
	}
	c.outbox = append(c.outbox, call{verb: look, since: since, blind: h.blind, settled: c.ledger.settled})
}

// isFresh tells whether the last look stands for the moment: a start may rest on it. Where
// the log was not read, a request of before the start would look like one of after it.
func (c *cycle) isFresh() bool {
	return c.host.denied || (c.host.blind || c.host.unlogged == 0) && c.host.settled == c.ledger.settled && c.now.Sub(c.host.ended) <= freshFor &&
		!c.ledger.read.After(c.host.ended)
}

// looked takes in a look at the host: first the evidence, then the counts.
func (c *cycle) looked(r report) {
	h := &c.host
	h.looking = false
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
	h.known, h.failures, h.ended, h.settled = true, 0, c.now, r.settled
	c.ledger.read = c.now
	if changed {
		c.tell(KindCounts, nil, Event{Counts: c.counts()})
	}
	if r.logErr == nil {
		h.unlogged = 0
		h.record(r.counted)
		c.proveByLog()
		c.unpromise()
	} else {
		h.unlogged++
		h.blind = h.blind || errors.Is(r.logErr, kms.ErrDenied) || h.unlogged == logAttempts
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
	h.settled += c.ledger.settled - settled
}

// unpromise strikes members out that were to be asked, since they were read before the
// log, and that the host turns out to have counted.
func (c *cycle) unpromise() {
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
		h.known, h.blind, h.denied = true, true, true
		return
	}
	if h.failures++; h.failures == 1 {
		h.failing = c.now
		c.tell(KindHostSilent, nil, Event{Reason: err.Error()})
	}
	if !h.known && h.failures >= hostAttempts || c.now.Sub(h.failing) >= c.limits.StationTimeout {
		c.fail(&HostUnreadable{Cause: err})
		return
	}
	c.wish(c.now.Add(min(time.Duration(h.failures)*time.Second, slowestLook)))
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
		if h.recent[e] || !e.Code.Counted() || h.newest.Sub(e.Time) > kms.CountedFor {
			continue
		}
		client := kms.HostLabel(e.Client)
		key := sighted{client, e.ActivationID}
		if before, known := h.byName[key]; known && before.cmid != e.CMID {
			h.varied[client] = true
		}
		h.byName[key] = sighting{e.CMID, h.begunLooks}
		h.last[e.CMID] = h.begunLooks
		h.remember(e.CMID)
	}
	h.recent = fresh
}

// remember notes an id as counted.
func (h *host) remember(cmid kms.CMID) {
	if _, known := h.first[cmid]; !known && cmid != "" {
		h.first[cmid] = h.begunLooks
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
func (h *host) sighting(s *station, product kms.Product) (kms.CMID, bool) {
	if product == kms.Windows {
		if look, seen := h.last[s.licensing.CMID]; seen && (look > s.mark || !s.ours) {
			return s.licensing.CMID, true
		}
	}
	if product == kms.Windows && !s.ours {
		return "", false
	}
	for _, licence := range s.licensing.Of(product) {
		if seen, known := h.byName[sighted{kms.HostLabel(s.presence.Name), licence.ID}]; known && seen.look > s.mark && seen.cmid != s.old {
			return seen.cmid, true
		}
	}
	return "", false
}

// lookWhileDue has the host looked at while a station is due: one look shows the requests
// of all, so that few probes are needed.
func (c *cycle) lookWhileDue(s *station) {
	if silence := c.now.Sub(s.since); !c.host.blind && silence >= s.watch.from && silence < s.watch.until {
		c.wish(c.now.Add(s.expects / 100))
	}
}

// asks tells whether the host has shown a request of a station's start.
func (c *cycle) asks(s *station) bool {
	for p := range c.managed {
		if _, seen := c.host.sighting(s, c.managed[p]); seen && s.owes.has(p) {
			return true
		}
	}
	return false
}

// proveByLog finds proof that restarts bring new ids: several of one product under the
// name of one member.
func (c *cycle) proveByLog() {
	for _, s := range c.stations {
		if c.proven {
			return
		}
		c.proven = s.read && c.host.varied[kms.HostLabel(s.presence.Name)]
	}
}

// heard takes a count from a station's event, where the host itself may not be read. The
// youngest answer stands.
func (h *host) heard(p, count int, at time.Time) {
	if h.denied && (!h.told[p] || at.After(h.toldAt[p])) {
		h.counts[p], h.told[p], h.toldAt[p] = count, true, at
	}
}
