package cycle_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/outcome"
	"github.com/timago/terraform-provider-timago/internal/simulator/eventlog"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// promises holds a cycle in a wide world against the promises about what no list holds:
// A6 and A14 to A19, and with them A1 and A2 as far as the invariant checker does. It knows
// the world's truth from what the world tells, and the cycle's view from the calls that the
// cycle made: a promise is broken only where the cycle could have known.
type promises struct {
	*invariantChecker // its lock is this one's, too; its breaches and log are shared
	drawn             scenario
	members           map[string]*member // by the machine's name
	names             map[string]string  // a member's names: the machine's
	counts            map[kms.Product]int
	calls             []*call             // under way
	slowCycle         time.Duration       // of the site
	oracle            *world.World        // the same site, for how long things take there
	hostLog           []eventlog.Record   // of the world's truth, before the last restart
	largest           map[kms.Product]int // threshold in that log at any time: what it has lost may have been read
	keys              []world.KeyState
	asked             []eventlog.Record // … before the last leaving out, of that station

	progressed time.Time   // of any member
	begunLast  time.Time   // when something new was begun
	dark       darkness    // when the host's evidence could not be read
	darkFor    [2]darkness // … by each of two cycles, which read it at moments of their own
	lastRead   map[kms.Product]int
	reads      int // of the host
	readEver   bool
	reached    bool                     // every threshold held, as the cycle said
	proved     bool                     // restarts are known to bring new ids
	provedHere bool                     // … as one of this cycle has
	newOffice  bool                     // a restart has brought Office a new one: it may keep its own where Windows' is new
	unprompted int                      // counts of members since the last restart that nobody has started or asked, or waited for any longer
	unshown    map[kms.Product]int      // requests that the host counted and its count does not show
	hiddenAt   map[kms.Product][]hidden // … of members that were restarted

	idling idling
}

// darkness adds up the time in which the evidence could not be read.
type darkness struct {
	since time.Time // zero: it can
	total time.Duration
}

func (d *darkness) turn(dark bool, now time.Time) {
	switch {
	case dark && d.since.IsZero():
		d.since = now
	case !dark && !d.since.IsZero():
		d.total += now.Sub(d.since)
		d.since = time.Time{}
	}
}

func (d *darkness) until(now time.Time) time.Duration {
	if d.since.IsZero() {
		return d.total
	}
	return d.total + now.Sub(d.since)
}

func newPromises(base *invariantChecker, s scenario) (*promises, error) {
	oracle, err := world.New(s.Site, world.Options{})
	if err != nil {
		return nil, err
	}
	p := &promises{
		invariantChecker: base, drawn: s, members: map[string]*member{}, names: map[string]string{},
		counts: map[kms.Product]int{}, unshown: map[kms.Product]int{}, hiddenAt: map[kms.Product][]hidden{}, largest: map[kms.Product]int{}, lastRead: map[kms.Product]int{}, oracle: oracle, slowCycle: slowest(oracle),
	}
	host := oracle.State().Host
	for _, key := range host.Keys {
		p.counts[key.Product] = max(p.counts[key.Product], key.Count)
	}
	log, err := oracle.Events(host.Name)
	if err != nil {
		return nil, err
	}
	p.sawLog(log)
	now := time.Now()
	p.progressed, p.begunLast, p.proved = now, now, s.Proven
	for _, described := range s.Site.Stations {
		m := &member{
			name: described.Name, described: described, ready: !described.Off, open: !described.Off,
			users: described.User != "" || described.Sessions > 0, progressed: now, usersAt: now, readyAt: now,
			ids: map[string]bool{}, told: map[kms.Product]time.Time{}, askedFirst: map[string]time.Time{}, asks: map[string]int{}, refusals: map[string][]refusal{}, counted: map[kms.Product]int{},
			pending: map[kms.Product]time.Time{}, requested: map[kms.Product]time.Time{}, newID: map[kms.Product]time.Time{}, out: map[kms.Product]string{},
		}
		p.members[m.name] = m
		for _, name := range append([]string{m.name}, described.Aliases...) {
			p.names[name] = m.name
		}
	}
	base.names = p.names
	for _, f := range s.Site.Faults {
		if f.Name == world.SlowAnswer {
			base.slowest = max(base.slowest, f.By)
		}
	}
	return p, nil
}

// readStands is how long a read of before the cycle may stand for one of its own.
const readStands = 30 * time.Second

// startsNow: what was read of members before the cycle takes none of its time.
func (p *promises) startsNow() {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	p.begun, p.progressed, p.begunLast = now, now, now
	for _, m := range p.members {
		m.progressed, m.failing, m.failed = now, time.Time{}, 0
		if now.Sub(m.readAt) > readStands {
			m.readAt = time.Time{} // it is read again
		}
	}
}

// timeout is how long a member may go without progress.
func (p *promises) timeout() time.Duration {
	if p.limits.StationTimeout == 0 {
		return 15 * time.Minute
	}
	return p.limits.StationTimeout
}

// advance notes progress of a member.
func (p *promises) advance(m *member) {
	m.progressed = time.Now()
	p.progressed = m.progressed
	m.triedAt = time.Time{}
	clear(m.askedFirst)
	clear(m.asks)
	if m.failed = 0; !m.failing.IsZero() {
		m.failing = m.progressed
	}
}

