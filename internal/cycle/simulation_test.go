package cycle_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/timago/terraform-provider-timago/internal/cycle"
	"github.com/timago/terraform-provider-timago/internal/outcome"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// TestSimulation holds cycles in drawn worlds against the promises, at every call they
// make and at their end. The flag -rapid.checks sets the number of worlds.
func TestSimulation(t *testing.T) {
	t.Parallel()
	var seen coverage
	rapid.Check(t, func(t *rapid.T) {
		s := drawScenario(t)
		rapid.SyncTest(t, func(t *rapid.T) {
			w := s.play(t)
			if len(w.broken) > 0 {
				t.Fatalf("%q\n%s\nThe world, as a file of %s:\n%s", w.broken, w.log.String(), worldsKept, s)
			}
			seen.add(s, w)
		})
	})
	seen.judge(t)
}

// TestSameWorldSameRun: A12.
func TestSameWorldSameRun(t *testing.T) {
	t.Parallel()
	for seed := range 100 {
		s := exampleScenario(seed)
		s.Twin = false // whose turn it is among two at one moment is the runtime's affair
		var logs [2]string
		for i := range logs {
			synctest.Test(t, func(t *testing.T) { logs[i] = s.play(t).log.String() })
		}
		if logs[0] != logs[1] {
			t.Fatalf("two runs differ:\n%s\n\n%s", logs[0], logs[1])
		}
	}
}

// play runs the scenario and judges its end.
func (s scenario) play(t interface{ Fatal(...any) }) *invariantChecker {
	time.Sleep(s.Begins)
	job := s.job()
	w := newInvariantChecker(job, s.Window)
	site, err := world.New(s.Site, world.Options{Speed: 1, Observe: w.observe})
	if err != nil {
		t.Fatal(err)
	}
	w.world, w.twin = site, s.Twin
	job.Members, job.Progress = site.Names(), w.progress
	defer time.Sleep(10 * time.Second) // calls that did not end with their context
	engine := cycle.New()
	engine.WatchMoves(w.move)
	room := &fakeSite{World: site, latency: s.Latency, notice: s.Notice, late: s.Late, watch: w}
	var asked cycle.Site = room
	if s.Limits.Wake {
		asked = wakeableSite{room}
	}
	job.Read = s.readBefore(asked, job.Members)
	if s.Cancel > 0 && s.Resume {
		// A first run ends in the middle; the second knows nothing of it but what the world shows.
		ctx, cancel := context.WithTimeout(context.Background(), s.Cancel)
		defer cancel()
		_, _ = cycle.New().Run(ctx, asked, job)
		time.Sleep(time.Minute) // what was told to restart has gone down
		w.again()
	}
	limit := 24 * time.Hour
	if s.Cancel > 0 && !s.Resume {
		limit = s.Cancel
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	w.cancelled = time.Now().Add(limit)
	if s.Twin {
		half := len(job.Members) / 2
		twin := job
		twin.Members, job.Members = job.Members[:half], job.Members[half:]
		twin.Limits.MaxParallel, w.limits.MaxParallel = job.Limits.MaxParallel, 2*w.limits.MaxParallel
		other := make(chan outcome.Result)
		go func() {
			result, _ := engine.Run(ctx, asked, twin)
			other <- result
		}()
		result, err := engine.Run(ctx, asked, job)
		w.ended()
		o := <-other
		result.Restarts, result.Unconfirmed = result.Restarts+o.Restarts, result.Unconfirmed+o.Unconfirmed
		w.end(s, result, err)
		return w
	}
	result, err := engine.Run(ctx, asked, job)
	w.ended()
	w.end(s, result, err)
	return w
}
