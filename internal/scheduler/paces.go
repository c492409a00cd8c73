package scheduler

import (
	"cmp"
	"maps"
	"time"

	"github.com/timago/terraform-provider-timago/internal/pool"
)

// Paces are how long stations take, as far as is known: of each, by its number, and of all
// together, for one of which nothing is known.
type Paces struct {
	fleet    pool.Pace
	members  []string
	stations []pool.Pace
	all      map[string]pool.Pace
}

// NewPaces begins with what is remembered of members.
func NewPaces(members []string, memory pool.Memory) *Paces {
	p := &Paces{fleet: memory.Fleet(members), members: members, stations: make([]pool.Pace, len(members)), all: map[string]pool.Pace{}}
	maps.Copy(p.all, memory.Paces)
	for i, name := range members {
		p.stations[i] = memory.Paces[name]
	}
	return p
}

// Of is what is known of a station's pace, or else of the fleet's, which is less sure.
func (p *Paces) Of(station int) pool.Pace {
	if own := p.stations[station]; own.Return.Samples > 0 {
		return own
	}
	fleet := p.fleet
	fleet.Return.Deviation = max(fleet.Return.Deviation, fleet.Return.Mean/4)
	fleet.Request.Deviation = max(fleet.Request.Deviation, fleet.Request.Mean/4)
	return fleet
}

// Cycle is how long a station's cycle is expected to take.
func (p *Paces) Cycle(station int) time.Duration {
	return cmp.Or(p.stations[station].Cycle(), p.fleet.Cycle(), pool.UsualCycle)
}

// Slow is how long a slow cycle of a station takes.
func (p *Paces) Slow(station int) time.Duration { return slow(p.Cycle(station)) }

// SlowFleet is how long a slow cycle of any station takes.
func (p *Paces) SlowFleet() time.Duration { return slow(p.fleet.Cycle()) }

func slow(cycle time.Duration) time.Duration { return max(cycle*3/2, pool.UsualCycle) }

// muchMoved is the part of a cycle by which an expectation must change for stations to be put in
// order anew.
const muchMoved = 8

// Returned takes in how long a station took to come back, after so many looks. moved says
// that much else is expected now of stations of which nothing is known.
func (p *Paces) Returned(station int, took time.Duration, looks int) (moved bool) {
	before := p.fleet.Cycle()
	if looks == 1 {
		// Nobody looked before: it may have been back for a while. Look earlier next time.
		took -= took / 100
	}
	own := &p.stations[station]
	own.Return, p.fleet.Return = own.Return.With(took), p.fleet.Return.With(took)
	p.all[p.members[station]] = *own
	return p.moved(before)
}

func (p *Paces) moved(before time.Duration) bool {
	return (p.fleet.Cycle() - before).Abs() > before/muchMoved
}

// Requested takes in how long a station's request took after its return; moved as above.
func (p *Paces) Requested(station int, took time.Duration) (moved bool) {
	before := p.fleet.Cycle()
	own := &p.stations[station]
	own.Request, p.fleet.Request = own.Request.With(took), p.fleet.Request.With(took)
	p.all[p.members[station]] = *own
	return p.moved(before)
}

// All are the paces to be remembered, by name.
func (p *Paces) All() map[string]pool.Pace { return p.all }
