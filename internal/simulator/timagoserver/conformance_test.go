package timagoserver_test

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/simulator/timagoserver"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
	"github.com/timago/terraform-provider-timago/internal/timago/conformance"
)

// manyRooms are stations that differ in all that is filtered by.
func manyRooms() world.Site {
	site := rooms()
	site.Stations[0].Others = []world.System{{Name: "Windows 10"}}
	site.Stations = append(site.Stations, world.Station{Name: "Lehrer PC+1", Room: "R 103", Group: "Unterricht"})
	site.Stations = append(site.Stations, world.Rows(20, world.Station{Name: "R104-PC%02d", Room: "R104", Group: "Unterricht"})...)
	return site
}

// passing lets time pass at the site whenever a command is asked for, and hands answers to
// somebody who may change them.
type passing struct {
	*served
	change func(q *http.Request, status int, body string) (int, string)
}

func (p passing) RoundTrip(q *http.Request) (*http.Response, error) {
	if strings.Contains(q.URL.Path, "/commands/") {
		p.Advance(10 * time.Minute)
	}
	answer, err := p.client.Transport.RoundTrip(q)
	if err != nil || p.change == nil {
		return answer, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, err
	}
	status, text := p.change(q, answer.StatusCode, string(body))
	answer.StatusCode, answer.Body = status, io.NopCloser(bytes.NewReader([]byte(text)))
	answer.Header.Del("Content-Length")
	return answer, nil
}

