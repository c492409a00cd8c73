package check_test

import (
	"strings"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/check"
	"github.com/timago/terraform-provider-timago/internal/simulator"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// One that is named twice is one: that is no fault of its image. Two of one image are.
func TestWhoSharesAnIDIsNamed(t *testing.T) {
	t.Parallel()
	s := classroom(t, func(s *simulator.Scenario) {
		s.Stations = world.Rows(2, world.Station{Name: "PC%02d", Licensed: true, Image: world.Image{CMID: "36f27b39-2fd5-440b-be67-a09996d27a38"}})
	}, 0)
	one, other := s.Plain().Stations[0].Address, s.Plain().Stations[1].Address
	for second, means := range map[string]string{one: "name it once", other: "sysprep"} {
		found := s.check(s.named(one, second))
		if line := found.line(1, "Machine id"); line.Verdict != check.Blocks || !strings.Contains(line.Found, "the same as "+one) || !strings.Contains(line.Means, means) {
			t.Errorf("%s: no %q\n%s", second, means, found)
		}
	}
}

// Of two that have one name and one id it is said whether they are one machine, as far as their
// cards and starts show it.
func TestClonesOfOneNameAreNotCalledOneMachine(t *testing.T) {
	t.Parallel()
	const (
		one   = "It was named twice, and counts once: name it once, here and in a pool."
		two   = "They are clones and count as one: give each a name of its own. Make the image with sysprep /generalize, or let the option KMS-Aktivierung give each start a new id."
		which = "Where it is one machine, name it once, here and in a pool. Where they are two they are clones and count as one: give each a name of its own. Make the image with sysprep /generalize, or let the option KMS-Aktivierung give each start a new id."
	)
	noCards := world.Fault{Name: world.ProviderFails, Of: "Win32_NetworkAdapterConfiguration"}
	for name, test := range map[string]struct {
		change func(*simulator.Scenario)
		faults []world.Fault
		found  string // after the first one's address
		means  string
	}{
		"one with two names": {
			func(s *simulator.Scenario) {
				s.Stations, s.Stations[0].Aliases = s.Stations[:1], []string{"pc01.schule.example"}
			}, nil, ", which is this machine", one,
		},
		"two that started at other times": {
			func(s *simulator.Scenario) { s.Stations[1].Uptime = 30 * time.Minute }, nil, ", another machine of its name: other network cards, started at another time", two,
		},
		"two that started at once": {
			func(*simulator.Scenario) {}, nil, ", another machine of its name: other network cards, started at the same time", two,
		},
		"two whose virtual cards are alike": {
			func(s *simulator.Scenario) { s.Stations[0].Cards, s.Stations[1].Cards = 2, 2 }, nil, ", another machine of its name: other network cards, started at the same time", two,
		},
		"two whose cards are not read": {
			func(s *simulator.Scenario) { s.Stations[1].Uptime = 30 * time.Minute }, []world.Fault{noCards}, ", another machine of its name: cards not compared, started at another time", two,
		},
		"two with one card's address": {
			func(s *simulator.Scenario) {
				s.Stations[1].Uptime, s.Stations[0].MAC, s.Stations[1].MAC = 30*time.Minute, "02:00:5E:00:00:09", "02:00:5E:00:00:09"
			}, nil,
			", which has its name: the same network cards, started at another time", which,
		},
		"two of which nothing more is known": {
			func(*simulator.Scenario) {}, []world.Fault{noCards}, ", which has its name: cards not compared, started at the same time", which,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := classroom(t, func(s *simulator.Scenario) {
				s.Stations = world.Rows(2, world.Station{Name: "PC%02d", Computer: "PC01", Licensed: true, Image: world.Image{CMID: "36f27b39-2fd5-440b-be67-a09996d27a38"}})
				test.change(s)
			}, 0)
			for _, fault := range test.faults {
				if err := s.World.Inject(fault); err != nil {
					t.Fatal(err)
				}
			}
			found := s.check(s.config())
			if line := found.line(1, "Machine id"); line.Verdict != check.Blocks || line.Found != "the same as "+s.Plain().Stations[0].Address+test.found || line.Means != test.means {
				t.Errorf("%+v\n%s", line, found)
			}
		})
	}
}

// A machine that the check itself restarted between its two names is still one, and is not
// restarted again.
func TestOneMachineIsRestartedOnceUnderItsNames(t *testing.T) {
	t.Parallel()
	for name, image := range map[string]world.Image{"that keeps its id": {KeepsCMID: true}, "that has a new id": {}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := classroom(t, func(s *simulator.Scenario) {
				s.Stations = []world.Station{{Name: "PC01", Aliases: []string{"pc01.schule.example"}, Licensed: true, Image: image}}
			}, 60)
			config := s.config()
			config.Restart = true
			found := s.check(config)
			if line := found.line(0, "Way down and up"); line.Verdict != check.Holds {
				t.Errorf("%+v\n%s", line, found)
			}
			if line := found.line(1, "Machine id"); image.KeepsCMID && !strings.HasSuffix(line.Found, ", which is this machine") {
				t.Errorf("%+v\n%s", line, found)
			}
			again := found.line(1, "Restart")
			if n := s.State().Stations[0].Restarts; n != 1 || again.Found != "not restarted again: it is "+config.Stations[0] || again.Verdict != check.Blocks || !strings.Contains(again.Means, "name it once") {
				t.Errorf("%d restarts, %+v\n%s", n, again, found)
			}
		})
	}
}
