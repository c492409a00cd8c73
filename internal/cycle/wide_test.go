package cycle_test

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/timago/terraform-provider-timago/internal/cycle"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// broken are the promises that are known not to hold in every wide world: their breaches
// are counted and shown, and fail only with -wide. A promise that has come to hold goes.
var broken = []string{}

var wide = flag.String("wide", "", "fail wide worlds also for these promises that are known to be broken, such as A14,A15; all: for every one")

// TestWideWorlds holds cycles against the promises in worlds that may do what real sites
// do, whether or not the cycle was made for it. The table says how many had what.
func TestWideWorlds(t *testing.T) {
	t.Parallel()
	var table table
	rapid.Check(t, func(t *rapid.T) {
		s, odd := drawWide(t)
		rapid.SyncTest(t, func(t *rapid.T) {
			p := s.playWide(t)
			table.add(odd, p)
			if failing := failures(p.broken); len(failing) > 0 {
				t.Fatalf("%q\n%s\nThe world, as a file of %s:\n%s", failing, p.log.String(), wideWorldsKept, s)
			}
		})
	})
	table.judge(t)
}

const wideWorldsKept = "testdata/wide"

// TestWideWorldsKept runs the wide worlds in which a promise was once broken.
func TestWideWorldsKept(t *testing.T) {
	t.Parallel()
	eachWorld(t, wideWorldsKept, func(t *testing.T, s scenario) {
		synctest.Test(t, func(t *testing.T) {
			p := s.playWide(t)
			if failing := failures(p.broken); len(failing) > 0 {
				t.Errorf("%q\n%s", failing, p.log.String())
			}
			if len(p.broken) > 0 && !t.Failed() {
				t.Logf("known to be broken: %q", p.broken)
			}
		})
	})
}

// failures are the breaches of promises that are to hold.
func failures(breaches []string) []string {
	return slices.DeleteFunc(slices.Clone(breaches), func(breach string) bool {
		promise, _, _ := strings.Cut(breach, ":")
		asked := *wide == "all" || slices.Contains(strings.Split(*wide, ","), promise)
		return !asked && slices.Contains(broken, promise)
	})
}

// playWide runs the scenario and judges it by the promises about open sets.
func (s scenario) playWide(t interface{ Fatal(...any) }) *promises {
	time.Sleep(s.Begins)
	job := s.job()
	base := newInvariantChecker(job, s.Window)
	p, err := newPromises(base, s)
	if err != nil {
		t.Fatal(err)
	}
	site, err := world.New(s.Site, world.Options{Speed: 1, Observe: p.observe})
	if err != nil {
		t.Fatal(err)
	}
	base.world = site
	for _, described := range s.Site.Stations {
		job.Members = append(append(job.Members, described.Name), described.Aliases...)
	}
	job.Progress = p.said
	defer time.Sleep(2 * time.Minute) // calls that did not end with their context
	fake := &fakeSite{World: site, latency: s.Latency, notice: s.Notice, late: s.Late, watch: base}
	var asked cycle.Site = recorder{fake, p}
	if s.Limits.Wake {
		asked = wakingRecorder{recorder{fake, p}, wakeableSite{fake}}
	}
	limit := 6 * time.Hour
	if s.Cancel > 0 {
		limit = s.Cancel
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	base.cancelled = time.Now().Add(limit)
	result, err := cycle.New().Run(ctx, asked, job)
	base.ended()
	p.end(result, err)
	return p
}

// end holds the result against the promises.
func (p *promises) end(r cycle.Result, err error) {
	defer p.know("")()
	p.outcome = err
	fmt.Fprintf(&p.log, "%s end    %v\n%+v\n", time.Now().Format(clockFace), err, r)
	p.judgeKind(err)
	p.judgeParts(r, err)
	p.judgeCredits(r)
	p.judgeRefused(r, err)
	p.judgeCeilingNamed(err)
	p.judgeTold(r, err)
}

// table counts what wide worlds had, and what was broken in them.
type table struct {
	mu     sync.Mutex
	total  int
	had    map[string]int
	acted  map[string]int
	broke  map[string]int // in how many worlds
	beside map[string]map[string]int
}

func (t *table) add(odd []oddity, p *promises) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.had == nil {
		t.had, t.acted, t.broke, t.beside = map[string]int{}, map[string]int{}, map[string]int{}, map[string]map[string]int{}
	}
	t.total++
	breaches := map[string]bool{}
	for _, breach := range p.broken {
		promise, _, _ := strings.Cut(breach, ":")
		breaches[promise] = true
	}
	for promise := range breaches {
		t.broke[promise]++
	}
	log := p.log.String()
	for _, o := range odd {
		t.had[o.name]++
		if len(o.faults) == 0 || slices.ContainsFunc(o.faults, func(f world.FaultName) bool { return strings.Contains(log, " fault "+string(f)) }) {
			t.acted[o.name]++
		}
		for promise := range breaches {
			if t.beside[o.name] == nil {
				t.beside[o.name] = map[string]int{}
			}
			t.beside[o.name][promise]++
		}
	}
}

func (t *table) judge(test *testing.T) {
	test.Helper()
	for _, o := range peculiarities {
		var beside []string
		for _, promise := range slices.Sorted(maps.Keys(t.beside[o.name])) {
			beside = append(beside, fmt.Sprintf("%s %d", promise, t.beside[o.name][promise]))
		}
		test.Logf("%5d of %d worlds, in %d to be seen: %s (broken beside it: %s)", t.had[o.name], t.total, t.acted[o.name], o.name, strings.Join(beside, ", "))
		if t.acted[o.name] == 0 && t.total >= 10*fewestForCoverage && !test.Failed() {
			test.Errorf("of %d worlds none showed %s", t.total, o.name)
		}
	}
	for _, promise := range slices.Sorted(maps.Keys(t.broke)) {
		test.Logf("%5d of %d worlds broke %s", t.broke[promise], t.total, promise)
	}
	for _, promise := range broken {
		if t.broke[promise] == 0 && t.total >= 10*fewestForCoverage {
			test.Logf("%s was broken in no world: it can go from the list of what is known to be broken", promise)
		}
	}
}
