package world

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/timago/terraform-provider-timago/internal/simulator/timeline"
)

// Fault is something that will go wrong. The tags are those of scenario files.
type Fault struct {
	Name        FaultName     `yaml:"fault"`
	On          []string      `yaml:"on"`          // machines by name; empty: every station
	After       time.Duration `yaml:"after"`       // from when it is put in place
	For         time.Duration `yaml:"for"`         // 0: without end
	Nth         int           `yaml:"nth"`         // first occasion of a machine on which it acts, from 1
	Times       int           `yaml:"times"`       // occasions of a machine on which it acts; 0: all
	Probability float64       `yaml:"probability"` // on each occasion; 0: certain
	By          time.Duration `yaml:"by"`
	Code        Code          `yaml:"code"` // of requests, Activate and commands to go down; each has its usual one
	Number      int           `yaml:"number"`
	User        string        `yaml:"user"`
	Of          string        `yaml:"of"` // faults of connections: only these requests (restart, activate, read, a class; of the interface: method, path, command); of requests and Activate: only this product (windows, office, a title, an activation id); room-renamed: this room
	To          string        `yaml:"to"` // room-renamed: the new name; default the old one with " neu"
}

func (f Fault) user() string { return cmp.Or(f.User, `SCHULE\lehrer`) }

func (f Fault) validate() error {
	if _, known := occasions[f.Name]; !known {
		return fmt.Errorf("fault %q is none of %v", f.Name, FaultNames())
	}
	if f.Probability < 0 || f.Probability > 1 {
		return errors.New("probability is 0 to 1")
	}
	if timeless := f.By <= 0 && (f.Name == SlowActivate || f.Name == SlowAnswer); timeless {
		return fmt.Errorf("%s: by is above 0", f.Name)
	}
	if f.After < 0 || f.For < 0 || f.Nth < 0 || f.Times < 0 || f.Number < 0 {
		return errors.New("after, for, nth, times and number are not negative")
	}
	return nil
}

// fault is a Fault in place.
type fault struct {
	Fault
	number int
	from   time.Time
	to     time.Time // zero: without end
	met    map[string]int
	acted  map[string]int
	next   *timeline.Timer // begins or ends a fault of a moment
	cut    []*station
	// Stations to which it gave a shutdown.
	scheduled []*station
	rooms     map[*grouping]string // renamed, with their old names
	active    bool                 // a fault of a moment that began and did not end
}

// Inject puts a fault in place from now on.
func (w *World) Inject(f Fault) error {
	defer w.lockAndAdvance()()
	return w.inject(f)
}

func (w *World) inject(described Fault) error {
	if err := described.validate(); err != nil {
		return err
	}
	for _, name := range described.On {
		if _, err := w.station(name); err != nil && !strings.EqualFold(name, w.host.Name) {
			return err
		}
	}
	f := &fault{
		Fault: described, number: len(w.faults), from: w.now.Add(described.After),
		met: map[string]int{}, acted: map[string]int{}, rooms: map[*grouping]string{},
	}
	if described.For > 0 {
		f.to = f.from.Add(described.For)
	}
	w.faults = append(w.faults, f)
	if occasions[f.Name] == atMoment {
		f.next = w.timers.Set(f.from, func() {
			w.happen(f, true)
			if !f.to.IsZero() {
				f.next = w.timers.Set(f.to, func() { w.happen(f, false) })
			}
		})
		w.catchUp()
	}
	return nil
}

// Heal takes every fault of the name away; one that is going on ends.
func (w *World) Heal(name FaultName) {
	defer w.lockAndAdvance()()
	w.faults = slices.DeleteFunc(w.faults, func(f *fault) bool {
		if f.Name != name {
			return false
		}
		w.timers.Stop(f.next)
		if f.active {
			w.happen(f, false)
		}
		return true
	})
}

// on reports whether the fault is one of this machine.
func (f *fault) on(w *World, machine string) bool {
	if len(f.On) == 0 {
		return machine != w.host.Name
	}
	return slices.ContainsFunc(f.On, func(name string) bool { return strings.EqualFold(name, machine) })
}

