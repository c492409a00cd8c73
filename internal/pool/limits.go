package pool

import "time"

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

// WithDefaults fills in what is not set.
func (l Limits) WithDefaults() Limits {
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
