package timago_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/timago/terraform-provider-timago/internal/timago"
	"github.com/timago/terraform-provider-timago/internal/timago/contract"
)

// A list that lacks a station is not enough: it is asked for by itself, and once more.
func TestDeletedStationIsGoneForGood(t *testing.T) {
	t.Parallel()
	fake := newFakeTimago(t, 1)
	client := fake.client(t)
	_, err := client.Station(t.Context(), stationID(7))
	if !errors.Is(err, timago.ErrGone) || !errors.Is(err, timago.ErrNotFound) || fake.count("GET /stations/"+stationID(7)) != 2 {
		t.Errorf("%v after %v", err, fake.requests())
	}
}

// A server that has just been started may not know its stations for a moment.
func TestStationThatIsThereTheNextMoment(t *testing.T) {
	t.Parallel()
	fake := newFakeTimago(t, 1)
	client := fake.client(t)
	denied := 0
	fake.failing("GET", 1000, func(w http.ResponseWriter, r *http.Request, server http.Handler) {
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

// wrongAnswer is what a server, or something before it, may say instead of what was asked for.
type wrongAnswer struct {
	name string
	say  func(w http.ResponseWriter, r *http.Request, server http.Handler)
	gone bool // where it is said of the station itself
}

// wrongAnswers are every status with every code, and bodies that mean nothing.
func wrongAnswers(t *testing.T) []wrongAnswer {
	t.Helper()
	source, err := os.ReadFile("contract/codes.go")
	if err != nil {
		t.Fatal(err)
	}
	codes := []string{"", "something_new"}
	for _, found := range regexp.MustCompile(`ProblemCode = "(\w+)"`).FindAllStringSubmatch(string(source), -1) {
		codes = append(codes, found[1])
	}
	var all []wrongAnswer
	for _, status := range []int{300, 302, 304, 307, 400, 401, 402, 403, 404, 405, 406, 408, 409, 410, 412, 413, 414, 415, 418, 421, 422, 423, 425, 428, 429, 431, 451, 499, 500, 501, 502, 503, 504, 507, 511, 599} {
		for _, code := range codes {
			all = append(all, wrongAnswer{fmt.Sprintf("%d %s", status, code), answering(status, code, "", "Retry-After", "0"), status == 404 && code == "not_found"})
		}
	}
	for name, body := range map[string]string{
		"an empty object": `{}`, "no items": `{"items":[]}`, "another station": `{"items":[{"id":"` + stationID(5) + `"}]}`,
		"nothing": ``, "a web page": `<html>`, "null": `null`, "gone, in words": `{"code":"not_found"}`,
	} {
		for _, status := range []int{200, 201, 202, 204, 301} {
			all = append(all, wrongAnswer{fmt.Sprintf("%d %s", status, name), func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(status)
				_, _ = io.WriteString(w, body)
			}, false})
		}
	}
	return append(all, wrongAnswer{"lost", lost, false}, wrongAnswer{"cut", cut, false})
}

// lacking answers at a path with what is wrong, and lists no station.
func lacking(path string, w wrongAnswer) func(http.ResponseWriter, *http.Request, http.Handler) {
	return func(rw http.ResponseWriter, r *http.Request, server http.Handler) {
		switch strings.TrimPrefix(r.URL.Path, "/api/v1") {
		case path:
			w.say(rw, r, server)
		case "/stations":
			saying("application/json", `{"items": []}`)(rw, r, server)
		default:
			server.ServeHTTP(rw, r)
		}
	}
}

// walk tries every wrong answer, some side by side, each part with a fake and a client of
// its own that asks once.
func walk(t *testing.T, try func(fake *fakeTimago, client *timago.Client, w wrongAnswer)) {
	t.Helper()
	all := wrongAnswers(t)
	if len(all) < 750 {
		t.Errorf("%d answers are walked", len(all))
	}
	var parts sync.WaitGroup
	for part := range slices.Chunk(all, 1+len(all)/16) {
		fake := newFakeTimago(t, 1)
		client := fake.client(t, once)
		parts.Go(func() {
			for _, w := range part {
				try(fake, client, w)
			}
		})
	}
	parts.Wait()
}

func once(c *timago.Config) { c.MaxRetries = 0 }

// Whatever is answered at whatever path: only the server's own word about this very
// station, said twice, is that it is gone.
func TestNothingElseSaysThatAStationIsGone(t *testing.T) {
	t.Parallel()
	walk(t, func(fake *fakeTimago, client *timago.Client, w wrongAnswer) {
		for _, path := range []string{"/stations", "/stations/" + stationID(0)} {
			fake.failing("GET", 1000, lacking(path, w))
			for _, read := range []func(context.Context, string) (timago.Station, error){client.FreshStation, client.Station} {
				if _, err := read(t.Context(), stationID(0)); errors.Is(err, timago.ErrGone) != (w.gone && path != "/stations") {
					t.Errorf("%s at %s: %v", w.name, path, err)
				}
			}
		}
	})
}

// Whatever is answered to a change, or of a command: that is no word about the station.
func TestNothingElseEndsADestroy(t *testing.T) {
	t.Parallel()
	walk(t, func(fake *fakeTimago, client *timago.Client, w wrongAnswer) {
		fake.edit(0, func(s *contract.Station) { s.OperatingSystems[0].KMSActivation = true })
		fake.failing("GET", 0, nil)
		station, err := client.FreshStation(t.Context(), stationID(0))
		if err != nil {
			t.Error(err)
		}
		fake.failing("PATCH", 1000, w.say)
		if _, err := client.SetKMSActivation(t.Context(), station, "", false); err == nil || errors.Is(err, timago.ErrNotFound) {
			t.Errorf("%s to the change: %v", w.name, err)
		}
		fake.failing("GET", 1000, lacking("/commands/c-1", w))
		if _, err := client.Progress(t.Context(), timago.Progress{CommandID: "c-1"}); err == nil || errors.Is(err, timago.ErrNotFound) {
			t.Errorf("%s of a command: %v", w.name, err)
		}
	})
}