// hit reports whether a fault of the name acts on this occasion, and notes it. Of words
// the fault's Of may choose one.
func (w *World) hit(name FaultName, machine string, words ...string) (Fault, bool) {
	return w.hitIf(func(f *fault) bool { return f.Name == name && (len(words) == 0 || f.of(words)) }, machine)
}

func (w *World) hitIf(can func(*fault) bool, machine string) (Fault, bool) {
	for _, f := range w.faults {
		if can(f) && f.on(w, machine) && f.acts(w, machine) {
			return f.Fault, true
		}
	}
	return Fault{}, false
}

// of reports whether the fault is one of what these words are about.
func (f *fault) of(words []string) bool {
	return f.Of == "" || slices.ContainsFunc(words, func(word string) bool { return strings.EqualFold(word, f.Of) })
}

func (f *fault) acts(w *World, machine string) bool {
	if w.now.Before(f.from) || !f.to.IsZero() && !w.now.Before(f.to) {
		return false
	}
	f.met[machine]++
	n := f.met[machine]
	if n < f.Nth || f.Times > 0 && f.acted[machine] >= f.Times {
		return false
	}
	if f.Probability > 0 && w.chance.Draw(machine, fmt.Sprintf("fault %d", f.number), n).Float64() >= f.Probability {
		return false
	}
	f.acted[machine]++
	w.noteAt(machine, KindFault, "%s", f.Name)
	return true
}

// happen begins or ends a fault of a moment.
func (w *World) happen(f *fault, begins bool) {
	f.active = begins
	strike := func(machine string, act func(begins bool)) {
		how := "ends"
		if begins {
			how = "begins"
			f.acted[machine]++
		}
		w.noteAt(machine, KindFault, "%s %s", f.Name, how)
		act(begins)
	}
	hostsAlone := f.Name == KMSAway || f.Name == CountFalls || f.Name == LogLost
	if act := f.atHost(w.host); act != nil && (hostsAlone || f.on(w, w.host.Name)) {
		strike(w.host.Name, act)
	}
	for _, s := range w.stations {
		if act := f.atStation(s); act != nil && f.on(w, s.Name) {
			strike(s.Name, act)
		}
	}
}

// atHost is what a fault of a moment does to the KMS host; nil where it does nothing.
func (f *fault) atHost(h *host) func(begins bool) {
	switch f.Name {
	case KMSAway:
		return func(begins bool) {
			h.away += step(begins)
			h.listen()
		}
	case CountFalls:
		return func(begins bool) {
			if begins {
				h.fall(f.Number)
			}
		}
	case LogLost:
		return func(begins bool) {
			if begins {
				h.log.Lose(f.Number)
			}
		}
	case PowerCut:
		return func(begins bool) {
			h.off, h.boot = begins, h.world.now
			if h.Forgets {
				h.startOver()
			}
			h.listen()
		}
	case Refuses:
		return func(begins bool) {
			h.refusing += step(begins)
			h.listen()
		}
	case ClockSkew:
		return func(begins bool) { h.Skew += time.Duration(step(begins)) * f.By }
	default:
		return nil
	}
}

// atStation is what a fault of a moment does to a station; nil where it does nothing.
func (f *fault) atStation(s *station) func(begins bool) {
	switch f.Name {
	case PowerCut:
		return func(begins bool) {
			switch {
			case !begins && slices.Contains(f.cut, s): // who was off before stays so
				s.powerOn()
			case begins && s.powered():
				f.cut = append(f.cut, s)
				s.powerOff("power cut")
			}
		}
	case Refuses:
		return func(begins bool) {
			s.refusing += step(begins)
			s.listen()
		}
	case ClockSkew:
		return func(begins bool) { s.Skew += time.Duration(step(begins)) * f.By }
	case UserLogsOn:
		return func(begins bool) {
			if begins {
				s.logOn(f.user())
			} else {
				s.logOff()
			}
		}
	case ShutdownScheduled, RestartScheduled:
		if f.active && s.phase != phaseReady {
			return nil
		}
		return f.schedule(s)
	case OptionChanged:
		return func(bool) { s.set(s.running, !s.running.option) }
	case StationDeleted:
		return s.delete
	case RoomRenamed:
		return f.rename(s)
	default:
		return nil
	}
}

// step is up at the beginning and down at the end.
func step(begins bool) int {
	if begins {
		return 1
	}
	return -1
}
