package cycle_test

import (
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

	"github.com/timago/terraform-provider-timago/internal/outcome"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// tallied are promises whose breaches are shown and counted instead of ending the draw: a
// table over many worlds wants them all.
var tallied = flag.String("tally", "", "in wide worlds, count breaches of these promises instead of failing at the first, such as A14,A15; all: of every one")

// TestWideWorlds holds cycles against the promises in worlds that may do what real sites
// do, whether or not the cycle was made for it. The table says how many had what.
func TestWideWorlds(t *testing.T) {
	t.Parallel()
	var table table
	rapid.Check(t, func(t *rapid.T) {
		s, odd := drawWide(t)
		rapid.SyncTest(t, func(t *rapid.T) {
			p := s.playWide(t)
			table.add(s, odd, p)
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
		})
	})
}

// failures are the breaches that end the draw.
func failures(breaches []string) []string {
	return slices.DeleteFunc(slices.Clone(breaches), func(breach string) bool {
		return *tallied == "all" || slices.Contains(strings.Split(*tallied, ","), promiseOf(breach))
	})
}

func promiseOf(breach string) string {
	promise, _, _ := strings.Cut(breach, ":")
	return promise
}

// end holds the result against the promises.
func (p *promises) end(r outcome.Result, err error) {
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
	shown  map[string][]string // by promise: the first worlds that broke it
}

// shownOfEach is how many worlds are shown of each promise that was broken.
const shownOfEach = 5

func (t *table) add(s scenario, odd []oddity, p *promises) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.had == nil {
		t.had, t.acted, t.broke, t.beside = map[string]int{}, map[string]int{}, map[string]int{}, map[string]map[string]int{}
		t.shown = map[string][]string{}
	}
	t.total++
	breaches := map[string]bool{}
	for _, breach := range p.broken {
		breaches[promiseOf(breach)] = true
	}
	log := p.log.String()
	for promise := range breaches {
		if t.broke[promise]++; t.broke[promise] <= shownOfEach {
			t.shown[promise] = append(t.shown[promise], fmt.Sprintf("%q\n%s\nThe world, as a file of %s:\n%s", p.broken, log, wideWorldsKept, s))
		}
	}
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
	for _, o := range append([]peculiarity{{name: twoPools}, {name: killed}}, peculiarities...) {
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
		test.Logf("%5d of %d worlds broke %s; the first:\n%s", t.broke[promise], t.total, promise, strings.Join(t.shown[promise], "\n"))
	}
}
