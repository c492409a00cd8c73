//go:build unix && !race

package cycle

import (
	"runtime"
	"syscall"
	"testing"
	"time"
)

// TestCost prints what deciding costs: 10,000 stations, more than 50,000 reports. Its
// memory is linear in stations.
//
//nolint:paralleltest // what others allocate would count
func TestCost(t *testing.T) {
	const few, many, fewestReports = 1000, 10000, 50000
	live := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	used := func() time.Duration { // of the processor, whatever else runs on the machine
		var usage syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
			t.Fatal(err)
		}
		return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
	}
	cost := func(size int) (reports int, took time.Duration, perStation float64) {
		before := live()
		plant, cycle := bigCycle(size)
		begun := used()
		plant.run(cycle)
		took, reports = used()-begun, plant.reports
		if cycle.err != nil || cycle.host.counts[0] < cycle.wanted[0] {
			t.Fatal(cycle.err, cycle.host.counts)
		}
		plant = nil // only the cycle stays
		perStation = float64(live()-before) / float64(size)
		runtime.KeepAlive(cycle)
		return reports, took, perStation
	}
	_, _, small := cost(few)
	reports, took, large := cost(many)
	t.Logf("cost stations=%d events=%d cpu=%.2fs cpu/50000=%.2fs live=%.1fMB live/station=%.0fB ratio-to-%d=%.2f",
		many, reports, took.Seconds(), took.Seconds()*fewestReports/float64(reports), large*many/1e6, large, few, large/small)
	if reports < fewestReports {
		t.Errorf("%d reports, want %d at least", reports, fewestReports)
	}
	if large > 1.5*small {
		t.Errorf("%.0f bytes live for each of %d stations, %.0f of %d: not linear", large, many, small, few)
	}
}
