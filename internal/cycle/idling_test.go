package cycle_test

import (
	"slices"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/pool"
	"github.com/timago/terraform-provider-timago/internal/simulator/catalogue"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// idling adds up how long a ready member idles beside a missing count for no reason that
// A15 knows.
type idling struct {
	at    time.Time     // up to here
	since bool          // at that time one did
	total time.Duration // without a break
	who   string
}

// How long a count may be kept for a member by what is known, and how long idling passes
// for the looks that a start needs.
const (
	usualSlow  = 5*time.Minute + 30*time.Second
	idleLooks  = 90 * time.Second
	asksWithin = 2*time.Minute + 30*time.Second // of its start, by itself or on command
	// commandPending is how long a restart that an earlier run has commanded may be under way
	// while the station answers: half a minute's notice, and then as long as its programs take.
	commandPending = 2 * time.Minute
)

// watchIdling is called wherever something may have changed; in between nothing has.
func (p *promises) watchIdling() {
	now := time.Now()
	if p.idling.since {
		p.idling.total += now.Sub(p.idling.at)
	}
	p.idling.at = now
	who := p.idler(now)
	if p.idling.since = who != ""; !p.idling.since {
		if p.idling.who == "" || !p.looking() {
			p.idling.total = 0
		}
		p.idling.who = ""
		return
	}
	p.idling.who = who
	if p.idling.total > idleLooks {
		p.breachOnce("A15", "%s idles beside a missing count", who)
	}
}

// looking: the host is being read, for which a start may wait.
func (p *promises) looking() bool {
	return slices.ContainsFunc(p.calls, func(c *call) bool { return c.station == "" })
}

// placesTaken is how many stations are down by what the cycle could know: restarted, and not
// said to be back before they have answered anything.
func (p *promises) placesTaken() int {
	taken := 0
	for _, m := range p.members {
		_, restarting := p.restarting[m.name]
		if p.down[m.name] || restarting && m.away && !m.isOut("") {
			taken++
		}
	}
	return taken
}

// idler is a member that could be restarted now and is not, "" where there is none or a
// reason for it.
func (p *promises) idler(now time.Time) string {
	switch {
	case p.windowed, p.twin, p.drawn.Resume, p.reached, !p.readEver, !p.dark.since.IsZero(), p.looking(), !p.left.IsZero(),
		p.limits.Spread == pool.SpreadEven, p.placesTaken() >= max(1, p.limits.MaxParallel), !p.cancelled.IsZero() && now.After(p.cancelled):
		return ""
	}
	for product := range p.job.Thresholds {
		missing := min(p.lacks(product), p.job.Thresholds[product]-p.truth(product))
		reserved, probing := 0, false
		for _, m := range p.members {
			if p.reserved(m, product, now) {
				reserved++
			}
			probing = probing || p.probes(m, product, now)
		}
		isProven := p.proved && (product == kms.Windows || p.newOffice || p.drawn.Proven)
		if missing <= reserved || !isProven && probing || p.isOver(product) {
			continue
		}
		for _, name := range p.oracle.Names() {
			m := p.members[name]
			open := missing - reserved - p.broughtAlong(m, product)
			if open > 0 && p.available(m, product, now) && !p.soonerWithout(m, open, now) {
				return name
			}
		}
	}
	return ""
}

// probes tells whether the member may be the canary, and is under way.
func (p *promises) probes(m *member, product kms.Product, now time.Time) bool {
	noCount := m.told[product].Before(m.restartedAt) || p.job.Thresholds[kms.Windows] > 0 && m.told[kms.Windows].Before(m.restartedAt)
	return !m.restartedAt.IsZero() && !m.isOut("") && noCount && now.Sub(m.restartedAt) < p.timeout()+slack
}

// isOver tells whether no more counts are made: a ceiling is known or shows, or the canary
// has kept its id. The cycle still sees back whom it has started.
func (p *promises) isOver(product kms.Product) bool {
	if ceiling, known := p.ceilingOf(product); known && ceiling < p.job.Thresholds[product] || p.unshown[product] >= 2 {
		return true
	}
	for _, m := range p.members {
		if !p.proved && m.kept && m.isOut("") {
			return true
		}
	}
	return false
}

// broughtAlong is how many counts others bring along that are started for a product which the
// member does not hold: its own restart would be one too many (A1).
func (p *promises) broughtAlong(m *member, product kms.Product) int {
	along := 0
	for other := range p.job.Thresholds {
		if other == product || len(m.of(other)) > 0 && !m.isOut(other) {
			continue
		}
		for _, o := range p.members {
			if len(o.of(product)) > 0 && len(o.of(other)) > 0 && !o.isOut(product) && !o.isOut(other) {
				along = max(along, p.lacks(other))
			}
		}
	}
	return along
}

// truth is the host's count as the world has it.
func (p *promises) truth(product kms.Product) int { return p.counts[product] }

// reserved reports whether a count may be kept for the member: asked, woken, or restarted
// and not refused, as long as that takes by what is known.
func (p *promises) reserved(m *member, product kms.Product, now time.Time) bool {
	// One that was refused may be asked once more (A16).
	asked := slices.ContainsFunc(p.calls, func(c *call) bool { return c.kind == "activate" && c.station == m.name })
	if m.isOut(product) || !asked && m.refusedSince(product, latest(m.readyAt, m.restartedAt)) || len(m.of(product)) == 0 && !m.readAt.IsZero() {
		return false
	}
	pending, isPending := m.pending[product]
	switch {
	case asked, isPending && now.Sub(pending) < asksWithin:
		return true
	case !m.restartedAt.IsZero() && m.restartedAt.After(m.requested[product]):
		return now.Sub(m.restartedAt) < p.timeout()+slack
	case !m.wokenAt.IsZero():
		return now.Sub(m.wokenAt) < p.slowCycle+asksWithin
	case m.readAt.IsZero(), !m.ready && !m.wentDown.IsZero() && m.wentDown.Sub(p.begun) < commandPending:
		return p.startsLately() && now.Sub(p.begun) < p.slowCycle
	case m.ready && m.requested[product].IsZero():
		return now.Sub(m.readyAt) < asksWithin // it asks by itself, or is asked to
	}
	return false
}

// slowCycle is longer than any cycle of the site: no promise says how slow a slow one is.
func slowest(oracle *world.World) time.Duration {
	slow := usualSlow
	for _, name := range oracle.Names() {
		if takes, err := oracle.CycleTime(name, 1); err == nil {
			slow = max(slow, 2*takes)
		}
	}
	return slow
}

// refusedSince: it was refused for every licence of the family since it was up.
func (m *member) refusedSince(product kms.Product, since time.Time) bool {
	licences := m.of(product)
	for _, licence := range licences {
		if !slices.ContainsFunc(m.refusals[licence], func(r refusal) bool { return r.at.After(since) }) {
			return false
		}
	}
	return len(licences) > 0
}

// startsLately: something shows that stations were started within the last slow cycle
// before the cycle began.
func (p *promises) startsLately() bool {
	for _, m := range p.members {
		if up := m.described.Uptime; !m.described.Off && up > 0 && up < p.slowCycle+time.Minute || m.described.Counted && up < p.slowCycle+10*time.Minute {
			return true
		}
	}
	return slices.ContainsFunc(p.drawn.Site.Host.Keys, func(k world.Key) bool {
		return slices.ContainsFunc(k.Counted, func(c world.Counted) bool { return c.Number > 0 && c.Age < p.slowCycle })
	})
}

// available: the member could be restarted now, would add a count for the product, and
// the cycle can know both.
func (p *promises) available(m *member, product kms.Product, now time.Time) bool {
	const settled = 45 * time.Second // as long it has been so
	d := m.described
	fit := !d.Image.KeepsCMID && !d.Image.WithoutKMS && d.Image.CMID == "" && d.OtherHost == "" && len(d.Aliases) == 0 && !d.Unresolved
	quiet := m.ready && m.open && !m.users && now.Sub(m.readyAt) > settled && now.Sub(m.usersAt) > settled && now.Sub(m.callFailed) > settled
	known := !m.readAt.IsZero() && now.Sub(m.readAt) > settled && len(m.of(product)) > 0 && !m.isOut(product)
	free := p.restartsOf(m) < p.limits.MaxRestartsPerStation && !m.refusedSince(product, time.Time{}) &&
		(m.restartedAt.IsZero() || m.restartedAt.Before(m.newID[product])) && !slices.ContainsFunc(p.calls, func(c *call) bool { return c.station == m.name })
	asks := slices.ContainsFunc(d.Products, func(installed world.Product) bool {
		return family(installed.Title) == product && (installed.By == "" || installed.By == catalogue.ByKMS)
	})
	for other := range p.job.Thresholds {
		if p.reserved(m, other, now) {
			return false // a count of its own is awaited first
		}
	}
	return fit && quiet && known && free && asks && !p.drawn.disturbed(m.name)
}

func (p *promises) restartsOf(m *member) int { return p.restarts[m.name] }

// disturbed: a fault of the station may be why it is not restarted.
func (s scenario) disturbed(station string) bool {
	return slices.ContainsFunc(s.Site.Faults, func(f world.Fault) bool {
		return len(f.On) == 0 || slices.Contains(f.On, station)
	})
}

// soonerWithout: those under way make what is missing no later than the member would make
// its first count, so that nothing is lost by its idling.
func (p *promises) soonerWithout(m *member, missing int, now time.Time) bool {
	own, err := p.oracle.CycleTime(m.name, m.restarts+1)
	if err != nil {
		return true
	}
	var free []time.Duration // when each of those under way is free again
	var cycles []time.Duration
	for _, other := range p.members {
		if other.restartedAt.IsZero() || other.isOut(kms.Windows) {
			continue
		}
		takes, err := p.oracle.CycleTime(other.name, other.restarts+1)
		if err != nil || p.restartsOf(other) >= p.limits.MaxRestartsPerStation {
			continue
		}
		free = append(free, max(0, takes-now.Sub(other.restartedAt)))
		cycles = append(cycles, takes)
	}
	if len(free) == 0 {
		return false
	}
	end := time.Duration(0)
	for range missing {
		next := 0
		for i := range free {
			if free[i]+cycles[i] < free[next]+cycles[next] {
				next = i
			}
		}
		free[next] += cycles[next]
		end = max(end, free[next])
	}
	return end <= own+own/5+10*time.Second
}
