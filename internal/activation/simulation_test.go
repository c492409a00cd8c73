package activation_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/timago/terraform-provider-timago/internal/activation"
	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// scenario is a world and a cycle in it.
type scenario struct {
	Site    world.Site
	Job     activation.Job
	Cancel  time.Duration // 0: after a day
	Resume  bool          // a second run goes on after Cancel
	Latency time.Duration
	Notice  time.Duration // until a station that was told to restart goes down
	Late    bool          // calls do not end with their context
	Twin    bool          // another pool with the same job's second half of members, on the same host
}

// calm tells that nothing disturbs the world: what comes of it can be said exactly.
func (s scenario) calm() bool {
	return len(s.Site.Faults) == 0 && len(s.Site.Traffic) == 0 && s.Cancel == 0 && !s.Twin
}

func seconds(t *rapid.T, from, to int, label string) time.Duration {
	return time.Duration(rapid.IntRange(from*1000, to*1000).Draw(t, label)) * time.Millisecond
}

func drawScenario(t *rapid.T) scenario {
	size := rapid.IntRange(1, 8).Draw(t, "stations")
	if rapid.IntRange(0, 19).Draw(t, "large") == 19 {
		size = rapid.IntRange(9, 60).Draw(t, "many stations")
	}
	timing := world.Timing{
		Shutdown: seconds(t, 1, 20, "shutdown"), Boot: seconds(t, 8, 240, "boot"), Ask: seconds(t, 0, 40, "ask"),
		Netlogon: seconds(t, 0, 4, "netlogon"), Services: seconds(t, 0, 4, "services"),
		Spread: rapid.SampledFrom([]float64{0, 0.2, 0.6}).Draw(t, "spread"),
		Jitter: rapid.SampledFrom([]float64{0, 0.05, 0.3}).Draw(t, "jitter"),
		Silent: rapid.Bool().Draw(t, "silent"),
	}
	site := world.Site{Seed: rapid.Uint64().Draw(t, "seed")}
	withOffice := rapid.IntRange(0, 3).Draw(t, "office") == 3
	thresholds := map[kms.Product]int{kms.Windows: rapid.IntRange(1, 14).Draw(t, "windows threshold")}
	if rapid.IntRange(0, 7).Draw(t, "usual threshold") == 7 {
		thresholds[kms.Windows] = 25
	}
	keys := []world.Key{{Key: "windows", Counted: drawCounted(t, "windows", thresholds[kms.Windows])}}
	if withOffice {
		thresholds[kms.Office] = rapid.IntRange(1, 8).Draw(t, "office threshold")
		keys = append(keys, world.Key{Key: "office-2024", Counted: drawCounted(t, "office", thresholds[kms.Office])})
	}
	site.Host = world.Host{Keys: keys, Skew: seconds(t, -3000, 3000, "host's skew")}
	for i := range size {
		site.Stations = append(site.Stations, drawStation(t, i, timing, withOffice))
	}
	for range rapid.SampledFrom([]int{0, 0, 0, 1, 2, 4}).Draw(t, "faults") {
		site.Faults = append(site.Faults, drawFault(t, site))
	}
	if rapid.IntRange(0, 5).Draw(t, "traffic") == 5 {
		site.Traffic = []world.Traffic{{Every: seconds(t, 10, 600, "every")}}
	}
	s := scenario{
		Site: site, Latency: rapid.SampledFrom([]time.Duration{time.Millisecond, 30 * time.Millisecond, 400 * time.Millisecond}).Draw(t, "latency"),
		Job: activation.Job{
			Host: "kms01", Thresholds: thresholds,
			Limits: activation.Limits{
				MaxParallel: rapid.IntRange(1, 10).Draw(t, "parallel"), MaxRestartsPerStation: rapid.IntRange(1, 12).Draw(t, "restarts"),
				StationTimeout: seconds(t, 600, 900, "timeout"),
				WhenInUse:      rapid.SampledFrom([]activation.InUse{"", activation.WaitWhenInUse, activation.SkipWhenInUse, activation.ForceWhenInUse}).Draw(t, "in use"),
				Wake:           rapid.Bool().Draw(t, "wake"),
				Spread:         rapid.SampledFrom([]activation.Spread{activation.SpreadFastest, activation.SpreadEven}).Draw(t, "way"),
			},
		},
	}
	if rapid.IntRange(0, 4).Draw(t, "cancelled") == 4 {
		s.Cancel = seconds(t, 0, 900, "cancelled after")
	}
	s.Notice = rapid.SampledFrom([]time.Duration{0, 0, 10 * time.Second, 30 * time.Second}).Draw(t, "notice")
	s.Late = rapid.Bool().Draw(t, "late")
	s.Resume = s.Cancel > 0 && rapid.Bool().Draw(t, "resumed")
	if rapid.Bool().Draw(t, "proven") {
		s.Job.Memory.Proof = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	s.Twin = size > 1 && rapid.IntRange(0, 7).Draw(t, "twin") == 7
	return s
}

func drawCounted(t *rapid.T, key string, threshold int) []world.Counted {
	number := rapid.IntRange(0, threshold).Draw(t, key+" counted")
	return []world.Counted{{Number: number, Age: time.Hour, Over: 20 * 24 * time.Hour}}
}

func drawStation(t *rapid.T, i int, timing world.Timing, withOffice bool) world.Station {
	label := func(what string) string { return fmt.Sprintf("%s of PC%02d", what, i+1) }
	s := world.Station{
		Name: fmt.Sprintf("PC%02d", i+1), Timing: &timing, Uptime: seconds(t, 60, 7000, label("uptime")),
		Counted: rapid.Bool().Draw(t, label("counted")), Skew: seconds(t, -3000, 3000, label("skew")),
	}
	switch rapid.IntRange(0, 9).Draw(t, label("kind")) {
	case 0:
		s.Licensed = true
	case 1:
		s.Off = true
	case 2:
		s.User = `SCHULE\schueler`
	case 3:
		s.Products = []world.Product{{Title: "windows-11-education", By: rapid.SampledFrom([]world.Means{world.ByMAK, world.ByOEM, world.ByActiveDirectory}).Draw(t, label("by"))}}
		return s
	case 4:
		s.Image.KeepsCMID = true
	}
	s.Products = []world.Product{{Title: "windows-11-education", Silent: rapid.IntRange(0, 9).Draw(t, label("silent")) == 9}}
	if withOffice && rapid.Bool().Draw(t, label("office")) {
		office := world.Product{Title: "office-2024"}
		if rapid.Bool().Draw(t, label("office asks")) {
			asks := seconds(t, 0, 200, label("office's delay"))
			office.Asks = &asks
		}
		s.Products = append(s.Products, office)
	}
	return s
}

func drawFault(t *rapid.T, site world.Site) world.Fault {
	f := world.Fault{
		Name: rapid.SampledFrom([]world.FaultName{
			world.NeverComesBack, world.SlowBoot, world.SameCMID, world.UserAfterStart, world.UserBeforeRestart, world.PowerCut,
			world.ClockSkew, world.UserLogsOn, world.KMSAway, world.CountFalls, world.Refuses, world.HalfOpen, world.Quota,
			world.Drops, world.EmptyBody, world.TruncatedXML, world.Unavailable,
		}).Draw(t, "fault"),
		After: seconds(t, 0, 600, "after"), For: seconds(t, 1, 900, "for"),
		Nth: rapid.IntRange(0, 3).Draw(t, "nth"), Times: rapid.IntRange(0, 2).Draw(t, "times"),
		By: seconds(t, -600, 600, "by"), Number: rapid.IntRange(1, 5).Draw(t, "number"),
		Probability: rapid.SampledFrom([]float64{0, 0.1, 0.5}).Draw(t, "probability"),
	}
	if f.Name == world.SlowBoot {
		f.By = f.By.Abs()
	}
	f.On = []string{rapid.SampledFrom(site.Stations).Draw(t, "on").Name}
	if f.Name == world.Refuses || f.Name == world.HalfOpen || f.Name == world.Unavailable || f.Name == world.Drops {
		if rapid.Bool().Draw(t, "on the host") {
			f.On = []string{"kms01"}
		}
	}
	return f
}

// TestSimulation holds cycles in drawn worlds against the promises, at every call they
// make and at their end. The flag -rapid.checks sets the number of worlds.
func TestSimulation(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawScenario(t)
		rapid.SyncTest(t, func(t *rapid.T) {
			w := s.play(t)
			if len(w.broken) > 0 {
				t.Fatalf("%q\nsite %+v\njob %+v\n%s", w.broken, s.Site, s.Job, w.log.String())
			}
		})
	})
}

