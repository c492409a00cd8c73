package acctest

import (
	"encoding/pem"
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

// Interface is where Timago's interface is, what it takes as a token, and the authority of
// its certificate in PEM.
func (s *Site) Interface() (endpoint, token string, authority []byte) {
	if s.second != nil {
		certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.second.front.Certificate().Raw})
		return s.second.front.URL, s.second.Token, certificate
	}
	return s.Ready().Endpoint, s.Ready().Token, s.CACertificate()
}

// APIEnv is the environment of a CLI run at this site: the token.
func (s *Site) APIEnv() []string {
	_, token, _ := s.Interface()
	return []string{"TIMAGO_TOKEN=" + token}
}

// APIProvider is the provider block for this site in API mode without WinRM. more are
// lines inside it.
func (s *Site) APIProvider(more ...string) string {
	endpoint, _, authority := s.Interface()
	return apiProvider(endpoint, authority, more...)
}

func apiProvider(endpoint string, authority []byte, more ...string) string {
	return fmt.Sprintf(``+Required+`
provider "timago" {
  endpoint       = %q
  ca_certificate = <<-EOT
%s
  EOT
  %s
}
`, endpoint, strings.TrimSpace(string(authority)), strings.Join(more, "\n  "))
}

// Asked counts what was asked of Timago's interface since the site began, by kind:
// "GET /stations/{id}", "POST /commands".
func (s *Site) Asked(call string) int {
	if s.second != nil {
		return s.second.asked(call)
	}
	return s.State().Wire[world.Timago].Calls[call]
}

// Commands counts what was asked of Timago that changes something.
func (s *Site) Commands() int {
	return s.Asked("POST /commands") + s.Asked("PATCH /stations/{id}/operating-systems/{name}")
}

// Images counts the images that a station was given since the site began.
func (s *Site) Images(station string) int {
	s.t.Helper()
	return s.Station(station).Systems[0].Generation - 1
}

// ClientID is what Timago calls a station for good.
func (s *Site) ClientID(station string) string {
	s.t.Helper()
	return s.Station(station).ID
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
