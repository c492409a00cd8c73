package cycle

import (
	"math/bits"
	"time"

	"github.com/timago/terraform-provider-timago/internal/pool"

	"github.com/timago/terraform-provider-timago/internal/kms"
)

// products is a set of managed products, by their place in the cycle's list.
type products uint8

func only(p int) products                   { return 1 << p }
func (s products) has(p int) bool           { return s&only(p) != 0 }
func (s products) with(p int) products      { return s | only(p) }
func (s products) without(p int) products   { return s &^ only(p) }
func (s products) first() (int, bool)       { return bits.TrailingZeros8(uint8(s)), s != 0 }
func (s products) contains(t products) bool { return s&t == t }

func (s products) list() []int {
	var list []int
	for p := range 8 {
		if s.has(p) {
			list = append(list, p)
		}
	}
	return list
}

// phase is where a station's part stands.
type phase uint8

const (
	unread   phase = iota // its first read is under way
	away                  // it does not answer; tried again now and then
	ready                 // read, up, nothing asked of it
	asking                // being asked to activate
	waking                // being switched on
	checking              // looked at once more, immediately before its restart
	stopping              // its restart is being commanded
	down                  // restarted: watched until it is back
	returned              // back: its licences are read
	awaiting              // its request to the host is awaited
	closing               // the thresholds hold: asked where unlicensed, and read back
	out                   // adds nothing more, see reason
	phases                // how many there are
)

// station is what the cycle knows of one member.
type station struct {
	name  string
	key   string // what other cycles know it by
	index int    // in the job's order: breaks ties
	phase phase

	alarm time.Time // when it wants attention; meaningless while slot < 0
	slot  int       // in the alarms

	// As last read.
	read      bool // completely, at least once
	up        bool // it answered last
	presence  kms.Presence
	seen      time.Time // when presence or uptime was read, on the cycle's clock
	licensing kms.Licensing
	licensed  time.Time // when licensing was read
	lastError error     // of the last call that failed

	adds          products // what a start of it can add to
	exhausted     products // what it was found to add nothing to
	pendingCounts products // counts it has under way
	toAsk         products // what it is yet to be asked, while asking

	// The start under way, or the last one.
	holdsLedger     bool // busy by us, in the ledger
	started         bool // by our restart or wake, or while we waited; its request is awaited
	startedByUs     bool // by our restart
	outcomeUnknown  bool // whether the restart's command was carried out
	pollsBefore     int  // looks at the host begun before it
	before          kms.Uptime
	cmidBefore      kms.CMID // of Windows, before
	startedAt       time.Time
	backAt          time.Time // when it was seen back
	waitingSince    time.Time // since when its request is waited for: its return, or when it was asked
	watch           watch
	lastLook        time.Duration // of the watch's last look
	looks           int           // of the watch
	askedAfterStart bool          // asked, since no request was seen
	tries           int           // of a call that failed and is repeated
	requestsRead    bool          // its requests were read in this round of asking
	requestsStale   bool          // … and were not since it was asked

	unreachableSince   time.Time     // since when it has not answered; zero: it does, or was not tried
	expectedBack       bool          // it may be coming back from a restart of an earlier run
	bootedWhileWaiting bool          // it came up while the cycle waited
	wakeError          error         // why it could not be switched on
	waitsForUser       bool          // somebody uses it: not looked at again before the alarm
	isCandidate        bool          // in the list of candidates for a restart
	expectedCycle      time.Duration // its cycle, as it stands in that list
	excluded           bool          // it was left out, for the reason given

	closingDone    bool          // the closing round has come to it
	closingPlanned bool          // … and knows whom to ask
	closingQueue   []kms.Licence // still to be asked there

	pace            pool.Pace
	restarts        int
	asked           int
	counted         int
	woken           bool
	wakePending     bool   // woken, and not read since
	bootedAfterWake bool   // … and read then: it had been off
	reason          string // why it is left out, or cannot be restarted
}

// clock is what the station's own clock shows.
func (s *station) clock(now time.Time) time.Time { return s.presence.Now.Add(now.Sub(s.seen)) }

// age is how long it has been up.
func (s *station) age(now time.Time) time.Duration { return s.clock(now).Sub(s.presence.Boot) }

func (s *station) sawUptime(u kms.Uptime, now time.Time) {
	s.presence.Uptime, s.seen, s.up = u, now, true
}

// askable is a licence of the product that Activate may be called on.
func (s *station) askable(p kms.Product) (kms.Licence, bool) {
	for _, l := range s.licensing.Of(p) {
		if l.CanAsk() {
			return l, true
		}
	}
	return kms.Licence{}, false
}

func (c *cycle) isWindows(p int) bool { return c.managed[p] == kms.Windows }

// result is the station's part as it stands.
func (s *station) result() StationResult {
	r := StationResult{
		Restarts: s.restarts, Asked: s.asked, Counted: s.counted, Woken: s.woken, BootedAfterWake: s.bootedAfterWake,
		Outcome: Unneeded, Reason: s.reason,
	}
	switch s.phase {
	case out:
		r.Outcome = LeftOut
	case unread:
		r.Outcome = NotJudged
	case away:
		r.Outcome = LeftOut
		if r.Reason == "" && s.lastError != nil {
			r.Reason = "it does not answer: " + s.lastError.Error()
		}
	case stopping, down, returned, awaiting, waking:
		r.Outcome = UnderWay
		if r.Reason == "" {
			r.Reason = underWayReasons[s.phase]
		}
	case ready, asking, checking, closing, phases:
		if s.restarts+s.asked > 0 || s.woken {
			r.Outcome = TookPart
		}
	}
	return r
}

var underWayReasons = map[phase]string{
	stopping: "its restart was commanded, the outcome is not known",
	down:     "it was restarted and had not come back yet",
	returned: "it was restarted and came back; its licences were not read any more",
	awaiting: "it was restarted and came back; its request had not been seen yet",
	waking:   "it was being switched on",
}
