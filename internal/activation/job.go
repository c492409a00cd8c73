package activation

import (
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
)

// InUse says what becomes of a station that somebody uses.
type InUse string

// Ways to treat a station in use.
const (
	WaitWhenInUse  InUse = "wait"  // come back to it later
	SkipWhenInUse  InUse = "skip"  // leave it out
	ForceWhenInUse InUse = "force" // restart it all the same
)

// Spread says who makes the counts.
type Spread string

// Ways to spread the counts over the stations.
const (
	SpreadFastest Spread = "fastest" // in the least time
	SpreadEven    Spread = "even"    // every station its equal share
)

// Limits bound a cycle. A zero value means the default.
type Limits struct {
	MaxParallel           int           // stations down at a time; default 10
	MaxRestartsPerStation int           // default 10
	StationTimeout        time.Duration // from the restart until the station is back; default 15 minutes
	WhenInUse             InUse         // default WaitWhenInUse
	IgnoreUsers           []string      // users who do not keep a station from being restarted
	Spread                Spread        // default SpreadFastest
	Wake                  bool          // switch stations on that do not answer, where the Site is a Waker
}

func (l Limits) withDefaults() Limits {
	if l.MaxParallel <= 0 {
		l.MaxParallel = 10
	}
	if l.MaxRestartsPerStation <= 0 {
		l.MaxRestartsPerStation = 10
	}
	if l.StationTimeout <= 0 {
		l.StationTimeout = 15 * time.Minute
	}
	if l.WhenInUse == "" {
		l.WhenInUse = WaitWhenInUse
	}
	if l.Spread == "" {
		l.Spread = SpreadFastest
	}
	return l
}

// Job is one cycle to run.
type Job struct {
	Host       string              // the KMS host: cycles on the same one share a ledger
	Members    []string            // stations, as Site knows them
	Key        func(string) string // the same for every name of a station; nil: its only name
	Thresholds map[kms.Product]int // of the managed products; one of 0 is left out
	Limits     Limits
	Window     *Window // when stations may be started; nil: always
	Memory     Memory
	Progress   func(Event) // told what happens, in order; may be nil, must not block
}

// key tells cycles in this process that they mean the same station.
func (j Job) key(station string) string {
	if j.Key == nil {
		return station
	}
	return j.Key(station)
}

// Memory is what a cycle learnt that the next one can use.
type Memory struct {
	Paces map[string]Pace `json:"paces,omitempty"` // by station
	// Proof is when a restart last brought a new client machine id, on that station's
	// clock; zero: never seen.
	Proof time.Time `json:"proof,omitzero"`
}

// Pace is how long a station's cycle takes.
type Pace struct {
	Return  Span `json:"return"`  // from the restart's command until it answers
	Request Span `json:"request"` // from then until its request was counted
}

// cycle is the whole of it; 0 where it is not known.
func (p Pace) cycle() time.Duration {
	if p.Return.Samples == 0 {
		return 0
	}
	return p.Return.Mean + p.Request.Mean
}

// Result is what a cycle did. It is true and complete also beside an error.
type Result struct {
	Started, Finished      time.Time
	Restarts, Asked, Woken int                 // Asked: to make counts
	AskedAfter             int                 // asked again once the thresholds held, since they were not licensed yet
	Counts                 map[kms.Product]int // last read from the host
	ByStation              map[string]StationResult
	Memory                 Memory
}

// Outcome says in a word where a station's part ended.
type Outcome string

// Outcomes of a station's part.
const (
	Spared    Outcome = "spared"     // nothing was needed of it
	Took      Outcome = "took part"  // what was asked of it was done
	LeftOut   Outcome = "left out"   // it adds nothing, or nothing more: see the reason
	UnderWay  Outcome = "under way"  // the cycle ended before its part did
	NotJudged Outcome = "not judged" // it had not been read when the cycle ended
)

// StationResult is one station's part.
type StationResult struct {
	Restarts int // commands to restart that were, or may have been, carried out
	Asked    int // requests for activation that were made on our command
	Counted  int // counts it added, with evidence
	Woken    bool
	Roused   bool // it was off when it was woken, as its uptime showed
	Outcome  Outcome
	Reason   string // in words; empty where there is nothing to say
}
