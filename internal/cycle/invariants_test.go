package cycle_test

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/timago/terraform-provider-timago/internal/cycle"
	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/outcome"
	"github.com/timago/terraform-provider-timago/internal/pool"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// invariantChecker stands between cycle and site and holds every call against the promises, with
// what the site shows beside it. A nil invariantChecker lets everything pass.
type invariantChecker struct {
	mu             sync.Mutex
	job            cycle.Job
	world          *world.World
	log            strings.Builder
	broken         []string
	limits         pool.Limits
	down           map[string]bool                 // restarted by the cycle, not started again
	underWay       map[string]map[kms.Product]bool // restarts not counted yet: what they may add to
	restarts       map[string]int
	awakened       map[string]bool         // woken, or tried to be
	seen           map[string]presenceRead // last look at a station's users
	read           kms.Host                // the host as last read
	last           kms.Host                // … when the cycle that is judged ended: its twin may go on
	readAt         time.Time
	landed         map[kms.Product]int             // our counts since then
	requests       map[string]map[kms.Product]bool // made since the station's restart
	requestsBefore map[string]map[kms.Product]bool // … before it was commanded
	licensed       map[string]time.Time            // when a station's product last changed its state
	cancelled      time.Time
	started        int // restarts taken by stations
	earlier        int // … of these, in a run before
	resumed        time.Time
	first          map[kms.Product]int // counts at the start
	asked          int                 // calls to activate
	woken          int                 // calls to wake

	open        []span // when the window is; nil: always
	windowed    bool
	twin        bool              // two cycles are watched
	names       map[string]string // of machines that have several; nil: none has
	slowest     time.Duration     // answer of a station
	fromClients bool              // the host may not be read: counts are those that stations were told
	begun, left time.Time         // of the cycle
	outcome     error
	// What the cycle has told of how long its restarts take.
	restarting, back map[string]time.Time
	moves            map[cycle.Transition]bool
	leftOut          map[string]bool
	leftOutFor       map[string]map[kms.Product]bool
	returns, answers map[string][]time.Duration
}

type presenceRead struct {
	at     time.Time
	uptime kms.Uptime
	user   string
	err    error
}

func newInvariantChecker(job cycle.Job, window *maintenance) *invariantChecker {
	w := &invariantChecker{
		job: job, limits: job.Limits, down: map[string]bool{}, underWay: map[string]map[kms.Product]bool{}, restarts: map[string]int{}, awakened: map[string]bool{},
		seen: map[string]presenceRead{}, first: map[kms.Product]int{}, landed: map[kms.Product]int{}, requests: map[string]map[kms.Product]bool{}, requestsBefore: map[string]map[kms.Product]bool{}, licensed: map[string]time.Time{},
		begun: time.Now(), restarting: map[string]time.Time{}, back: map[string]time.Time{},
		moves: map[cycle.Transition]bool{}, leftOut: map[string]bool{}, leftOutFor: map[string]map[kms.Product]bool{},
		returns: map[string][]time.Duration{}, answers: map[string][]time.Duration{},
	}
	if window != nil {
		w.open, w.windowed = window.spans(w.begun), true
	}
	return w
}

// move is given every move of a station.
func (w *invariantChecker) move(t cycle.Transition) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.moves[t] = true
}

// machine is the one that the cycle calls by this name.
func (w *invariantChecker) machine(name string) string { return cmp.Or(w.names[name], name) }

func (w *invariantChecker) breach(promise, format string, args ...any) {
	text := promise + ": " + fmt.Sprintf(format, args...)
	w.broken = append(w.broken, text)
	fmt.Fprintf(&w.log, "%s !!! %s\n", time.Now().Format(clockFace), text)
}

const clockFace = "15:04:05.000"

