package check_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/timago/terraform-provider-timago/internal/check"
	"github.com/timago/terraform-provider-timago/internal/simulator"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
	"github.com/timago/terraform-provider-timago/internal/timago"
)

// lineOf is the nth line of that name in a section.
func lineOf(t *testing.T, section check.Section, name string, nth int) check.Line {
	t.Helper()
	for _, line := range section.Lines {
		if line.Name == name {
			if nth == 0 {
				return line
			}
			nth--
		}
	}
	t.Fatalf("no line %s in %+v", name, section)
	return check.Line{}
}

func (s fakeSite) named(names ...string) check.Config {
	config := s.config()
	config.Stations = names
	return config
}

// Stations that an inventory lists are asked at the addresses that stand there. What it does
// not list is asked by its name.
func TestStationsOfAnInventoryAreAskedWhereItSays(t *testing.T) {
	t.Parallel()
	s := classroom(t, nil, 0)
	file := filepath.Join(t.TempDir(), "stations.csv")
	text := fmt.Sprintf("Bezeichnung;Standort;Adresse;MAC-Adresse\nR101-PC01;R101;%s;02:00:5E:10:01:01\n", s.Plain().Stations[0].Address)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	config := s.named("R101-PC01", s.Plain().Stations[1].Address)
	config.Site.Inventory = file
	found := s.check(config)
	if line := lineOf(t, found[0], "Inventory", 0); line.Verdict != check.Holds || line.Found != "1 station" {
		t.Errorf("%+v", line)
	}
	if line := lineOf(t, found[0], "Listed", 0); line.Verdict != check.Holds || !strings.Contains(line.Found, "in R101, asked at "+s.Plain().Stations[0].Address) {
		t.Errorf("%+v", line)
	}
	if line := lineOf(t, found[0], "Listed", 1); line.Verdict != check.Notable || line.Found != "not listed" {
		t.Errorf("%+v", line)
	}
	for _, section := range found[1:3] {
		if line := lineOf(t, section, "Keys", 0); line.Verdict != check.Holds {
			t.Errorf("%s: %+v", section.Title, line)
		}
	}
	config.Site.Inventory = filepath.Join(t.TempDir(), "none.csv")
	if found := s.check(config); lineOf(t, found[0], "Opened", 0).Verdict != check.Blocks {
		t.Errorf("%+v", found[0])
	}
}

// In API mode the interface is asked first: whether it takes the token, how it lists the
// stations, and where they are asked.
func TestTimagosInterfaceIsCheckedFirst(t *testing.T) {
	t.Parallel()
	scenario := simulator.Scenario{Site: world.Site{Seed: 11, Stations: world.Rows(2, world.Station{Name: "R101-PC%02d", Room: "R101", Group: "Unterricht", Licensed: true})}}
	simulated, err := simulator.Start(scenario, simulator.Options{API: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(simulated.Close)
	s := fakeSite{simulated, t}
	for name, tt := range map[string]struct {
		change  func(*timago.Config)
		line    string
		verdict check.Verdict
		says    string
		keys    check.Verdict // of the first station
	}{
		"it lists the station":    {func(*timago.Config) {}, "Listed", check.Holds, "in R101, asked at ", check.Holds},
		"the token is wrong":      {func(c *timago.Config) { c.Token = "wrong" }, "Interface", check.Blocks, "401", ""},
		"nobody answers":          {func(c *timago.Config) { c.Endpoint = "https://127.0.0.1:1" }, "Interface", check.Unanswered, "no answer", ""},
		"nobody vouches for it":   {func(c *timago.Config) { c.CACertificate = nil }, "Interface", check.Blocks, "certificate", ""},
		"the token is impossible": {func(c *timago.Config) { c.Token = "" }, "Opened", check.Blocks, "token", ""},
	} {
		config := s.named("R101-PC01")
		config.Site.KMSHost = ""
		config.Site.Timago = &timago.Config{Endpoint: simulated.Ready().Endpoint, Token: simulated.Ready().Token, CACertificate: simulated.CACertificate()}
		tt.change(config.Site.Timago)
		found := s.check(config)
		line := lineOf(t, found[0], tt.line, 0)
		if line.Verdict != tt.verdict || !strings.Contains(line.Found, tt.says) || strings.Contains(line.Found+line.Means, simulated.Ready().Token) {
			t.Errorf("%s: %+v", name, line)
		}
		if tt.keys != "" && lineOf(t, found[1], "Keys", 0).Verdict != tt.keys {
			t.Errorf("%s: %+v", name, found[1])
		}
	}
	config := s.named("R999-PC99")
	config.Site.Timago = &timago.Config{Endpoint: simulated.Ready().Endpoint, Token: simulated.Ready().Token, CACertificate: simulated.CACertificate()}
	if line := lineOf(t, s.check(config)[0], "Listed", 0); line.Verdict != check.Blocks {
		t.Errorf("%+v", line)
	}
}

// The guide knows the lines about lists, too.
func TestTheGuideKnowsTheLinesOfLists(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "templates", "guides", "check.md.tmpl"))
	if err != nil || !strings.Contains(string(text), "| Interface, Inventory, Opened, Listed |") {
		t.Error("the guide does not know the lines about Timago's interface and the inventory", err)
	}
}
