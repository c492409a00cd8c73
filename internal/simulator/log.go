package simulator

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/timago/terraform-provider-timago/internal/simulator/timagoserver"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
	"github.com/timago/terraform-provider-timago/internal/simulator/wsman"
)

// KindKMSPort is the kind of a connection to the KMS host's own port.
const KindKMSPort = "kms-port"

// Entry is one line of the ordered log: something asked over the wire, or something
// that happened in the world.
type Entry struct {
	Number    int       `json:"number"` // from 1, in order
	Simulated time.Time `json:"simulated"`
	Real      time.Time `json:"real"`
	Machine   string    `json:"machine"`
	Wire      bool      `json:"wire"` // asked over the wire
	Kind      string    `json:"kind"` // of wsman.Kind or world.Kind; "api": asked of Timago's interface
	Detail    string    `json:"detail,omitempty"`

	// Of what was asked over the wire.
	User        string `json:"user,omitempty"`
	Connection  uint64 `json:"connection,omitempty"` // one number per TCP connection of a machine
	Handshake   bool   `json:"handshake,omitempty"`
	FailedLogon bool   `json:"failed_logon,omitempty"`
	Sealed      bool   `json:"sealed,omitempty"`
	Status      int    `json:"status,omitempty"` // HTTP; 0: no answer
	Fault       uint32 `json:"fault,omitempty"`
	Trouble     string `json:"trouble,omitempty"`

	// Of what was asked of Timago's interface.
	Method   string   `json:"method,omitempty"`
	Path     string   `json:"path,omitempty"` // below /api/v1
	Query    string   `json:"query,omitempty"`
	Stations []string `json:"stations,omitempty"` // client ids
	Keys     []string `json:"keys,omitempty"`     // idempotency keys
}

// logSize is how many entries are kept; the numbers tell when more were lost.
const logSize = 500_000

// record is the log with what is counted from it.
type record struct {
	mu      sync.Mutex
	entries []Entry
	written int
	wire    map[string]*WireCounters
}

// WireCounters count what was asked of one machine over the wire.
type WireCounters struct {
	Requests     int `json:"requests"`   // HTTP requests in all
	Handshakes   int `json:"handshakes"` // of them legs of an authentication
	Operations   int `json:"operations"` // of them enumerations, pulls, methods, shells
	Logons       int `json:"logons"`     // connections on which an account was accepted
	FailedLogons int `json:"failed_logons"`
	// Calls are the requests to Timago's interface by kind: "GET /stations/{id}".
	Calls       map[string]int `json:"calls,omitempty"`
	connections map[uint64]bool
}

func newRecord() *record { return &record{wire: map[string]*WireCounters{}} }

func (r *record) add(e Entry) {
	r.written++
	e.Number = r.written
	if len(r.entries) >= 2*logSize {
		r.entries = slices.Clone(r.entries[len(r.entries)-logSize:])
	}
	r.entries = append(r.entries, e)
}

// happened writes down what the world tells.
func (r *record) happened(e world.Entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.add(Entry{Simulated: e.Time, Real: time.Now(), Machine: e.Machine, Kind: string(e.Kind), Detail: e.Detail})
}

// asked writes down a request over the wire.
func (r *record) asked(machine string, simulated time.Time, e wsman.Entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.add(Entry{
		Simulated: simulated, Real: e.Time, Machine: machine, Wire: true, Kind: string(e.Kind), Detail: e.Detail(),
		User: e.User, Connection: e.Connection, Handshake: e.Handshake, FailedLogon: e.FailedLogon, Sealed: e.Sealed,
		Status: e.Status, Fault: e.Fault, Trouble: string(e.Trouble),
	})
	c := r.wire[machine]
	if c == nil {
		c = &WireCounters{connections: map[uint64]bool{}}
		r.wire[machine] = c
	}
	c.Requests++
	switch {
	case e.Handshake:
		c.Handshakes++
	case e.FailedLogon:
		c.FailedLogons++
	case e.Kind != wsman.Logon:
		c.Operations++
	}
	if e.Authenticated && !c.connections[e.Connection] {
		c.connections[e.Connection] = true
		c.Logons++
	}
}

// knocked writes down a connection to the KMS port.
func (r *record) knocked(machine string, simulated time.Time, said int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.add(Entry{Simulated: simulated, Real: time.Now(), Machine: machine, Wire: true, Kind: KindKMSPort, Detail: fmt.Sprintf("%d bytes were said", said)})
}

// interfaced writes down a request to Timago's interface.
func (r *record) interfaced(simulated time.Time, e timagoserver.Entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.add(Entry{
		Simulated: simulated, Real: e.Time, Machine: world.Timago, Wire: true, Kind: "api", Detail: strings.TrimSpace(e.Call + " " + e.Command),
		Status: e.Status, Trouble: string(e.Fault), Method: e.Method, Path: e.Path, Query: e.Query, Stations: e.Stations, Keys: e.Keys,
	})
	c := r.wire[world.Timago]
	if c == nil {
		c = &WireCounters{Calls: map[string]int{}}
		r.wire[world.Timago] = c
	}
	c.Requests++
	c.Calls[e.Call]++
	if e.Status == http.StatusUnauthorized {
		c.FailedLogons++
	}
}

// since gives the entries after a number, in order.
func (r *record) since(number int) []Entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	entries := r.entries[max(0, len(r.entries)-logSize):]
	if len(entries) > 0 {
		entries = entries[min(len(entries), max(0, number+1-entries[0].Number)):]
	}
	return slices.Clone(entries)
}

func (r *record) counters() map[string]WireCounters {
	r.mu.Lock()
	defer r.mu.Unlock()
	counters := make(map[string]WireCounters, len(r.wire))
	for machine, c := range r.wire {
		copied := *c
		copied.Calls = maps.Clone(c.Calls)
		counters[machine] = copied
	}
	return counters
}