// observe is told what happens in the world. It must not ask the world.
func (w *invariantChecker) observe(e world.Entry) {
	w.mu.Lock()
	defer w.mu.Unlock()
	fmt.Fprintf(&w.log, "%s world  %s %s %s\n", time.Now().Format(clockFace), e.Machine, e.Kind, e.Detail)
	switch e.Kind {
	default:
	case world.KindOpens:
		delete(w.down, e.Machine)
	case world.KindRestart:
		w.started++
	case world.KindRequest: // after its KindCounted, if it had one
		if title, outcome, _ := strings.Cut(e.Detail, ": "); strings.HasPrefix(outcome, kms.CodeOK.String()) {
			product := kms.Product(strings.ToLower(title))
			delete(w.underWay[e.Machine], product)
			if w.requests[e.Machine] == nil {
				w.requests[e.Machine] = map[kms.Product]bool{}
			}
			w.requests[e.Machine][product] = true
		}
	case world.KindLicence:
		name, _, _ := strings.Cut(e.Detail, ": ")
		w.licensed[e.Machine+name] = time.Now()
	case world.KindCounted:
		key, rest, _ := strings.Cut(e.Detail, ":")
		_, from, _ := strings.Cut(rest, " from ")
		client, _, _ := strings.Cut(from, ",")
		if product := productOf(key); w.underWay[client][product] {
			delete(w.underWay[client], product)
			w.landed[product]++
		}
	}
}

func productOf(key string) kms.Product {
	if key == "windows" {
		return kms.Windows
	}
	return kms.Office
}

