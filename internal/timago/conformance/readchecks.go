package conformance

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/timago/terraform-provider-timago/internal/timago/contract"
)

// nobody is a client id that no station has.
const nobody = "00000000-0000-4000-8000-000000000000"

func serverChecks() []Check {
	return []Check{
		{Name: "token missing", Rule: "401 unauthorized with WWW-Authenticate", run: checkTokenMissing},
		{Name: "token wrong", Rule: "401 unauthorized", run: checkTokenWrong},
		{Name: "info", Rule: "version, time and features", run: checkInfo},
		{Name: "unknown path", Rule: "404, and never not_found", run: checkUnknownPath},
		{Name: "unknown method", Rule: "405 method_not_allowed with Allow", run: checkUnknownMethod},
		{Name: "groupings", Rule: "the rooms and groups, with the number of their stations", run: checkGroupings},
		{Name: "kms", Rule: "products only with the feature kms_status", run: checkKMS},
	}
}

func checkTokenMissing(ctx context.Context, s *session) {
	for _, path := range []string{"/info", "/stations", "/stations/" + nobody, "/kms"} {
		a := s.ask(ctx, request{method: http.MethodGet, path: path, header: map[string]string{"Authorization": ""}})
		s.refused(a, http.StatusUnauthorized, contract.ProblemCodeUnauthorized)
	}
}

func checkTokenWrong(ctx context.Context, s *session) {
	for _, wrong := range []string{"Bearer ", "Bearer " + s.config.Token + "x", "Basic " + s.config.Token} {
		a := s.ask(ctx, request{method: http.MethodGet, path: "/info", header: map[string]string{"Authorization": wrong}})
		s.refused(a, http.StatusUnauthorized, contract.ProblemCodeUnauthorized)
	}
}

func checkInfo(ctx context.Context, s *session) {
	a := s.get(ctx, "/info")
	if info, ok := read[contract.Info](s, a, http.StatusOK); ok && info.ServerTime.Year() < 2020 {
		s.fail(a, "the server's clock says %s", info.ServerTime)
	}
}

func checkUnknownPath(ctx context.Context, s *session) {
	for _, path := range []string{
		"/station", "/stations/" + nobody + "/image", "/operating-systems", "/stations/" + nobody + "/operating-systems", "/stations/", "/commands/",
	} {
		a := s.send(ctx, request{method: http.MethodGet, path: path})
		if code := a.problem().Code; a.status != http.StatusNotFound || code == contract.ProblemCodeNotFound || code == contract.ProblemCodeOperatingSystemNotFound {
			s.fail(a, "answered %d %s, want 404 unknown_path", a.status, code)
		}
	}
}

func checkUnknownMethod(ctx context.Context, s *session) {
	for path, allowed := range map[string]string{"/stations": http.MethodGet, "/commands": http.MethodPost} {
		a := s.ask(ctx, request{method: http.MethodDelete, path: path})
		if s.refused(a, http.StatusMethodNotAllowed, contract.ProblemCodeMethodNotAllowed); a.err == nil && !strings.Contains(a.header.Get("Allow"), allowed) {
			s.fail(a, "Allow is %q, want %s in it", a.header.Get("Allow"), allowed)
		}
	}
}

func checkGroupings(ctx context.Context, s *session) {
	all, ok := s.stations(ctx, "page_size=500", 200)
	if !ok {
		return
	}
	s.checkGrouping(ctx, "/locations", all, func(c contract.Station) string { return c.Location })
	s.checkGrouping(ctx, "/computer-groups", all, func(c contract.Station) string { return c.ComputerGroup })
}

// checkGrouping holds the groupings of a path against all stations.
func (s *session) checkGrouping(ctx context.Context, path string, all []contract.Station, of func(contract.Station) string) {
	a := s.get(ctx, path+"?page_size=500")
	page, ok := read[contract.GroupingPage](s, a, http.StatusOK)
	if !ok {
		return
	}
	for _, grouping := range page.Items {
		in := 0
		for _, station := range all {
			if strings.EqualFold(of(station), grouping.Name) {
				in++
			}
		}
		if in != grouping.Stations {
			s.fail(a, "%s has %d stations, and the list has %d of them", grouping.Name, grouping.Stations, in)
		}
	}
}

