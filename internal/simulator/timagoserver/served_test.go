package timagoserver_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/timago/terraform-provider-timago/internal/simulator/timagoserver"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
	"github.com/timago/terraform-provider-timago/internal/timago/contract"
	"github.com/timago/terraform-provider-timago/internal/timago/contracttest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const token = "s3cr3t-token-of-the-school"

var monday = time.Date(2026, 9, 7, 7, 30, 0, 0, time.UTC)

// served is a server on a world whose time is stepped, and a client that speaks plain
// HTTP. Every answer is held to the contract.
type served struct {
	*world.World
	t      *testing.T
	url    string
	client *http.Client
	token  string

	mu       sync.Mutex
	entries  []timagoserver.Entry
	happened []string // requests and what happened at the site, in order
}

func open(t *testing.T, site world.Site, change ...func(*timagoserver.Config)) *served {
	t.Helper()
	s := &served{t: t, token: token}
	var err error
	s.World, err = world.New(site, world.Options{Start: monday, Observe: func(e world.Entry) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.happened = append(s.happened, fmt.Sprintf("%s %s", e.Kind, e.Machine))
	}})
	if err != nil {
		t.Fatal(err)
	}
	certified := httptest.NewUnstartedServer(nil) // for its certificate and its client
	certified.EnableHTTP2 = true                  // as the provider's client asks
	certified.StartTLS()
	t.Cleanup(certified.Close)
	config := timagoserver.Config{
		World: s.World, TLS: certified.TLS.Clone(), Token: token, Check: contracttest.New(t).Answers,
		Address: func(station string) string { return strings.ToLower(station) + ".schule.example" },
		Log: func(e timagoserver.Entry) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.entries = append(s.entries, e)
			s.happened = append(s.happened, fmt.Sprintf("%s %d", e.Call, e.Status))
		},
	}
	for _, f := range change {
		f(&config)
	}
	server := timagoserver.New(config)
	var listen net.ListenConfig
	l, err := listen.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	s.url, s.client = "https://"+l.Addr().String()+"/api/v1", certified.Client()
	t.Cleanup(func() {
		s.client.CloseIdleConnections()
		server.Close()
		if err := <-ended; err != http.ErrServerClosed { //nolint:errorlint // it is this very one
			t.Error(err)
		}
		if strings.Contains(fmt.Sprint(s.entries), token) {
			t.Error("the token is in the log")
		}
	})
	return s
}

// reply is an answer, or the error that came instead.
type reply struct {
	status int
	header http.Header
	body   []byte
	err    error
}

func (s *served) ask(method, path, body string, header ...string) reply {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+s.token)
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := s.client.Do(request)
	if err != nil {
		return reply{err: err}
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return reply{status: response.StatusCode, header: response.Header, body: text, err: err}
}

// read decodes an answer of the status that is wanted; anything else ends the test.
func read[T any](t *testing.T, r reply, status int) T {
	t.Helper()
	var value T
	if r.err != nil || r.status != status {
		t.Fatalf("%d %s %v, want %d", r.status, r.body, r.err, status)
	}
	if err := json.NewDecoder(bytes.NewReader(r.body)).Decode(&value); err != nil {
		t.Fatal(err)
	}
	return value
}

// refused compares a problem document's status and code.
func refused(t *testing.T, r reply, status int, code contract.ProblemCode) contract.Problem {
	t.Helper()
	problem := read[contract.Problem](t, r, status)
	if problem.Code != code || problem.Status != status || r.header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("%d %s %s, want %d %s", r.status, r.header, r.body, status, code)
	}
	return problem
}

// list reads all pages and counts them.
func (s *served) list(query string) (stations []contract.Station, pages int) {
	s.t.Helper()
	next := ""
	for {
		page := read[contract.StationPage](s.t, s.ask("GET", "/stations?page_size=500&"+query+next, ""), 200)
		pages++
		stations = append(stations, page.Items...)
		if page.NextPageToken == nil {
			return stations, pages
		}
		next = "&page_token=" + *page.NextPageToken
	}
}

func names(stations []contract.Station) string {
	var all []string
	for _, station := range stations {
		all = append(all, station.Name)
	}
	return strings.Join(all, " ")
}

// station reads one by its name.
func (s *served) station(name string) contract.Station {
	s.t.Helper()
	found, _ := s.list("name=" + name)
	if len(found) != 1 {
		s.t.Fatalf("%d stations are named %s", len(found), name)
	}
	return found[0]
}

func (s *served) setOption(station contract.Station, system string, on bool) reply {
	s.t.Helper()
	return s.ask("PATCH", "/stations/"+station.ID+"/operating-systems/"+strings.ReplaceAll(system, " ", "%20"),
		fmt.Sprintf(`{"kms_activation": %t}`, on), "If-Match", station.ETag)
}

// body is a command's request; keys are the name of the command unless one is given.
func body(name string, more string, stations ...contract.Station) string {
	var targets []string
	for _, station := range stations {
		targets = append(targets, fmt.Sprintf(`{"id": %q, "key": %q}`, station.ID, name))
	}
	return fmt.Sprintf(`{"command": %q, "stations": [%s]%s}`, name, strings.Join(targets, ", "), more)
}

func (s *served) command(text string) contract.Command {
	s.t.Helper()
	return read[contract.Command](s.t, s.ask("POST", "/commands", text), 202)
}

// now reads a command and gives what has become of its first station.
func (s *served) now(c contract.Command) (state string, repeated bool) {
	s.t.Helper()
	first := read[contract.Command](s.t, s.ask("GET", "/commands/"+c.ID, ""), 200).Stations[0]
	state = string(first.State)
	if first.Reason != nil {
		state += " " + first.Reason.Code
	}
	return state, first.Repeated
}

func (s *served) wants(c contract.Command, state string) {
	s.t.Helper()
	if got, _ := s.now(c); got != state {
		s.t.Errorf("%s of %s: %s, want %s", c.Command, c.Stations[0].ID, got, state)
	}
}

// log is what was asked and what happened, in order, of these kinds.
func (s *served) log(kinds ...string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(s.happened), func(line string) bool {
		return !slices.ContainsFunc(kinds, func(kind string) bool { return strings.HasPrefix(line, kind) })
	})
}

// last is the log's last request.
func (s *served) last() timagoserver.Entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.entries[len(s.entries)-1]
}

// seen reports whether a fault was met, so that a test of it shows something.
func (s *served) seen(name world.FaultName) bool {
	return slices.ContainsFunc(s.State().Faults, func(f world.FaultState) bool { return f.Name == name && f.Seen > 0 })
}

func (s *served) inject(f world.Fault) {
	s.t.Helper()
	if err := s.Inject(f); err != nil {
		s.t.Fatal(err)
	}
}
