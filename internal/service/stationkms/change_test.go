package stationkms

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/simulator/world"
	"github.com/timago/terraform-provider-timago/internal/timago/contracttest"
)

const (
	cannotSwitchOn = "Error: Unable to switch on KMS activation of station R101-PC01\n" +
		`The option "KMS-Aktivierung" is to be on, and the image to be made with it.`
	lastSeenOff = " That of Windows 11 was last seen off."
	cannotReset = "Warning: Unable to reset image of station R101-PC01\n" +
		`The option "KMS-Aktivierung" of Windows 11 is on; its image was made otherwise, so effective is false.`
	wantsMending = "\n\nThe server's interface wants mending: it must keep to the contract internal/timago/openapi.yaml, which is this provider's own and not the vendor's."
)

// unchanged lets the interface answer a change with 200 and the station as it was.
func (r *room) unchanged() contracttest.Answerer {
	r.t.Helper()
	station, err := r.site.FindFresh(r.t.Context(), first)
	if err != nil {
		r.t.Fatal(err)
	}
	system := station.OperatingSystems[0]
	body := fmt.Sprintf(`{"id":%q,"name":%q,"location":"R101","computer_group":"Unterricht","online":true,"last_start":null,"last_operating_system":null,
		"logged_on_user":null,"pending_command":null,"operating_systems":[{"name":"Windows 11","kms_activation":%t,"image_kms_activation":%t,"image_generation":1}],"etag":%q}`,
		station.ID, station.Name, system.KMSActivation, *system.ImageKMSActivation, station.ETag)
	return contracttest.On(http.MethodPatch, "", http.StatusOK, "application/json", body)
}

func TestAChangeThatIsNotMade(t *testing.T) {
	t.Parallel()
	r := newRoom(t, 1, without)
	r.Answer(r.unchanged())
	w := takesPart(first)
	r.warns(w, r.apply(w), cannotSwitchOn+lastSeenOff+"\n\nthe server answered that the option of Windows 11 on R101-PC01 is switched on, and it is still off"+
		"\n\nSet the option in Timago's own window, under Stationen > Betriebssystem, and see whether it stays. Whoever provides the interface must mend it: it must not answer 200 for what it has not done.")
	if r.Met() == 0 || r.asked("POST /commands") != 0 {
		t.Errorf("%d changes met it, and %d resets were commanded, want none", r.Met(), r.asked("POST /commands"))
	}

	r.Answer(nil)
	if done := r.apply(w); done.err != nil || !r.system().Option {
		t.Fatalf("%+v", done)
	}
	r.Answer(r.unchanged())
	w.enabled = false
	left, err := change{site: r.site, claims: newRoom(t, 1, without).claims, desired: w}.switchOff(t.Context())
	if err == nil || left != "" || !r.system().Option || r.Met() == 0 {
		t.Errorf("a destroy is done with the option %t: %q, %v", r.system().Option, left, err)
	}
}

// A destroy is done when the option is off, or when the station itself is gone: not by what
// else is answered.
func TestADestroyEndsByEvidence(t *testing.T) {
	t.Parallel()
	r := newRoom(t, 1, world.Station{})
	id := r.World.Listings()[0].ID
	off := func() (string, error) {
		return change{site: r.site, claims: r.claims, desired: desired{reference: id, title: first}}.switchOff(t.Context())
	}
	for _, tt := range []struct {
		method, path string
		status       int
		code         string
		says         string
	}{
		{"GET", "/stations", 404, "not_found", "GET /api/v1/stations: 404 Not Found (not_found)"},
		{"GET", "/stations", 404, "", "GET /api/v1/stations: 404 Not Found"},
		{"PATCH", "", 404, "not_found", "PATCH /api/v1/stations/" + id + "/operating-systems/Windows 11: 404 Not Found (not_found)"},
		{"PATCH", "", 404, "operating_system_not_found", "PATCH /api/v1/stations/" + id + "/operating-systems/Windows 11: 404 Not Found (operating_system_not_found)"},
		{"PATCH", "", 410, "not_found", "PATCH /api/v1/stations/" + id + "/operating-systems/Windows 11: 410 Gone (not_found)"},
	} {
		r.Answer(contracttest.ProblemOn(tt.method, tt.path, tt.status, tt.code))
		left, err := off()
		if err == nil || err.Error() != tt.says || left != "" || r.Met() == 0 || !r.system().Option {
			t.Errorf("%s %d %s: %q, %v, want %s", tt.method, tt.status, tt.code, left, err, tt.says)
		}
		r.site.Close()
		r.site = newRoomSite(t, r) // what the server refused a moment ago stands for others
	}
	r.Answer(nil)
	if err := r.World.Inject(world.Fault{Name: world.StationDeleted, On: []string{first}}); err != nil {
		t.Fatal(err)
	}
	if left, err := off(); err != nil || left != "" || r.asked("GET /stations/{id}") < 2 {
		t.Errorf("a station that is gone: %q, %v after %d looks at it", left, err, r.asked("GET /stations/{id}"))
	}
}