func check(t *testing.T, s *served, level conformance.Level, only string, change func(*http.Request, int, string) (int, string)) []conformance.Result {
	t.Helper()
	results, err := conformance.Run(t.Context(), conformance.Config{
		Check: only, URL: s.url, Token: token, HTTP: &http.Client{Transport: passing{s, change}}, Station: "R101-PC01", Level: level,
		Pause: time.Millisecond, Patience: 2 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	return results
}

// The simulated server keeps to everything that can be asked of any server.
func TestTheServerConforms(t *testing.T) {
	t.Parallel()
	var table strings.Builder
	skipped := map[string]int{}
	servers := []func(*timagoserver.Config){
		func(*timagoserver.Config) {},
		func(c *timagoserver.Config) { c.Features, c.MaxPage = []string{"restart", "reset_image"}, 5 },
	}
	for _, server := range servers {
		results := check(t, open(t, manyRooms(), server), conformance.Changes, "", nil)
		for _, r := range results {
			if r.Skipped != "" {
				skipped[r.Name]++
			}
		}
		if err := conformance.Table(&table, results); err != nil || conformance.Failed(results) > 0 {
			t.Errorf("%v\n%s", err, table.String())
		}
	}
	for name, times := range skipped {
		if times == len(servers) {
			t.Errorf("%q is not checked by either of the servers", name)
		}
	}
	t.Log("\n" + table.String())
}

// Without leave the suite changes nothing.
func TestConformanceReadsOnlyUnlessAllowed(t *testing.T) {
	t.Parallel()
	s := open(t, manyRooms())
	for _, level := range []conformance.Level{conformance.Reads, conformance.SameValue} {
		before := s.station("R101-PC01")
		if results := check(t, s, level, "", nil); conformance.Failed(results) > 0 {
			t.Errorf("%+v", results)
		}
		if after := s.station("R101-PC01"); after.ETag != before.ETag || !after.LastStart.Equal(*before.LastStart) {
			t.Errorf("level %d: %+v", level, after)
		}
		if got := s.log("option", "order", "image"); len(got) > 0 {
			t.Errorf("level %d: %q", level, got)
		}
	}
}

// Each check fails on a server that breaks what it is about.
func TestEveryCheckBites(t *testing.T) {
	t.Parallel()
	type change = func(q *http.Request, status int, body string) (int, string)
	// answered changes answers of a status to requests of a method whose address holds a text.
	answered := func(method, in string, status, to int, pairs ...string) change {
		return func(q *http.Request, got int, body string) (int, string) {
			if got != status || q.Method != method || !strings.Contains(q.URL.RequestURI(), in) {
				return got, body
			}
			for i := 0; i+1 < len(pairs); i += 2 {
				body = strings.ReplaceAll(body, pairs[i], pairs[i+1])
			}
			return to, body
		}
	}
	taken := answered("GET", "/stations", 400, 200, "", "") // what is invalid is answered
	invalid := func(q *http.Request, status int, body string) (int, string) {
		if status == 400 {
			return 422, strings.ReplaceAll(body, `"status":400`, `"status":422`)
		}
		return taken(q, status, body)
	}
	number := 0
	for name, broken := range map[string]change{
		"token missing":               answered("GET", "", 401, 403),
		"token wrong":                 answered("GET", "/info", 401, 401, `"unauthorized"`, `"forbidden"`),
		"info":                        answered("GET", "/info", 200, 200, `"server_time"`, `"time"`),
		"unknown path":                answered("GET", "", 404, 404, `"unknown_path"`, `"not_found"`),
		"unknown method":              answered("DELETE", "", 405, 404),
		"groupings":                   answered("GET", "/locations", 200, 200, `"stations":20`, `"stations":21`),
		"kms":                         answered("GET", "/info", 200, 200, `"kms_status"`, `"status"`),
		"pages":                       answered("GET", "page_size=2", 200, 200, `"next_page_token"`, `"next"`),
		"page size":                   invalid,
		"page token":                  invalid,
		"unknown parameter":           invalid,
		"parameter twice":             invalid,
		"empty parameter":             invalid,
		"invalid values":              invalid,
		"filter by id":                answered("GET", "id=", 200, 200, "R101-PC01", "R101-PC02", `"id":"`, `"id":"a`),
		"filter by name":              answered("GET", "name=Niemand&name=r101", 200, 200, `"id":"`, `"id":"0`),
		"filters":                     answered("GET", "online=false", 200, 200, `"id":"`, `"id":"0`),
		"station":                     answered("GET", "/stations/", 200, 200, `"name":"R101-PC01"`, `"name":"R101-PC02"`),
		"station that does not exist": answered("GET", "/stations/", 404, 404, `"not_found"`, `"unknown_path"`),
		"no client id":                answered("GET", "/stations/", 400, 404, `"status":400`, `"status":404`),
		"token in errors":             answered("GET", "", 400, 400, "page_size", token),
		"change of nobody":            answered("PATCH", "", 404, 412, `"status":404`, `"status":412`),
		"change with a wrong form":    answered("PATCH", "", 428, 400, `"status":428`, `"status":400`),
		"option as it is":             answered("PATCH", "", 404, 404, `"operating_system_not_found"`, `"not_found"`),
		"option set and set back":     answered("PATCH", "", 200, 200, `"kms_activation":false`, `"kms_activation":true`),
		"command with a wrong form":   answered("POST", "", 415, 400, `"status":415`, `"status":400`),
		"command for a thousand":      answered("GET", "/commands/", 200, 200, `"station_not_found"`, `"internal_error"`),
		"command that does not exist": answered("GET", "/commands/", 404, 404, `"not_found"`, `"unknown_path"`),
		"command too far ahead":       answered("POST", "", 422, 422, `"invalid_value"`, `"unsupported"`),
		"key without a system":        answered("POST", "", 422, 400, `"key_reused"`, `"invalid_request"`),
		"off and on":                  answered("POST", "", 202, 202, `"repeated":false`, `"repeated":true`),
		"command without the feature": answered("POST", "", 422, 400, `"status":422`, `"status":400`),
		"one key, one restart":        answered("POST", "", 202, 202, `"repeated":true`, `"repeated":false`),
		"reset of an image":           answered("GET", "/stations", 200, 200, `"image_generation":2`, `"image_generation":1`),
		"command for another system":  answered("GET", "/commands/", 200, 200, `"operating_system_not_found"`, `"internal_error"`),
	} {
		number++
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			site := manyRooms()
			s := open(t, site, func(c *timagoserver.Config) {
				if name == "command without the feature" {
					c.Features = []string{"restart", "reset_image"}
				}
			})
			results := check(t, s, conformance.Changes, name, broken)
			if len(results) != 1 || results[0].Name != name || len(results[0].Wrong) == 0 {
				t.Errorf("it holds on a server that breaks it: %+v", results)
			}
		})
	}
	if all := len(conformance.Checks()); number != all {
		t.Errorf("%s of %d checks are shown to bite", strconv.Itoa(number), all)
	}
}
