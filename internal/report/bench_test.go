//go:build unix

package report

import (
	"testing"

	"github.com/timago/terraform-provider-timago/internal/outcome"
)

// BenchmarkWrite is what a write costs in the middle of an apply, and what that is of a
// processor that is free, since there is one in five seconds.
func BenchmarkWrite(b *testing.B) {
	for _, size := range []struct {
		name             string
		stations, events int
	}{{"stations=30", 30, 200}, {"stations=300", 300, 2000}, {"stations=3000", 3000, 20000}} {
		b.Run(size.name, func(b *testing.B) {
			r, c := busy(b, size.stations, size.events)
			b.Cleanup(func() { c.reach() })
			r.writeOnce()
			before := processorTime()
			for i := 0; b.Loop(); i++ {
				c.count(i%25, 0)
				r.writeOnce()
			}
			share := float64(processorTime()-before) / float64(b.N)
			b.ReportMetric(share/1e3, "cpu-µs/op")
			b.ReportMetric(100*share/float64(shortestPause), "%core")
		})
	}
}

// BenchmarkEvent is what an event costs the cycle that tells it.
func BenchmarkEvent(b *testing.B) {
	_, c := busy(b, 300, 2000)
	b.Cleanup(func() { c.reach() })
	names := room(300)
	for i := 0; b.Loop(); i++ {
		c.report(outcome.KindRestarting, names[i%300])
	}
}
