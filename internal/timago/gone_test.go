package timago_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/timago/terraform-provider-timago/internal/timago"
)

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
