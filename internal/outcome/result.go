package outcome

import (
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/pool"
)

// Result is what a cycle did. It is true and complete also beside an error.
type Result struct {
	Started, Finished      time.Time
	Restarts, Asked, Woken int                 // Asked: to make counts
	Unconfirmed            int                 // further restarts that were commanded, and not seen to be carried out
	AskedAfter             int                 // asked again once the thresholds held, since they were not licensed yet
	Counts                 map[kms.Product]int // last read from the host
	ByStation              map[string]StationResult
	Memory                 pool.Memory
}

// Outcome says in a word where a station's part ended.
type Outcome string

// Outcomes of a station's part.
const (
	Unneeded  Outcome = "unneeded"   // nothing was needed of it
	TookPart  Outcome = "took part"  // what was asked of it was done
	LeftOut   Outcome = "left out"   // it adds nothing, or nothing more: see the reason
	UnderWay  Outcome = "under way"  // the cycle ended before its part did
	NotJudged Outcome = "not judged" // it had not been read when the cycle ended
)

// StationResult is one station's part.
type StationResult struct {
	Restarts        int // those that Windows took, or that were seen
	Unconfirmed     int // further commands to restart that may have been carried out, which nobody saw
	Asked           int // requests for activation that were made on our command
	Counted         int // counts it added, with evidence
	Woken           bool
	BootedAfterWake bool // it was off when it was woken, as its uptime showed
	Outcome         Outcome
	Reason          string // in words; empty where there is nothing to say
}

// UserLoggedOn is the reason why a station is left alone that somebody uses.
const UserLoggedOn = "a user is logged on"
