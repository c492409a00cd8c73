// Package world models one school's site for tests and the demonstration: stations
// that start, ask and are restarted, and a KMS host that counts. It is a model, no
// KMS host: requests exist only inside it.
//
// Time in it is simulated. Nothing runs in the background: whatever became due since
// the last look (a boot that ended, a retry, a licence that expired, a client machine
// id that left the count) happens, in order, when somebody looks or acts. Under
// testing/synctest with speed 1 a world is therefore deterministic, and the same site
// with the same seed always gives the same run.
package world

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/timago/terraform-provider-timago/internal/simulator/timeline"
)

// Options say how a world's time runs and who watches it.
type Options struct {
	Start   time.Time   // simulated start; zero: now
	Speed   float64     // simulated per real time; 0: time moves only by Advance
	Observe func(Entry) // gets everything that happens, in order; must not call the world
}

// Entry is one thing that happened.
type Entry struct {
	Time    time.Time `json:"time"`    // simulated, the site's true time
	Machine string    `json:"machine"` // station or host
	Kind    Kind      `json:"kind"`
	Detail  string    `json:"detail,omitempty"`
}

// Kind says what happened.
type Kind string

// What can happen.
const (
	KindRestart  Kind = "restart"  // a restart was asked for and taken
	KindShutdown Kind = "shutdown" // the same, to switch it off
	KindRefused  Kind = "refused"  // a command was refused
	KindOff      Kind = "off"      // the machine went down
	KindStart    Kind = "start"    // it was switched on or begins to start again
	KindOpens    Kind = "opens"    // WinRM listens, or the key management service
	KindCloses   Kind = "closes"   // it listens no more
	KindReady    Kind = "ready"    // Windows and its services have started
	KindRequest  Kind = "request"  // a client asked the KMS host
	KindCounted  Kind = "counted"  // the host counted a client machine id anew
	KindActivate Kind = "activate" // Activate was called on a product
	KindLicence  Kind = "licence"  // a licence changed its state
	KindWake     Kind = "wake"     // a magic packet, or Timago's command
	KindLogOn    Kind = "log-on"   // a user began to work
	KindLogOff   Kind = "log-off"  // a user stopped, or lost the session
	KindFault    Kind = "fault"    // a fault was seen
	KindHolidays Kind = "holidays" // the site was left alone
	KindImage    Kind = "image"    // a new image was made
	KindOrder    Kind = "order"    // an order of Timago's came a step further
	KindOption   Kind = "option"   // "KMS-Aktivierung" was ticked or cleared
	KindRoom     Kind = "room"     // a room was renamed
	KindDeleted  Kind = "deleted"  // a station was deleted in Timago, or entered again
	KindReads    Kind = "read"     // somebody read the machine (counted, not observed)
	KindLeft     Kind = "left"     // a client machine id left the count
)

// World is one site at work. All methods may be called from several goroutines.
type World struct {
	mu       sync.Mutex
	clock    timeline.Clock
	now      time.Time // how far the state has come
	timers   timeline.Timers
	chance   timeline.Chance
	observe  func(Entry)
	counters map[Kind]int
	stations []*station
	byName   map[string]*station // lower-case name
	host     *host
	traffic  []*traffic
	faults   []*fault

	locations groupings
	groups    groupings
	byID      map[string]*station // client id
	orders    []*order
}

// ErrUnknownMachine is for a name that is not part of the site.
var ErrUnknownMachine = errors.New("no such machine at this site")

