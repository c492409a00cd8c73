package timago_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/timago/terraform-provider-timago/internal/timago"
	"github.com/timago/terraform-provider-timago/internal/timago/contract"
)

var (
	restart  = timago.Command{Name: timago.Restart, UnlessInUse: true}
	wakeUp   = timago.Command{Name: timago.Wake}
	shutDown = timago.Command{Name: timago.Shutdown}
)

// target is a station that is to be restarted.
func target(s timago.Station) timago.Target {
	return timago.Target{ID: s.ID, Key: timago.Key(s, timago.Effect{Command: timago.Restart})}
}

// sendAll gives a command to every station, all at once.
func sendAll(t *testing.T, client *timago.Client, command timago.Command, stations []timago.Station) []timago.Progress {
	t.Helper()
	sent := make([]timago.Progress, len(stations))
	var group errgroup.Group
	for i, station := range stations {
		group.Go(func() (err error) {
			sent[i], err = client.Send(t.Context(), command, target(station))
			return err
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	return sent
}

func TestLostAnswerToACommandHasOneEffect(t *testing.T) {
	t.Parallel()
	fake := newFakeTimago(t, 2)
	client := fake.client(t)
	stations, err := client.Stations(t.Context(), timago.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	fake.failing("POST", 2, lost)
	sent := sendAll(t, client, restart, stations)
	if n := fake.count("POST /commands"); n != 3 {
		t.Fatalf("the command was sent %d times: the fault was not met", n)
	}
	effects := fake.done()
	slices.Sort(effects)
	if want := []string{"restart " + stationID(0), "restart " + stationID(1)}; !slices.Equal(effects, want) {
		t.Errorf("effects %v, want one restart each", fake.done())
	}
	if !sent[0].Repeated || sent[0].ID != stationID(0) || sent[1].ID != stationID(1) {
		t.Errorf("%+v does not say that it was repeated", sent)
	}
}

// A thousand stations that are told the same are one request, and so are the questions
// what has become of it; what differs is another request.
func TestCommandsAreGathered(t *testing.T) {
	t.Parallel()
	fake := newFakeTimago(t, 1000)
	client := fake.client(t)
	stations, err := client.Stations(t.Context(), timago.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	sent := sendAll(t, client, restart, stations)
	if n := fake.count("POST /commands"); n > 2 || len(fake.done()) != 1000 {
		t.Errorf("%d requests for %d restarts, want at most 2 for 1000", n, len(fake.done()))
	}
	var group errgroup.Group
	for i, p := range sent {
		if p.ID != stations[i].ID || p.CommandID == "" || p.State != timago.Queued {
			t.Fatalf("station %d: %+v", i, p)
		}
		group.Go(func() error {
			_, err := client.Progress(t.Context(), p)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	asked := len(slices.DeleteFunc(fake.requests(), func(r string) bool { return !strings.HasPrefix(r, "GET /commands/") }))
	if asked == 0 || asked > 4 {
		t.Errorf("%d questions what became of it, want at most 4", asked)
	}
	before := fake.count("POST /commands")
	for _, command := range []timago.Command{wakeUp, shutDown, {Name: timago.Restart}, {Name: timago.Restart, UnlessInUse: true, NotBefore: started}} {
		group.Go(func() error {
			_, err := client.Send(t.Context(), command, timago.Target{ID: stationID(0), Key: "another-" + string(command.Name)})
			return err
		})
	}
	if err := group.Wait(); err != nil || fake.count("POST /commands") != before+4 {
		t.Errorf("%d requests for four commands, %v", fake.count("POST /commands")-before, err)
	}
}

// A server refuses a command as a whole: the one station that it cannot be for must not
// keep the others from it.
func TestOneStationDoesNotKeepTheOthersFromACommand(t *testing.T) {
	t.Parallel()
	fake := newFakeTimago(t, 20)
	client := fake.client(t)
	stations, err := client.Stations(t.Context(), timago.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	fake.failing("POST", 1000, func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		body, _ := io.ReadAll(r.Body)
		if bytes.Contains(body, []byte(stationID(7))) {
			refuse(w, 422, "key_reused", "the key stands for a shutdown")
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		server.ServeHTTP(w, r)
	})
	var group sync.WaitGroup
	for i, station := range stations {
		group.Go(func() {
			_, err := client.Send(t.Context(), restart, target(station))
			if (err != nil) != (i == 7) {
				t.Errorf("station %d: %v", i, err)
			}
		})
	}
	group.Wait()
	if n := fake.count("POST /commands"); n > 11 || len(fake.done()) != 19 {
		t.Errorf("%d requests with %d effects, want at most 11 with 19", n, len(fake.done()))
	}
}

// What a server refuses whoever it is for is not asked station by station.
func TestWhatAServerCannotDoIsAskedOnce(t *testing.T) {
	t.Parallel()
	for code, status := range map[string]int{"unsupported": 422, "forbidden": 403, "unauthorized": 401} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			fake := newFakeTimago(t, 20)
			client := fake.client(t)
			stations, err := client.Stations(t.Context(), timago.Filter{})
			if err != nil {
				t.Fatal(err)
			}
			fake.failing("POST", 1000, answering(status, code, ""))
			var group sync.WaitGroup
			for _, station := range stations {
				group.Go(func() {
					if _, err := client.Send(t.Context(), restart, target(station)); err == nil {
						t.Error("no error")
					}
				})
			}
			group.Wait()
			if n := fake.count("POST /commands"); n != 1 {
				t.Errorf("%d requests, want 1", n)
			}
		})
	}
}

// An answer is held against what was sent: what is not about it is no success.
func TestAnswersToCommandsAreHeldAgainstWhatWasSent(t *testing.T) {
	t.Parallel()
	entry := `{"id":"` + stationID(0) + `","key":"k1","state":"queued","repeated":false}`
	command := func(id, name, entries string) string {
		return `{"id":"` + id + `","command":"` + name + `","stations":[` + entries + `]}`
	}
	for name, story := range map[string]struct{ body, posted, asked string }{
		"id empty":      {command("", "wake", entry), "$.id: is empty", `$.id: is "", which was not asked for`},
		"another id":    {command("c-9", "wake", entry), "", `$.id: is "c-9", which was not asked for`},
		"another name":  {command("c-1", "restart", entry), `$.command: is "restart", which was not sent`, ""},
		"no entries":    {command("c-1", "wake", ""), "$.stations: has 0 entries for 1 stations", "$.stations: lacks the station " + stationID(0) + ", which the command is for"},
		"two entries":   {command("c-1", "wake", entry+","+entry), "$.stations: has 2 entries for 1 stations", ""},
		"another":       {command("c-1", "wake", strings.Replace(entry, stationID(0), stationID(1), 1)), "$.stations[0]: is not about the station " + stationID(0) + " with the key that was sent", "$.stations: lacks the station " + stationID(0) + ", which the command is for"},
		"another key":   {command("c-1", "wake", strings.Replace(entry, "k1", "k2", 1)), "$.stations[0]: is not about the station " + stationID(0) + " with the key that was sent", "$.stations: lacks the station " + stationID(0) + ", which the command is for"},
		"no id":         {strings.Replace(command("c-1", "wake", entry), `"id":"c-1",`, "", 1), "$.id: the field is missing", "$.id: the field is missing"},
		"no repeated":   {command("c-1", "wake", strings.Replace(entry, `,"repeated":false`, "", 1)), "$.stations[0].repeated: the field is missing", "$.stations[0].repeated: the field is missing"},
		"unknown state": {command("c-1", "wake", strings.Replace(entry, "queued", "done", 1)), `$.stations[0].state: "done" is none of the contract's values`, `$.stations[0].state: "done" is none of the contract's values`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake := newFakeTimago(t, 1)
			client := fake.client(t)
			const before = "the answer does not keep to the contract: "
			fake.failing("POST", 1, saying("application/json", story.body))
			_, err := client.Send(t.Context(), wakeUp, timago.Target{ID: stationID(0), Key: "k1"})
			if want := "POST /api/v1/commands: " + before + story.posted; story.posted == "" && err != nil || story.posted != "" && (err == nil || err.Error() != want) {
				t.Errorf("sent: %v, want %s", err, want)
			}
			fake.failing("GET", 1, saying("application/json", story.body))
			sent := timago.Progress{CommandID: "c-1", Target: timago.Target{ID: stationID(0), Key: "k1"}}
			_, err = client.Progress(t.Context(), sent)
			if want := "GET /api/v1/commands/c-1: " + before + story.asked; story.asked == "" && err != nil || story.asked != "" && (err == nil || err.Error() != want) {
				t.Errorf("asked: %v, want %s", err, want)
			}
		})
	}
}

func TestCommandThatMeetsAConflictIsSentOnceMore(t *testing.T) {
	t.Parallel()
	fake := newFakeTimago(t, 1)
	client := fake.client(t)
	fake.failing("POST", 1, answering(409, "conflict", "the station is being edited"))
	to := timago.Target{ID: stationID(0), Key: "wake-1"}
	if _, err := client.Send(t.Context(), wakeUp, to); err != nil || fake.count("POST /commands") != 2 || len(fake.done()) != 1 {
		t.Errorf("%v after %v with %v", err, fake.requests(), fake.done())
	}
	fake.failing("POST", 9, answering(409, "conflict", "the station is being edited"))
	if _, err := client.Send(t.Context(), wakeUp, to); err == nil || fake.count("POST /commands") != 4 {
		t.Errorf("%v after %v", err, fake.requests())
	}
}

func TestApplyAfterACrashRepeatsNothing(t *testing.T) {
	t.Parallel()
	fake := newFakeTimago(t, 1)
	apply := func() { // a new client each
		t.Helper()
		client := fake.client(t)
		station, err := client.FreshStation(t.Context(), "R101-PC0001")
		if err == nil {
			_, err = client.Send(t.Context(), restart, target(station))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	apply()
	apply()
	if len(fake.done()) != 1 {
		t.Errorf("effects %v, want one", fake.done())
	}
	fake.edit(0, func(s *contract.Station) { s.LastStart = new(started.Add(time.Hour)) })
	apply()
	if len(fake.done()) != 2 {
		t.Errorf("effects %v, want a second one after the station started", fake.done())
	}
}

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

	reset := timago.Effect{Command: timago.ResetImage, OperatingSystem: "Windows 11", KMSActivation: true}
	restart := timago.Effect{Command: timago.Restart}
	for name, story := range map[string]struct {
		a, b       timago.Station
		effectA    timago.Effect
		effectB    timago.Effect
		sameEffect bool
	}{
		"restart again":                    {seen, seen, restart, restart, true},
		"restart, moved meanwhile":         {seen, moved, restart, restart, true},
		"restart, time zone written other": {seen, elsewhere, restart, restart, true},
		"restart after a start":            {seen, later, restart, restart, false},
		"restart of another":               {seen, other, restart, restart, false},
		"reset again":                      {seen, seen, reset, reset, true},
		"reset, restarted in between":      {seen, later, reset, reset, true},
		"reset of the last started":        {seen, seen, reset, timago.Effect{Command: timago.ResetImage, KMSActivation: true}, true},
		"reset of a newer image":           {seen, remade, reset, reset, false},
		"reset back":                       {seen, seen, reset, timago.Effect{Command: timago.ResetImage, OperatingSystem: "Windows 11"}, false},
		"reset of another system":          {seen, seen, reset, timago.Effect{Command: timago.ResetImage, OperatingSystem: "Windows 10", KMSActivation: true}, false},
		"wake is no restart":               {seen, seen, restart, timago.Effect{Command: timago.Wake}, false},
	} {
		a, b := timago.Key(story.a, story.effectA), timago.Key(story.b, story.effectB)
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
	fake := newFakeTimago(t, 2)
	client := fake.client(t)
	stations, err := client.Stations(t.Context(), timago.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(stations, func(a, b timago.Station) int { return strings.Compare(a.ID, b.ID) })
	sent := sendAll(t, client, restart, stations)
	ends := map[string]timago.CommandState{}
	for i := range sent {
		var seen []timago.CommandState
		end, err := client.Await(t.Context(), sent[i], time.Millisecond, func(p timago.Progress) { seen = append(seen, p.State) })
		if err != nil || !end.Ended() || end.State != seen[len(seen)-1] {
			t.Fatalf("%+v, %v, seen %v", end, err, seen)
		}
		ends[end.Reason] = end.State
	}
	if ends[""] != timago.Succeeded || ends[timago.ReasonInUse] != timago.Failed { // the school's second entry fails
		t.Errorf("ends %v", ends)
	}
}

func TestAwaitCancelledTellsWhatItLastSaw(t *testing.T) {
	t.Parallel()
	fake := newFakeTimago(t, 1)
	client := fake.client(t)
	station, err := client.FreshStation(t.Context(), stationID(0))
	if err != nil {
		t.Fatal(err)
	}
	sent, err := client.Send(t.Context(), restart, target(station))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	last, err := client.Await(ctx, sent, time.Hour, func(timago.Progress) { cancel() })
	if !errors.Is(err, context.Canceled) || last.State != timago.Running {
		t.Errorf("%+v, %v", last, err)
	}
}
