package timago_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
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
			fake := newFakeTimago(t, 1000)
			client := fake.client(t)
			read := client.Station
			if story.fresh {
				read = client.FreshStation
			}
			refresh(t, 1000, story.parallel, read)
			if n := fake.count("GET /stations"); n < 2 || n > story.most {
				t.Errorf("%d list requests, want 2 to %d", n, story.most)
			}
			if n := len(fake.requests()) - fake.count("GET /stations"); n != 0 {
				t.Errorf("%d requests that are no lists", n)
			}
		})
	}
}

// A room's refresh does not list the site, whatever its size; nor does the plan of a create,
// which knows the stations by name.
func TestFewOfManyAreReadByFilters(t *testing.T) {
	t.Parallel()
	fake := newFakeTimago(t, 10_000)
	for _, name := range []func(i int) string{stationID, func(i int) string { return fmt.Sprintf("r101-PC%04d", i+1) }} {
		client, before := fake.client(t), len(fake.requests())
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
		if n := len(fake.requests()) - before; n != 3 {
			t.Errorf("%d requests for 30 of 10,000, want 3", n)
		}
		if _, err := client.Station(t.Context(), name(7)); err != nil || len(fake.requests())-before != 3 {
			t.Errorf("once more: %v after %v", err, fake.requests())
		}
	}
}

// Each of a thousand refreshes would otherwise wait through all repeats of its own.
func TestServerThatIsAwayIsNotAskedByEverybody(t *testing.T) {
	t.Parallel()
	fake := newFakeTimago(t, 20)
	fake.failing("GET", 1000, answering(http.StatusServiceUnavailable, "unavailable", "maintenance"))
	client := fake.client(t)
	for i := range 20 {
		if _, err := client.Station(t.Context(), stationID(i)); !errors.Is(err, kms.ErrUnreachable) {
			t.Fatalf("station %d: %v, want kms.ErrUnreachable", i, err)
		}
	}
	if n := len(fake.requests()); n != 4 {
		t.Errorf("%d requests, want one and its three repeats", n)
	}
	fake.failing("GET", 0, nil)
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
			fake := newFakeTimago(t, 2)
			fake.failing("GET", 1000, func(w http.ResponseWriter, r *http.Request, server http.Handler) {
				if r.URL.Query().Has("name") {
					refuse(w, status, "invalid", "no such name")
					return
				}
				server.ServeHTTP(w, r)
			})
			client := fake.client(t)
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
	fake := newFakeTimago(t, 30)
	client := fake.client(t)
	if _, err := client.Stations(t.Context(), timago.Filter{Location: "r101"}); err != nil {
		t.Fatal(err)
	}
	refresh(t, 30, 10, client.Station)
	if len(fake.requests()) != 1 {
		t.Errorf("asked %v, want the one list", fake.requests())
	}
}

func TestFreshReadSeesWhatAnotherActorDid(t *testing.T) {
	t.Parallel()
	fake := newFakeTimago(t, 3)
	client := fake.client(t)
	refresh(t, 3, 3, client.Station)
	fake.edit(1, func(s *contract.Station) { s.Location = "R202" })
	if station, err := client.FreshStation(t.Context(), stationID(1)); err != nil || station.Location != "R202" {
		t.Errorf("%q, %v; want the new room", station.Location, err)
	}
}

func TestReadAfterOwnWriteIsNotRemembered(t *testing.T) {
	t.Parallel()
	fake := newFakeTimago(t, 2)
	client := fake.client(t)
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
	fake := newFakeTimago(t, 1)
	client := fake.client(t)
	read, written := make(chan struct{}), make(chan struct{})
	fake.failing("GET", 1, func(w http.ResponseWriter, r *http.Request, server http.Handler) {
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
	fake := newFakeTimago(t, 3)
	fake.edit(2, func(s *contract.Station) { s.Name = "r101-pc0002" })
	client := fake.client(t)
	for range 3 { // the first asks
		station, err := client.Station(t.Context(), "r101-PC0001")
		if err != nil || station.ID != stationID(0) {
			t.Errorf("%+v, %v", station, err)
		}
	}
	if n := fake.count("GET /stations"); n != 1 {
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

func TestCallersWhoLeaveDoNotHarmTheOthers(t *testing.T) {
	t.Parallel()
	fake := newFakeTimago(t, 20)
	client := fake.client(t)
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
	fake := newFakeTimago(t, 1)
	arrived, ended := make(chan struct{}), make(chan struct{})
	fake.failing("GET", 1, hang(arrived, ended))
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-arrived
		cancel()
	}()
	client := fake.client(t, func(c *timago.Config) { c.RequestTimeout = time.Hour })
	if _, err := client.Station(ctx, stationID(0)); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want that it was cancelled", err)
	}
	<-ended // the server saw the connection end
}

// Whoever lists stations may sort the list and take some out: what is remembered stays.
func TestWhoListsMayChangeTheList(t *testing.T) {
	t.Parallel()
	fake := newFakeTimago(t, 20)
	client := fake.client(t)
	stations, err := client.Stations(t.Context(), timago.Filter{})
	if err != nil || len(stations) != 20 {
		t.Fatalf("%d stations, %v", len(stations), err)
	}
	id, name, asked := stations[0].ID, stations[0].Name, len(fake.requests())
	slices.Reverse(stations)
	clear(stations[10:])
	if found, err := client.Station(t.Context(), id); err != nil || found.Name != name || len(fake.requests()) != asked {
		t.Errorf("%s is %s, after %d more requests: %v", name, found.Name, len(fake.requests())-asked, err)
	}
}
