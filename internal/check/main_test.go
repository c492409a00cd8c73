package check_test

import (
	"flag"
	"fmt"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/timago/terraform-provider-timago/internal/check"
	"github.com/timago/terraform-provider-timago/internal/simulator"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
	"github.com/timago/terraform-provider-timago/internal/site"
	"github.com/timago/terraform-provider-timago/internal/winrm"
)

// TestMain lets more tests run at once than there are cores, since they wait for most of
// their time.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "16"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

// fakeSite is a simulated site that is checked.
type fakeSite struct {
	*simulator.Simulator
	t *testing.T
}

// classroom is a site at which a pool works: two stations that are licensed, and a KMS host
// that has counted 30 machines.
func classroom(t *testing.T, change func(*simulator.Scenario), speed float64) fakeSite {
	t.Helper()
	scenario := simulator.Scenario{Site: world.Site{
		Seed:     11,
		Host:     world.Host{Keys: []world.Key{{Key: "windows", Counted: []world.Counted{{Number: 30, Age: time.Hour}}}}},
		Stations: world.Rows(2, world.Station{Name: "PC%02d", Licensed: true}),
	}}
	if change != nil {
		change(&scenario)
	}
	s, err := simulator.Start(scenario, simulator.Options{Speed: speed})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return fakeSite{s, t}
}

// config checks the whole site.
func (s fakeSite) config() check.Config {
	ready := s.Plain()
	config := check.Config{
		Site: site.Config{
			KMSHost: ready.KMSHost,
			WinRM:   &winrm.Config{Username: ready.WinRM.Username, Password: ready.WinRM.Password, Timeout: 10 * time.Second},
		},
		RestartLimit: time.Minute,
	}
	for _, station := range ready.Stations {
		config.Stations = append(config.Stations, station.Address)
	}
	return config
}

func (s fakeSite) check(config check.Config) sections {
	s.t.Helper()
	all, err := check.Run(s.t.Context(), config)
	if err != nil {
		s.t.Fatal(err)
	}
	return all
}

type sections []check.Section

func (s sections) String() string {
	var b strings.Builder
	for _, section := range s {
		fmt.Fprintln(&b, section.Title)
		for _, l := range section.Lines {
			fmt.Fprintf(&b, "  %-5s%-34s%s | %s\n", l.Verdict, l.Name, l.Found, l.Means)
		}
	}
	return b.String()
}

// line finds one of a section: 0 is the first station's, -1 the KMS host's.
func (s sections) line(section int, name string) check.Line {
	if section < 0 {
		section += len(s)
	}
	for _, line := range s[section].Lines {
		if line.Name == name {
			return line
		}
	}
	return check.Line{}
}

// troubled are the lines of a section that are not in order, but for those left out.
func (s sections) troubled(section int) []string {
	if section < 0 {
		section += len(s)
	}
	var names []string
	for _, line := range s[section].Lines {
		busy := strings.HasPrefix(line.Means, "This is slow") // this computer may be
		if line.Verdict != check.Holds && !strings.HasSuffix(line.Name, " more") && !busy {
			names = append(names, line.Name)
		}
	}
	return names
}