// New builds the site at its start. It fails on a site that contradicts itself.
func New(site Site, options Options) (*World, error) {
	if err := site.Validate(); err != nil {
		return nil, err
	}
	if options.Start.IsZero() {
		options.Start = time.Now()
	}
	start := options.Start.Round(0) // without the monotonic reading: simulated time is not this machine's
	w := &World{
		clock:    timeline.NewClock(start, options.Speed),
		now:      start,
		chance:   timeline.Chance{Seed: site.Seed},
		observe:  options.Observe,
		counters: map[Kind]int{},
		byName:   map[string]*station{},
		byID:     map[string]*station{},
	}
	w.locations.prefix, w.groups.prefix = "l", "g"
	w.host = newHost(w, site.Host)
	past := w.host.past()
	for i, described := range site.Stations {
		s := newStation(w, described, i)
		w.stations = append(w.stations, s)
		for _, name := range append([]string{s.Name}, s.Aliases...) {
			w.byName[strings.ToLower(name)] = s
		}
		w.byID[s.id] = s
		past = append(past, s.past()...)
	}
	w.host.remember(past)
	for _, described := range site.Traffic {
		w.begin(described)
	}
	for _, f := range site.Faults {
		if err := w.inject(f); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// lockAndAdvance takes the lock and lets everything happen that is due; the caller unlocks.
func (w *World) lockAndAdvance() func() {
	w.mu.Lock()
	w.catchUp()
	return w.mu.Unlock
}

func (w *World) catchUp() {
	now := w.clock.Now()
	for {
		next := w.timers.First()
		if next == nil || next.At.After(now) {
			break
		}
		w.timers.Stop(next)
		w.now = next.At
		next.Do()
	}
	w.now = now
	w.host.forget()
}

// Now is the simulated moment.
func (w *World) Now() time.Time {
	defer w.lockAndAdvance()()
	return w.now
}

// Speed is simulated per real time.
func (w *World) Speed() float64 { return w.clock.Speed }

// Advance lets simulated time pass at once.
func (w *World) Advance(d time.Duration) {
	defer w.lockAndAdvance()()
	w.advance(d)
}

func (w *World) advance(d time.Duration) {
	w.clock.Advance(d)
	w.catchUp()
}

// NextEvent is when something will happen by itself next; false when nothing will.
func (w *World) NextEvent() (time.Time, bool) {
	defer w.lockAndAdvance()()
	next, found := time.Time{}, false
	if t := w.timers.First(); t != nil {
		next, found = t.At, true
	}
	if leaves, some := w.host.nextLeaving(); some && (!found || leaves.Before(next)) {
		next, found = leaves, true
	}
	return next, found
}

// Step advances to the next event; false when there is none.
func (w *World) Step() bool {
	next, found := w.NextEvent()
	if found {
		w.Advance(max(0, next.Sub(w.Now())))
	}
	return found
}

// Holidays switches every station off, stops other traffic, lets time pass, and
// switches on again what was on, unless the stations are to stay off.
func (w *World) Holidays(d time.Duration, stayOff bool) {
	defer w.lockAndAdvance()()
	w.note(KindHolidays, "%s", d)
	var wereOn []*station
	for _, s := range w.stations {
		if s.powered() {
			wereOn = append(wereOn, s)
			s.powerOff("holidays")
		}
	}
	for _, t := range w.traffic {
		t.pause(w)
	}
	w.advance(d)
	for _, t := range w.traffic {
		t.resume(w)
	}
	if stayOff {
		return
	}
	for _, s := range wereOn {
		s.powerOn()
	}
}

func (w *World) station(name string) (*station, error) {
	if s, known := w.byName[strings.ToLower(name)]; known {
		return s, nil
	}
	return nil, fmt.Errorf("%w: %q", ErrUnknownMachine, name)
}

// note is station.note for the KMS host.
func (w *World) note(kind Kind, format string, args ...any) {
	w.counters[kind]++
	if w.observe != nil {
		w.observe(Entry{Time: w.now, Machine: w.host.Name, Kind: kind, Detail: fmt.Sprintf(format, args...)})
	}
}

// noteAt notes at the machine of this name.
func (w *World) noteAt(machine string, kind Kind, format string, args ...any) {
	if machine == Timago {
		w.counters[kind]++
		if w.observe != nil {
			w.observe(Entry{Time: w.now, Machine: Timago, Kind: kind, Detail: fmt.Sprintf(format, args...)})
		}
		return
	}
	if s, known := w.byName[strings.ToLower(machine)]; known {
		s.note(kind, format, args...)
		return
	}
	w.note(kind, format, args...)
}
