package timago_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/timago"
	"github.com/timago/terraform-provider-timago/internal/timago/contract"
)

// refresh reads every station by client id, so many at a time.
func refresh(t *testing.T, stations, parallel int, read func(context.Context, string) (timago.Station, error)) {
	t.Helper()
	group, ctx := errgroup.WithContext(t.Context())
	group.SetLimit(parallel)
	for i := range stations {
		group.Go(func() error {
			station, err := read(ctx, stationID(i))
			if err == nil && station.ID != stationID(i) {
				err = fmt.Errorf("asked for %s, got %s", stationID(i), station.ID)
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
}

func TestThousandReadsAreFewRequests(t *testing.T) {
	t.Parallel()
	for name, story := range map[string]struct {
		parallel, most int
		fresh          bool
	}{
		"all at once":              {parallel: 1000, most: 4},
		"all at once, fresh":       {parallel: 1000, most: 4, fresh: true},
		"ten at a time, Terraform": {parallel: 10, most: 7}, // five for ten each, then two pages of all
		"one after the other":      {parallel: 1, most: 7},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			school := newSchool(t, 1000)
			client := school.client(t)
			read := client.Station
			if story.fresh {
				read = client.FreshStation
			}
			refresh(t, 1000, story.parallel, read)
			if n := school.count("GET /stations"); n < 2 || n > story.most {
				t.Errorf("%d list requests, want 2 to %d", n, story.most)
			}
			if n := len(school.requests()) - school.count("GET /stations"); n != 0 {
				t.Errorf("%d requests that are no lists", n)
			}
		})
	}
}

// A room's refresh does not list the site, whatever its size; nor does the plan of a create,
// which knows the stations by name.
func TestFewOfManyAreReadByFilters(t *testing.T) {
	t.Parallel()
	school := newSchool(t, 10_000)
	for _, name := range []func(i int) string{stationID, func(i int) string { return fmt.Sprintf("r101-PC%04d", i+1) }} {
		client, before := school.client(t), len(school.requests())
		for from := range 3 { // Terraform's ten at a time
			var wave errgroup.Group
			for i := range 10 {
				wave.Go(func() error {
					_, err := client.Station(t.Context(), name(10*from+i))
					return err
				})
			}
			if err := wave.Wait(); err != nil {
				t.Fatal(err)
			}
		}
		if n := len(school.requests()) - before; n != 3 {
			t.Errorf("%d requests for 30 of 10,000, want 3", n)
		}
		if _, err := client.Station(t.Context(), name(7)); err != nil || len(school.requests())-before != 3 {
			t.Errorf("once more: %v after %v", err, school.requests())
		}
	}
}

// Each of a thousand refreshes would otherwise wait through all repeats of its own.
func TestServerThatIsAwayIsNotAskedByEverybody(t *testing.T) {
	t.Parallel()
	school := newSchool(t, 20)
	school.failing("GET", 1000, answering(http.StatusServiceUnavailable, "unavailable", "maintenance"))
	client := school.client(t)
	for i := range 20 {
		if _, err := client.Station(t.Context(), stationID(i)); !errors.Is(err, kms.ErrUnreachable) {
			t.Fatalf("station %d: %v, want kms.ErrUnreachable", i, err)
		}
	}
	if n := len(school.requests()); n != 4 {
		t.Errorf("%d requests, want one and its three repeats", n)
	}
	school.failing("GET", 0, nil)
	if _, err := client.FreshStation(t.Context(), stationID(0)); err != nil {
		t.Fatalf("a read that must be fresh: %v, want an answer: the server is back", err)
	}
	if _, err := client.Station(t.Context(), stationID(1)); err != nil {
		t.Errorf("after an answer: %v, want one more", err)
	}
}

// A name that the server does not take is one caller's; what else it refuses is everybody's.
func TestRefusalOfOneNameIsNotEverybodys(t *testing.T) {
	t.Parallel()
	for status, own := range map[int]bool{
		http.StatusBadRequest: true, http.StatusRequestURITooLong: true, http.StatusUnprocessableEntity: true,
		http.StatusUnauthorized: false, http.StatusForbidden: false, http.StatusNotFound: false, http.StatusTooManyRequests: false,
		http.StatusInternalServerError: false, http.StatusServiceUnavailable: false,
	} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			t.Parallel()
			school := newSchool(t, 2)
			school.failing("GET", 1000, func(w http.ResponseWriter, r *http.Request, server http.Handler) {
				if r.URL.Query().Has("name") {
					refuse(w, status, "invalid", "no such name")
					return
				}
				server.ServeHTTP(w, r)
			})
			client := school.client(t)
			if _, err := client.Station(t.Context(), "R101*"); err == nil {
				t.Fatal("the name was taken")
			}
			if _, err := client.Station(t.Context(), stationID(0)); (err == nil) != own {
				t.Errorf("another caller: %v", err)
			}
		})
	}
}

