package cycle_test

import (
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/simulator/catalogue"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// peculiarity is one thing that real sites do and that nobody wished for.
type peculiarity struct {
	name  string
	apply func(t *rapid.T, s *scenario)
}

// oddity is a peculiarity that was drawn, with the faults that bring it about.
type oddity struct {
	name   string
	faults []world.FaultName
}

// What is odd about how a world is run.
const (
	twoPools = "two pools on one host"
	killed   = "a run that was killed and begun again"
)

// drawWide draws a scenario with some peculiarities, and names them.
func drawWide(t *rapid.T) (scenario, []oddity) {
	s := drawScenario(t)
	s.Resume, s.Twin = false, false // drawn below, more often
	if rapid.Bool().Draw(t, "otherwise calm") {
		s.Site.Faults, s.Site.Traffic, s.Window, s.Cancel = nil, nil, nil, 0
	}
	if rapid.IntRange(0, 3).Draw(t, "much is missing") > 0 {
		for i := range s.Site.Host.Keys {
			for j := range s.Site.Host.Keys[i].Counted {
				c := &s.Site.Host.Keys[i].Counted[j]
				c.Number = min(c.Number, s.Thresholds[productOf(s.Site.Host.Keys[i].Key)]/3)
			}
		}
	}
	if len(s.Site.Stations) > 12 {
		s.Site.Stations = s.Site.Stations[:12]
		s.Site.Faults = slices.DeleteFunc(s.Site.Faults, func(f world.Fault) bool {
			return slices.ContainsFunc(f.On, func(on string) bool {
				return on != "kms01" && !slices.ContainsFunc(s.Site.Stations, func(d world.Station) bool { return d.Name == on })
			})
		})
	}
	var odd []oddity
	for range rapid.SampledFrom([]int{1, 1, 2, 3, 5}).Draw(t, "peculiarities") {
		p := peculiarities[evenly(t, len(peculiarities))]
		if slices.ContainsFunc(odd, func(o oddity) bool { return o.name == p.name }) {
			continue
		}
		before := len(s.Site.Faults)
		p.apply(t, &s)
		o := oddity{name: p.name}
		for _, f := range s.Site.Faults[before:] {
			o.faults = append(o.faults, f.Name)
		}
		odd = append(odd, o)
	}
	switch evenly(t, 16) {
	case 0:
		aliases := slices.ContainsFunc(s.Site.Stations, func(d world.Station) bool { return len(d.Aliases) > 0 })
		if s.Twin = len(s.Site.Stations) > 1 && !aliases; s.Twin { // which names are one machine's is told to a cycle
			odd = append(odd, oddity{name: twoPools})
		}
	case 1:
		s.Resume, s.Cancel = true, seconds(t, 1, 900, "killed after")
		odd = append(odd, oddity{name: killed})
	}
	return s, odd
}

// evenly draws a number below n. Rapid's own numbers are mostly small.
func evenly(t *rapid.T, n int) int {
	drawn := 0
	for range 10 {
		drawn *= 2
		if rapid.Bool().Draw(t, "bit") {
			drawn++
		}
	}
	return drawn % n
}

// some gives the names of some stations.
func some(t *rapid.T, s *scenario) []string {
	var names []string
	first := evenly(t, len(s.Site.Stations))
	for _, d := range s.Site.Stations[first:min(len(s.Site.Stations), first+rapid.IntRange(1, 3).Draw(t, "how many"))] {
		names = append(names, d.Name)
	}
	return names
}

// each changes some stations, or all.
func each(change func(t *rapid.T, s *scenario, d *world.Station)) func(t *rapid.T, s *scenario) {
	return func(t *rapid.T, s *scenario) {
		names := some(t, s)
		all := rapid.IntRange(0, 4).Draw(t, "all of them") == 4
		for i := range s.Site.Stations {
			if d := &s.Site.Stations[i]; all || slices.Contains(names, d.Name) {
				change(t, s, d)
			}
		}
	}
}

// goesWrong adds a fault of some stations, or of all.
func goesWrong(draw func(t *rapid.T) world.Fault) func(t *rapid.T, s *scenario) {
	return func(t *rapid.T, s *scenario) {
		f := draw(t)
		if rapid.IntRange(0, 4).Draw(t, "of all") != 4 {
			f.On = some(t, s)
		}
		s.Site.Faults = append(s.Site.Faults, f)
	}
}

// atHost adds a fault of the KMS host.
func atHost(draw func(t *rapid.T) world.Fault) func(t *rapid.T, s *scenario) {
	return func(t *rapid.T, s *scenario) {
		f := draw(t)
		f.On = []string{"kms01"}
		s.Site.Faults = append(s.Site.Faults, f)
	}
}

// Codes that stations were seen with where the KMS host is out of reach, and where Windows
// itself fails; others nobody has seen yet.
var (
	outOfReach = []world.Code{0xC004F074, 0x8007232B, 0x800706BA, 0x8007007B, 0x8007251D, 0x80092328, 0xC004F039}
	failing    = []world.Code{0x8007000D, 0x80070216, 0x803F7001, 0x8004E108, 0x87E10BC6, 0xC004F035, 0xC004F014, 0xC004F069, 0xC004C020, 0x80070005, 0xC004FABC, 0x80001234}
)

func codeOf(t *rapid.T, codes []world.Code) world.Code {
	return rapid.SampledFrom(codes).Draw(t, "code")
}

// lasting is a fault for ever, from the start or in the middle of it.
func lasting(t *rapid.T, f world.Fault) world.Fault {
	if rapid.Bool().Draw(t, "later") {
		f.After = seconds(t, 1, 600, "after")
	}
	return f
}

// passing is a fault for a while.
func passing(t *rapid.T, f world.Fault) world.Fault {
	f = lasting(t, f)
	f.For = seconds(t, 5, 1500, "for")
	return f
}

// withOffice lets a station hold Office, and the host count it.
func withOffice(s *scenario, d *world.Station, asks time.Duration, titles ...string) {
	if len(d.Products) != 1 || d.Products[0].By != "" && d.Products[0].By != catalogue.ByKMS {
		return
	}
	for _, title := range titles {
		d.Products = append(d.Products, world.Product{Title: title})
	}
	if asks >= 0 {
		d.Products[len(d.Products)-1].Asks = &asks
	}
	s.wantsOffice()
}

func (s *scenario) wantsOffice() {
	if s.Thresholds[kms.Office] == 0 {
		s.Thresholds[kms.Office] = 5
	}
	if !slices.ContainsFunc(s.Site.Host.Keys, func(k world.Key) bool { return k.Key == "office-2024" }) {
		s.Site.Host.Keys = append(s.Site.Host.Keys, world.Key{Key: "office-2024"})
	}
}
