package timago_test

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/timago"
	"github.com/timago/terraform-provider-timago/internal/timago/contract"
)

func targets(stations ...timago.Station) []timago.Target {
	var all []timago.Target
	for _, s := range stations {
		all = append(all, timago.Target{ID: s.ID, Key: timago.Key(s, timago.Wish{Command: timago.Restart})})
	}
	return all
}

func TestLostAnswerToACommandHasOneEffect(t *testing.T) {
	t.Parallel()
	school := newSchool(t, 2)
	client := school.client(t)
	stations, err := client.Stations(t.Context(), timago.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	school.failing("POST", 2, lost)
	status, err := client.Command(t.Context(), timago.Command{Name: timago.Restart, Stations: targets(stations...), UnlessInUse: true})
	if err != nil {
		t.Fatal(err)
	}
	if n := school.count("POST /commands"); n != 3 {
		t.Fatalf("the command was sent %d times: the fault was not met", n)
	}
	if want := []string{"restart " + stationID(0), "restart " + stationID(1)}; !slices.Equal(school.done(), want) {
		t.Errorf("effects %v, want one restart each", school.done())
	}
	if len(status.Stations) != 2 || !status.Stations[0].Repeated {
		t.Errorf("%+v does not say that it was repeated", status)
	}
}

func TestCommandThatMeetsAConflictIsSentOnceMore(t *testing.T) {
	t.Parallel()
	school := newSchool(t, 1)
	client := school.client(t)
	school.failing("POST", 1, answering(409, "conflict", "the station is being edited"))
	command := timago.Command{Name: timago.Wake, Stations: []timago.Target{{ID: stationID(0), Key: "wake-1"}}}
	if _, err := client.Command(t.Context(), command); err != nil || school.count("POST /commands") != 2 || len(school.done()) != 1 {
		t.Errorf("%v after %v with %v", err, school.requests(), school.done())
	}
	school.failing("POST", 9, answering(409, "conflict", "the station is being edited"))
	if _, err := client.Command(t.Context(), command); err == nil || school.count("POST /commands") != 4 {
		t.Errorf("%v after %v", err, school.requests())
	}
}

func TestApplyAfterACrashRepeatsNothing(t *testing.T) {
	t.Parallel()
	school := newSchool(t, 1)
	for range 2 { // a new client each, as a new apply has
		client := school.client(t)
		station, err := client.FreshStation(t.Context(), "R101-PC0001")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.Command(t.Context(), timago.Command{Name: timago.Restart, Stations: targets(station)}); err != nil {
			t.Fatal(err)
		}
	}
	if len(school.done()) != 1 {
		t.Errorf("effects %v, want one", school.done())
	}
	school.edit(0, func(s *contract.Station) { s.LastStart = pointer(started.Add(time.Hour)) })
	client := school.client(t)
	station, err := client.FreshStation(t.Context(), "R101-PC0001")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Command(t.Context(), timago.Command{Name: timago.Restart, Stations: targets(station)}); err != nil {
		t.Fatal(err)
	}
	if len(school.done()) != 2 {
		t.Errorf("effects %v, want a second one after the station started", school.done())
	}
}

func pointer[T any](value T) *T { return &value }

func TestKeySaysWhichEffectIsMeant(t *testing.T) {
	t.Parallel()
	seen := timago.Station{
		ID: stationID(0), LastStart: started, LastOperatingSystem: "Windows 11",
		OperatingSystems: []timago.OperatingSystem{{Name: "Windows 11", ImageGeneration: 4}, {Name: "Windows 10", ImageGeneration: 1}},
	}
	with := func(change func(*timago.Station)) timago.Station {
		station := seen
		station.OperatingSystems = slices.Clone(seen.OperatingSystems)
		change(&station)
		return station
	}
	later := with(func(s *timago.Station) { s.LastStart = started.Add(time.Second) })
	remade := with(func(s *timago.Station) { s.OperatingSystems[0].ImageGeneration = 5 })
	other := with(func(s *timago.Station) { s.ID = stationID(1) })
	moved := with(func(s *timago.Station) { s.Location, s.Online, s.LoggedOnUser = "R202", true, "m.muster" })
	elsewhere := with(func(s *timago.Station) { s.LastStart = started.In(time.FixedZone("", 7200)) })

	reset := timago.Wish{Command: timago.ResetImage, OperatingSystem: "Windows 11", KMSActivation: true}
	restart := timago.Wish{Command: timago.Restart}
	for name, story := range map[string]struct {
		a, b       timago.Station
		wishA      timago.Wish
		wishB      timago.Wish
		sameEffect bool
	}{
		"restart again":                    {seen, seen, restart, restart, true},
		"restart, moved meanwhile":         {seen, moved, restart, restart, true},
		"restart, time zone written other": {seen, elsewhere, restart, restart, true},
		"restart after a start":            {seen, later, restart, restart, false},
		"restart of another":               {seen, other, restart, restart, false},
		"reset again":                      {seen, seen, reset, reset, true},
		"reset, restarted in between":      {seen, later, reset, reset, true},
		"reset of the last started":        {seen, seen, reset, timago.Wish{Command: timago.ResetImage, KMSActivation: true}, true},
		"reset of a newer image":           {seen, remade, reset, reset, false},
		"reset back":                       {seen, seen, reset, timago.Wish{Command: timago.ResetImage, OperatingSystem: "Windows 11"}, false},
		"reset of another system":          {seen, seen, reset, timago.Wish{Command: timago.ResetImage, OperatingSystem: "Windows 10", KMSActivation: true}, false},
		"wake is no restart":               {seen, seen, restart, timago.Wish{Command: timago.Wake}, false},
	} {
		a, b := timago.Key(story.a, story.wishA), timago.Key(story.b, story.wishB)
		if (a == b) != story.sameEffect {
			t.Errorf("%s: keys %s and %s", name, a, b)
		}
		if !regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`).MatchString(a) {
			t.Errorf("%s is no key of the contract", a)
		}
	}
}

func TestAwaitTellsStationByStation(t *testing.T) {
	t.Parallel()
	school := newSchool(t, 2)
	client := school.client(t)
	stations, err := client.Stations(t.Context(), timago.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	taken, err := client.Command(t.Context(), timago.Command{Name: timago.Restart, Stations: targets(stations...)})
	if err != nil {
		t.Fatal(err)
	}
	var seen []timago.CommandStatus
	status, err := client.Await(t.Context(), taken.ID, time.Millisecond, func(s timago.CommandStatus) { seen = append(seen, s) })
	if err != nil || !status.Ended() || len(seen) != 2 || seen[0].Ended() {
		t.Fatalf("%+v, %v, seen %+v", status, err, seen)
	}
	if first, second := status.Stations[0], status.Stations[1]; first.State != timago.Succeeded || second.State != timago.Failed || second.Reason != timago.ReasonInUse {
		t.Errorf("outcomes %+v", status.Stations)
	}
}

func TestAwaitCancelledTellsWhatItLastSaw(t *testing.T) {
	t.Parallel()
	school := newSchool(t, 1)
	client := school.client(t)
	station, err := client.FreshStation(t.Context(), stationID(0))
	if err != nil {
		t.Fatal(err)
	}
	taken, err := client.Command(t.Context(), timago.Command{Name: timago.Restart, Stations: targets(station)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	status, err := client.Await(ctx, taken.ID, time.Hour, func(timago.CommandStatus) { cancel() })
	if !errors.Is(err, context.Canceled) || len(status.Stations) != 1 || status.Stations[0].State != timago.Running {
		t.Errorf("%+v, %v", status, err)
	}
}

func TestCommandForNobodyIsRefusedHere(t *testing.T) {
	t.Parallel()
	school := newSchool(t, 1)
	if _, err := school.client(t).Command(t.Context(), timago.Command{Name: timago.Wake}); err == nil || len(school.requests()) != 0 {
		t.Errorf("%v, asked %v", err, school.requests())
	}
}

func TestOptionIsSetOnce(t *testing.T) {
	t.Parallel()
	for name, story := range map[string]struct {
		before  func(*school)
		patches int
		effects int
	}{
		"off":           {func(*school) {}, 1, 1},
		"on already":    {func(s *school) { s.stations[0].OperatingSystems[0].KMSActivation = true }, 0, 0},
		"answer lost":   {func(s *school) { s.failing("PATCH", 1, lost) }, 2, 1},
		"server failed": {func(s *school) { s.failing("PATCH", 2, answering(500, "internal_error", "database away")) }, 3, 1},
		"edited by another": {func(s *school) {
			s.failing("PATCH", 1, func(w http.ResponseWriter, r *http.Request, server http.Handler) {
				s.edit(0, func(station *contract.Station) { station.ETag = `"2"` })
				server.ServeHTTP(w, r)
			})
		}, 2, 1},
		"locked by another": {func(s *school) { s.failing("PATCH", 1, answering(409, "conflict", "being edited")) }, 2, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			school := newSchool(t, 1)
			story.before(school)
			station, err := school.client(t).SetKMSActivation(t.Context(), stationID(0), "windows 11", true)
			if err != nil || !station.OperatingSystems[0].KMSActivation {
				t.Fatalf("%+v, %v", station.OperatingSystems, err)
			}
			if n := school.count("PATCH /stations/" + stationID(0) + "/operating-systems/Windows 11"); n != story.patches || len(school.done()) != story.effects {
				t.Errorf("%d patches with %d effects, want %d with %d", n, len(school.done()), story.patches, story.effects)
			}
			if station.OperatingSystems[0].Effective() {
				t.Error("the option is told to be effective before the image was reset")
			}
		})
	}
}

func TestOptionGivesUpAfterASecondConflict(t *testing.T) {
	t.Parallel()
	school := newSchool(t, 1)
	school.failing("PATCH", 100, answering(412, "precondition_failed", ""))
	_, err := school.client(t).SetKMSActivation(t.Context(), stationID(0), "", true)
	var problem *timago.Problem
	if !errors.As(err, &problem) || !problem.Conflict() {
		t.Fatal(err)
	}
	if n := school.count("PATCH /stations/" + stationID(0) + "/operating-systems/Windows 11"); n != 2 {
		t.Errorf("%d attempts, want 2", n)
	}
}

func TestOptionOfASystemThatIsNotThere(t *testing.T) {
	t.Parallel()
	school := newSchool(t, 1)
	_, err := school.client(t).SetKMSActivation(t.Context(), stationID(0), "Linux", true)
	var missing *timago.NoOperatingSystem
	if !errors.As(err, &missing) || missing.Advice() != "It has: Windows 11." {
		t.Error(err)
	}
}
