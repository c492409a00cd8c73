package timago_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/timago/terraform-provider-timago/internal/timago"
	"github.com/timago/terraform-provider-timago/internal/timago/contract"
)

// A filter that a server does not know, or an answer from elsewhere, is no room.
func TestListsAreHeldAgainstWhatWasAskedFor(t *testing.T) {
	t.Parallel()
	yes := true
	fake := newFakeTimago(t, 2)
	client := fake.client(t)
	for want, filter := range map[string]timago.Filter{
		`$.items[0].id: is "` + stationID(0) + `", which was not asked for`:                       {IDs: []string{stationID(9)}},
		`$.items[0].name: is "R101-PC0001", which was not asked for`:                              {Names: []string{"R101-PC0009"}},
		`$.items[0].location: is "R101", which was not asked for`:                                 {Location: "R102"},
		`$.items[0].computer_group: is "Unterricht", which was not asked for`:                     {ComputerGroup: "Verwaltung"},
		`$.items[0].operating_systems: is "without kms_activation true", which was not asked for`: {KMSActivation: &yes},
	} {
		fake.failing("GET", 1, func(w http.ResponseWriter, r *http.Request, server http.Handler) {
			r.URL.RawQuery = "page_size=500"
			server.ServeHTTP(w, r)
		})
		_, err := client.Stations(t.Context(), filter)
		if text := "GET /api/v1/stations: the answer does not keep to the contract: " + want; err == nil || err.Error() != text {
			t.Errorf("%v, want %s", err, text)
		}
	}
	fake.failing("GET", 1, func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		page := httptest.NewRecorder()
		server.ServeHTTP(page, r)
		items := strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(page.Body.String()), `{"items":[`), `]}`)
		saying("application/json", `{"items":[`+strings.Repeat(items+",", 300)+items+`]}`)(w, r, server)
	})
	if _, err := client.Stations(t.Context(), timago.Filter{}); err == nil || !strings.Contains(err.Error(), "$.items: has 602 items, and at most 500 were asked for") {
		t.Errorf("%v", err)
	}
}

// A page token that has ended is no reason to fail: the list is begun anew.
func TestPageTokenThatHasEnded(t *testing.T) {
	t.Parallel()
	fake := newFakeTimago(t, 40)
	fake.maxPage = 10
	client := fake.client(t)
	for times, works := range map[int]bool{1: true, 2: true, 100: false} {
		left := times
		fake.failing("GET", 1000, func(w http.ResponseWriter, r *http.Request, server http.Handler) {
			if r.URL.Query().Get("page_token") == "20" && left > 0 {
				left--
				refuse(w, 400, "page_token_ended", "")
				return
			}
			server.ServeHTTP(w, r)
		})
		stations, err := client.Stations(t.Context(), timago.Filter{})
		if works != (err == nil && len(stations) == 40) {
			t.Errorf("after %d ends: %d stations, %v", times, len(stations), err)
		}
	}
}

// Pages that all come just in time make no list without end.
func TestAListTakesItsTimeAsAWhole(t *testing.T) {
	t.Parallel()
	fake := newFakeTimago(t, 40)
	fake.maxPage = 1
	client := fake.client(t, func(c *timago.Config) { c.RequestTimeout = 50 * time.Millisecond; c.MaxRetries = 1000 })
	fake.failing("GET", 1_000_000, func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		if r.URL.Query().Get("page_token") == "20" {
			silent(w, r, server)
		}
		server.ServeHTTP(w, r)
	})
	_, err := client.Stations(t.Context(), timago.Filter{})
	var unanswered *timago.Unanswered
	if !errors.As(err, &unanswered) || !strings.Contains(err.Error(), "no complete list within 1s") {
		t.Errorf("%v", err)
	}
}

// What is read of a list costs more than what is kept of it: long lists are read two at a
// time, and a room waits for none of them.
func TestLongListsAreReadTwoAtATime(t *testing.T) {
	t.Parallel()
	fake := newFakeTimago(t, 501)
	client := fake.client(t)
	second, answer := make(chan struct{}, 10), make(chan struct{})
	fake.failing("GET", 1000, func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		if r.URL.Query().Get("page_token") != "" {
			second <- struct{}{}
			<-answer
		}
		server.ServeHTTP(w, r)
	})
	var lists errgroup.Group
	for range 2 {
		lists.Go(func() error {
			stations, err := client.Stations(t.Context(), timago.Filter{})
			if err == nil && len(stations) != 501 {
				err = fmt.Errorf("%d stations", len(stations))
			}
			return err
		})
		<-second
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := client.Stations(ctx, timago.Filter{}); !errors.Is(err, context.DeadlineExceeded) || len(second) > 0 {
		t.Errorf("the third: %d pages behind its first, %v", len(second), err)
	}
	if room, err := client.Stations(t.Context(), timago.Filter{Names: []string{"R101-PC0001"}}); err != nil || len(room) != 1 {
		t.Errorf("a short list: %d stations, %v", len(room), err)
	}
	close(answer)
	if err := lists.Wait(); err != nil {
		t.Error(err)
	}
	if stations, err := client.Stations(t.Context(), timago.Filter{}); err != nil || len(stations) != 501 {
		t.Errorf("a list after them: %d stations, %v", len(stations), err)
	}
}

