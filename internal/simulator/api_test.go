package simulator_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/timago/terraform-provider-timago/internal/simulator"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
	"github.com/timago/terraform-provider-timago/internal/timago"
	"github.com/timago/terraform-provider-timago/internal/timago/contracttest"
)

const room = `
timago: { token: geheimnis, page_size: 20 }
stations:
  - { name: R101-PC%02d, number: 30, room: R101, group: Unterricht, image: { without_kms: true } }
`

// behind is a client of the provider's at a site with an interface, which it has to
// itself. Requests and answers are held to the contract.
func behind(t *testing.T, text string, speed float64) (*simulator.Simulator, *timago.Client) {
	t.Helper()
	scenario, err := simulator.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	checker := contracttest.New(t)
	s, err := simulator.Start(scenario, simulator.Options{
		Speed: speed, API: true, Control: "127.0.0.1:0",
		CheckAPI: func(server http.Handler) http.Handler { return checker.Requests(checker.Answers(server)) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	ready := s.Ready()
	client, err := timago.New(timago.Config{
		Endpoint: ready.Endpoint, Token: ready.Token, CACertificate: s.CACertificate(),
		MaxRetries: 3, RetryWait: time.Millisecond, RequestTimeout: 10 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return s, client
}

func TestARoomIsPreparedThroughTheInterface(t *testing.T) {
	t.Parallel()
	s, client := behind(t, room, 600)
	stations, err := client.Stations(t.Context(), timago.Filter{Location: "R101"})
	if err != nil || len(stations) != 30 {
		t.Fatalf("%d stations, %v", len(stations), err)
	}
	if err := s.World.Inject(world.Fault{Name: world.APILostAnswer, Of: "reset_image", Times: 1}); err != nil {
		t.Fatal(err)
	}
	reset := timago.Command{Name: timago.ResetImage, UnlessInUse: true}
	waiting, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	prepare := func(station timago.Station, patched *sync.WaitGroup) error {
		set, err := client.SetKMSActivation(waiting, station, "", true)
		patched.Done()
		if err != nil {
			return err
		}
		patched.Wait()
		key := timago.Key(set, timago.Effect{Command: timago.ResetImage, KMSActivation: true})
		sent, err := client.Send(waiting, reset, timago.Target{ID: station.ID, Key: key})
		if err == nil {
			_, err = client.Await(waiting, sent, 50*time.Millisecond, nil)
		}
		return err
	}
	var patched sync.WaitGroup
	patched.Add(len(stations))
	var room errgroup.Group
	for _, station := range stations {
		room.Go(func() error { return prepare(station, &patched) })
	}
	if err := room.Wait(); err != nil {
		t.Fatal(err)
	}
	all, err := client.Stations(t.Context(), timago.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	for i, station := range all {
		if system := station.OperatingSystems[0]; !system.Effective() || system.ImageGeneration != 2 || station.Address != s.Addresses()[i] {
			t.Errorf("%+v", station)
		}
	}

	// The log has all of it in order: a reset that was taken and whose answer was lost,
	// the one that was sent again, and then 30 new images.
	order := []string{}
	for _, e := range s.Log(0) {
		if e.Kind == string(world.KindImage) || e.Kind == "api" && e.Method == http.MethodPost {
			order = append(order, strings.TrimSpace(fmt.Sprintf("%s %s %d %d", e.Kind, e.Trouble, e.Status, len(e.Stations))))
		}
		if e.Kind == "api" && len(e.Stations) != len(e.Keys) && e.Method == http.MethodPost {
			t.Errorf("%+v", e)
		}
	}
	if len(order) != 32 || order[0] != "api api-lost-answer 0 30" || order[1] != "api  202 30" || strings.Contains(strings.Join(order[2:], " "), "api") {
		t.Errorf("%q", order)
	}
	calls := s.State().Wire[world.Timago].Calls
	if calls["PATCH /stations/{id}/operating-systems/{name}"] != 30 || calls["POST /commands"] != 2 {
		t.Errorf("%v", calls)
	}
	if strings.Contains(fmt.Sprint(s.Log(0)), "geheimnis") {
		t.Error("the token is in the log")
	}
}

func TestWithoutAnInterface(t *testing.T) {
	t.Parallel()
	s := run(t, "stations: [{ name: PC1 }]")
	if ready := s.Ready(); ready.Endpoint != "" || ready.Token != "" {
		t.Errorf("%+v", ready)
	}
}

func TestATokenIsMadeUpWhereNoneIsGiven(t *testing.T) {
	t.Parallel()
	s, client := behind(t, "stations: [{ name: PC1 }]", 0)
	if _, err := client.Info(t.Context()); err != nil || len(s.Ready().Token) < 20 {
		t.Errorf("%v", err)
	}
	if got := s.State().Wire[world.Timago]; got.Requests != 1 || got.FailedLogons != 0 {
		t.Errorf("%+v", got)
	}
}

func TestMistakesOfTheInterfaceInAScenario(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"timago: { features: [coffee] }":                                     `feature "coffee"`,
		"timago: { rate_limit: -1 }":                                         "not negative",
		"timago: { tokn: x }":                                                "tokn not found",
		"stations: [{ name: PC1, others: [{ name: windows 11 }] }]":          "no new name",
		"stations: [{ name: timago }]":                                       "taken",
		"faults: [{ fault: api-429, on: [PC9] }]\nstations: [{ name: PC1 }]": "PC9",
		"faults: [{ fault: api-teapot }]":                                    "api-teapot",
	} {
		scenario, err := simulator.Parse([]byte(text))
		if err == nil {
			_, err = world.New(scenario.Site, world.Options{})
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	all, err := simulator.Parse([]byte("timago: { computer_groups: [A], features: [restart], page_size: 5, rate_limit: 9, latency: 1ms, taken_within: 1h, started_within: 2h }"))
	if err != nil || !slices.Equal(all.Timago.Groups, []string{"A"}) || all.Timago.TakenWithin != time.Hour {
		t.Errorf("%+v, %v", all.Timago, err)
	}
}
