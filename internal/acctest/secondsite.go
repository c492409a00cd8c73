package acctest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/simulator"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
	"github.com/timago/terraform-provider-timago/internal/timago/contracttest"
)

// behindSecond is the second server in front of a simulated site's stations, with what holds
// client and server to the contract before it.
type behindSecond struct {
	*SecondServer
	front *httptest.Server
}

// NewSecondAPISite is a NewAPISite whose interface is the second server's. What the server
// has carried out by its hook happens to the simulated stations.
func NewSecondAPISite(t testing.TB, scenario simulator.Scenario, speed float64) *Site {
	t.Helper()
	simulated, err := simulator.Start(scenario, simulator.Options{Speed: speed})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(simulated.Close)
	s := &Site{Simulator: simulated, Between: &contracttest.Between{}, t: t}
	hook := httptest.NewServer(http.HandlerFunc(s.carryOut))
	t.Cleanup(hook.Close)
	server := NewSecondServer(t, s.described(hook.URL))

	to, err := url.Parse(server.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{
		Rewrite:      func(r *httputil.ProxyRequest) { r.SetURL(&url.URL{Scheme: to.Scheme, Host: to.Host}) },
		Transport:    server.Client().Transport,
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
	checker := contracttest.New(t)
	front := httptest.NewUnstartedServer(checker.Requests(s.Between.Handler(checker.Answers(proxy))))
	front.EnableHTTP2 = true
	front.StartTLS()
	t.Cleanup(front.Close)
	s.second = &behindSecond{SecondServer: server, front: front}
	return s
}

// described is the site as the second server takes it.
func (s *Site) described(hook string) object {
	addresses := map[string]string{}
	for _, station := range s.Ready().Stations {
		addresses[station.Name] = station.Address
	}
	var stations []object
	for _, l := range s.World.Listings() {
		var systems []object
		for _, made := range l.Systems {
			system := object{"name": made.Name, "kms_activation": made.Option, "image_generation": made.Generation}
			if made.Generation > 0 {
				system["image_kms_activation"] = made.MadeWith
			}
			systems = append(systems, system)
		}
		station := object{
			"id": l.ID, "name": l.Name, "mac": l.MAC, "address": addresses[l.Name], "location": l.Location, "computer_group": l.Group,
			"online": l.Online, "last_start": l.LastStart.Format(time.RFC3339Nano), "last_operating_system": l.LastSystem, "operating_systems": systems,
		}
		if l.User != "" {
			station["logged_on_user"] = l.User
		}
		stations = append(stations, station)
	}
	return object{"stations": stations, "hook": hook}
}

// carryOut is the second server's hook: a station of the simulated site does what it was
// told, and the answer comes when it has started.
func (s *Site) carryOut(w http.ResponseWriter, r *http.Request) {
	var asked struct {
		Command         world.OrderKind
		StationID       string `json:"station_id"`
		OperatingSystem string `json:"operating_system"`
		KMSActivation   bool   `json:"kms_activation"`
	}
	if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if listing, known := s.World.Listing(asked.StationID); known && asked.Command == world.OrderResetImage {
		s.World.SetSystemOption(asked.StationID, asked.OperatingSystem, asked.KMSActivation, listing.Revision)
	}
	order := s.World.Give(world.Order{ID: "second", Station: asked.StationID, Kind: asked.Command, System: asked.OperatingSystem})
	for !s.World.Progress(order).Ended() {
		select {
		case <-r.Context().Done():
			return
		case <-time.After(20 * time.Millisecond):
		}
	}
	if end := s.World.Progress(order); end.State != world.OrderSucceeded {
		http.Error(w, end.Reason+" "+end.Detail, http.StatusInternalServerError)
	}
}

// shownStation is a station as the second server shows it to tests.
type shownStation struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Pending any    `json:"pending_command"`
	Systems []struct {
		Name       string `json:"name"`
		Option     bool   `json:"kms_activation"`
		MadeWith   *bool  `json:"image_kms_activation"`
		Generation int    `json:"image_generation"`
	} `json:"operating_systems"`
}

func (s *behindSecond) stations() []world.Listing {
	s.t.Helper()
	var state struct{ Stations []shownStation }
	s.Control(http.MethodGet, "/state", nil, &state)
	var all []world.Listing
	for _, shown := range state.Stations {
		l := world.Listing{ID: shown.ID, Name: shown.Name}
		if shown.Pending != nil {
			l.Pending = &world.Progress{}
		}
		for _, made := range shown.Systems {
			l.Systems = append(l.Systems, world.SystemListing{
				Name: made.Name, Option: made.Option, MadeWith: made.MadeWith != nil && *made.MadeWith, Generation: made.Generation,
			})
		}
		all = append(all, l)
	}
	return all
}

// asked counts the requests of a call in the server's log.
func (s *behindSecond) asked(call string) int {
	s.t.Helper()
	var log []struct{ Method, Path string }
	s.Control(http.MethodGet, "/log", nil, &log)
	asked := 0
	for _, entry := range log {
		if isCall(call, entry.Method+" "+entry.Path) {
			asked++
		}
	}
	return asked
}

// isCall reports whether a request is one of a call, "GET /stations/{id}".
func isCall(call, request string) bool {
	want, got := strings.Split(call, "/"), strings.Split(request, "/")
	for i := range want {
		if i < len(got) && strings.HasPrefix(want[i], "{") {
			got[i] = want[i]
		}
	}
	return strings.Join(want, "/") == strings.Join(got, "/")
}

// set changes fields of a station at the second server.
func (s *behindSecond) set(id string, fields object) {
	s.t.Helper()
	s.Control(http.MethodPost, "/stations/"+id, fields, nil)
}

// Opener starts a site in API mode.
type Opener func(t testing.TB, scenario simulator.Scenario, speed float64) *Site

// EachServer runs a test in front of each server of the contract. What holds in front of all
// of them leans on the contract and on nothing else.
func EachServer(t *testing.T, test func(t *testing.T, open Opener)) {
	t.Helper()
	for name, open := range map[string]Opener{"the simulator's server": NewAPISite, "the second server": NewSecondAPISite} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open)
		})
	}
}