func checkKMS(ctx context.Context, s *session) {
	info, known := read[contract.Info](s, s.get(ctx, "/info"), http.StatusOK)
	a := s.get(ctx, "/kms")
	shown, ok := read[contract.KMS](s, a, http.StatusOK)
	if ok && known && len(shown.Products) > 0 && !slices.Contains(info.Features, "kms_status") {
		s.fail(a, "it shows products, and the features lack kms_status")
	}
}

func listChecks() []Check {
	return []Check{
		{Name: "pages", Rule: "each station once, whatever the page size; the last page has no token", run: checkPages},
		{Name: "page size", Rule: "400 outside 1 to 500", run: refusesQueries("page_size=0", "page_size=501", "page_size=many")},
		{Name: "page token", Rule: "400 page_token_ended for an unknown one, invalid_request for one of other filters", run: checkPageToken},
		{Name: "unknown parameter", Rule: "400 at every path, so that no filter is ignored", run: checkUnknownParameter},
		{Name: "parameter twice", Rule: "400 but for id and name", run: refusesQueries("location=R101&location=R102", "online=true&online=true", "page_size=5&page_size=6")},
		{Name: "empty parameter", Rule: "400 but for location and computer_group", run: checkEmptyParameter},
		{Name: "invalid values", Rule: "400", run: refusesQueries("id=R101-PC01", "id="+strings.ToUpper("6f1c1c52-6c1e-4f0a-9d57-0b1c5f3f0a01"),
			"online=perhaps", "online=1", "kms_activation=TRUE", "started_after=yesterday", "name=%zz", "name=%ff")},
		{Name: "filter by id", Rule: "those that are there, up to 500 in one request line", run: checkIDs},
		{Name: "filter by name", Rule: "without case, several names, %20 and + alike", run: checkNames},
		{Name: "filters", Rule: "each as the stations' own fields say, and all together", run: checkFilters},
	}
}

// refusesQueries checks that a list with one of these queries is refused.
func refusesQueries(queries ...string) func(context.Context, *session) {
	return func(ctx context.Context, s *session) {
		for _, query := range queries {
			s.refused(s.get(ctx, "/stations?"+query), http.StatusBadRequest, contract.ProblemCodeInvalidRequest)
		}
	}
}

func checkUnknownParameter(ctx context.Context, s *session) {
	for _, path := range []string{
		"/stations?room=R101", "/stations?page_size=5&Location=R101",
		"/info?verbose=true", "/kms?product=windows", "/locations?name=R101", "/computer-groups?name=a", "/commands/none?state=failed",
	} {
		s.refused(s.get(ctx, path), http.StatusBadRequest, contract.ProblemCodeInvalidRequest)
	}
}

func checkEmptyParameter(ctx context.Context, s *session) {
	refusesQueries("name=", "id=", "online=", "started_after=", "page_size=", "page_token=")(ctx, s)
	for _, query := range []string{"location=", "computer_group="} {
		for _, station := range must(s.stations(ctx, query, 1)) {
			if query == "location=" && station.Location != "" || query == "computer_group=" && station.ComputerGroup != "" {
				s.wrong = append(s.wrong, query+" lists "+station.Name+", which has one")
			}
		}
	}
}

// must is what was read, and nothing where it was not: that is noted already.
func must[T any](value T, _ bool) T { return value }

func checkPages(ctx context.Context, s *session) {
	all, ok := s.stations(ctx, "page_size=500", 200)
	if !ok {
		return
	}
	seen := map[string]bool{}
	for _, station := range all {
		if seen[station.ID] {
			s.wrong = append(s.wrong, station.Name+" is on two pages, though nothing changed")
		}
		seen[station.ID] = true
	}
	size := max(2, len(all)/10)
	again, ok := s.stations(ctx, "page_size="+strconv.Itoa(size), 30)
	if ok && len(again) != len(all) {
		s.wrong = append(s.wrong, fmt.Sprintf("%d stations on pages of %d, and %d on pages of 500", len(again), size, len(all)))
	}
}

