package cycle_test

import (
	"strconv"
	"strings"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/simulator/eventlog"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// observe takes in what happens in the world, before the cycle can know it.
func (p *promises) observe(e world.Entry) {
	p.invariantChecker.observe(e)
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	m := p.members[e.Machine]
	unshown := p.follow(e)
	switch e.Kind {
	case world.KindCounted:
		key, rest, _ := strings.Cut(e.Detail, ":")
		_, from, _ := strings.Cut(rest, " from ")
		client, _, _ := strings.Cut(from, ",")
		if m := p.members[client]; m != nil {
			product := productOf(key)
			m.counted[product]++
			m.newID[product] = now
			if !m.prompted || !m.switchedOn.IsZero() && now.Sub(m.switchedOn) > keptForWoken {
				p.unprompted++
			}
			if unshown && m.restarts > 0 {
				p.hiddenAt[product] = append(p.hiddenAt[product], hidden{now, m.restartedBy})
			}
			p.advance(m)
		}
	default:
		if m != nil {
			p.happened(m, e, now)
		}
	}
}

// keptForWoken is how long a count is kept for a member that was switched on, at least: one
// that starts slower than that may add one that others have made meanwhile (A15).
const keptForWoken = 3 * time.Minute

// follow keeps the host's counts: "windows: … count 3 to 4", "windows: 2 left, count 3". It
// tells of a request that the host counted and its count does not show.
func (p *promises) follow(e world.Entry) (unshown bool) {
	if e.Kind != world.KindCounted && e.Kind != world.KindLeft {
		return false
	}
	key, _, _ := strings.Cut(e.Detail, ":")
	words := strings.Fields(e.Detail)
	count, err := strconv.Atoi(words[len(words)-1])
	if err != nil {
		return false
	}
	unshown = e.Kind == world.KindCounted && count == p.counts[productOf(key)]
	if unshown {
		p.unshown[productOf(key)]++
	}
	p.counts[productOf(key)] = count
	return unshown
}

func (p *promises) happened(m *member, e world.Entry, now time.Time) {
	switch e.Kind {
	case world.KindStart, world.KindActivate:
		m.prompted = true
	case world.KindRestart:
		p.unprompted = 0
		m.switchedOn = time.Time{}
	case world.KindWake:
		m.switchedOn = now
	case world.KindReady:
		m.ready, m.readyAt = true, now
		p.advance(m) // after a restart, a wake, or by itself: it is back
	case world.KindOff:
		m.ready, m.open, m.away, m.wentDown = false, false, true, now
		clear(m.pending)
	case world.KindOpens:
		m.open, m.readyAt = true, now
	case world.KindCloses:
		m.open = false
	case world.KindLogOn:
		m.users, m.usersAt = true, now
	case world.KindLogOff:
		m.users, m.usersAt = false, now
		p.advance(m)
	case world.KindRequest:
		title, outcome, _ := strings.Cut(e.Detail, ": ")
		product := kms.Product(strings.ToLower(title))
		p.judgeID(m, product, outcome)
		if strings.HasPrefix(outcome, kms.CodeOK.String()) && m.described.OtherHost == "" {
			m.requested[product] = now
			delete(m.pending, product)
			m.wokenAt = time.Time{}
		}
	default:
	}
}

// judgeID holds the id of a request against those that the member had before its restart:
// another one proves that restarts bring new ones.
func (p *promises) judgeID(m *member, product kms.Product, outcome string) {
	_, rest, _ := strings.Cut(outcome, "client machine id ")
	id, _, _ := strings.Cut(rest, ",")
	m.ids[id] = true
	p.newOffice = p.newOffice || product == kms.Office && m.restarts > 0 && !m.atRestart[id] && strings.HasPrefix(outcome, kms.CodeOK.String())
	if m.restarts > 0 && strings.HasPrefix(outcome, kms.CodeOK.String()) && (product == kms.Windows || p.job.Thresholds[kms.Windows] == 0) {
		m.kept = m.atRestart[id]
		p.provedHere = p.provedHere || !m.kept
	}
}

// know looks at the world's truth, which must not be asked under the lock, and takes the
// lock; the caller unlocks.
func (p *promises) know(station string) func() {
	state := p.world.State()
	log, err := p.world.Events(state.Host.Name)
	var asked []eventlog.Record
	if station != "" {
		asked, err = p.world.Events(station)
	}
	p.mu.Lock()
	if err == nil {
		p.keys, p.asked = state.Host.Keys, asked
		p.sawLog(log)
	}
	return p.mu.Unlock
}

// lacks is what the product is short of by what the cycle last read.
func (p *promises) lacks(product kms.Product) int {
	if p.fromClients {
		return p.job.Thresholds[product] - p.counts[product]
	}
	return p.job.Thresholds[product] - p.lastRead[product] - p.landedSince(product)
}

// landedSince are counts of members that came after the last read of the host.
func (p *promises) landedSince(product kms.Product) int {
	landed := 0
	for _, m := range p.members {
		if m.newID[product].After(p.readAt) {
			landed++
		}
	}
	return landed
}