func TestRoomThatWasListedNeedsNoFurtherRequest(t *testing.T) {
	t.Parallel()
	school := newSchool(t, 30)
	client := school.client(t)
	if _, err := client.Stations(t.Context(), timago.Filter{Location: "r101"}); err != nil {
		t.Fatal(err)
	}
	refresh(t, 30, 10, client.Station)
	if len(school.requests()) != 1 {
		t.Errorf("asked %v, want the one list", school.requests())
	}
}

func TestFreshReadSeesWhatAnotherActorDid(t *testing.T) {
	t.Parallel()
	school := newSchool(t, 3)
	client := school.client(t)
	refresh(t, 3, 3, client.Station)
	school.edit(1, func(s *contract.Station) { s.Location = "R202" })
	if station, err := client.FreshStation(t.Context(), stationID(1)); err != nil || station.Location != "R202" {
		t.Errorf("%q, %v; want the new room", station.Location, err)
	}
}

func TestReadAfterOwnWriteIsNotRemembered(t *testing.T) {
	t.Parallel()
	school := newSchool(t, 2)
	client := school.client(t)
	refresh(t, 2, 2, client.Station)
	before, err := client.Station(t.Context(), stationID(0))
	if err == nil {
		_, err = client.SetKMSActivation(t.Context(), before, "", true)
	}
	if err != nil {
		t.Fatal(err)
	}
	station, err := client.Station(t.Context(), stationID(0))
	if err != nil || !station.OperatingSystems[0].KMSActivation {
		t.Errorf("%+v, %v; want the option on", station.OperatingSystems, err)
	}
}

// A list that was under way during a write may be older than it.
func TestListOlderThanOwnWriteIsNotRemembered(t *testing.T) {
	t.Parallel()
	school := newSchool(t, 1)
	client := school.client(t)
	read, written := make(chan struct{}), make(chan struct{})
	school.failing("GET", 1, func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		answer := httptest.NewRecorder()
		server.ServeHTTP(answer, r)
		close(read)
		<-written
		saying("application/json", answer.Body.String())(w, r, server)
	})
	var group errgroup.Group
	group.Go(func() error {
		stations, err := client.Stations(t.Context(), timago.Filter{})
		if err == nil && stations[0].OperatingSystems[0].KMSActivation {
			err = errors.New("the list is not older than the write")
		}
		return err
	})
	<-read
	seen := timago.Station{ID: stationID(0), ETag: `"1"`, OperatingSystems: []timago.OperatingSystem{{Name: "Windows 11"}}}
	if _, err := client.SetKMSActivation(t.Context(), seen, "", true); err != nil {
		t.Error(err)
	}
	close(written)
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	station, err := client.Station(t.Context(), stationID(0))
	if err != nil || !station.OperatingSystems[0].KMSActivation {
		t.Errorf("%+v, %v; want the option on", station.OperatingSystems, err)
	}
}

func TestStationByName(t *testing.T) {
	t.Parallel()
	school := newSchool(t, 3)
	school.edit(2, func(s *contract.Station) { s.Name = "r101-pc0002" })
	client := school.client(t)
	for range 3 { // the first asks
		station, err := client.Station(t.Context(), "r101-PC0001")
		if err != nil || station.ID != stationID(0) {
			t.Errorf("%+v, %v", station, err)
		}
	}
	if n := school.count("GET /stations"); n != 1 {
		t.Errorf("%d list requests, want 1", n)
	}
	var several *timago.Ambiguous
	if _, err := client.Station(t.Context(), "R101-PC0002"); !errors.As(err, &several) || len(several.IDs) != 2 {
		t.Errorf("two stations of one name: %v", err)
	}
	for _, name := range []string{"R101-PC9999", " "} {
		if _, err := client.Station(t.Context(), name); !errors.Is(err, timago.ErrNotFound) {
			t.Errorf("%q: %v, want not found", name, err)
		}
	}
}

// A list that lacks a station is not enough: it is asked for by itself, and once more.
func TestDeletedStationIsGoneForGood(t *testing.T) {
	t.Parallel()
	school := newSchool(t, 1)
	client := school.client(t)
	_, err := client.Station(t.Context(), stationID(7))
	if !errors.Is(err, timago.ErrGone) || !errors.Is(err, timago.ErrNotFound) || school.count("GET /stations/"+stationID(7)) != 2 {
		t.Errorf("%v after %v", err, school.requests())
	}
}