func checkPageToken(ctx context.Context, s *session) {
	s.refused(s.get(ctx, "/stations?page_token=none"), http.StatusBadRequest, contract.ProblemCodePageTokenEnded)
	first, ok := read[contract.StationPage](s, s.get(ctx, "/stations?page_size=1"), http.StatusOK)
	if ok && first.NextPageToken != nil {
		other := "/stations?page_size=1&location=Nirgends&page_token=" + url.QueryEscape(*first.NextPageToken)
		s.refused(s.get(ctx, other), http.StatusBadRequest, contract.ProblemCodeInvalidRequest)
	}
}

func checkIDs(ctx context.Context, s *session) {
	all, ok := s.stations(ctx, "page_size=500", 1)
	if !ok {
		return
	}
	if len(all) == 0 {
		s.skip("there are no stations")
		return
	}
	some := all[:min(3, len(all))]
	query := "page_size=500&id=" + nobody
	for _, station := range some {
		query += "&id=" + station.ID
	}
	if found, ok := s.stations(ctx, query, 1); ok && ids(found) != ids(some) {
		s.wrong = append(s.wrong, fmt.Sprintf("asked for %s and for one that does not exist, answered %s", ids(some), ids(found)))
	}
	for i := range 500 - len(some) - 1 {
		query += fmt.Sprintf("&id=00000000-0000-4000-8000-%012x", i+1)
	}
	if found, ok := s.stations(ctx, query, 1); ok && ids(found) != ids(some) {
		s.wrong = append(s.wrong, fmt.Sprintf("asked for 500 ids, answered %s", ids(found)))
	}
	s.refused(s.get(ctx, "/stations?"+query+"&id="+nobody), http.StatusBadRequest, contract.ProblemCodeInvalidRequest)
}