// Nothing was done to a system that is not there any more, and that is said.
func TestADestroyOfASystemThatIsGone(t *testing.T) {
	t.Parallel()
	r := newRoom(t, 1, world.Station{})
	left, err := change{site: r.site, claims: r.claims, desired: desired{reference: first, system: "Windows 10"}}.switchOff(t.Context())
	if want := `the station R101-PC01 has no operating system "Windows 10".`; err != nil || left != want {
		t.Errorf("%q, %v, want %q", left, err, want)
	}
}

// Every answer to the reset was lost, and the new image is there.
func TestAResetThatIsDoneBeforeItIsAnswered(t *testing.T) {
	t.Parallel()
	r := newRoom(t, 1, without)
	lost := contracttest.LostOn(http.MethodPost, "/commands", 99)
	r.Answer(func(w http.ResponseWriter, q *http.Request, server http.Handler) bool {
		defer func() {
			if strings.HasSuffix(q.URL.Path, "/commands") {
				r.World.Advance(30 * time.Minute)
			}
		}()
		return lost(w, q, server)
	})
	w := takesPart(first)
	done := r.apply(w)
	if done.err != nil || !done.commanded || !done.holds(w) || len(done.warnings(w)) > 0 || r.Met() != 2 {
		t.Errorf("%+v after %d lost answers, warnings %v", done, r.Met(), done.warnings(w))
	}
}

// What Timago refused before the first look is not lost while it is waited.
func TestAWaitKeepsTheReason(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		entry, says string
	}{
		"failed": {`"state":"failed","reason":{"code":"image_failed","detail":"no space on img01"}`,
			"Timago did not carry out reset_image on R101-PC01: failed (image_failed): no space on img01" +
				"\n\nTimago could not make the image: look at the station and its image server in Timago, then apply again."},
		"expired": {`"state":"expired"`,
			"Timago did not carry out reset_image on R101-PC01: expired" +
				"\n\nThe station did not take the command in time: it was off, or busy. Switch it on, then apply again."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRoom(t, 1, without)
			r.Answer(func(w http.ResponseWriter, q *http.Request, _ http.Handler) bool {
				if !strings.Contains(q.URL.Path, "/commands") {
					return false
				}
				return answerCommand(t, w, q, r, tt.entry)
			})
			w := takesPart(first)
			w.wait = true
			began := time.Now()
			done := r.apply(w)
			r.warns(w, done, cannotReset+"\n\n"+tt.says)
			if r.Met() == 0 || time.Since(began) > 30*time.Second {
				t.Errorf("met %d times, after %s", r.Met(), time.Since(began))
			}
		})
	}
}

// answerCommand answers that a command was taken and what has become of it.
func answerCommand(t *testing.T, w http.ResponseWriter, q *http.Request, r *room, entry string) bool {
	t.Helper()
	var sent sentCommand
	key, status := r.lastKey, http.StatusOK
	if q.Method == http.MethodPost {
		sent.read(t, q)
		key, status = sent.Stations[0].Key, http.StatusAccepted
		r.lastKey = key
	}
	repeated := ""
	if !strings.Contains(entry, "repeated") {
		repeated = `,"repeated":false`
	}
	body := fmt.Sprintf(`{"id":"c-77","command":"reset_image","stations":[{"id":%q,"key":%q,%s%s}]}`, r.World.Listings()[0].ID, key, entry, repeated)
	return contracttest.On(q.Method, q.URL.Path, status, "application/json", body)(w, q, nil)
}