// A server that has just been started may not know its stations for a moment.
func TestStationThatIsThereTheNextMoment(t *testing.T) {
	t.Parallel()
	school := newSchool(t, 1)
	client := school.client(t)
	denied := 0
	school.failing("GET", 1000, func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		switch {
		case strings.HasSuffix(r.URL.Path, "/stations"):
			saying("application/json", `{"items": []}`)(w, r, server)
		case denied == 0:
			denied++
			refuse(w, 404, "not_found", "")
		default:
			server.ServeHTTP(w, r)
		}
	})
	station, err := client.Station(t.Context(), stationID(0))
	if err != nil || station.ID != stationID(0) || denied != 1 {
		t.Errorf("%+v, %v", station, err)
	}
}

// Whatever is answered at whatever path: only the server's own word about this very
// station, said twice, is that it is gone.
func TestNothingElseSaysThatAStationIsGone(t *testing.T) {
	t.Parallel()
	codes := []string{"", "not_found", "operating_system_not_found", "unknown_path", "page_token_ended", "something_new"}
	bodies := map[string]string{
		"an empty object": `{}`, "no items": `{"items":[]}`, "another station": `{"items":[{"id":"` + stationID(5) + `"}]}`,
		"nothing": ``, "a web page": `<html>`, "null": `null`, "gone, in words": `{"code":"not_found"}`,
	}
	type wrong struct {
		name string
		say  func(w http.ResponseWriter, r *http.Request, server http.Handler)
		gone bool // where it is said of the station itself
	}
	var all []wrong
	for _, status := range []int{400, 401, 403, 404, 405, 406, 409, 410, 412, 413, 414, 415, 422, 428, 429, 500, 501, 502, 503, 504, 599} {
		for _, code := range codes {
			if status != 404 && code != "" && code != "not_found" {
				continue
			}
			all = append(all, wrong{fmt.Sprintf("%d %s", status, code), answering(status, code, "", "Retry-After", "0"), status == 404 && code == "not_found"})
		}
	}
	for name, body := range bodies {
		for _, status := range []int{200, 204, 301} {
			all = append(all, wrong{fmt.Sprintf("%d %s", status, name), func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(status)
				_, _ = io.WriteString(w, body)
			}, false})
		}
	}
	all = append(all, wrong{"lost", lost, false}, wrong{"cut", cut, false})
	school := newSchool(t, 3)
	walked := 0
	for _, w := range all {
		for _, path := range []string{"/stations", "/stations/" + stationID(0)} {
			school.failing("GET", 1000, func(rw http.ResponseWriter, r *http.Request, server http.Handler) {
				switch strings.TrimPrefix(r.URL.Path, "/api/v1") {
				case path:
					w.say(rw, r, server)
				case "/stations": // the list lacks it
					saying("application/json", `{"items": []}`)(rw, r, server)
				default:
					server.ServeHTTP(rw, r)
				}
			})
			for _, fresh := range []bool{false, true} {
				client := school.client(t, func(c *timago.Config) { c.MaxRetries = 0 })
				read := client.Station
				if fresh {
					read = client.FreshStation
				}
				_, err := read(t.Context(), stationID(0))
				if walked++; errors.Is(err, timago.ErrGone) != (w.gone && path != "/stations") {
					t.Errorf("%s at %s, fresh %t: %v", w.name, path, fresh, err)
				}
			}
		}
	}
	t.Logf("%d answers walked", walked)
}

