package cycle_test

import (
	"flag"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/timago/terraform-provider-timago/internal/cycle"
	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/outcome"
	"github.com/timago/terraform-provider-timago/internal/pool"
	"github.com/timago/terraform-provider-timago/internal/simulator/timeline"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

var (
	boundSeeds = flag.Int("bound.seeds", seeds, "seeds for each row of the bound's table")
	boundKind  = flag.String("bound.kind", "", "only the rows of this kind")
)

// fleetKind says how the cycle times of a fleet differ, what is known of them, and what
// is promised; a limit of 0 is none.
type fleetKind struct {
	name        string
	unequal     bool
	noisy       bool // by ±30 % around their means
	knows       knowledge
	even        bool // every station makes its equal share
	median, p95 float64
	learning    bool // held to what the first cycle may lose
}

type knowledge uint8

const (
	everything knowledge = iota // the true means
	nothing
	learnt // what the engine remembered of every station from runs before
)

// kinds are the rows of the table: first those that the promise names.
var kinds = []fleetKind{
	{name: "equal", median: 1.05, p95: 1.05},
	{name: "known-unequal", unequal: true, median: 1.05, p95: 1.05},
	{name: "±30%", noisy: true, median: 1.05, p95: 1.15},
	{name: "unknown-unequal", unequal: true, knows: nothing},
	{name: "equal-unknown", knows: nothing, learning: true},
	{name: "learnt", unequal: true, knows: learnt, median: 1.05, p95: 1.05},
	{name: "even-equal", even: true, median: 1.05, p95: 1.05},
	// No schedule of a hundred unequal shares on ten places is known to be the fastest: the
	// bound lies up to 3 % below what a long search finds.
	{name: "even-known-unequal", unequal: true, even: true, median: 1.05, p95: 1.10},
	{name: "even-±30%", noisy: true, even: true},
}

// How much is missing in every row: the vendor's example.
const missingCounts = 25

// Parts of a station's cycle time.
const (
	partShutdown = 0.07
	partBoot     = 0.90
	partAsk      = 0.03
)

// fleet draws a fleet whose cycles take 20 s to 10 min.
func fleet(kind fleetKind, n int, seed uint64) (world.Site, pool.Memory) {
	random := rand.New(rand.NewPCG(seed, uint64(n))) //nolint:gosec // repeatable, not secret
	draw := func() time.Duration {
		return time.Duration(float64(20*time.Second) * math.Pow(30, random.Float64()))
	}
	common := draw()
	memory := pool.Memory{Proof: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), Paces: map[string]pool.Pace{}}
	site := world.Site{Seed: seed, Faults: []world.Fault{{Name: world.CountFalls}}}
	for i := range n {
		c := common
		if kind.unequal {
			c = draw()
		}
		part := func(of float64) time.Duration { return time.Duration(float64(c) * of) }
		timing := timeline.Timing{Shutdown: part(partShutdown), Boot: part(partBoot), Ask: part(partAsk)}
		deviation := 0.0
		if kind.noisy {
			timing.Jitter, deviation = 0.3, 0.15
		}
		s := world.Station{Name: fmt.Sprintf("PC%03d", i+1), Counted: true, Timing: &timing}
		site.Stations = append(site.Stations, s)
		if kind.knows == everything {
			span := func(mean time.Duration) pool.Span {
				return pool.Span{Mean: mean, Deviation: time.Duration(float64(mean) * deviation), Samples: 10}
			}
			memory.Paces[s.Name] = pool.Pace{Return: span(part(partShutdown + partBoot)), Request: span(part(partAsk))}
		}
	}
	return site, memory
}

// learn runs the engine, without any memory, once with each part of the fleet that can
// make the counts with one restart each, and gives what it remembered.
func learn(t *testing.T, site world.Site) pool.Memory {
	t.Helper()
	memory := pool.Memory{Proof: time.Now(), Paces: map[string]pool.Pace{}}
	for part := range slices.Chunk(site.Stations, missingCounts) {
		some := site
		some.Stations = part
		w, err := world.New(some, world.Options{Speed: 1})
		if err != nil {
			t.Fatal(err)
		}
		r, err := cycle.New().Run(t.Context(), &fakeSite{World: w, latency: 20 * time.Millisecond}, cycle.Job{
			Host: "kms01", Members: w.Names(), Thresholds: map[kms.Product]int{kms.Windows: 2 * len(part)}, Memory: pool.Memory{Proof: memory.Proof},
			Limits: pool.Limits{MaxParallel: 10, StationTimeout: time.Hour, Spread: pool.SpreadEven},
		})
		if err != nil || len(r.Memory.Paces) != len(part) {
			t.Fatalf("learnt of %d of %d, %v", len(r.Memory.Paces), len(part), err)
		}
		maps.Copy(memory.Paces, r.Memory.Paces)
	}
	return memory
}

// trial is one run of one row.
type trial struct {
	ratio    float64       // reached / T*
	late     time.Duration // reached after 1.05 T*
	cycle    time.Duration // of the first station
	probes   float64       // for each restart
	looking  float64       // part of a cycle between a count and its notice
	overshot int
	err      error
}

