package cycle_test

import (
	"fmt"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/pool"
	"github.com/timago/terraform-provider-timago/internal/simulator/catalogue"
	"github.com/timago/terraform-provider-timago/internal/simulator/timeline"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// exampleScenario is always the same one for a seed.
func exampleScenario(seed int) scenario { return rapid.Custom(drawScenario).Example(seed) }

func seconds(t *rapid.T, from, to int, label string) time.Duration {
	return time.Duration(rapid.IntRange(from*1000, to*1000).Draw(t, label)) * time.Millisecond
}

func drawScenario(t *rapid.T) scenario {
	size, rooms := rapid.IntRange(1, 8).Draw(t, "stations"), 0
	switch rapid.IntRange(0, 255).Draw(t, "large") { // rapid likes the ends of a range: what is to be rare lies inside
	case 255:
		size = rapid.IntRange(9, 60).Draw(t, "many stations")
	case 100, 101:
		size, rooms = rapid.IntRange(61, 500).Draw(t, "stations of a school"), 12
	}
	timing := timeline.Timing{
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
		if rooms > 0 && i >= rooms { // a school's further stations are like its first
			like := site.Stations[i%rooms]
			like.Name = nameOf(i)
			site.Stations = append(site.Stations, like)
			continue
		}
		site.Stations = append(site.Stations, drawStation(t, i, timing, withOffice))
	}
	for range rapid.SampledFrom([]int{0, 0, 0, 1, 2, 4}).Draw(t, "faults") {
		site.Faults = append(site.Faults, drawFault(t, site))
	}
	if i := slices.IndexFunc(site.Stations, func(s world.Station) bool { return s.User != "" }); i >= 0 && rapid.Bool().Draw(t, "lesson ends") {
		// Whoever was at work there goes.
		site.Faults = append(site.Faults, world.Fault{
			Name: world.UserLogsOn, On: []string{site.Stations[i].Name}, User: site.Stations[i].User, For: seconds(t, 1, 900, "lesson"),
		})
	}
	if rapid.IntRange(0, 5).Draw(t, "traffic") == 5 {
		site.Traffic = []world.Traffic{{Every: seconds(t, 10, 600, "every")}}
	}
	s := scenario{
		Site: site, Latency: rapid.SampledFrom([]time.Duration{time.Millisecond, 30 * time.Millisecond, 400 * time.Millisecond}).Draw(t, "latency"),
		Thresholds: thresholds,
		Limits: pool.Limits{
			MaxParallel: rapid.IntRange(1, 10).Draw(t, "parallel"), MaxRestartsPerStation: rapid.IntRange(1, 12).Draw(t, "restarts"),
			StationTimeout: seconds(t, 600, 900, "timeout"),
			WhenInUse:      rapid.SampledFrom([]kms.WhenInUse{"", kms.WaitWhenInUse, kms.SkipWhenInUse, kms.ForceWhenInUse}).Draw(t, "in use"),
			Wake:           rapid.Bool().Draw(t, "wake"),
			Spread:         rapid.SampledFrom([]pool.Spread{pool.SpreadFastest, pool.SpreadEven}).Draw(t, "way"),
		},
	}
	if rapid.IntRange(0, 4).Draw(t, "cancelled") == 4 {
		s.Cancel = seconds(t, 0, 900, "cancelled after")
	}
	s.Notice = rapid.SampledFrom([]time.Duration{0, 0, 10 * time.Second, 30 * time.Second}).Draw(t, "notice")
	s.Late = rapid.Bool().Draw(t, "late")
	s.Resume = s.Cancel > 0 && rapid.Bool().Draw(t, "resumed")
	s.Proven = rapid.Bool().Draw(t, "proven")
	s.Twin = size > 1 && rapid.IntRange(0, 7).Draw(t, "twin") == 7
	if rapid.IntRange(0, 2).Draw(t, "window") == 2 {
		s.Window, s.Begins = drawMaintenance(t)
	}
	if rapid.Bool().Draw(t, "read before") {
		s.Read = seconds(t, 0, 29, "so long before")
	}
	return s
}

func drawCounted(t *rapid.T, key string, threshold int) []world.Counted {
	number := rapid.IntRange(0, threshold).Draw(t, key+" counted")
	return []world.Counted{{Number: number, Age: time.Hour, Over: 20 * 24 * time.Hour}}
}

func nameOf(i int) string { return fmt.Sprintf("PC%02d", i+1) }

func drawStation(t *rapid.T, i int, timing timeline.Timing, withOffice bool) world.Station {
	label := func(what string) string { return what + " of " + nameOf(i) }
	s := world.Station{
		Name: nameOf(i), Timing: &timing, Uptime: seconds(t, 60, 7000, label("uptime")),
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
		s.Products = []world.Product{{Title: "windows-11-education", By: rapid.SampledFrom([]catalogue.Means{catalogue.ByMAK, catalogue.ByOEM, catalogue.ByActiveDirectory}).Draw(t, label("by"))}}
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
			f.On, f.Of = []string{"kms01"}, rapid.SampledFrom([]string{"", "counted"}).Draw(t, "of")
		}
	}
	return f
}
