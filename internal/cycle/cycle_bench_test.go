package cycle

import (
	"container/heap"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/ledger"
	"github.com/timago/terraform-provider-timago/internal/pool"
)

// arrivals are reports on their way, the next first.
type arrivals []arrival

type arrival struct {
	at time.Time
	n  int
	report
}

func (a arrivals) Len() int { return len(a) }
func (a arrivals) Less(i, j int) bool {
	return a[i].at.Before(a[j].at) || a[i].at.Equal(a[j].at) && a[i].n < a[j].n
}
func (a arrivals) Swap(i, j int) { a[i], a[j] = a[j], a[i] }
func (a *arrivals) Push(x any)   { *a = append(*a, x.(arrival)) } //nolint:forcetypeassert // nothing else is pushed
func (a *arrivals) Pop() any {
	last := (*a)[len(*a)-1]
	*a = (*a)[:len(*a)-1]
	return last
}

// plant answers a cycle's calls as fast as they can be computed: a site where all goes
// well, so that what is measured is the cycle.
type plant struct {
	now     time.Time
	boots   []time.Time // by station
	starts  []int
	counted map[kms.CMID]bool
	log     []kms.Counted
	asks    []arrival // of stations by themselves, in order
	coming  arrivals
	n       int
	reports int
}

func (p *plant) id(station int) kms.CMID {
	return kms.CMID(fmt.Sprintf("%d/%d", station, p.starts[station]))
}

func (p *plant) count(s *station) {
	if id := p.id(s.index); !p.counted[id] {
		p.counted[id] = true
		p.log = append(p.log, kms.Counted{Time: p.now, Client: s.name, CMID: id, ActivationID: "w", Threshold: 1 << 20})
	}
}

// answer makes the report of a call that arrives now.
func (p *plant) answer(c call) report {
	r := report{call: c}
	uptime := func() kms.Uptime { return kms.Uptime{Now: p.now, Boot: p.boots[c.station.index]} }
	switch c.verb {
	case probe:
		if r.presence.Uptime = uptime(); p.now.Before(r.presence.Boot) {
			r.err = kms.ErrUnreachable
		}
	case presence:
		r.presence = kms.Presence{Uptime: uptime(), Name: c.station.name}
	case whole, licensing:
		r.licensing = kms.Licensing{CMID: p.id(c.station.index), Licences: []kms.Licence{{
			ID: "w", Product: kms.Windows, Channel: kms.Channel{Kind: kms.ChannelKMSClient}, Status: kms.OOBGrace,
		}}}
		if c.verb == whole {
			r.whole = kms.Station{Uptime: uptime(), Name: c.station.name, Licensing: r.licensing}
		}
	case activate:
		p.count(c.station)
		r.err = &kms.CodeError{Code: kms.CodeNotEnoughCount}
	case restart:
		p.starts[c.station.index]++
		p.boots[c.station.index] = p.now.Add(time.Duration(40+c.station.index%20) * time.Second)
		p.asks = append(p.asks, arrival{at: p.now.Add(70 * time.Second), report: report{call: c}})
	case pollHost:
		for len(p.asks) > 0 && !p.asks[0].at.After(p.now) {
			p.count(p.asks[0].station)
			p.asks = p.asks[1:]
		}
		count := len(p.counted)
		r.host = kms.Host{IsHost: true, Products: []kms.HostProduct{{Product: kms.Windows, Count: &count}}}
		for i := len(p.log) - 1; i >= 0 && !p.log[i].Time.Before(c.since); i-- {
			r.counted = append(r.counted, p.log[i])
		}
	case requests, wake:
	}
	return r
}

func (p *plant) run(c *cycle) {
	c.begin(p.now)
	for {
		calls, _ := c.take()
		for _, made := range calls {
			p.n++
			heap.Push(&p.coming, arrival{at: p.now.Add(time.Duration(5+p.n%7) * time.Millisecond), n: p.n, report: report{call: made}})
		}
		if c.finished() {
			return
		}
		next, ticks := c.next()
		if len(p.coming) > 0 && (!ticks || !p.coming[0].at.After(next)) {
			a := heap.Pop(&p.coming).(arrival) //nolint:forcetypeassert // nothing else is pushed
			p.now = a.at
			p.reports++
			c.takeReport(p.now, p.answer(a.call))
			continue
		}
		p.now = kms.Later(p.now, next)
		c.tick(p.now)
	}
}

// BenchmarkCycle measures deciding alone: 10,000 stations, each read, asked and read
// back, some restarted, in more than 50,000 reports.
func BenchmarkCycle(b *testing.B) {
	for _, size := range []int{1000, 3000, 10000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				p, c := bigCycle(size)
				p.run(c)
				if c.err != nil || c.host.counts[0] < c.wanted[0] {
					b.Fatal(c.err, c.host.counts)
				}
				b.ReportMetric(float64(p.reports), "reports")
				runtime.KeepAlive(c)
			}
		})
	}
}

func bigCycle(size int) (*plant, *cycle) {
	p := &plant{
		now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), starts: make([]int, size), counted: map[kms.CMID]bool{},
	}
	job := Job{
		Thresholds: map[kms.Product]int{kms.Windows: size * 14 / 10}, Limits: pool.Limits{MaxParallel: 500}, Memory: pool.Memory{Proof: p.now},
	}
	for i := range size {
		job.Members = append(job.Members, fmt.Sprintf("pc%05d", i))
		p.boots = append(p.boots, p.now.Add(-time.Hour))
	}
	return p, newCycle(job, new(ledger.Book).Of(""), false, p.now)
}