// A filter that a server does not know, or an answer from elsewhere, is no room.
func TestListsAreHeldAgainstWhatWasAskedFor(t *testing.T) {
	t.Parallel()
	yes := true
	school := newSchool(t, 2)
	client := school.client(t)
	for want, filter := range map[string]timago.Filter{
		`$.items[0].id: is "` + stationID(0) + `", which was not asked for`:                       {IDs: []string{stationID(9)}},
		`$.items[0].name: is "R101-PC0001", which was not asked for`:                              {Names: []string{"R101-PC0009"}},
		`$.items[0].location: is "R101", which was not asked for`:                                 {Location: "R102"},
		`$.items[0].computer_group: is "Unterricht", which was not asked for`:                     {ComputerGroup: "Verwaltung"},
		`$.items[0].operating_systems: is "without kms_activation true", which was not asked for`: {KMSActivation: &yes},
	} {
		school.failing("GET", 1, func(w http.ResponseWriter, r *http.Request, server http.Handler) {
			r.URL.RawQuery = "page_size=500"
			server.ServeHTTP(w, r)
		})
		_, err := client.Stations(t.Context(), filter)
		if text := "GET /api/v1/stations: the answer does not keep to the contract: " + want; err == nil || err.Error() != text {
			t.Errorf("%v, want %s", err, text)
		}
	}
	school.failing("GET", 1, func(w http.ResponseWriter, r *http.Request, server http.Handler) {
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
	school := newSchool(t, 40)
	school.maxPage = 10
	client := school.client(t)
	for times, works := range map[int]bool{1: true, 2: true, 100: false} {
		left := times
		school.failing("GET", 1000, func(w http.ResponseWriter, r *http.Request, server http.Handler) {
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

// Names may be long and full of umlauts; a request line may not.
func TestLongNamesFitIntoRequestLines(t *testing.T) {
	t.Parallel()
	school := newSchool(t, 1)
	var names []string
	for i := range 400 {
		names = append(names, fmt.Sprintf("%s %03d", strings.Repeat("ü", 100), i))
	}
	longest := 0
	school.failing("GET", 1000, func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		longest = max(longest, len(r.URL.RequestURI()))
		server.ServeHTTP(w, r)
	})
	if _, err := school.client(t).Stations(t.Context(), timago.Filter{Names: names}); err != nil || longest > 32<<10 || longest < 16<<10 {
		t.Errorf("a request line of %d bytes, %v", longest, err)
	}
}

func TestCallersWhoLeaveDoNotHarmTheOthers(t *testing.T) {
	t.Parallel()
	school := newSchool(t, 20)
	client := school.client(t)
	gone, leave := context.WithCancel(t.Context())
	leave()
	var group sync.WaitGroup
	for i := range 20 {
		ctx, want := t.Context(), error(nil)
		if i%2 == 0 {
			ctx, want = gone, context.Canceled
		}
		group.Go(func() {
			if _, err := client.FreshStation(ctx, stationID(i)); !errors.Is(err, want) {
				t.Errorf("station %d: %v, want %v", i, err, want)
			}
		})
	}
	group.Wait()
}

func TestNobodyLeftToWaitEndsTheRequest(t *testing.T) {
	t.Parallel()
	school := newSchool(t, 1)
	arrived, ended := make(chan struct{}), make(chan struct{})
	school.failing("GET", 1, hang(arrived, ended))
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-arrived
		cancel()
	}()
	client := school.client(t, func(c *timago.Config) { c.RequestTimeout = time.Hour })
	if _, err := client.Station(ctx, stationID(0)); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want that it was cancelled", err)
	}
	<-ended // the server saw the connection end
}

func TestPagesThatAServerCutsShortAreFollowed(t *testing.T) {
	t.Parallel()
	school := newSchool(t, 95)
	school.maxPage = 10
	stations, err := school.client(t).Stations(t.Context(), timago.Filter{})
	if err != nil || len(stations) != 95 || school.count("GET /stations") != 10 {
		t.Errorf("%d stations in %d requests, %v; want 95 in 10", len(stations), school.count("GET /stations"), err)
	}
}

func TestStationThatMovesToALaterPageIsListedOnce(t *testing.T) {
	t.Parallel()
	school := newSchool(t, 20)
	school.maxPage = 10
	school.failing("GET", 1, func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		server.ServeHTTP(w, r)
		added := school.stations[0]
		added.ID, added.Name = stationID(99), "R101-PC0000"
		school.mu.Lock()
		defer school.mu.Unlock()
		school.stations = append([]contract.Station{added}, school.stations...)
	})
	stations, err := school.client(t).Stations(t.Context(), timago.Filter{})
	if err != nil || len(stations) != 20 || school.count("GET /stations") != 3 {
		t.Errorf("%d stations in %d requests, %v; want the 20 once in 3", len(stations), school.count("GET /stations"), err)
	}
}

func TestFilters(t *testing.T) {
	t.Parallel()
	school := newSchool(t, 6)
	school.edit(0, func(s *contract.Station) { s.Location = "R202" })
	school.edit(1, func(s *contract.Station) { s.ComputerGroup = "Verwaltung" })
	school.edit(2, func(s *contract.Station) { s.Online = false })
	school.edit(3, func(s *contract.Station) { s.OperatingSystems[0].KMSActivation = true })
	school.edit(4, func(s *contract.Station) { s.LastStart = nil })
	client := school.client(t)
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