// A database that was restored shows an older number of the image, and the interface takes
// the reset for one that was made before.
func TestAResetThatIsTakenForAnOldOne(t *testing.T) {
	t.Parallel()
	r := newRoom(t, 1, without)
	r.Answer(func(w http.ResponseWriter, q *http.Request, _ http.Handler) bool {
		return strings.Contains(q.URL.Path, "/commands") && answerCommand(t, w, q, r, `"state":"succeeded","repeated":true`)
	})
	w := takesPart(first)
	for range 2 {
		done := r.apply(w)
		r.warns(w, done, cannotReset+"\n\nTimago's interface says that this reset was made before and has succeeded, and the image of Windows 11 is of generation 1 as it was: nothing is under way"+
			"\n\nThe number of the image has fallen, as it does where a database was restored, and the interface takes the reset for the one of that time. "+
			"Reset the image once in Timago's own window. Whoever provides the interface must see to it that image_generation never falls, or free the station's keys when it does.")
	}
}

// A reset that brings an image without the option is not made again and again.
func TestAResetInVainIsMadeOnce(t *testing.T) {
	t.Parallel()
	r := newRoom(t, 1, without)
	r.Answer(contracttest.EveryStation(func(station map[string]any) {
		for _, system := range station["operating_systems"].([]any) { //nolint:forcetypeassert // as the contract has it
			system.(map[string]any)["image_kms_activation"] = false //nolint:forcetypeassert // whatever it was made with
		}
	}))
	const vain = "\n\nthe image of Windows 11 was reset, from generation 1 to 2, and was made without the option all the same" +
		"\n\nIt is not reset again, which would only repeat this. See in Timago whether this image can carry the option, and what its image server says. " +
		"To have it reset once more: terraform apply -replace with this instance's address."
	w := takesPart(first)
	w.wait = true
	done := r.apply(w)
	r.warns(w, done, cannotReset+vain)
	memory := done.reset
	for range 3 {
		done = r.applyAfter(w, memory)
		r.warns(w, done, cannotReset+vain)
		memory = done.reset
	}
	if r.system().Generation != 2 || r.asked("POST /commands") != 1 {
		t.Errorf("%d images after %d commands, want the first and one more after one", r.system().Generation, r.asked("POST /commands"))
	}
}

// What came of a reset is read before it is said.
func TestAResetThatSucceededAtOnceIsSeen(t *testing.T) {
	t.Parallel()
	r := newRoom(t, 1, without)
	w := takesPart(first)
	w.wait = true
	if done := r.apply(w); !done.holds(w) || done.held != nil {
		t.Fatalf("%+v", done)
	}
	// The same reset once more, as after a crash: its key is held.
	old := w
	r.Answer(contracttest.EveryStation(func(station map[string]any) {
		if r.asked("POST /commands") < 2 { // as it was before the first
			system := station["operating_systems"].([]any)[0].(map[string]any) //nolint:forcetypeassert // as the contract has it
			system["image_generation"], system["image_kms_activation"] = 1, false
		}
	}))
	r.site.Close()
	r.site = newRoomSite(t, r)
	done := r.apply(old)
	if !done.holds(w) || done.held != nil || r.system().Generation != 2 {
		t.Errorf("effective %t, %v, generation %d", done.holds(w), done.held, r.system().Generation)
	}
}

func TestAnOfflineStationIsCalledOff(t *testing.T) {
	t.Parallel()
	r := newRoom(t, 1, world.Station{Off: true, Image: world.Image{WithoutKMS: true}})
	w := takesPart(first)
	r.warns(w, r.apply(w), "Warning: New images have not started yet\n"+
		"Station R101-PC01 is off: Timago has taken the command to reset the image of Windows 11, and carries it out when the station is switched on, for as long as its server keeps such commands. "+
		"Until the new image has started effective is false and a plan shows a change; applying that resets nothing twice.\n\n"+
		"timago_activation_pool waits for the images of its members. To wait here, set wait_for_image.")
}

