package acctest_test

import (
	"fmt"
	"testing"

	"github.com/timago/terraform-provider-timago/internal/acctest"
	"github.com/timago/terraform-provider-timago/internal/simulator"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// part is a site in API mode with a workspace whose configuration lets stations take part.
type part struct {
	*acctest.Site
	*acctest.Workspace
	t *testing.T
}

const (
	first     = "R101-PC01"
	firstPart = `timago_station_kms.room["R101-PC01"]`
)

// without is a station whose option is off and whose image was made so.
var without = world.Station{Image: world.Image{WithoutKMS: true}}

func takePart(t *testing.T, scenario simulator.Scenario, lines ...string) part {
	t.Helper()
	return takePartAt(t, scenario, acctest.Speed, lines...)
}

func takePartAt(t *testing.T, scenario simulator.Scenario, speed float64, lines ...string) part {
	t.Helper()
	site := acctest.NewAPISite(t, scenario, speed)
	p := part{site, acctest.NewWorkspace(t, site.APIEnv()...), t}
	p.configure(lines...)
	return p
}

// beforeBothServers tells a story in front of each server of the contract: the simulator's,
// and the one that somebody wrote who knew nothing but the contract.
func beforeBothServers(t *testing.T, scenario simulator.Scenario, speed float64, story func(t *testing.T, p part), lines ...string) {
	t.Helper()
	acctest.EachServer(t, func(t *testing.T, open acctest.Opener) {
		site := open(t, scenario, speed)
		p := part{site, acctest.NewWorkspace(t, site.APIEnv()...), t}
		p.configure(lines...)
		story(t, p)
	})
}

// configure lets every station of the site take part.
func (p part) configure(lines ...string) {
	p.Write("main.tf", p.APIProvider("max_retries = 2")+stations(p.World.Names(), lines...))
}

func stations(names []string, lines ...string) string {
	room := "resource \"timago_station_kms\" \"room\" {\n  for_each = toset(["
	for _, name := range names {
		room += fmt.Sprintf("%q, ", name)
	}
	room += "])\n  station = each.key\n"
	for _, line := range lines {
		room += "  " + line + "\n"
	}
	return room + "}\n"
}

// shows checks attributes of the first station in the state.
func (p part) shows(want map[string]any) {
	p.t.Helper()
	values := p.Values(firstPart)
	for path, expected := range want {
		if got := acctest.At(values, path); got != expected {
			p.t.Errorf("%s is %v, want %v", path, got, expected)
		}
	}
}

// apply applies where the images need not have started at its end.
func (p part) apply() acctest.Outcome {
	p.t.Helper()
	outcome := p.Run("apply", "-auto-approve", "-no-color")
	if outcome.Exit != 0 {
		p.t.Fatalf("apply failed:\n%s", outcome.Output)
	}
	return outcome
}

// started waits until every station has an image that was made with its option.
func (p part) started() {
	p.t.Helper()
	p.Until("every image carries its option", func() bool {
		for _, listing := range p.Stations() {
			if system := listing.Systems[0]; system.Option != system.MadeWith || listing.Pending != nil {
				return false
			}
		}
		return true
	})
}

func TestAStationTakesPart(t *testing.T) {
	t.Parallel()
	beforeBothServers(t, acctest.Room(3, without), acctest.Speed, func(t *testing.T, p part) {
		plan := p.Plan(2)
		if plan.Contains("effective = true") || !plan.Contains("effective = (known after apply)") {
			t.Errorf("what only Timago knows is planned:\n%s", plan.Output)
		}
		outcome := p.apply()
		for _, said := range []string{"New images have not started yet", "timago_activation_pool waits", "(and 2 more similar warnings elsewhere)"} {
			if !outcome.Contains(said) {
				t.Errorf("it does not say %q:\n%s", said, outcome.Output)
			}
		}
		p.started()
		p.Plan(0)
		p.apply() // which takes the refreshed state over
		p.shows(map[string]any{
			"station": first, "name": first, "id": p.ClientID(first), "location": "R101", "computer_group": "Unterricht",
			"operating_system": "Windows 11", "enabled": true, "effective": true,
		})
		if resets := p.Asked("POST /commands"); p.Asked(patches) != 3 || resets < 1 || resets > 3 || p.Images(first) != 1 {
			t.Errorf("%d options, %d commands and %d images, want one option and one image for each of 3 stations", p.Asked(patches), resets, p.Images(first))
		}
	})
}
