package stationkms

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/timago/terraform-provider-timago/internal/service"
	"github.com/timago/terraform-provider-timago/internal/simulator"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
	"github.com/timago/terraform-provider-timago/internal/site"
	"github.com/timago/terraform-provider-timago/internal/timago/contracttest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const first = "R101-PC01"

// without is a station whose option is off and whose image was made so.
var without = world.Station{Image: world.Image{WithoutKMS: true}}

// room is a simulated room in API mode, sixty times as fast as here, with somebody who can
// answer in the interface's place.
type room struct {
	*simulator.Simulator
	*contracttest.Between
	t      *testing.T
	site   *site.Site
	claims *service.Claims

	lastKey string // of a command that was answered in the interface's place
}

func newRoom(t *testing.T, stations int, like world.Station) *room {
	t.Helper()
	like.Name, like.Room, like.Group = "R101-PC%02d", "R101", "Unterricht"
	r := &room{Between: &contracttest.Between{}, t: t, claims: service.NewClaims()}
	checker := contracttest.New(t)
	var err error
	r.Simulator, err = simulator.Start(simulator.Scenario{Site: world.Site{Seed: 3, Stations: world.Rows(stations, like)}}, simulator.Options{
		Speed: 60, API: true,
		CheckAPI: func(server http.Handler) http.Handler { return checker.Requests(r.Handler(checker.Answers(server))) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	r.site = newRoomSite(t, r)
	return r
}

// newRoomSite is the room as a new run of the provider sees it.
func newRoomSite(t *testing.T, r *room) *site.Site {
	t.Helper()
	opened, err := site.Open(site.Config{Timago: &site.TimagoConfig{
		Endpoint: r.Ready().Endpoint, Token: r.Ready().Token, CACertificate: r.CACertificate(), MaxRetries: 1, RetryWait: time.Millisecond,
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(opened.Close)
	return opened
}

// sentCommand is what was sent to POST /commands.
type sentCommand struct {
	Stations []struct{ Key string }
}

func (c *sentCommand) read(t *testing.T, r *http.Request) {
	t.Helper()
	if err := json.NewDecoder(r.Body).Decode(c); err != nil {
		t.Error(err)
	}
}

// takesPart is what a configuration without settings wants.
func takesPart(name string) desired { return desired{reference: name, title: name, enabled: true} }

// apply makes the first station as wanted.
func (r *room) apply(w desired) outcome {
	r.t.Helper()
	return r.applyAfter(w, resetMemory{})
}

// applyAfter is apply with what the last one has left.
func (r *room) applyAfter(w desired, last resetMemory) outcome {
	r.t.Helper()
	return change{site: r.site, claims: r.claims, desired: w, last: last}.run(r.t.Context(), time.Minute)
}

// asked counts what was asked of the interface, by kind: "POST /commands".
func (r *room) asked(call string) int { return r.State().Wire[world.Timago].Calls[call] }

// system is the first station's operating system as it truly is.
func (r *room) system() world.SystemListing { return r.World.Listings()[0].Systems[0] }

// warns compares the one diagnostic of an apply, its summary and detail.
func (r *room) warns(w desired, done outcome, want string) {
	r.t.Helper()
	said := done.warnings(w)
	if done.err != nil && !done.commanded {
		said = diag.Diagnostics{w.failure(done.err, &done).Error()}
	}
	if len(said) != 1 {
		r.t.Fatalf("%d diagnostics: %v", len(said), said)
	}
	id := r.World.Listings()[0].ID
	if got := said[0].Severity().String() + ": " + said[0].Summary() + "\n" + strings.ReplaceAll(said[0].Detail(), id, "{id}"); got != want {
		r.t.Errorf("it says\n%s\nwant\n%s", got, want)
	}
}