// begins is given a call that begins.
func (p *promises) begins(c call) *call {
	if c.kind == "restart" {
		defer p.know("")()
	} else {
		p.mu.Lock()
		defer p.mu.Unlock()
	}
	kept := &c
	if c.station != "" {
		kept.station = p.names[c.station]
	}
	p.watchIdling()
	defer p.watchIdling() // what is asked changes it
	p.calls = append(p.calls, kept)
	if m := p.members[kept.station]; m != nil {
		p.beginsAt(m, kept)
	}
	p.watchLiveness(kept)
	return kept
}

func (p *promises) beginsAt(m *member, c *call) {
	switch c.kind {
	case "activate":
		p.judgeAsking(m, c)
		m.asks[c.licence]++
		if _, known := m.askedFirst[c.licence]; !known {
			m.askedFirst[c.licence] = c.began
			p.begunLast = c.began
		}
	case "restart":
		p.judgeCeiling(c)
		if m.triedAt.IsZero() {
			m.triedAt, p.begunLast = c.began, c.began
		}
	case "wake":
		if m.wokenAt.IsZero() {
			m.wokenAt = c.began
			m.failed, m.failing = 0, c.began // it is given its time to start
			p.begunLast = c.began
		}
	default:
	}
}

// ends is given a call that has ended.
func (p *promises) ends(c *call, keep func(*call)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	keep(c)
	c.ended = time.Now()
	p.calls = slices.DeleteFunc(p.calls, func(other *call) bool { return other == c })
	switch m := p.members[c.station]; {
	case c.kind == "host":
		p.hostRead(c)
	case m != nil:
		p.endsAt(m, c)
	}
	p.watchIdling()
}

func (p *promises) hostRead(c *call) {
	p.dark.turn(c.err != nil && !p.fromClients, c.ended)
	p.darkFor[c.by].turn(c.err != nil && !p.fromClients, c.ended)
	if c.err != nil {
		return
	}
	p.reads++
	p.readEver = true
	for product := range p.job.Thresholds {
		if count, known := c.host.Count(product); known {
			p.lastRead[product] = count
		}
	}
}

func (p *promises) endsAt(m *member, c *call) {
	if c.err != nil {
		m.callFailed = c.ended
	}
	if !errors.Is(c.err, kms.ErrUnknownOutcome) { // it may have been taken, and is no silence
		m.answers(c.isAnswer(), c.ended)
	}
	if c.err == nil && m.away && (c.kind == "probe" || c.kind == "whole" || c.kind == "presence") {
		m.away = false
		p.advance(m) // it is back, whether or not its services are
	}
	switch c.kind {
	case "whole", "licensing":
		if c.err == nil {
			m.licences = c.licensing.Licences
			m.ids[string(c.licensing.CMID)] = true
		}
		if c.err == nil && c.kind == "whole" && m.readAt.IsZero() {
			m.readAt = c.ended
			p.advance(m)
		}
	case "restart":
		if c.err == nil || errors.Is(c.err, kms.ErrUnknownOutcome) {
			m.restarts++
			m.atRestart = maps.Clone(m.ids)
			m.restartedAt, m.restartedBy = c.began, c.by
			p.begunLast = c.ended
			clear(m.pending)
			clear(m.askedFirst)
		}
	case "activate":
		p.answered(m, c)
	default:
	}
}

// answered keeps what came of asking a licence.
func (p *promises) answered(m *member, c *call) {
	product, _ := m.family(c.licence)
	code, refused := refusalOf(c.err)
	switch {
	case refused:
		m.refusals[c.licence] = append(m.refusals[c.licence], refusal{c.ended, code})
		delete(m.pending, product)
		delete(p.underWay[m.name], product)
	case c.err == nil || errors.Is(c.err, kms.ErrUnknownOutcome):
		if m.requested[product].Before(c.began) {
			m.pending[product] = c.ended
		}
	}
}

// refusalOf is the code with which Activate refused; 0xC004F038 is counted all the same,
// and information refuses nothing.
func refusalOf(err error) (kms.Code, bool) {
	var refused *kms.CodeError
	if !errors.As(err, &refused) || refused.Code == kms.CodeNotEnoughCount || refused.Code.Informational() {
		return 0, false
	}
	return refused.Code, true
}

// said is told what the cycle says of itself.
func (p *promises) said(e outcome.Event) {
	e.Station = p.machine(e.Station)
	p.progress(e)
	if e.Kind == outcome.KindLeftOut {
		defer p.know(e.Station)()
	} else {
		p.mu.Lock()
		defer p.mu.Unlock()
	}
	m := p.members[e.Station]
	switch {
	case e.Kind == outcome.KindReached:
		p.reached = true
	case m == nil:
	case e.Kind == outcome.KindBack: // its uptime shows the return, which A14 names
		p.advance(m)
	case e.Kind == outcome.KindCounted:
		m.credited++
		m.told[e.Product] = time.Now()
		p.advance(m)            // with evidence, which judgeCredit sees to
		m.failing = time.Time{} // nothing is awaited of it
		p.proved = p.proved || m.restarts > 0 && p.provedHere
		p.judgeCredit(m, e.Product)
	case strings.HasPrefix(e.Reason, "it is the same machine"), len(m.described.Aliases) > 0 && strings.HasPrefix(e.Reason, "no machine of its name"): // its other name goes on
	case e.Kind == outcome.KindLeftOut:
		m.out[e.Product] = e.Reason
		m.outAt = time.Now()
		p.proved = p.proved && (!m.kept || p.provedHere) // one image that keeps its id makes all others doubtful
		for product := range p.job.Thresholds {
			m.wanted = m.wanted || e.Product == "" && p.readEver && p.lacks(product) > 0 && (m.readAt.IsZero() || len(m.of(product)) > 0)
		}
		p.judgeLeftOut(m, e)
	}
	p.watchIdling()
}
