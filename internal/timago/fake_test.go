package timago_test

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/timago/terraform-provider-timago/internal/timago"
	"github.com/timago/terraform-provider-timago/internal/timago/contract"
	"github.com/timago/terraform-provider-timago/internal/timago/contract/contractserver"
	"github.com/timago/terraform-provider-timago/internal/timago/contracttest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const token = "s3cr3t-token-of-the-school"

var started = time.Date(2026, 9, 7, 6, 15, 0, 0, time.UTC)

// fakeTimago is a small server of the contract, held to it by contracttest.
type fakeTimago struct {
	*httptest.Server
	maxPage int

	mu       sync.Mutex
	stations []contract.Station
	commands []*contract.Command
	held     map[string]contract.CommandID // station and key
	asked    []string                      // "GET /stations", in order, faults included
	effects  []string                      // what was done, once each
	fault    func(w http.ResponseWriter, r *http.Request, server http.Handler)
	logged   []string
}

// newFakeTimago has stations R101-PC0001 and so on.
func newFakeTimago(t *testing.T, stations int) *fakeTimago {
	t.Helper()
	s := &fakeTimago{maxPage: 500, held: map[string]contract.CommandID{}}
	for i := range stations {
		s.stations = append(s.stations, contract.Station{
			ID: stationID(i), Name: fmt.Sprintf("R101-PC%04d", i+1), Location: "R101", ComputerGroup: "Unterricht",
			Online: true, LastStart: &started, ETag: `"1"`,
			OperatingSystems: []contract.OperatingSystem{{Name: "Windows 11", ImageGeneration: 4, ImageKMSActivation: new(bool)}},
		})
	}
	checker := contracttest.New(t)
	strict := contractserver.NewStrictHandlerWithOptions(s, nil, contractserver.StrictHTTPServerOptions{})
	server := checker.Answers(contractserver.HandlerWithOptions(strict, contractserver.StdHTTPServerOptions{BaseURL: "/api/v1"}))
	s.Server = httptest.NewUnstartedServer(checker.Requests(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+token {
			refuse(w, 401, "unauthorized", "no token")
			return
		}
		s.mu.Lock()
		s.asked = append(s.asked, r.Method+" "+strings.TrimPrefix(r.URL.Path, "/api/v1"))
		fault := s.fault
		s.mu.Unlock()
		if fault != nil {
			fault(w, r, server)
			return
		}
		server.ServeHTTP(w, r)
	})))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

func stationID(i int) string { return fmt.Sprintf("6f1c1c52-6c1e-4f0a-9d57-%012x", i+1) }

// client talks to the fake; whatever it logs is kept.
func (s *fakeTimago) client(t *testing.T, change ...func(*timago.Config)) *timago.Client {
	t.Helper()
	config := timago.Config{
		Endpoint: s.URL, Token: token, MaxRetries: 3, RetryWait: time.Millisecond, RequestTimeout: time.Minute, // a slow machine makes no second attempt
		CACertificate: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}),
		Log: func(_ context.Context, message string, fields map[string]any) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.logged = append(s.logged, fmt.Sprint(message, fields))
		},
	}
	for _, f := range change {
		f(&config)
	}
	client, err := timago.New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	t.Cleanup(func() {
		if strings.Contains(strings.Join(s.log(), "\n"), token) {
			t.Error("the token was logged")
		}
	})
	return client
}

// failing makes the first requests of a call ("PATCH") meet a fault, the others not.
func (s *fakeTimago) failing(method string, times int, fault func(w http.ResponseWriter, r *http.Request, server http.Handler)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		s.mu.Lock()
		faulty := r.Method == method && times > 0
		if faulty {
			times--
		}
		s.mu.Unlock()
		if faulty {
			fault(w, r, server)
			return
		}
		server.ServeHTTP(w, r)
	}
}

// lost does what is asked and drops the connection instead of answering.
func lost(_ http.ResponseWriter, r *http.Request, server http.Handler) {
	server.ServeHTTP(httptest.NewRecorder(), r)
	panic(http.ErrAbortHandler)
}

func answering(status int, code, detail string, header ...string) func(http.ResponseWriter, *http.Request, http.Handler) {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		refuse(w, status, code, detail)
	}
}

