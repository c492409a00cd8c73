package timagoserver_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/simulator/timagoserver"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
	"github.com/timago/terraform-provider-timago/internal/timago/contract"
)

// Each fault meets one command; what it leaves of the answer, whether the command was
// taken, and that the next request meets no fault, is what a client has to live with.
func TestFaultsOfTheInterface(t *testing.T) {
	t.Parallel()
	is := func(status int, code contract.ProblemCode) func(*testing.T, reply) {
		return func(t *testing.T, r reply) { t.Helper(); refused(t, r, status, code) }
	}
	page := func(status int) func(*testing.T, reply) {
		return func(t *testing.T, r reply) {
			t.Helper()
			if r.status != status || r.header.Get("Content-Type") != "text/html" || json.Valid(r.body) {
				t.Errorf("%d %s %s", r.status, r.header, r.body)
			}
		}
	}
	for name, test := range map[world.FaultName]struct {
		shows  func(*testing.T, reply)
		taken  bool
		status int // in the log
	}{
		world.APIUnauthorized:   {shows: is(401, contract.ProblemCodeUnauthorized), status: 401},
		world.APIForbidden:      {shows: is(403, contract.ProblemCodeForbidden), status: 403},
		world.APIProxyNotFound:  {shows: page(404), status: 404},
		world.APIConflict:       {shows: is(409, contract.ProblemCodeConflict), status: 409},
		world.APIInvalidValue:   {shows: is(422, contract.ProblemCodeInvalidValue), status: 422},
		world.APIInternalError:  {shows: is(500, contract.ProblemCodeInternalError), status: 500},
		world.APIBadGateway:     {shows: page(502), status: 502},
		world.APIGatewayTimeout: {shows: page(504), status: 504, taken: true},
		world.APIRateLimited: {status: 429, shows: func(t *testing.T, r reply) {
			t.Helper()
			if refused(t, r, 429, contract.ProblemCodeRateLimited); r.header.Get("Retry-After") != "3" {
				t.Errorf("%s", r.header)
			}
		}},
		world.APIUnavailable: {status: 503, shows: func(t *testing.T, r reply) {
			t.Helper()
			if refused(t, r, 503, contract.ProblemCodeUnavailable); r.header.Get("Retry-After") != "3" {
				t.Errorf("%s", r.header)
			}
		}},
		world.APILostAnswer: {taken: true, shows: func(t *testing.T, r reply) {
			t.Helper()
			if !errors.Is(r.err, io.EOF) && !strings.Contains(fmt.Sprint(r.err), "stream error") || r.status != 0 {
				t.Errorf("%d %s %v", r.status, r.body, r.err)
			}
		}},
		world.APICutBody: {taken: true, status: 202, shows: func(t *testing.T, r reply) {
			t.Helper()
			if r.status != 202 || r.err == nil || json.Valid(r.body) || len(r.body) == 0 {
				t.Errorf("%d %s %v", r.status, r.body, r.err)
			}
		}},
		world.APIGarbage: {taken: true, status: 202, shows: func(t *testing.T, r reply) {
			t.Helper()
			if r.status != 202 || r.err != nil || json.Valid(r.body) || r.header.Get("Content-Type") != "application/json" {
				t.Errorf("%d %s %v", r.status, r.body, r.err)
			}
		}},
		world.APIMissingField: {taken: true, status: 202, shows: func(t *testing.T, r reply) {
			t.Helper()
			if got := read[map[string]any](t, r, 202); strings.Contains(fmt.Sprint(got), "state:") || !strings.Contains(fmt.Sprint(got), "repeated:") {
				t.Errorf("%v", got)
			}
		}},
	} {
		t.Run(string(name), func(t *testing.T) {
			t.Parallel()
			s := open(t, without(2))
			s.inject(world.Fault{Name: name, On: []string{"PC02"}, Of: "POST", Times: 1, By: 3 * time.Second})
			one, two := s.station("PC01"), s.station("PC02")
			s.command(body("restart", "", one)) // about another station: no fault
			test.shows(t, s.ask("POST", "/commands", body("restart", "", two)))
			if e := s.last(); e.Fault != name || e.Status != test.status || !s.seen(name) || e.Command != "restart" || e.Stations[0] != two.ID || e.Keys[0] != "restart" {
				t.Errorf("log: %+v", e)
			}
			again := s.command(body("restart", "", two))
			if _, repeated := s.now(again); repeated != test.taken {
				t.Errorf("it was taken: %t", repeated)
			}
			if s.Advance(aRestart); s.restarts("PC02") != 1 {
				t.Errorf("%d restarts", s.restarts("PC02"))
			}
		})
	}
}

