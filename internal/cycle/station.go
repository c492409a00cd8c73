package cycle

import (
	"strings"
	"time"

	"github.com/timago/terraform-provider-timago/internal/evidence"
	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/outcome"
	"github.com/timago/terraform-provider-timago/internal/scheduler"
)

// station is what the cycle knows of one member. What belongs to one phase stands in a
// struct that exists only as long as it matters: start, asking, silence, closing.
type station struct {
	name  string
	key   string // what other cycles know it by
	index int    // in the job's order: breaks ties, and names its alarm
	phase phase

	// As last read.
	read      bool // completely, at least once
	admitted  bool // it was told apart from all others
	up        bool // it answered last
	presence  kms.Presence
	seen      time.Time // when presence or uptime was read, on the cycle's clock
	licensing kms.Licensing
	licensed  time.Time // when licensing was read
	lastError error     // of the last call; nil where it succeeded

	adds          scheduler.Products // what a start of it can add to
	exhausted     scheduler.Products // what it was found to add nothing to
	pendingCounts scheduler.Products // counts that are under way
	refusals      map[string]int     // by licence, since its last start
	refused       evidence.Refusals  // licences that are asked no more

	start   *start        // from the choice of its restart, or the sight of another start, until its requests were judged
	asking  *attempt      // while it is asked to activate
	silence *silence      // since it did not answer, until it was read again
	closing *closingRound // once the closing round has come to it

	// How long something has been awaited of it without progress: see progress.go.
	withoutProgress  time.Duration // before awaitedSince
	awaitedSince     time.Time     // zero: nothing is awaited
	hostSilentBefore time.Duration

	waitsForUser    bool          // its alarm is waited for: a user is logged on, or Windows cannot be restarted now
	refusesSince    time.Time     // since when Windows refuses a restart although nobody is seen there
	lastRefusal     string        // of a request for activation
	skipped         bool          // since a user is logged on
	isCandidate     bool          // in the list of candidates for a restart
	expectedCycle   time.Duration // as it stands in that list
	excluded        bool          // for the reason given
	reachesHost     bool          // its own events show that the host answered it since it started
	eventsRead      bool          // for the host's count
	shutdownPending bool          // somebody else's shutdown was met there

	restarts         int // commanded, and not known not to be carried out
	unconfirmed      int // once it is left out: commanded, and not seen to be carried out
	asked            int
	counted          int
	woken            bool
	bootedAfterWake  bool
	reason           string // why it is left out, or cannot be restarted
	holdsLedger      bool   // its key is taken in the ledger
	firstReadPending bool
}

// start is a start of a station whose requests to the KMS host are awaited.
type start struct {
	begun          bool               // false while its user is looked at once more before a restart
	byUs           bool               // our restart; else it was woken, started by itself, or was asked with an unknown outcome
	stayedUp       bool               // it did not start, but was asked to activate: only requests after that count
	needs          scheduler.Products // what was missing when it was chosen
	unneeded       scheduler.Products // what was not missing then: it may add to it, and nothing waits for that
	outcomeUnknown bool               // whether the restart's command was carried out
	pollsBefore    int                // of the host, begun before it
	before         kms.Uptime         // last seen without a restart
	cmidBefore     kms.CMID           // of Windows
	wentSilent     bool               // a probe failed since
	at             time.Time          // of the command, or when the start was seen
	backAt         time.Time
	waitingSince   time.Time // since when its request is waited for: its return, or when it was asked
	watch          scheduler.Watch
	lastLook       time.Duration
	looks          int
	asked          bool // since no request was seen
	pollsAsked     int  // of the host, which show nothing of that
	failedReads    int
}

// attempt is a round of asking a station to activate.
type attempt struct {
	toAsk         scheduler.Products
	requestsRead  bool      // what it has asked already was read
	requestsStale bool      // … and it was asked since
	commandedAt   time.Time // the last Activate
	pollsBefore   int       // of the host, which cannot show it
	failures      int       // calls without an answer
	doubted       *doubt    // its events are to show that it reaches the host; nothing is asked
	forCounts     bool      // its events are to show the host's count; nothing is asked
}