// progress is told what the cycle says of itself.
func (w *invariantChecker) progress(e outcome.Event) {
	clock := w.world.Now()
	if view, err := w.world.View(e.Station); e.Station != "" && err == nil {
		clock = view.Now
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	fmt.Fprintf(&w.log, "%s cycle  %s %s %s %v %s\n", time.Now().Format(clockFace), e.Station, e.Kind, e.Product, e.Counts, e.Reason)
	switch e.Kind {
	case outcome.KindRestarting:
		w.restarting[e.Station] = time.Now()
	case outcome.KindBack:
		w.back[e.Station] = time.Now()
		w.returns[e.Station] = append(w.returns[e.Station], time.Since(w.restarting[e.Station]))
		// A clock that was put forward by more than the station had been up looks like a
		// restart: nothing on the station can tell them apart.
		before := w.seen[e.Station]
		if jump := clock.Sub(before.uptime.Now) - time.Since(before.at); w.down[e.Station] && jump < before.uptime.Duration() {
			w.breach("A5", "%s has not started anew yet", e.Station)
		}
	case outcome.KindCounted:
		if !w.requests[e.Station][e.Product] {
			w.breach("A6", "%s has made no request for %s", e.Station, e.Product)
		}
		if back, known := w.back[e.Station]; known && e.Product == kms.Windows {
			w.answers[e.Station] = append(w.answers[e.Station], time.Since(back))
			delete(w.back, e.Station)
		}
	default:
	}
	if e.Kind == outcome.KindLeftOut && e.Product != "" {
		delete(w.underWay[e.Station], e.Product)
		if w.leftOutFor[e.Station] == nil {
			w.leftOutFor[e.Station] = map[kms.Product]bool{}
		}
		w.leftOutFor[e.Station][e.Product] = true
	}
	if e.Kind == outcome.KindLeftOut && e.Product == "" {
		delete(w.underWay, e.Station)
		delete(w.down, e.Station)
		w.leftOut[e.Station] = true
	}
}

func (w *invariantChecker) presence(station string, p kms.Presence, err error) {
	if w == nil {
		return
	}
	station = w.machine(station)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen[station] = presenceRead{at: time.Now(), uptime: p.Uptime, user: p.InUse(w.limits.IgnoreUsers), err: err}
}

func (w *invariantChecker) host(host kms.Host, err error) {
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fromClients = errors.Is(err, kms.ErrDenied) // who may not read the host goes by what stations are told
	if err != nil {
		return
	}
	if w.readAt.IsZero() {
		for product := range w.job.Thresholds {
			w.first[product], _ = host.Count(product)
		}
	}
	w.read, w.readAt = host, time.Now()
	clear(w.landed)
}

// missing is what the station could still add by the count that the cycle knows.
func (w *invariantChecker) missing(station world.StationState) map[kms.Product]int {
	missing := map[kms.Product]int{}
	for product, threshold := range w.job.Thresholds {
		count, _ := w.read.Count(product)
		for _, p := range station.Products {
			if short := threshold - count - w.landed[product]; p.Family == product && short > 0 {
				missing[product] = short
			}
		}
	}
	return missing
}

// restart holds a command against A1 to A3.
func (w *invariantChecker) restart(station string, force bool) {
	if w == nil {
		return
	}
	station = w.machine(station)
	site := w.world.State()
	state := stateOf(site, station)
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	w.cheapest(station, site)
	fmt.Fprintf(&w.log, "%s asked  %s to restart\n", now.Format(clockFace), station)
	if !w.cancelled.IsZero() && now.After(w.cancelled) {
		w.breach("A10", "%s was restarted after the end", station)
	}
	if !w.resumed.IsZero() && now.Sub(w.resumed) > hopeFor {
		clear(w.underWay)
		w.resumed = time.Time{}
	}
	w.inWindow(station, "restarted")
	missing := w.missing(state)
	w.underWay[station] = map[kms.Product]bool{}
	w.requestsBefore[station] = w.requests[station]
	delete(w.requests, station)
	needed := false
	for product, short := range missing {
		if w.leftOutFor[station][product] {
			continue // nothing is expected of it
		}
		w.underWay[station][product] = true
		underWay := 0
		for _, products := range w.underWay {
			if products[product] {
				underWay++
			}
		}
		needed = needed || underWay <= short
	}
	if !needed && !w.fromClients {
		w.breach("A1", "%s is restarted where %v is missing and %v under way", station, missing, w.underWay)
	}
	if age := now.Sub(w.readAt); !w.fromClients && (w.readAt.IsZero() || age > 3*time.Second+dialTimeout+w.slowest) {
		w.breach("A1", "the count was read %s before %s was restarted", age, station)
	}
	w.down[station] = true
	if len(w.down) > max(1, w.limits.MaxParallel) {
		w.breach("A2", "%d stations are down", len(w.down))
	}
	if w.restarts[station]++; w.restarts[station] > w.limits.MaxRestartsPerStation {
		w.breach("A2", "%s is restarted for the %dth time", station, w.restarts[station])
	}
	switch look := w.seen[station]; {
	case look.err != nil || now.Sub(look.at) > time.Second:
		w.breach("A3", "%s was looked at %s ago (%v)", station, now.Sub(look.at), look.err)
	case look.user != "" && w.limits.WhenInUse != kms.ForceWhenInUse:
		w.breach("A3", "%s is used by %s", station, look.user)
	case force && w.limits.WhenInUse != kms.ForceWhenInUse && len(w.limits.IgnoreUsers) == 0:
		w.breach("A3", "%s was forced", station)
	}
}

// cheapest holds a restart against A0: no member that is known to be off, and could be
// woken, is left asleep. What a window keeps, and what is another pool's, is left out.
func (w *invariantChecker) cheapest(station string, site world.State) {
	if !w.job.Limits.Wake || w.windowed || w.twin {
		return
	}
	for _, s := range site.Stations {
		if s.Phase == "off" && !w.leftOut[s.Name] && w.seen[s.Name].err != nil && !w.down[s.Name] && !w.awakened[s.Name] && w.restarts[s.Name] == 0 && len(w.missing(s)) > 0 {
			w.breach("A0", "%s is restarted while %s is off and was not woken", station, s.Name)
		}
	}
}

// UsualCycle is expected of a station where nothing was seen of any.
const UsualCycle = 3 * time.Minute

// inWindow holds a start against A4: the window is open, for as long as the shortest of
// the cycles that were seen at least, the station's own if there were any.
func (w *invariantChecker) inWindow(station, how string) {
	if !w.windowed {
		return
	}
	shortest := func(seen map[string][]time.Duration) (time.Duration, bool) {
		if own := seen[station]; len(own) > 0 {
			return slices.Min(own), true
		}
		all := slices.Concat(slices.Collect(maps.Values(seen))...)
		if len(all) == 0 {
			return 0, false
		}
		return slices.Min(all), true
	}
	expected, seen := shortest(w.returns)
	expected -= expected / 100 // a return may have been seen late
	if !seen {
		expected = UsualCycle
	} else if w.twin && len(w.returns[station]) == 0 { // it may be the other pool that has seen something
		expected = min(expected, UsualCycle)
	} else if answer, seen := shortest(w.answers); seen && (len(w.returns[station]) == 0 || len(w.answers[station]) > 0) {
		expected += answer
	}
	if left := left(w.open, time.Now()); left < expected {
		w.breach("A4", "%s is %s while the window is open for %s more; %s are to be expected", station, how, left, expected)
	}
}

// longest is the longest cycle that can be expected of any station.
func (w *invariantChecker) longest() time.Duration {
	longest := func(seen map[string][]time.Duration) time.Duration {
		most := time.Duration(0)
		for _, spans := range seen {
			most = max(most, slices.Max(spans))
		}
		return most
	}
	return max(UsualCycle, longest(w.returns)+longest(w.answers))
}

// wake holds the switching on of a station against A4 and A10.
func (w *invariantChecker) wake(station string) {
	if w == nil {
		return
	}
	station = w.machine(station)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.inWindow(station, "woken")
	w.awakened[station] = true
	if w.woken++; !w.cancelled.IsZero() && time.Now().After(w.cancelled) {
		w.breach("A10", "%s was woken after the end", station)
	}
}

// hopeFor is how long a member that does not answer is expected back, so that what an
// earlier run has under way is not made again.
const hopeFor = 3 * time.Minute

// ended is told that the cycle that is judged has returned.
func (w *invariantChecker) ended() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last, w.left = w.read, time.Now()
}

