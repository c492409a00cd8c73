package simulator_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/simulator"
	"github.com/timago/terraform-provider-timago/internal/simulator/timeline"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

func TestScenariosThatComeWithIt(t *testing.T) {
	t.Parallel()
	for _, name := range simulator.Scenarios() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			scenario, err := simulator.Load(name)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := world.New(scenario.Site, world.Options{}); err != nil {
				t.Fatal(err)
			}
		})
	}
	vendor, err := simulator.Embedded("vendor-example")
	if err != nil || len(vendor.Stations) != 5 {
		t.Errorf("the vendor's example has %d stations, %v", len(vendor.Stations), err)
	}
}

func TestAScenarioFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "site.yaml")
	text := `
title: a room
start: 2026-01-12T07:30:00Z
stations:
  - name: R101-PC%02d
    number: 2
    timing: { boot: 90s }
  - name: LEHRER
`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	scenario, err := simulator.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	names := []string{}
	for _, s := range scenario.Stations {
		names = append(names, s.Name)
	}
	if got := strings.Join(names, " "); got != "R101-PC01 R101-PC02 LEHRER" {
		t.Errorf("stations %s", got)
	}
	if timing := scenario.Stations[0].Timing; timing.Boot != 90*time.Second || timing.Shutdown != timeline.DefaultTiming().Shutdown {
		t.Errorf("what timing does not name stays as usual: %+v", timing)
	}
}

func TestMistakesInAScenario(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"stations: [{ nam: PC1 }]":                                        "field nam not found",
		"stations: [{ name: PC1, timing: { bot: 1s } }]":                  "field bot not found",
		"stations: [{ name: PC1, uptime: soon }]":                         "soon",
		"stations: [{ name: PC, number: 3 }]":                             "holds one place",
		"stations: [{ name: PC%d-%d, number: 3 }]":                        "holds one place",
		"stations: [{ name: PC%d, number: -1 }]":                          "not negative",
		"stations: [{ name: PC%d, number: 2, mac: '02:00:00:00:00:01' }]": "its own mac",
		"stations: [{ name: PC1 }, { name: PC1 }]":                        "taken",
		"winrm: { http: false }":                                          "neither http nor https",
		"winrm: { ntlm: false }":                                          "neither ntlm nor basic",
		"activate_refuses_by: letter":                                     "activate_refuses_by",
		"title: one\n---\ntitle: two":                                     "more than one document",
		"faults: [{ fault: bad-luck }]":                                   "bad-luck",
	} {
		if _, err := simulator.Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	if _, err := simulator.Load("no-such-scenario"); err == nil || !strings.Contains(err.Error(), "vendor-example") {
		t.Errorf("an unknown name: %v", err)
	}
}