// silence is a time in which a station does not answer.
type silence struct {
	since       time.Time
	pollsBefore int
	watch       scheduler.Watch
	lastLook    time.Duration
	answered    bool  // a probe was answered, and it is being read
	wakePending bool  // it was woken and not read since
	wakeError   error // why it could not be switched on
	unknownName bool  // its name resolves to nothing
	expected    expectation
}

// expectation is the reason to expect a count of a station that does not answer.
type expectation uint8

const (
	expectNothing     expectation = iota
	expectFromEarlier             // an earlier run may have restarted it
	expectStarted                 // its own uptime shows that it has started
	expectations
)

// closingRound is what was asked of a station once no more counts are made.
type closingRound struct{ asked []string } // licences

// started reports whether the requests of a start are awaited.
func (s *station) started() bool { return s.start != nil && s.start.begun }

func (s *station) startedByUs() bool { return s.started() && s.start.byUs }

// clock is what the station's own clock shows.
func (s *station) clock(now time.Time) time.Time { return s.presence.Now.Add(now.Sub(s.seen)) }

// age is how long it has been up.
func (s *station) age(now time.Time) time.Duration { return s.clock(now).Sub(s.presence.Boot) }

// canAdd reports whether a start can add to the product.
func (s *station) canAdd(p kms.Product) bool { return s.refused.CanAdd(s.licensing.Of(p)) }

// refusal says how the station's licences were refused; empty where none was.
func (s *station) refusal() string { return s.refused.Of(s.licensing.Licences) }

// afterRefusal puts the last refusal before what was seen since.
func (s *station) afterRefusal(reason string) string {
	if s.lastRefusal == "" || strings.Contains(reason, s.lastRefusal) {
		return reason
	}
	return strings.TrimSuffix("it was asked to activate and refused: "+s.lastRefusal+"; then "+reason, "; then ")
}

// booting tells of a station that was woken and was not seen up yet.
func (s *station) booting() bool { return s.phase == silent && s.woken && !s.read }

// isWaking tells of a station that is being switched on, and adds a count.
func (s *station) isWaking() bool { return s.phase == waking || s.booting() && s.pendingCounts != 0 }

func (c *cycle) isWindows(p int) bool { return c.managed[p] == kms.Windows }

// result is the station's part as it stands.
func (s *station) result() outcome.StationResult {
	r := outcome.StationResult{
		Restarts: s.restarts - s.unseenRestart(), Unconfirmed: s.unconfirmed + s.unseenRestart(), Asked: s.asked, Counted: s.counted, Woken: s.woken, BootedAfterWake: s.bootedAfterWake,
		Outcome: outcome.Unneeded, Reason: s.reason,
	}
	switch s.phase {
	case out:
		r.Outcome = outcome.LeftOut
	case unread:
		r.Outcome = outcome.NotJudged
	case silent:
		r.Outcome = outcome.LeftOut
		if r.Reason == "" && s.lastError != nil {
			r.Reason = "it does not answer: " + s.lastError.Error()
		}
	case stopping, down, returned, awaiting, waking:
		r.Outcome = outcome.UnderWay
		if r.Reason == "" {
			r.Reason = s.underWay()
		}
	case ready, asking, checking, closing, phases:
		switch {
		case s.skipped:
			r.Outcome = outcome.LeftOut
		case s.restarts+s.asked > 0 || s.woken:
			r.Outcome = outcome.TookPart
		}
	}
	r.Reason = s.afterRefusal(r.Reason)
	return r
}

// unseenRestart is 1 where its restart was commanded, and neither an answer nor a start has
// shown so far that it is carried out (A19).
func (s *station) unseenRestart() int {
	if s.startedByUs() && (s.phase == stopping || s.phase == down && s.start.outcomeUnknown) {
		return 1
	}
	return 0
}

// underWay says how far the station has come.
func (s *station) underWay() string {
	switch {
	case s.phase == waking:
		return "it was being switched on"
	case s.unseenRestart() > 0:
		return "its restart was commanded, the outcome is not known"
	case s.phase == down:
		return "it was restarted and had not come back yet"
	case s.phase == returned:
		return "it was restarted and came back; its licences were not read any more"
	case s.startedByUs():
		return "it was restarted and came back; its request had not been seen yet"
	case s.start.stayedUp:
		return "it was asked to activate; its request had not been seen yet"
	default:
		return "it has started; its request had not been seen yet"
	}
}
