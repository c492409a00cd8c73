package world

import (
	"maps"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
)

// State is a look at the whole site, with the truth that no client sees at once.
type State struct {
	Now      time.Time      `json:"now"`
	Host     HostState      `json:"kms_host"`
	Stations []StationState `json:"stations"`
	Counters map[Kind]int   `json:"counters"`
	Faults   []FaultState   `json:"faults"`
}

// HostState is the KMS host.
type HostState struct {
	Name      string     `json:"name"`
	Off       bool       `json:"off"`
	Answering bool       `json:"answering"` // its key management service
	Keys      []KeyState `json:"keys"`
}

// KeyState is one KMS host key.
type KeyState struct {
	Key       string      `json:"key"`
	Product   kms.Product `json:"product"`
	Count     int         `json:"count"`
	Threshold int         `json:"threshold"`
	Seen      int         `json:"seen"`     // client machine ids of 30 days, without the cap
	Requests  int         `json:"requests"` // in all
}

// StationState is one station.
type StationState struct {
	Name       string         `json:"name"`
	Room       string         `json:"room,omitempty"`
	Group      string         `json:"group,omitempty"`
	MAC        string         `json:"mac"`
	Phase      string         `json:"phase"`
	Boot       time.Time      `json:"boot"`
	User       string         `json:"user,omitempty"`
	CMID       kms.CMID       `json:"cmid"`
	System     string         `json:"operating_system"`
	Option     bool           `json:"kms_option"`
	MadeWith   bool           `json:"image_made_with_kms"`
	Generation int            `json:"image_generation"`
	Starts     int            `json:"starts"`
	Restarts   int            `json:"restarts"`
	Lost       int            `json:"sessions_lost"`
	Products   []ProductState `json:"products"`
	Counters   map[Kind]int   `json:"counters"`
}

// ProductState is one product of a station.
type ProductState struct {
	ID     string      `json:"id"`
	Name   string      `json:"name"`
	Family kms.Product `json:"product"`
	Status string      `json:"status"`
	Reason string      `json:"reason,omitempty"`
	Ends   time.Time   `json:"ends,omitzero"`
	Used   int         `json:"activations_used,omitempty"` // at Microsoft, of a MAK
}

// FaultState is a fault that was put in place.
type FaultState struct {
	Name FaultName `json:"fault"`
	On   []string  `json:"on,omitempty"`
	Seen int       `json:"seen"` // how often it acted
}

// State looks at everything.
func (w *World) State() State {
	defer w.lockAndAdvance()()
	h := w.host
	state := State{
		Now:      w.now,
		Host:     HostState{Name: h.Name, Off: h.off, Answering: h.serving},
		Counters: maps.Clone(w.counters),
	}
	for _, k := range h.keys {
		state.Host.Keys = append(state.Host.Keys, KeyState{
			Key: k.Key.Key, Product: k.Product, Count: k.clients.Count(), Threshold: k.threshold(), Seen: k.clients.Seen(), Requests: k.total,
		})
	}
	for _, s := range w.stations {
		state.Stations = append(state.Stations, s.state())
	}
	for _, f := range w.faults {
		seen := 0
		for _, n := range f.acted {
			seen += n
		}
		state.Faults = append(state.Faults, FaultState{Name: f.Name, On: f.On, Seen: seen})
	}
	return state
}

func (s *station) state() StationState {
	state := StationState{
		Name: s.Name, Room: s.location.Name, Group: s.group.Name, MAC: s.MAC, Phase: s.phase.String(), Boot: s.boot, User: s.user,
		CMID: s.cmid, System: s.running.name, Option: s.running.option,
		MadeWith: s.running.madeWith, Generation: s.running.generation, Starts: s.starts,
		Restarts: s.restarts, Lost: s.lost, Counters: maps.Clone(s.counters),
	}
	for _, p := range s.products {
		reason := ""
		if p.reason != kms.CodeOK {
			reason = p.reason.String()
		}
		state.Products = append(state.Products, ProductState{
			ID: p.ID, Name: p.Name, Family: p.Product, Status: p.status.String(), Reason: reason, Ends: p.ends, Used: p.used,
		})
	}
	return state
}

// Names lists the stations in the site's order.
func (w *World) Names() []string {
	names := make([]string, len(w.stations))
	for i, s := range w.stations {
		names[i] = s.Name
	}
	return names
}

// CycleTime says how long the station's nth restart by command takes, without a
// notice: from the command until Windows asks for activation. Nothing that happens in
// between changes it, except a fault.
func (w *World) CycleTime(station string, n int) (time.Duration, error) {
	s, err := w.station(station)
	if err != nil {
		return 0, err
	}
	down := s.length("shutdown", s.timing.Shutdown, n)
	up := s.length("boot", s.timing.Boot, n)
	for _, p := range s.products {
		if p.Product == kms.Windows {
			return down + up + s.length("ask "+p.ID, p.delay(), n), nil
		}
	}
	return down + up, nil
}