func refuse(w http.ResponseWriter, status int, code, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	body, err := json.Marshal(map[string]any{"type": "about:blank", "title": http.StatusText(status), "status": status, "code": code, "detail": detail})
	if err != nil {
		panic(err)
	}
	_, _ = io.Copy(w, bytes.NewReader(body))
}

// count is how often a call was made.
func (s *fakeTimago) count(call string) int {
	n := 0
	for _, asked := range s.requests() {
		if asked == call {
			n++
		}
	}
	return n
}

// requests are all that arrived, in order.
func (s *fakeTimago) requests() []string { return s.copied(&s.asked) }

// done is what was done, in order.
func (s *fakeTimago) done() []string { return s.copied(&s.effects) }

// log is what the client logged: one line per attempt.
func (s *fakeTimago) log() []string { return s.copied(&s.logged) }

func (s *fakeTimago) copied(list *[]string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(*list)
}

// edit changes a station behind the client's back.
func (s *fakeTimago) edit(i int, change func(*contract.Station)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.stations[i])
}

func notFound() contract.Problem {
	return contract.Problem{Title: "Not found", Status: 404, Code: contract.ProblemCodeNotFound}
}

func (s *fakeTimago) at(id string) int {
	return slices.IndexFunc(s.stations, func(have contract.Station) bool { return have.ID == id })
}

func (s *fakeTimago) GetInfo(context.Context, contractserver.GetInfoRequestObject) (contractserver.GetInfoResponseObject, error) {
	return contractserver.GetInfo200JSONResponse{Version: "1.0.0", ServerTime: started, Features: []string{"restart", "something-new"}}, nil
}

func (s *fakeTimago) GetKMS(context.Context, contractserver.GetKMSRequestObject) (contractserver.GetKMSResponseObject, error) {
	host := "kms01.schule.example"
	return contractserver.GetKMS200JSONResponse{Host: &host, Products: []contract.KMSProduct{
		{Product: "windows", Name: "Windows 11 Education", Status: contract.KMSProductStatusActivated},
	}}, nil
}

func (s *fakeTimago) ListLocations(context.Context, contractserver.ListLocationsRequestObject) (contractserver.ListLocationsResponseObject, error) {
	return contractserver.ListLocations200JSONResponse{GroupingsJSONResponse: contractserver.GroupingsJSONResponse{Items: []contract.Grouping{{ID: "l1", Name: "R101", Stations: 30}}}}, nil
}

func (s *fakeTimago) ListComputerGroups(context.Context, contractserver.ListComputerGroupsRequestObject) (contractserver.ListComputerGroupsResponseObject, error) {
	return contractserver.ListComputerGroups200JSONResponse{GroupingsJSONResponse: contractserver.GroupingsJSONResponse{Items: []contract.Grouping{{ID: "g1", Name: "Unterricht", Stations: 30}}}}, nil
}

func (s *fakeTimago) ListStations(_ context.Context, request contractserver.ListStationsRequestObject) (contractserver.ListStationsResponseObject, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := request.Params
	var found []contract.Station
	for _, station := range s.stations {
		same := func(want string) bool { return strings.EqualFold(want, station.Name) }
		on := func(o contract.OperatingSystem) bool { return o.KMSActivation == *p.KMSActivation }
		switch {
		case p.ID != nil && !slices.Contains(*p.ID, station.ID),
			p.Name != nil && !slices.ContainsFunc(*p.Name, same),
			p.Location != nil && !strings.EqualFold(*p.Location, station.Location),
			p.ComputerGroup != nil && !strings.EqualFold(*p.ComputerGroup, station.ComputerGroup),
			p.Online != nil && *p.Online != station.Online,
			p.KMSActivation != nil && !slices.ContainsFunc(station.OperatingSystems, on),
			p.StartedAfter != nil && (station.LastStart == nil || !station.LastStart.After(*p.StartedAfter)):
			continue
		}
		found = append(found, station)
	}
	from := 0
	if p.PageToken != nil {
		from, _ = strconv.Atoi(*p.PageToken)
	}
	to := min(from+min(*p.PageSize, s.maxPage), len(found))
	page := contractserver.ListStations200JSONResponse{Items: append([]contract.Station{}, found[from:to]...)}
	if to < len(found) {
		next := strconv.Itoa(to)
		page.NextPageToken = &next
	}
	return page, nil
}