func try(t *testing.T, kind fleetKind, n, m int, seed uint64) (result trial) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		site, memory := fleet(kind, n, seed)
		spread := pool.SpreadFastest
		if kind.even {
			spread = pool.SpreadEven
		}
		if kind.knows == learnt {
			memory = learn(t, site)
		}
		missing := missingCounts
		if kind.learning { // what one station is restarted for first, as proof, is not held against the bound
			memory, missing = pool.Memory{}, missing-1
		}
		var (
			mu      sync.Mutex
			counted = map[string]time.Time{}
			lost    time.Duration
			whole   time.Duration
			reached time.Time
			notices int
		)
		w, err := world.New(site, world.Options{Speed: 1, Observe: func(e world.Entry) {
			if e.Kind == world.KindRequest {
				mu.Lock()
				counted[e.Machine] = e.Time
				mu.Unlock()
			}
		}})
		if err != nil {
			t.Fatal(err)
		}
		cycles, means := make([][]time.Duration, n), make([]time.Duration, n)
		for i, s := range site.Stations {
			for k := range missingCounts {
				c, err := w.CycleTime(s.Name, k+1)
				if err != nil {
					t.Fatal(err)
				}
				cycles[i] = append(cycles[i], c)
			}
			means[i] = s.Timing.Shutdown + s.Timing.Boot + s.Timing.Ask
		}
		fake := &fakeSite{World: w, latency: 20 * time.Millisecond}
		begun := time.Now()
		r, err := cycle.New().Run(t.Context(), fake, cycle.Job{
			Host: "kms01", Members: w.Names(), Thresholds: map[kms.Product]int{kms.Windows: missingCounts}, Memory: memory,
			Limits: pool.Limits{MaxParallel: m, MaxRestartsPerStation: missingCounts, StationTimeout: time.Hour, Spread: spread},
			Progress: func(e outcome.Event) {
				switch e.Kind {
				case outcome.KindCounted:
					mu.Lock()
					lost += time.Since(counted[e.Station])
					if notices++; kind.learning && notices == 1 {
						begun = time.Now()
					}
					mu.Unlock()
				case outcome.KindReached:
					reached = time.Now()
				default:
				}
			},
		})
		for _, s := range site.Stations {
			for k := range r.ByStation[s.Name].Restarts {
				c, _ := w.CycleTime(s.Name, k+1)
				whole += c
			}
		}
		least := fastestPossible(cycles, means, m, missing)
		if kind.even {
			least = evenPossible(cycles, means, m, missingCounts, partShutdown+partBoot)
		}
		result = trial{
			ratio:    float64(reached.Sub(begun)) / float64(least),
			late:     reached.Sub(begun) - time.Duration(1.05*float64(least)),
			cycle:    means[0],
			probes:   float64(fake.probes.Load()) / float64(max(1, r.Restarts)),
			looking:  float64(lost) / float64(whole),
			overshot: r.Restarts - missingCounts, err: err,
		}
	})
	return result
}

// TestBound prints, for a fixed list of fleets, how near the cycle comes to the fastest
// possible, and holds it to what is promised. The flag -bound.seeds sets the seeds a row.
func TestBound(t *testing.T) {
	t.Parallel()
	for _, kind := range kinds {
		if *boundKind != "" && kind.name != *boundKind {
			continue
		}
		for _, n := range []int{5, 30, 100, 500} {
			for _, m := range []int{5, 10, 50} {
				row(t, kind, n, m)
			}
		}
	}
}

func row(t *testing.T, kind fleetKind, n, m int) {
	t.Helper()
	trials := make([]trial, *boundSeeds)
	for i := range trials {
		trials[i] = try(t, kind, n, m, uint64(i)+1)
		// All learn in the first cycle, side by side: a look comes at the latest a tenth of the
		// time after what it is to see, and never later than the rarest looks are apart.
		if lost := min(trials[i].cycle/10, 15*time.Second) + time.Second; kind.learning && trials[i].late > lost {
			t.Errorf("%s n=%d m=%d seed %d: %s later than 1.05 T*; learning a cycle of %s may cost %s", kind.name, n, m, i+1, trials[i].late, trials[i].cycle, lost)
		}
		if trials[i].err != nil || trials[i].overshot != 0 {
			t.Errorf("%s n=%d m=%d seed %d: %d restarts too many, %v", kind.name, n, m, i+1, trials[i].overshot, trials[i].err)
		}
	}
	ratios, probes, looking := make([]float64, len(trials)), 0.0, 0.0
	most := 0.0
	for i, trial := range trials {
		ratios[i] = trial.ratio
		probes += trial.probes / float64(len(trials))
		most = max(most, trial.probes)
		looking += trial.looking / float64(len(trials))
	}
	slices.Sort(ratios)
	median, p95, worst := quantile(ratios, 0.5), quantile(ratios, 0.95), ratios[len(ratios)-1]
	t.Logf("bound %s n=%d m=%d median=%.3f p95=%.3f worst=%.3f probes=%.1f looking=%.2f%%", kind.name, n, m, median, p95, worst, probes, 100*looking)
	if kind.median > 0 && (!kind.noisy || len(ratios) >= fewestForQuantiles) && (median > kind.median || p95 > kind.p95) {
		t.Errorf("%s n=%d m=%d: beyond the bound of %v and %v", kind.name, n, m, kind.median, kind.p95)
	}
	if kind.knows == everything && !kind.noisy && (most > 8 || looking > 0.03) {
		t.Errorf("%s n=%d m=%d: %.1f probes a restart, %.1f%% of the time lost to looking", kind.name, n, m, most, 100*looking)
	}
}

// fewestForQuantiles: of fewer seeds, what chance does to a noisy fleet says little.
const fewestForQuantiles = 100

func quantile(sorted []float64, q float64) float64 {
	return sorted[min(len(sorted)-1, int(math.Ceil(q*float64(len(sorted))))-1)]
}