// It is not guessed which of several systems is meant.
func TestAStationWithSeveralSystemsThatNeverStarted(t *testing.T) {
	t.Parallel()
	r := newRoom(t, 1, world.Station{Others: []world.System{{Name: "Windows 10"}}})
	never := func(station map[string]any) { station["last_start"], station["last_operating_system"] = nil, nil }
	r.Answer(contracttest.EveryStation(never))
	w := takesPart(first)
	r.warns(w, r.apply(w), cannotSwitchOn+"\n\nthe station R101-PC01 has several operating systems and has never started, so it is not known which one is meant"+
		"\n\nSet operating_system to what it has: Windows 11 or Windows 10.")
	r.site.Close()
	r.site = newRoomSite(t, r)
	w.system = "Windows 10"
	if done := r.apply(w); done.err != nil || done.system != "Windows 10" {
		t.Errorf("%+v", done)
	}
}

// A command's answer that cannot be read is not taken for one that is under way.
func TestACommandThatCannotBeFollowed(t *testing.T) {
	t.Parallel()
	r := newRoom(t, 1, without)
	r.Answer(func(w http.ResponseWriter, q *http.Request, _ http.Handler) bool {
		return q.Method == http.MethodGet && strings.Contains(q.URL.Path, "/commands/") &&
			contracttest.On(q.Method, q.URL.Path, 200, "application/json", `{"id":"c-000001","command":"reset_image","stations":[]}`)(w, q, nil)
	})
	w := takesPart(first)
	r.warns(w, r.apply(w), cannotReset+" Timago shows a reset under way all the same.\n\nGET /api/v1/commands/c-000001: the answer does not keep to the contract: $.stations: lacks the station {id}, which the command is for"+wantsMending)
}

func TestAWaitThatRanOut(t *testing.T) {
	t.Parallel()
	r := newRoom(t, 1, without)
	r.Answer(func(_ http.ResponseWriter, q *http.Request, _ http.Handler) bool {
		<-q.Context().Done()
		panic(http.ErrAbortHandler)
	})
	w := takesPart(first)
	done := change{site: r.site, claims: r.claims, desired: w}.run(t.Context(), 200*time.Millisecond)
	r.warns(w, done, cannotSwitchOn+"\n\ncontext deadline exceeded\n\nThe time for it ran out: see whether the server is well, or raise timeouts.")
}

// A destroy and a create of one station, as a renamed key makes them, end with the option
// as the one that stays wants it, in whichever order.
func TestTheInstanceThatStaysWins(t *testing.T) {
	t.Parallel()
	r := newRoom(t, 1, world.Station{})
	id := r.World.Listings()[0].ID
	off := change{site: r.site, claims: r.claims, desired: desired{reference: id, title: first}}
	if done := r.apply(takesPart(first)); done.err != nil || done.commanded {
		t.Fatalf("%+v", done)
	}
	left, err := off.switchOff(t.Context())
	if err != nil || left != "another instance of timago_station_kms has taken the station in this apply." || !r.system().Option || r.asked("PATCH /stations/{id}/operating-systems/{name}") != 0 {
		t.Errorf("after the create: %q, %v, the option is on: %t", left, err, r.system().Option)
	}

	other := newRoom(t, 1, world.Station{})
	id = other.World.Listings()[0].ID
	if _, err := (change{site: other.site, claims: other.claims, desired: desired{reference: id, title: first}}).switchOff(t.Context()); err != nil || other.system().Option {
		t.Fatalf("%v, the option is on: %t", err, other.system().Option)
	}
	if done := other.apply(takesPart(first)); done.err != nil || !done.holds(takesPart(first)) || other.asked("POST /commands") != 0 {
		t.Errorf("after the destroy: %+v, %d commands", done, other.asked("POST /commands"))
	}

	// An instance that could not take it holds nothing.
	last := newRoom(t, 1, without)
	last.Answer(contracttest.ProblemOn("PATCH", "", 403, "forbidden"))
	if done := last.apply(takesPart(first)); done.err == nil {
		t.Fatal("no error")
	}
	last.Answer(nil)
	id = last.World.Listings()[0].ID
	if left, err := (change{site: last.site, claims: last.claims, desired: desired{reference: id}}).switchOff(t.Context()); left != "" || err != nil {
		t.Errorf("%q, %v", left, err)
	}
}
