package acctest

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/timago/terraform-provider-timago/internal/simulator"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
	"github.com/timago/terraform-provider-timago/internal/timago/contracttest"
)

// NewAPISite starts a site with an HTTP interface in front of its Timago server, whose
// time runs speed times as fast as here. What the provider asks and what it is answered is
// held to the contract.
func NewAPISite(t testing.TB, scenario simulator.Scenario, speed float64) *Site {
	t.Helper()
	checker, between := contracttest.New(t), &contracttest.Between{}
	s, err := simulator.Start(scenario, simulator.Options{
		Speed: speed, API: true,
		CheckAPI: func(server http.Handler) http.Handler {
			return checker.Requests(between.Handler(checker.Answers(server)))
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return &Site{Simulator: s, Between: between, t: t}
}

// Room is a scenario with n stations alike in room R101, named R101-PC01, R101-PC02
// and so on.
func Room(n int, like world.Station) simulator.Scenario {
	like.Name, like.Room, like.Group = "R101-PC%02d", "R101", "Unterricht"
	return simulator.Scenario{Site: world.Site{Seed: 3, Stations: world.Rows(n, like)}}
}

// APIEnv is the environment of a CLI run at this site: the token.
func (s *Site) APIEnv() []string { return []string{"TIMAGO_TOKEN=" + s.Ready().Token} }

// APIProvider is the provider block for this site in API mode without WinRM. more are
// lines inside it.
func (s *Site) APIProvider(more ...string) string {
	return fmt.Sprintf(``+Required+`
provider "timago" {
  endpoint       = %q
  ca_certificate = <<-EOT
%s
  EOT
  %s
}
`, s.Ready().Endpoint, strings.TrimSpace(string(s.CACertificate())), strings.Join(more, "\n  "))
}

// Asked counts what was asked of Timago's interface since the site began, by kind:
// "GET /stations/{id}", "POST /commands".
func (s *Site) Asked(call string) int { return s.State().Wire[world.Timago].Calls[call] }

// Commands counts what was asked of Timago that changes something.
func (s *Site) Commands() int {
	return s.Asked("POST /commands") + s.Asked("PATCH /stations/{id}/operating-systems/{name}")
}

// Images counts the images that a station was given since the site began.
func (s *Site) Images(station string) int {
	for _, entry := range s.World.Listings() {
		if entry.Name == station {
			return entry.Systems[0].Generation - 1
		}
	}
	s.t.Fatalf("no station %s in Timago", station)
	return 0
}

// ClientID is what Timago calls a station for good.
func (s *Site) ClientID(station string) string {
	s.t.Helper()
	for _, entry := range s.World.Listings() {
		if entry.Name == station {
			return entry.ID
		}
	}
	s.t.Fatalf("no station %s in Timago", station)
	return ""
}

// Met fails the test unless Timago's interface noted down a request that met the fault,
// of this kind: "GET /stations", "POST /commands reset_image".
func (s *Site) Met(fault world.FaultName, call string) {
	s.t.Helper()
	s.Saw(fault)
	for _, entry := range s.Log(0) {
		if entry.Kind == "api" && entry.Trouble == string(fault) && strings.HasPrefix(entry.Detail, call) {
			return
		}
	}
	s.t.Errorf("no request %s met the fault %s", call, fault)
}