// Stations are the stations as the interface's server has them.
func (s *Site) Stations() []world.Listing {
	if s.second != nil {
		return s.second.stations()
	}
	return s.World.Listings()
}

// Station is one of them.
func (s *Site) Station(name string) world.Listing {
	s.t.Helper()
	for _, listing := range s.Stations() {
		if listing.Name == name {
			return listing
		}
	}
	s.t.Fatalf("no station %s in Timago", name)
	return world.Listing{}
}

// LogOn lets a user work at a station.
func (s *Site) LogOn(name, user string) {
	s.t.Helper()
	if s.second != nil {
		s.second.set(s.ClientID(name), object{"logged_on_user": user})
	}
	s.well(s.World.LogOn(name, user))
}

// LogOff ends it.
func (s *Site) LogOff(name string) {
	s.t.Helper()
	s.well(s.World.LogOff(name))
	if s.second != nil {
		s.second.set(s.ClientID(name), object{"logged_on_user": nil})
	}
}

// Reimage is another actor who sets a station's option and makes its image anew.
func (s *Site) Reimage(name string, option bool) {
	s.t.Helper()
	if s.second != nil {
		system := s.Station(name).Systems[0]
		s.second.set(s.ClientID(name), object{"operating_systems": []object{{
			"name": system.Name, "kms_activation": option, "image_kms_activation": option, "image_generation": system.Generation + 1,
		}}})
		return
	}
	s.well(s.World.SetOption(name, option))
	s.well(s.World.ResetImage(name, false))
}

// Delete takes a station out of Timago.
func (s *Site) Delete(name string) {
	s.t.Helper()
	if s.second != nil {
		s.second.Control(http.MethodDelete, "/stations/"+s.ClientID(name), nil, nil)
		return
	}
	number := len(s.Stations())
	s.Inject(world.Fault{Name: world.StationDeleted, On: []string{name}})
	s.Until(fmt.Sprintf("%s is deleted", name), func() bool { return len(s.Stations()) == number-1 })
}

func (s *Site) well(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// Second is the second server of this site.
func (s *Site) Second() *SecondServer { return s.second.SecondServer }