// The longest list there may be is read.
func TestListsOfALargeSiteAreRead(t *testing.T) {
	t.Parallel()
	fake := newFakeTimago(t, 20_000)
	stations, err := fake.client(t).Stations(t.Context(), timago.Filter{})
	if err != nil || len(stations) != 20_000 {
		t.Fatalf("%d stations, %v", len(stations), err)
	}
}

// A room is no district, whatever a server says.
func TestALocationHasNoMoreStationsThanASchool(t *testing.T) {
	t.Parallel()
	for stations, wrong := range map[int]bool{3_000: false, 3_001: true} {
		fake := newFakeTimago(t, stations)
		got, err := fake.client(t).Stations(t.Context(), timago.Filter{Location: "R101"})
		var malformed *timago.Malformed
		if errors.As(err, &malformed) != wrong || !wrong && (err != nil || len(got) != stations) {
			t.Errorf("%d stations: %d, %v", stations, len(got), err)
		}
		if wrong && (!strings.HasSuffix(err.Error(), "more than 3000 stations, or 2 MB, are in one location") || !strings.Contains(malformed.Advice(), "Standort") || !strings.Contains(malformed.Advice(), "name_regex")) {
			t.Errorf("%v %s", err, malformed.Advice())
		}
	}
}

// Names may be long and full of umlauts; a request line may not.
func TestLongNamesFitIntoRequestLines(t *testing.T) {
	t.Parallel()
	fake := newFakeTimago(t, 1)
	var names []string
	for i := range 400 {
		names = append(names, fmt.Sprintf("%s %03d", strings.Repeat("ü", 100), i))
	}
	longest := 0
	fake.failing("GET", 1000, func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		longest = max(longest, len(r.URL.RequestURI()))
		server.ServeHTTP(w, r)
	})
	if _, err := fake.client(t).Stations(t.Context(), timago.Filter{Names: names}); err != nil || longest > 32<<10 || longest < 16<<10 {
		t.Errorf("a request line of %d bytes, %v", longest, err)
	}
}

func TestPagesThatAServerCutsShortAreFollowed(t *testing.T) {
	t.Parallel()
	fake := newFakeTimago(t, 95)
	fake.maxPage = 10
	stations, err := fake.client(t).Stations(t.Context(), timago.Filter{})
	if err != nil || len(stations) != 95 || fake.count("GET /stations") != 10 {
		t.Errorf("%d stations in %d requests, %v; want 95 in 10", len(stations), fake.count("GET /stations"), err)
	}
}

func TestStationThatMovesToALaterPageIsListedOnce(t *testing.T) {
	t.Parallel()
	fake := newFakeTimago(t, 20)
	fake.maxPage = 10
	fake.failing("GET", 1, func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		server.ServeHTTP(w, r)
		added := fake.stations[0]
		added.ID, added.Name = stationID(99), "R101-PC0000"
		fake.mu.Lock()
		defer fake.mu.Unlock()
		fake.stations = append([]contract.Station{added}, fake.stations...)
	})
	stations, err := fake.client(t).Stations(t.Context(), timago.Filter{})
	if err != nil || len(stations) != 20 || fake.count("GET /stations") != 3 {
		t.Errorf("%d stations in %d requests, %v; want the 20 once in 3", len(stations), fake.count("GET /stations"), err)
	}
}

func TestFilters(t *testing.T) {
	t.Parallel()
	fake := newFakeTimago(t, 6)
	fake.edit(0, func(s *contract.Station) { s.Location = "R202" })
	fake.edit(1, func(s *contract.Station) { s.ComputerGroup = "Verwaltung" })
	fake.edit(2, func(s *contract.Station) { s.Online = false })
	fake.edit(3, func(s *contract.Station) { s.OperatingSystems[0].KMSActivation = true })
	fake.edit(4, func(s *contract.Station) { s.LastStart = nil })
	client := fake.client(t)
	yes, no := true, false
	for name, story := range map[string]struct {
		filter timago.Filter
		want   int
	}{
		"all":                    {timago.Filter{}, 6},
		"room":                   {timago.Filter{Location: "R202"}, 1},
		"group":                  {timago.Filter{ComputerGroup: "Unterricht"}, 5},
		"off":                    {timago.Filter{Online: &no}, 1},
		"on, option on":          {timago.Filter{Online: &yes, KMSActivation: &yes}, 1},
		"started":                {timago.Filter{StartedAfter: started.Add(-1)}, 5},
		"names, none of them on": {timago.Filter{Names: []string{"R101-PC0003", "R101-PC0004"}, Online: &no}, 1},
		"nothing":                {timago.Filter{Location: "R999"}, 0},
	} {
		got, err := client.Stations(t.Context(), story.filter)
		if err != nil || len(got) != story.want {
			t.Errorf("%s: %d stations, %v; want %d", name, len(got), err, story.want)
		}
	}
}
