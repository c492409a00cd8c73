package page

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// site is what the page shows, in its words.
type site struct {
	Title  string
	Now    time.Time
	Speed  string
	Host   host
	Rooms  []room
	Faults []fault
	Recent []happening // the newest first
	Tally  []tally
}

type tally struct {
	Number int
	What   string
}

type host struct {
	Name  string
	State string // answering, away, off: chooses the look
	Words string
	Keys  []key
}

// key is the count of one KMS host key.
type key struct {
	Title     string // Windows
	Key       string // office-2024; empty where it says no more than the title
	Count     int
	Threshold int
	Cap       int
	Missing   int // to the threshold
	Seen      int // client machine ids of 30 days, without the cap
	Requests  int
}

type room struct {
	Name     string
	Stations []station
	Licensed int // stations on which all is licensed
}

type station struct {
	Name     string
	Group    string
	State    string // off, starting, ready, used, closing: chooses the look
	Words    string
	User     string
	Products []product
	CMID     string
	Restarts int
	Image    string
	KMS      bool // the option "KMS-Aktivierung"
	Last     happening
}

func (s station) licensed() bool {
	return !slices.ContainsFunc(s.Products, func(p product) bool { return !p.Licensed })
}

type product struct {
	Title    string
	Name     string // in full
	Licensed bool
	Status   string // Windows' own name
	Reason   string
}

type fault struct {
	Name, On string
	Seen     int
}

// happening is something that happened, in words; What is empty where nothing did.
type happening struct {
	At      time.Time
	Machine string
	What    string
	Detail  string
}

func describe(title string, speed float64, state world.State, last map[string]world.Entry, recent []world.Entry) site {
	s := site{
		Title: cmp.Or(title, "A simulated site"), Now: state.Now, Speed: speedWords(speed), Host: describeHost(state.Host),
	}
	where := map[string]int{}
	states := map[string]int{}
	licensed := 0
	for _, seen := range state.Stations {
		i, known := where[seen.Room]
		if !known {
			i = len(s.Rooms)
			where[seen.Room] = i
			s.Rooms = append(s.Rooms, room{Name: seen.Room})
		}
		shown := describeStation(seen, last[seen.Name])
		states[shown.State]++
		s.Rooms[i].Stations = append(s.Rooms[i].Stations, shown)
		if shown.licensed() {
			s.Rooms[i].Licensed++
			licensed++
		}
	}
	s.Tally = []tally{
		{len(state.Stations), "stations"},
		{states["ready"], "ready"},
		{states["used"], "in use"},
		{states["starting"] + states["closing"], "starting or closing"},
		{states["off"], "off"},
		{licensed, "licensed"},
	}
	for _, f := range state.Faults {
		s.Faults = append(s.Faults, fault{Name: string(f.Name), On: cmp.Or(strings.Join(f.On, ", "), "every machine"), Seen: f.Seen})
	}
	for _, e := range slices.Backward(recent) {
		s.Recent = append(s.Recent, happeningOf(e))
	}
	return s
}

func speedWords(speed float64) string {
	switch speed {
	case 0:
		return "stands still until it is advanced"
	case 1:
		return "as fast as real time"
	default:
		return fmt.Sprintf("%g× real time", speed)
	}
}

func describeHost(state world.HostState) host {
	h := host{Name: state.Name, State: "answering", Words: "answering"}
	switch {
	case state.Off:
		h.State, h.Words = "off", "off"
	case !state.Answering:
		h.State, h.Words = "away", "key management service away"
	}
	for _, k := range state.Keys {
		name := k.Key
		if name == string(k.Product) {
			name = "" // the title says it
		}
		h.Keys = append(h.Keys, key{
			Title: k.Product.Title(), Key: name, Count: k.Count, Threshold: k.Threshold, Cap: 2 * k.Threshold,
			Missing: max(0, k.Threshold-k.Count), Seen: k.Seen, Requests: k.Requests,
		})
	}
	return h
}

// phases are the states in which world shows a station: how they look, and in words.
var phases = map[string][2]string{
	"off":      {"off", "off"},
	"starting": {"starting", "starting"},
	"netlogon": {"starting", "starting: no logon yet"},
	"services": {"starting", "starting: services"},
	"ready":    {"ready", "ready"},
	"notice":   {"closing", "restart announced"},
	"closing":  {"closing", "shutting down"},
}

func describeStation(seen world.StationState, last world.Entry) station {
	s := station{
		Name: seen.Name, Group: seen.Group, User: seen.User, CMID: short(string(seen.CMID)), Restarts: seen.Restarts,
		Image: fmt.Sprintf("%s, %s", cmp.Or(seen.System, "system"), generation(seen.Generation)), KMS: seen.Option, Last: happeningOf(last),
	}
	phase, known := phases[seen.Phase]
	if !known {
		phase = [2]string{"starting", seen.Phase}
	}
	s.State, s.Words = phase[0], phase[1]
	if s.State == "ready" && s.User != "" {
		s.State, s.Words = "used", "in use"
	}
	for _, p := range seen.Products {
		s.Products = append(s.Products, product{
			Title: p.Family.Title(), Name: p.Name, Licensed: p.Status == kms.Licensed.String(), Status: p.Status, Reason: p.Reason,
		})
	}
	return s
}

func generation(number int) string {
	if number == 0 {
		return "no image"
	}
	return fmt.Sprintf("image %d", number)
}

// happenings are the kinds of things that are shown. Ports that open and close follow
// from starts, and readings are too many.
var happenings = map[world.Kind]string{
	world.KindRestart:  "told to restart",
	world.KindShutdown: "told to switch off",
	world.KindRefused:  "refused",
	world.KindOff:      "went off",
	world.KindStart:    "starts",
	world.KindReady:    "is ready",
	world.KindRequest:  "asked the KMS host",
	world.KindCounted:  "counted",
	world.KindActivate: "told to activate",
	world.KindLicence:  "licence changed",
	world.KindWake:     "woken",
	world.KindLogOn:    "user logged on",
	world.KindLogOff:   "user logged off",
	world.KindFault:    "fault",
	world.KindHolidays: "holidays",
	world.KindImage:    "new image made",
	world.KindOrder:    "Timago's order",
	world.KindOption:   "KMS-Aktivierung set",
	world.KindRoom:     "room renamed",
	world.KindDeleted:  "deleted or entered again in Timago",
	world.KindLeft:     "left the count",
}

// What a line has no room for: whole client machine ids, and editions.
var (
	guid    = regexp.MustCompile(`[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}`)
	edition = regexp.MustCompile(`, \S+ edition\b`)
)

func happeningOf(e world.Entry) happening {
	detail := strings.ReplaceAll(guid.ReplaceAllStringFunc(e.Detail, short), "client machine id", "CMID")
	return happening{At: e.Time, Machine: e.Machine, What: happenings[e.Kind], Detail: edition.ReplaceAllString(detail, "")}
}

// short is how a client machine id is shown: its first group tells those of a site
// apart.
func short(id string) string {
	first, _, found := strings.Cut(id, "-")
	if !found {
		return id
	}
	return first + "…"
}