func ids(stations []contract.Station) string {
	var all []string
	for _, station := range stations {
		all = append(all, station.ID)
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

func checkNames(ctx context.Context, s *session) {
	all, ok := s.stations(ctx, "page_size=500", 1)
	if !ok || len(all) == 0 {
		s.skip("there are no stations")
		return
	}
	station := all[0]
	for _, name := range []string{station.Name, strings.ToUpper(station.Name), strings.ToLower(station.Name)} {
		found, ok := s.stations(ctx, "name=Niemand&name="+strings.ReplaceAll(url.QueryEscape(name), "+", "%20"), 1)
		if ok && !strings.Contains(ids(found), station.ID) {
			s.wrong = append(s.wrong, fmt.Sprintf("name=%s does not find %s", name, station.Name))
		}
	}
	if found, ok := s.stations(ctx, "name="+url.QueryEscape(station.Name[:len(station.Name)-1]), 1); ok && strings.Contains(ids(found), station.ID) {
		s.wrong = append(s.wrong, "a part of a name finds "+station.Name)
	}
	spaced := slices.IndexFunc(all, func(c contract.Station) bool { return strings.Contains(c.Name, " ") })
	if spaced < 0 {
		return // nothing to tell + and %20 apart by
	}
	for _, space := range []string{"+", "%20"} {
		name := strings.ReplaceAll(url.QueryEscape(all[spaced].Name), "+", space)
		if found, ok := s.stations(ctx, "name="+name, 1); ok && !strings.Contains(ids(found), all[spaced].ID) {
			s.wrong = append(s.wrong, fmt.Sprintf("name=%s does not find %s", name, all[spaced].Name))
		}
	}
}

// checkFilters compares each filter with the fields of all stations. What changes while that
// is done, such as who is on, is looked at again.
func checkFilters(ctx context.Context, s *session) {
	all, ok := s.stations(ctx, "page_size=500", 200)
	if !ok || len(all) == 0 {
		s.skip("there are no stations")
		return
	}
	like := all[len(all)/2]
	after := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	if like.LastStart != nil {
		after = *like.LastStart
	}
	at := url.QueryEscape(after.Format(time.RFC3339Nano))
	room, group := url.QueryEscape(strings.ToUpper(like.Location)), url.QueryEscape(strings.ToLower(like.ComputerGroup))
	option := func(on bool) func(contract.Station) bool {
		return func(c contract.Station) bool {
			return slices.ContainsFunc(c.OperatingSystems, func(system contract.OperatingSystem) bool { return system.KMSActivation == on })
		}
	}
	inRoom := func(c contract.Station) bool { return strings.EqualFold(c.Location, like.Location) }
	for query, passes := range map[string]func(contract.Station) bool{
		"location=" + room:        inRoom,
		"computer_group=" + group: func(c contract.Station) bool { return strings.EqualFold(c.ComputerGroup, like.ComputerGroup) },
		"location=Nirgends":       func(contract.Station) bool { return false },
		"online=true":             func(c contract.Station) bool { return c.Online },
		"online=false":            func(c contract.Station) bool { return !c.Online },
		"kms_activation=true":     option(true),
		"kms_activation=false":    option(false),
		"started_after=" + at:     func(c contract.Station) bool { return c.LastStart != nil && c.LastStart.After(after) },
		"location=" + room + "&online=true&kms_activation=true": func(c contract.Station) bool {
			return inRoom(c) && c.Online && option(true)(c)
		},
	} {
		var got, want string
		for range 3 {
			now, listed := s.stations(ctx, "page_size=500", 200)
			found, filtered := s.stations(ctx, "page_size=500&"+query, 200)
			if !listed || !filtered {
				return
			}
			got, want = ids(found), ids(slices.DeleteFunc(now, func(c contract.Station) bool { return !passes(c) }))
			if got == want {
				break
			}
		}
		if got != want {
			s.wrong = append(s.wrong, fmt.Sprintf("%s lists %d stations, and %d pass it", query, len(strings.Fields(got)), len(strings.Fields(want))))
		}
	}
}

func stationChecks() []Check {
	return []Check{
		{Name: "station", Rule: "as the list has it, with its ETag in the header", run: func(ctx context.Context, s *session) {
			all, ok := s.stations(ctx, "page_size=5", 1)
			if !ok || len(all) == 0 {
				s.skip("there are no stations")
				return
			}
			a := s.get(ctx, "/stations/"+all[0].ID)
			station, ok := read[contract.Station](s, a, http.StatusOK)
			if ok && (station.ID != all[0].ID || station.Name != all[0].Name || a.header.Get("ETag") != station.ETag) {
				s.fail(a, "%s %s with ETag %s, and the header %s; want %s %s", station.ID, station.Name, station.ETag, a.header.Get("ETag"), all[0].ID, all[0].Name)
			}
		}},
		{Name: "station that does not exist", Rule: "404 not_found", run: func(ctx context.Context, s *session) {
			s.refused(s.get(ctx, "/stations/"+nobody), http.StatusNotFound, contract.ProblemCodeNotFound)
		}},
		{Name: "no client id", Rule: "400", run: func(ctx context.Context, s *session) {
			s.refused(s.get(ctx, "/stations/R101-PC01"), http.StatusBadRequest, contract.ProblemCodeInvalidRequest)
			s.refused(s.get(ctx, "/stations/"+strings.ToUpper("6f1c1c52-6c1e-4f0a-9d57-0b1c5f3f0a01")), http.StatusBadRequest, contract.ProblemCodeInvalidRequest)
		}},
		{Name: "token in errors", Rule: "no error repeats the token", run: func(ctx context.Context, s *session) {
			for _, path := range []string{"/station?token=" + url.QueryEscape(s.config.Token), "/stations?name=" + url.QueryEscape(s.config.Token) + "&page_size=0"} {
				if a := s.send(ctx, request{method: http.MethodGet, path: path}); a.status >= http.StatusBadRequest && strings.Contains(string(a.body), s.config.Token) {
					s.wrong = append(s.wrong, "an error repeats the token")
				}
			}
		}},
	}
}
