package timagoserver_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/simulator/timagoserver"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
	"github.com/timago/terraform-provider-timago/internal/timago/contract"
)

// rooms are two rooms and an office, each station different from the others.
func rooms() world.Site {
	off := false
	return world.Site{Stations: []world.Station{
		{Name: "R101-PC01", Room: "R101", Group: "Unterricht"},
		{Name: "R101-PC02", Room: "R101", Group: "Unterricht", Off: true, Uptime: 48 * time.Hour},
		{Name: "R102-PC01", Room: "R102", Group: "Unterricht", User: `SCHULE\lehrer`, Image: world.Image{Option: &off}},
		{Name: "VERWALTUNG", Group: "Verwaltung", Image: world.Image{WithoutKMS: true}, Others: []world.System{{Name: "Windows 10", NoImage: true}}},
	}}
}

func TestStationsAreFilteredByAllThatIsAsked(t *testing.T) {
	t.Parallel()
	s := open(t, rooms())
	all, _ := s.list("")
	id := func(name string) string {
		return all[slices.IndexFunc(all, func(c contract.Station) bool { return c.Name == name })].ID
	}
	for query, want := range map[string]string{
		"": "R101-PC01 R101-PC02 R102-PC01 VERWALTUNG",
		"id=" + id("VERWALTUNG") + "&id=" + id("R101-PC02"): "R101-PC02 VERWALTUNG",
		"name=r101-pc01&name=VERWALTUNG&name=none":          "R101-PC01 VERWALTUNG",
		"location=r101":                         "R101-PC01 R101-PC02",
		"location=R10":                          "",
		"location=":                             "VERWALTUNG",
		"computer_group=unterricht":             "R101-PC01 R101-PC02 R102-PC01",
		"online=false":                          "R101-PC02",
		"online=true&computer_group=Unterricht": "R101-PC01 R102-PC01",
		"kms_activation=true":                   "R101-PC01 R101-PC02 VERWALTUNG", // its second system has it
		"kms_activation=false":                  "R102-PC01 VERWALTUNG",
		"started_after=" + url.QueryEscape(monday.Add(-24*time.Hour).Format(time.RFC3339)):       "R101-PC01 R102-PC01 VERWALTUNG",
		"started_after=" + url.QueryEscape(monday.Format(time.RFC3339)):                          "",
		"id=" + id("R101-PC01") + "&location=R102":                                               "",
		"name=R101-PC01&location=R101&computer_group=Unterricht&online=true&kms_activation=true": "R101-PC01",
	} {
		found, _ := s.list(query)
		if got := names(found); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
}

func TestWhatAStationTellsOfItself(t *testing.T) {
	t.Parallel()
	s := open(t, rooms())
	teacher := s.station("R102-PC01")
	if teacher.LoggedOnUser == nil || *teacher.LoggedOnUser != `SCHULE\lehrer` || !teacher.Online || teacher.PendingCommand != nil {
		t.Errorf("%+v", teacher)
	}
	if *teacher.Address != "r102-pc01.schule.example" || !teacher.LastStart.Equal(monday.Add(-20*time.Minute)) || *teacher.LastOperatingSystem != "Windows 11" {
		t.Errorf("%+v", teacher)
	}
	if system := teacher.OperatingSystems[0]; system.KMSActivation || !*system.ImageKMSActivation || system.ImageGeneration != 1 {
		t.Errorf("the option is off and the image was made with it: %+v", system)
	}
	if system := s.station("VERWALTUNG").OperatingSystems[1]; system.Name != "Windows 10" || system.ImageKMSActivation != nil || system.ImageGeneration != 0 {
		t.Errorf("there is no image of it: %+v", system)
	}
	one := s.ask("GET", "/stations/"+teacher.ID, "")
	if got := read[contract.Station](t, one, 200); got.ID != teacher.ID || one.header.Get("ETag") != teacher.ETag {
		t.Errorf("%+v, ETag %s", got, one.header)
	}
	refused(t, s.ask("GET", "/stations/00000000-0000-4000-8000-000000000000", ""), 404, contract.ProblemCodeNotFound)
	refused(t, s.ask("GET", "/stations/R102-PC01", ""), 400, contract.ProblemCodeInvalidRequest)
}

func TestAThousandStationsAreTwoPages(t *testing.T) {
	t.Parallel()
	s := open(t, world.Site{Stations: world.Rows(1000, world.Station{Name: "PC%04d"})})
	stations, pages := s.list("")
	if len(stations) != 1000 || pages != 2 {
		t.Errorf("%d stations on %d pages", len(stations), pages)
	}
	distinct := map[string]bool{}
	var query strings.Builder
	for _, station := range stations {
		distinct[station.ID] = true
		if len(distinct) <= 500 {
			query.WriteString("&id=" + station.ID)
		}
	}
	if len(distinct) != 1000 {
		t.Errorf("%d client ids", len(distinct))
	}
	if found, pages := s.list(query.String()); len(found) != 500 || pages != 1 {
		t.Errorf("500 ids at once: %d stations on %d pages", len(found), pages)
	}
	if page := read[contract.StationPage](t, s.ask("GET", "/stations", ""), 200); len(page.Items) != 100 {
		t.Errorf("a page holds %d where nothing is said", len(page.Items))
	}
}

func TestNothingIsMissedWhenAStationGoesBetweenTwoPages(t *testing.T) {
	t.Parallel()
	s := open(t, world.Site{Stations: world.Rows(6, world.Station{Name: "PC%d"})}, func(c *timagoserver.Config) { c.MaxPage = 2 })
	first := read[contract.StationPage](t, s.ask("GET", "/stations?page_size=500", ""), 200)
	if got := names(first.Items); got != "PC1 PC2" {
		t.Fatalf("a server may give less than asked for: %s", got)
	}
	s.inject(world.Fault{Name: world.StationDeleted, On: []string{"PC1", "PC3"}})
	second := read[contract.StationPage](t, s.ask("GET", "/stations?page_size=500&page_token="+*first.NextPageToken, ""), 200)
	third := read[contract.StationPage](t, s.ask("GET", "/stations?page_token="+*second.NextPageToken, ""), 200)
	if got := names(append(second.Items, third.Items...)); got != "PC4 PC5 PC6" || third.NextPageToken != nil {
		t.Errorf("%s, next %v", got, third.NextPageToken)
	}
	refused(t, s.ask("GET", "/stations?page_token=x", ""), 400, contract.ProblemCodePageTokenEnded)
	for _, wrong := range []string{"?location=R101&page_token=" + *first.NextPageToken, "?page_size=501", "?page_size=0", "?online=perhaps", "?online=1",
		"?room=R101", "?location=R101&location=R102", "?online=", "?name=", "?id=", "?name=%zz"} {
		refused(t, s.ask("GET", "/stations"+wrong, ""), 400, contract.ProblemCodeInvalidRequest)
	}
}

func TestAnOptionIsSetOnlyOnWhatWasSeen(t *testing.T) {
	t.Parallel()
	s := open(t, world.Site{Stations: []world.Station{{Name: "PC1", Room: "R101", Image: world.Image{WithoutKMS: true}}}})
	seen := s.station("PC1")
	set := read[contract.Station](t, s.setOption(seen, "windows 11", true), 200)
	if system := set.OperatingSystems[0]; !system.KMSActivation || *system.ImageKMSActivation || set.ETag == seen.ETag || *set.StorageUpToDate {
		t.Errorf("%+v", set)
	}
	refused(t, s.setOption(seen, "Windows 11", false), 412, contract.ProblemCodePreconditionFailed)
	again := read[contract.Station](t, s.setOption(set, "Windows 11", true), 200)
	if again.ETag != set.ETag {
		t.Error("what is set already changed the ETag")
	}
	refused(t, s.setOption(set, "Windows 7", true), 404, contract.ProblemCodeOperatingSystemNotFound)
	path := "/stations/" + seen.ID + "/operating-systems/Windows%2011"
	refused(t, s.ask("PATCH", path, `{"kms_activation": true}`), 428, contract.ProblemCodePreconditionRequired)
	for _, wrong := range []string{"*", set.ETag + ", " + seen.ETag, "W/" + set.ETag} {
		refused(t, s.ask("PATCH", path, `{"kms_activation": true}`, "If-Match", wrong), 400, contract.ProblemCodeInvalidRequest)
	}
	refused(t, s.ask("PATCH", path, `{"kms_activation": true}`, "If-Match", set.ETag, "Content-Type", "text/plain"), 415, contract.ProblemCodeUnsupportedMediaType)
	refused(t, s.ask("PATCH", path, `{"kms_activation": true}`+strings.Repeat(" ", 1<<20), "If-Match", set.ETag), 413, contract.ProblemCodeTooLarge)
	problem := refused(t, s.ask("PATCH", path, `{"kms_activation": "yes"}`, "If-Match", set.ETag), 400, contract.ProblemCodeInvalidRequest)
	if problem.Errors == nil || (*problem.Errors)[0].Pointer != "/kms_activation" {
		t.Errorf("%+v", problem)
	}

	// Users, starts and commands leave the ETag; settings change it.
	if err := s.LogOn("PC1", `SCHULE\lehrer`); err != nil {
		t.Fatal(err)
	}
	if s.station("PC1").ETag != set.ETag {
		t.Error("a user changed the ETag")
	}
	s.inject(world.Fault{Name: world.RoomRenamed, To: "Informatik"})
	renamed := s.station("PC1")
	if renamed.Location != "Informatik" || renamed.ETag == set.ETag || renamed.ID != seen.ID {
		t.Errorf("%+v", renamed)
	}
}

func TestRightsAreGivenPerComputerGroup(t *testing.T) {
	t.Parallel()
	s := open(t, rooms(), func(c *timagoserver.Config) { c.Groups = []string{"Unterricht"} })
	all := s.Listings()
	hidden := contract.Station{ID: all[3].ID, ETag: `"1"`}
	if found, _ := s.list(""); len(found) != 3 {
		t.Errorf("%s", names(found))
	}
	refused(t, s.ask("GET", "/stations/"+hidden.ID, ""), 403, contract.ProblemCodeForbidden)
	refused(t, s.setOption(hidden, "Windows 11", true), 403, contract.ProblemCodeForbidden)
	both := s.command(body("restart", "", hidden, s.station("R101-PC01")))
	if got := both.Stations[0]; got.State != contract.CommandStateFailed || got.Reason.Code != "not_permitted" {
		t.Errorf("%+v", got)
	}
	if got := both.Stations[1]; got.State == contract.CommandStateFailed {
		t.Errorf("a station beside it failed, too: %+v", got)
	}
}

func TestOnlyTheTokenLetsIn(t *testing.T) {
	t.Parallel()
	s := open(t, rooms())
	for _, wrong := range []string{"", "wrong", token + "x"} {
		s.token = wrong
		for _, path := range []string{"/info", "/stations", "/commands/c-000001", "/kms"} {
			refused(t, s.ask("GET", path, ""), 401, contract.ProblemCodeUnauthorized)
		}
	}
	s.token = token
	if info := read[contract.Info](t, s.ask("GET", "/info", ""), 200); !info.ServerTime.Equal(monday) || !slices.Contains(info.Features, "reset_image") {
		t.Errorf("%+v", info)
	}
	refused(t, s.ask("GET", "/no-such-call?why="+token, ""), 404, contract.ProblemCodeUnknownPath)
	for path, takes := range map[string]string{"/stations": "GET", "/commands": "POST", "/stations/" + s.station("VERWALTUNG").ID + "/operating-systems/x": "PATCH"} {
		answer := s.ask("DELETE", path, "")
		if refused(t, answer, 405, contract.ProblemCodeMethodNotAllowed); answer.header.Get("Allow") != takes {
			t.Errorf("%s: %s", path, answer.header)
		}
	}
	refused(t, s.ask("GET", "/no-such-call?why="+token, ""), 404, contract.ProblemCodeUnknownPath)
	if e := s.last(); e.Path != "/no-such-call" || e.Query != "why=[token]" {
		t.Errorf("%+v", e)
	}
}

func TestTheGroupingsAndKMS(t *testing.T) {
	t.Parallel()
	s := open(t, rooms())
	locations := read[contract.GroupingPage](t, s.ask("GET", "/locations?page_size=1", ""), 200)
	if got := fmt.Sprint(locations.Items); got != "[{l-1 R101 2}]" || locations.NextPageToken == nil {
		t.Errorf("%s", got)
	}
	rest := read[contract.GroupingPage](t, s.ask("GET", "/locations?page_token="+*locations.NextPageToken, ""), 200)
	if got := fmt.Sprint(rest.Items); got != "[{l-2 R102 1}]" || rest.NextPageToken != nil {
		t.Errorf("%s", got)
	}
	groups := read[contract.GroupingPage](t, s.ask("GET", "/computer-groups", ""), 200)
	if got := fmt.Sprint(groups.Items); got != "[{g-1 Unterricht 3} {g-2 Verwaltung 1}]" {
		t.Errorf("%s", got)
	}
	s.inject(world.Fault{Name: world.RoomRenamed, Of: "R101", To: "Informatik", For: time.Hour})
	renamed := read[contract.GroupingPage](t, s.ask("GET", "/locations", ""), 200)
	if got := fmt.Sprint(renamed.Items); got != "[{l-1 Informatik 2} {l-2 R102 1}]" {
		t.Errorf("%s", got)
	}
	if s.Advance(2 * time.Hour); s.station("R101-PC02").Location != "R101" {
		t.Error("the name did not come back")
	}
}

func TestWhatTimagoShowsOfKMS(t *testing.T) {
	t.Parallel()
	for want, site := range map[contract.KMSProductStatus]world.Site{
		contract.KMSProductStatusActivated:    {Stations: []world.Station{{Name: "PC1", Licensed: true}, {Name: "PC2", Off: true}}},
		contract.KMSProductStatusNotActivated: {Stations: []world.Station{{Name: "PC1", Licensed: true}, {Name: "PC2", Counted: true}}},
		contract.KMSProductStatusUnknown:      {Stations: []world.Station{{Name: "PC1", Off: true}}},
	} {
		s := open(t, site)
		kms := read[contract.KMS](t, s.ask("GET", "/kms", ""), 200)
		if len(kms.Products) != 1 || kms.Products[0].Status != want || kms.Products[0].Product != "windows" || *kms.Host != "kms01" {
			t.Errorf("%+v, want %s", kms, want)
		}
	}
	s := open(t, rooms(), func(c *timagoserver.Config) { c.Features = []string{"restart"} })
	if kms := read[contract.KMS](t, s.ask("GET", "/kms", ""), 200); len(kms.Products) != 0 {
		t.Errorf("a server without kms_status: %+v", kms)
	}
	for _, text := range []string{body("wake", "", s.station("R101-PC02")), body("restart", `, "not_before": "2026-09-08T00:00:00Z"`, s.station("R101-PC02"))} {
		refused(t, s.ask("POST", "/commands", text), 422, contract.ProblemCodeUnsupported)
	}
}

func TestGroupingsCountWhatTheTokenMaySee(t *testing.T) {
	t.Parallel()
	site := rooms()
	site.Stations[2].Group = "Verwaltung"
	s := open(t, site, func(c *timagoserver.Config) { c.Groups = []string{"unterricht"} })
	for path, want := range map[string]string{"/locations": "R101 2, R102 0", "/computer-groups": "Unterricht 2"} {
		var got []string
		for _, g := range read[contract.GroupingPage](t, s.ask("GET", path, ""), 200).Items {
			got = append(got, fmt.Sprintf("%s %d", g.Name, g.Stations))
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("%s: %q, want %s", path, got, want)
		}
	}
}