// TestSameWorldSameRun: A12.
func TestSameWorldSameRun(t *testing.T) {
	t.Parallel()
	for seed := range 100 {
		s := rapid.Custom(drawScenario).Example(seed)
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
func (s scenario) play(t interface{ Fatal(...any) }) *watchman {
	w := newWatchman(s.Job)
	site, err := world.New(s.Site, world.Options{Speed: 1, Observe: w.observe})
	if err != nil {
		t.Fatal(err)
	}
	w.world = site
	job := s.Job
	job.Members, job.Progress = site.Names(), w.progress
	defer time.Sleep(10 * time.Second) // calls that did not end with their context
	engine := activation.New()
	room := &school{World: site, latency: s.Latency, notice: s.Notice, late: s.Late, watch: w}
	var school activation.Site = room
	if s.Job.Limits.Wake {
		school = wakingSchool{room}
	}
	if s.Cancel > 0 && s.Resume {
		// A first run ends in the middle; the second knows nothing of it but what the world shows.
		ctx, cancel := context.WithTimeout(context.Background(), s.Cancel)
		defer cancel()
		_, _ = activation.New().Run(ctx, school, job)
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
		other := make(chan activation.Result)
		go func() {
			result, _ := engine.Run(ctx, school, twin)
			other <- result
		}()
		result, err := engine.Run(ctx, school, job)
		result.Restarts += (<-other).Restarts
		w.end(s, result, err)
		return w
	}
	result, err := engine.Run(ctx, school, job)
	w.end(s, result, err)
	return w
}

// end holds the result against what the world shows.
func (w *watchman) end(s scenario, r activation.Result, err error) {
	state := w.world.State()
	w.mu.Lock()
	defer w.mu.Unlock()
	fmt.Fprintf(&w.log, "%s end    %v\n%+v\n", time.Now().Format(clockFace), err, r)
	if late := time.Since(w.cancelled); late > 2*time.Second {
		w.breach("A10", "it returned %s after the end", late)
	}
	if r.Restarts != w.started-w.earlier {
		w.breach("A10", "%d restarts are reported, %d were made", r.Restarts, w.started-w.earlier)
	}
	for _, station := range state.Stations {
		for _, p := range station.Products {
			if p.Used > 0 {
				w.breach("A9", "%s used up an activation of %s", station.Name, p.Name)
			}
		}
	}
	var (
		stalled   *activation.Stalled
		same      *activation.SameCMID
		cancelled *activation.Cancelled
		silent    *activation.HostUnreadable
	)
	switch {
	case s.Twin && err != nil: // the other has its own part in the end
	case err == nil:
		w.endReached(s, state)
	case errors.As(err, &stalled):
		w.endStalled(s, stalled.Stations, state)
	case errors.As(err, &same):
		w.endStalled(s, same.Stations, state)
	case errors.As(err, &cancelled):
		// Only somebody at work keeps a cycle waiting for a day.
		if s.Cancel == 0 && !slices.ContainsFunc(state.Stations, func(s world.StationState) bool { return s.User != "" }) {
			w.breach("A8", "it did not end by itself: %v", err)
		}
	case errors.As(err, &silent):
		if !slices.ContainsFunc(s.Site.Faults, func(f world.Fault) bool { return slices.Contains(f.On, "kms01") }) {
			w.breach("A8", "the host was readable: %v", err)
		}
	default:
		w.breach("A8", "unknown end: %v", err)
	}
}

// exact: in a calm world nothing is made that was not needed.
func (w *watchman) exact(s scenario) {
	for product, threshold := range w.job.Thresholds {
		count, _ := w.read.Count(product)
		if len(w.job.Thresholds) == 1 && count > max(threshold, w.first[product]) && w.started > 0 && !slices.ContainsFunc(s.Site.Stations, func(d world.Station) bool { return d.Image.KeepsCMID }) {
			w.breach("A1", "%s stands at %d after %d restarts, %d was wanted", product, count, w.started, threshold)
		}
	}
}

func (w *watchman) endReached(s scenario, state world.State) {
	if s.calm() {
		w.exact(s)
	}
	for product, threshold := range w.job.Thresholds {
		if count, _ := w.read.Count(product); count < threshold {
			w.breach("A9", "it stopped at count %d of %s, below %d", count, product, threshold)
		}
	}
	if len(s.Site.Faults) > 0 {
		return
	}
	for i, station := range state.Stations {
		if s.Twin && i < len(state.Stations)/2 {
			continue // the other pool's
		}
		described := s.Site.Stations[i]
		for i, p := range station.Products {
			if by := described.Products[i].By; w.job.Thresholds[p.Family] >= p.Family.Threshold() && (by == "" || by == world.ByKMS) && station.Phase == "ready" && p.Status != kms.Licensed.String() {
				w.breach("A9", "%s was left with %s %s", station.Name, p.Name, p.Status)
			}
		}
	}
}

// endStalled asks of each station whether it could not have added something.
func (w *watchman) endStalled(s scenario, reasons map[string]string, state world.State) {
	for _, station := range state.Stations {
		if reasons[station.Name] == "" {
			w.breach("A8", "%s has no reason", station.Name)
		}
		described := s.Site.Stations[slices.IndexFunc(s.Site.Stations, func(d world.Station) bool { return d.Name == station.Name })]
		missing := w.missing(station)
		able := station.Phase == "ready" && station.User == "" && w.restarts[station.Name] < w.limits.MaxRestartsPerStation &&
			!described.Image.KeepsCMID && described.User == ""
		for _, p := range described.Products {
			able = able && (p.By == "" || p.By == world.ByKMS)
		}
		var kept bool
		for _, d := range s.Site.Stations {
			kept = kept || d.Image.KeepsCMID
		}
		if able && len(missing) > 0 && len(s.Site.Faults) == 0 && !kept {
			w.breach("A8", "%s could have added %v: %s", station.Name, missing, reasons[station.Name])
		}
	}
}
