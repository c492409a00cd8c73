package cycle_test

import (
	"cmp"
	"errors"
	"fmt"
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
		began, restarted := w.restarting[e.Station]
		if !restarted { // it was switched on
			break
		}
		delete(w.restarting, e.Station)
		w.back[e.Station] = time.Now()
		w.returns[e.Station] = append(w.returns[e.Station], time.Since(began))
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

// expectedFor is how long a member that does not answer is expected back, so that what an
// earlier run has under way is not made again.
const expectedFor = 3 * time.Minute

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
	clear(w.leftOut) // another apply tries them once more
	clear(w.leftOutFor)
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

func stateOf(state world.State, station string) world.StationState {
	for _, s := range state.Stations {
		if s.Name == station {
			return s
		}
	}
	return world.StationState{}
}
