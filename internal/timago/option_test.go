package timago_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/timago/terraform-provider-timago/internal/timago"
	"github.com/timago/terraform-provider-timago/internal/timago/contract"
)

// set reads the first station and sets its option.
func set(t *testing.T, s *fakeTimago, system string, on bool) (timago.Station, error) { //nolint:unparam // a story says what is set
	t.Helper()
	client := s.client(t)
	station, err := client.Station(t.Context(), stationID(0))
	if err != nil {
		t.Fatal(err)
	}
	return client.SetKMSActivation(t.Context(), station, system, on)
}

func TestOptionIsSetOnce(t *testing.T) {
	t.Parallel()
	for name, story := range map[string]struct {
		before  func(*fakeTimago)
		patches int
		effects int
	}{
		"off":           {func(*fakeTimago) {}, 1, 1},
		"on already":    {func(s *fakeTimago) { s.stations[0].OperatingSystems[0].KMSActivation = true }, 0, 0},
		"answer lost":   {func(s *fakeTimago) { s.failing("PATCH", 1, lost) }, 2, 1},
		"server failed": {func(s *fakeTimago) { s.failing("PATCH", 2, answering(500, "internal_error", "database away")) }, 3, 1},
		"edited by another": {func(s *fakeTimago) {
			s.failing("PATCH", 1, func(w http.ResponseWriter, r *http.Request, server http.Handler) {
				s.edit(0, func(station *contract.Station) { station.ETag = `"2"` })
				server.ServeHTTP(w, r)
			})
		}, 2, 1},
		"locked by another": {func(s *fakeTimago) { s.failing("PATCH", 1, answering(409, "conflict", "being edited")) }, 2, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake := newFakeTimago(t, 1)
			story.before(fake)
			station, err := set(t, fake, "windows 11", true)
			if err != nil || !station.OperatingSystems[0].KMSActivation {
				t.Fatalf("%+v, %v", station.OperatingSystems, err)
			}
			if n := fake.count("PATCH /stations/" + stationID(0) + "/operating-systems/Windows 11"); n != story.patches || len(fake.done()) != story.effects {
				t.Errorf("%d patches with %d effects, want %d with %d", n, len(fake.done()), story.patches, story.effects)
			}
			if station.OperatingSystems[0].Effective() {
				t.Error("the option is told to be effective before the image was reset")
			}
		})
	}
}

func TestOptionGivesUpAfterASecondConflict(t *testing.T) {
	t.Parallel()
	fake := newFakeTimago(t, 1)
	fake.failing("PATCH", 100, answering(412, "precondition_failed", ""))
	_, err := set(t, fake, "", true)
	var problem *timago.Problem
	if !errors.As(err, &problem) || !problem.Conflict() {
		t.Fatal(err)
	}
	if n := fake.count("PATCH /stations/" + stationID(0) + "/operating-systems/Windows 11"); n != 2 {
		t.Errorf("%d attempts, want 2", n)
	}
}

func TestOptionOfASystemThatIsNotThere(t *testing.T) {
	t.Parallel()
	fake := newFakeTimago(t, 1)
	_, err := set(t, fake, "Linux", true)
	var missing *timago.NoOperatingSystem
	if !errors.As(err, &missing) || missing.Advice() != "Set operating_system to what it has: Windows 11." {
		t.Error(err)
	}
}

// unmoved answers a change with 200 and the station as it was.
func unmoved() func(w http.ResponseWriter, r *http.Request, server http.Handler) {
	return func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		id := strings.Split(r.URL.Path, "/")[4]
		read := httptest.NewRequestWithContext(r.Context(), http.MethodGet, "/api/v1/stations/"+id, nil)
		read.Header = r.Header
		server.ServeHTTP(w, read)
	}
}

// A server that answers 200 has not thereby set anything.
func TestOptionThatWasNotSet(t *testing.T) {
	t.Parallel()
	fake := newFakeTimago(t, 1)
	fake.failing("PATCH", 100, unmoved())
	_, err := set(t, fake, "", true)
	var unset *timago.NotSetError
	if !errors.As(err, &unset) || err.Error() != "the server answered that the option of Windows 11 on R101-PC0001 is switched on, and it is still off" ||
		!strings.Contains(unset.Advice(), "must not answer 200 for what it has not done") {
		t.Errorf("%v", err)
	}
	if n := fake.count("GET /stations/" + stationID(0)); n != 1 {
		t.Errorf("the station was read %d times before that was believed, want 1", n)
	}
}

// The answer of a slow database may be older than the change.
func TestOptionWhoseAnswerIsOld(t *testing.T) {
	t.Parallel()
	fake := newFakeTimago(t, 1)
	fake.failing("PATCH", 1, func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		old := httptest.NewRecorder()
		unmoved()(old, r, server)
		server.ServeHTTP(httptest.NewRecorder(), r)
		saying("application/json", old.Body.String())(w, r, server)
	})
	station, err := set(t, fake, "", true)
	if err != nil || !station.OperatingSystems[0].KMSActivation {
		t.Errorf("%+v, %v", station, err)
	}
}

func TestAnswerAboutAnotherStation(t *testing.T) {
	t.Parallel()
	fake := newFakeTimago(t, 2)
	fake.failing("PATCH", 1, func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		r.URL.Path = strings.Replace(r.URL.Path, stationID(0), stationID(1), 1)
		server.ServeHTTP(w, r)
	})
	var wrong *timago.Malformed
	if _, err := set(t, fake, "", true); !errors.As(err, &wrong) || wrong.JSONPath != "$.id" {
		t.Errorf("%v", err)
	}
}

// A 404 to a change does not say that the station is gone: the station itself is asked for.
func TestOptionOfAStationThatIsSaidToBeGone(t *testing.T) {
	t.Parallel()
	for name, story := range map[string]struct {
		code string
		gone bool
	}{
		"it is there":                    {"not_found", false},
		"it is there without the system": {"operating_system_not_found", false},
		"a proxy":                        {"", false},
		"unknown path":                   {"unknown_path", false},
		"it is gone":                     {"not_found", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake := newFakeTimago(t, 1)
			fake.failing("PATCH", 100, func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
				if story.gone {
					fake.mu.Lock()
					fake.stations = nil
					fake.mu.Unlock()
				}
				w.Header().Set("Content-Type", "application/problem+json")
				w.WriteHeader(http.StatusNotFound)
				_ = json.NewEncoder(w).Encode(map[string]any{"code": story.code, "title": "Not found", "status": 404})
			})
			_, err := set(t, fake, "", true)
			if err == nil || errors.Is(err, timago.ErrGone) != story.gone || errors.Is(err, timago.ErrNotFound) != story.gone {
				t.Errorf("%v, gone %t", err, errors.Is(err, timago.ErrGone))
			}
			want := 0
			if story.gone {
				want = 2
			}
			if n := fake.count("GET /stations/" + stationID(0)); story.gone && n != want {
				t.Errorf("the station was asked for %d times, want %d", n, want)
			}
		})
	}
}