func TestARequestThatIsNeverAnswered(t *testing.T) {
	t.Parallel()
	s := open(t, without(1))
	station := s.station("PC01")
	s.inject(world.Fault{Name: world.APITimeout, Times: 1})
	asked := make(chan struct{})
	impatient, give := context.WithCancel(t.Context())
	request, err := http.NewRequestWithContext(impatient, http.MethodPost, s.url+"/commands", strings.NewReader(body("restart", "", station)))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Content-Type", "application/json")
	go func() {
		defer close(asked)
		response, err := s.client.Do(request)
		if err == nil {
			_ = response.Body.Close()
			t.Errorf("it was answered: %d", response.StatusCode)
		}
	}()
	for !s.seen(world.APITimeout) {
		time.Sleep(time.Millisecond)
	}
	give()
	<-asked
	if _, repeated := s.now(s.command(body("restart", "", station))); repeated {
		t.Error("it was carried out")
	}
}

func TestTheServerEndsWhileItHoldsARequest(t *testing.T) {
	t.Parallel()
	patient := context.WithoutCancel(t.Context()) // the server gives up first
	asked := make(chan struct{})
	t.Cleanup(func() { <-asked }) // after the server has ended
	s := open(t, without(1))
	s.inject(world.Fault{Name: world.APITimeout})
	request, err := http.NewRequestWithContext(patient, http.MethodGet, s.url+"/stations", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	go func() {
		defer close(asked)
		if response, err := s.client.Do(request); err == nil {
			_ = response.Body.Close()
			t.Errorf("it was answered: %d", response.StatusCode)
		}
	}()
	for !s.seen(world.APITimeout) {
		time.Sleep(time.Millisecond)
	}
}

func TestASlowBodyArrivesWhole(t *testing.T) {
	t.Parallel()
	s := open(t, without(3))
	s.inject(world.Fault{Name: world.APISlowBody, Times: 1, By: 100 * time.Millisecond})
	began := time.Now()
	if stations, _ := s.list(""); len(stations) != 3 || time.Since(began) < 100*time.Millisecond || !s.seen(world.APISlowBody) {
		t.Errorf("%d stations after %s", len(stations), time.Since(began))
	}
}

func TestASettingChangesInTheLastMoment(t *testing.T) {
	t.Parallel()
	s := open(t, without(1))
	station := s.station("PC01")
	s.inject(world.Fault{Name: world.APIStaleETag, Times: 1})
	if s.station("PC01").ETag != station.ETag || s.seen(world.APIStaleETag) {
		t.Error("a read met the fault")
	}
	refused(t, s.setOption(station, "Windows 11", true), 412, contract.ProblemCodePreconditionFailed)
	if e := s.last(); e.Fault != world.APIStaleETag {
		t.Errorf("%+v", e)
	}
	again := s.station("PC01")
	if again.OperatingSystems[0].KMSActivation || again.ETag == station.ETag {
		t.Errorf("%+v", again)
	}
	read[contract.Station](t, s.setOption(again, "Windows 11", true), 200)
}

func TestALostAnswerToASettingThatWasMade(t *testing.T) {
	t.Parallel()
	s := open(t, without(1))
	station := s.station("PC01")
	s.inject(world.Fault{Name: world.APILostAnswer, Of: "PATCH", Times: 1})
	if r := s.setOption(station, "Windows 11", true); r.err == nil {
		t.Errorf("%d", r.status)
	}
	refused(t, s.setOption(station, "Windows 11", true), 412, contract.ProblemCodePreconditionFailed)
	if got := s.log("option"); len(got) != 1 || !s.station("PC01").OperatingSystems[0].KMSActivation {
		t.Errorf("%v", got)
	}
}

func TestOthersActInTimago(t *testing.T) {
	t.Parallel()
	s := open(t, without(2))
	before := s.station("PC01")
	for _, f := range []world.Fault{
		{Name: world.OptionChanged, On: []string{"PC01"}, After: time.Minute},
		{Name: world.StationDeleted, On: []string{"PC02"}, After: time.Minute, For: time.Minute},
		{Name: world.RoomRenamed, Of: "R101", After: time.Minute},
	} {
		s.inject(f)
	}
	deleted := s.station("PC02")
	if s.station("PC01").ETag != before.ETag {
		t.Error("it happened before its time")
	}
	s.Advance(90 * time.Second)
	after := s.station("PC01")
	if !after.OperatingSystems[0].KMSActivation || after.Location != "R101 neu" || after.ETag == before.ETag || after.ID != before.ID {
		t.Errorf("%+v", after)
	}
	refused(t, s.ask("GET", "/stations/"+deleted.ID, ""), 404, contract.ProblemCodeNotFound)
	refused(t, s.setOption(deleted, "Windows 11", true), 404, contract.ProblemCodeNotFound)
	if got, _ := s.list(""); names(got) != "PC01" {
		t.Errorf("%s", names(got))
	}
	s.wants(s.command(body("restart", "", deleted)), "failed station_not_found")
	s.Advance(time.Minute)
	if s.station("PC02").ID != deleted.ID {
		t.Error("it came back as another one")
	}
}

func TestFaultsByWord(t *testing.T) {
	t.Parallel()
	s := open(t, without(1))
	station := s.station("PC01")
	for _, of := range []string{"GET /stations/{id}", "/kms", "wake"} {
		s.inject(world.Fault{Name: world.APIInternalError, Of: of, Times: 1})
	}
	read[contract.StationPage](t, s.ask("GET", "/stations", ""), 200)
	s.command(body("restart", "", station))
	refused(t, s.ask("GET", "/stations/"+station.ID, ""), 500, contract.ProblemCodeInternalError)
	refused(t, s.ask("GET", "/kms", ""), 500, contract.ProblemCodeInternalError)
	refused(t, s.ask("POST", "/commands", body("wake", "", station)), 500, contract.ProblemCodeInternalError)
	read[contract.Station](t, s.ask("GET", "/stations/"+station.ID, ""), 200)

	s.inject(world.Fault{Name: world.APIConflict}) // GET /info knows no conflict
	read[contract.Info](t, s.ask("GET", "/info", ""), 200)
	s.Heal(world.APIConflict)

	s.inject(world.Fault{Name: world.APIMissingField})
	for path, lacks := range map[string]string{"/info": "version", "/kms": "products", "/locations": "name", "/stations": "online", "/stations/" + station.ID: "online"} {
		if r := s.ask("GET", path, ""); r.status != 200 || strings.Contains(string(r.body), `"`+lacks+`":`) {
			t.Errorf("%s: %d %s", path, r.status, r.body)
		}
	}
}

func TestTooManyRequestsAreToldWhenToComeBack(t *testing.T) {
	t.Parallel()
	const most = 3
	s := open(t, without(1), func(c *timagoserver.Config) { c.RateLimit = most })
	limited := 0
	for range 3 * most {
		r := s.ask("GET", "/info", "")
		if r.status == http.StatusTooManyRequests {
			limited++
			if refused(t, r, 429, contract.ProblemCodeRateLimited); r.header.Get("Retry-After") != "1" {
				t.Errorf("%s", r.header)
			}
		}
	}
	if limited == 0 {
		t.Error("nothing was refused")
	}
	time.Sleep(time.Second)
	read[contract.Info](t, s.ask("GET", "/info", ""), 200)
}