func (s *fakeTimago) GetStation(_ context.Context, request contractserver.GetStationRequestObject) (contractserver.GetStationResponseObject, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.at(request.ID)
	if i < 0 {
		return contractserver.GetStation404ApplicationProblemPlusJSONResponse{NotFoundApplicationProblemPlusJSONResponse: contractserver.NotFoundApplicationProblemPlusJSONResponse(notFound())}, nil
	}
	return contractserver.GetStation200JSONResponse{StationJSONResponse: contractserver.StationJSONResponse{
		Body: s.stations[i], Headers: contractserver.StationResponseHeaders{ETag: s.stations[i].ETag},
	}}, nil
}

func (s *fakeTimago) PatchOperatingSystem(_ context.Context, request contractserver.PatchOperatingSystemRequestObject) (contractserver.PatchOperatingSystemResponseObject, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.at(request.ID)
	if i < 0 {
		return contractserver.PatchOperatingSystem404ApplicationProblemPlusJSONResponse{NoSystemApplicationProblemPlusJSONResponse: contractserver.NoSystemApplicationProblemPlusJSONResponse(notFound())}, nil
	}
	station := &s.stations[i]
	if request.Params.IfMatch != station.ETag {
		return contractserver.PatchOperatingSystem412ApplicationProblemPlusJSONResponse{
			PreconditionFailedApplicationProblemPlusJSONResponse: contractserver.PreconditionFailedApplicationProblemPlusJSONResponse{
				Title: "Precondition failed", Status: 412, Code: contract.ProblemCodePreconditionFailed,
			},
		}, nil
	}
	station.OperatingSystems = slices.Clone(station.OperatingSystems)
	station.OperatingSystems[0].KMSActivation = request.Body.KMSActivation
	station.ETag = fmt.Sprintf(`"%d"`, len(s.effects)+100)
	s.effects = append(s.effects, "option "+station.Name)
	return contractserver.PatchOperatingSystem200JSONResponse{StationJSONResponse: contractserver.StationJSONResponse{
		Body: *station, Headers: contractserver.StationResponseHeaders{ETag: station.ETag},
	}}, nil
}

func (s *fakeTimago) SendCommand(_ context.Context, request contractserver.SendCommandRequestObject) (contractserver.SendCommandResponseObject, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	command := &contract.Command{ID: fmt.Sprintf("c-%06d", len(s.commands)+1), Command: request.Body.Command}
	for _, target := range request.Body.Stations {
		_, repeated := s.held[target.ID+target.Key]
		if !repeated {
			s.held[target.ID+target.Key] = command.ID
			s.effects = append(s.effects, string(command.Command)+" "+target.ID)
		}
		command.Stations = append(command.Stations, contract.CommandOutcome{
			ID: target.ID, Key: target.Key, State: contract.CommandStateQueued, Repeated: repeated,
		})
	}
	s.commands = append(s.commands, command)
	return contractserver.SendCommand202JSONResponse(*command), nil
}

// GetCommand sees every station one state further than the time before; the second
// station of a command is in use.
func (s *fakeTimago) GetCommand(_ context.Context, request contractserver.GetCommandRequestObject) (contractserver.GetCommandResponseObject, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, command := range s.commands {
		if command.ID != request.ID {
			continue
		}
		command.Stations = slices.Clone(command.Stations)
		for i := range command.Stations {
			state := &command.Stations[i].State
			switch {
			case *state == contract.CommandStateQueued && i == 1:
				*state = contract.CommandStateFailed
				command.Stations[i].Reason = &contract.FailureReason{Code: "in_use"}
			case *state == contract.CommandStateQueued:
				*state = contract.CommandStateRunning
			case *state == contract.CommandStateRunning:
				*state = contract.CommandStateSucceeded
			}
		}
		return contractserver.GetCommand200JSONResponse(*command), nil
	}
	return contractserver.GetCommand404ApplicationProblemPlusJSONResponse{NoCommandApplicationProblemPlusJSONResponse: contractserver.NoCommandApplicationProblemPlusJSONResponse(notFound())}, nil
}