// again forgets what only the run before could know.
func (w *invariantChecker) again() {
	state := w.world.State()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range state.Stations {
		if s.Phase == "ready" {
			delete(w.underWay, s.Name) // it is read and asked like any other
		}
	}
	fmt.Fprintf(&w.log, "%s again\n", time.Now().Format(clockFace))
	clear(w.restarts)
	for _, known := range []map[string][]time.Duration{w.returns, w.answers} {
		clear(known)
	}
	clear(w.awakened)
	clear(w.restarting)
	clear(w.back)
	clear(w.down) // what an earlier run took down is not in this one's hands
	w.earlier = w.started
	w.resumed = time.Now()
}

// readBefore is how long before Activate a product's licence may have been read.
const readBefore = 11 * time.Second

// restarted is told what became of the command.
func (w *invariantChecker) restarted(station string, err error) {
	if w == nil || err == nil || errors.Is(err, kms.ErrUnknownOutcome) {
		return
	}
	station = w.machine(station)
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.down, station)
	delete(w.underWay, station)
	w.requests[station] = w.requestsBefore[station]
	w.restarts[station]--
}

// activate holds a request on command against A7 and A9: it uses up an activation on
// anything but an unlicensed product with a KMS client key.
func (w *invariantChecker) activate(station, licence string) {
	if w == nil {
		return
	}
	station = w.machine(station)
	state := stateOf(w.world.State(), station)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.asked++; !w.cancelled.IsZero() && time.Now().After(w.cancelled) {
		w.breach("A10", "%s was asked after the end", station)
	}
	for _, p := range state.Products {
		// What became licensed only since it was read cannot be known.
		if p.ID == licence && p.Status == kms.Licensed.String() && time.Since(w.licensed[station+p.Name]) > readBefore {
			w.breach("A9", "%s was asked to activate %s, which is licensed", station, p.Name)
		}
	}
}

func stateOf(state world.State, station string) world.StationState {
	for _, s := range state.Stations {
		if s.Name == station {
			return s
		}
	}
	return world.StationState{}
}
