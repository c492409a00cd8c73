package cycle

import (
	"fmt"
	"time"
)

// phase is where a station's part stands.
type phase uint8

const (
	unread   phase = iota // it is being read
	silent                // it does not answer; tried again now and then
	ready                 // read, up, nothing asked of it
	asking                // being asked to activate
	waking                // being switched on
	checking              // its user is looked at once more, immediately before its restart
	stopping              // its restart is being commanded
	down                  // restarted: watched until it is back
	returned              // back: its licences are read
	awaiting              // its request to the host is awaited
	closing               // no more counts are made: asked where unlicensed, and read back
	out                   // adds nothing more, see reason
	phases                // how many there are
)

var phaseNames = [phases]string{
	"unread", "silent", "ready", "asking", "waking", "checking", "stopping", "down", "returned", "awaiting", "closing", "out",
}

func (p phase) String() string { return phaseNames[p] }

// occasion is what moves a station from one phase to another.
type occasion uint8

const (
	onRead            occasion = iota // all but its users was read
	onNoAnswer                        // it gave no answer
	onAnswer                          // it answers a probe
	onWake                            // it was chosen to be switched on
	onWakeSent                        // the command to switch it on was sent, or failed
	onAsk                             // it was chosen to be asked
	onAsked                           // everything was asked and counted
	onAnswersAwaited                  // everything was asked, and something is yet to be seen
	onBoot                            // it started by itself, or since it was woken
	onChosen                          // it was chosen to be restarted
	onInUse                           // a user is logged on
	onStale                           // it has started since its licences were read
	onNotNeeded                       // its restart is no longer needed, or fits no longer
	onCommand                         // nobody is logged on: its restart is commanded
	onCommanded                       // the command was taken, or may have been
	onShutdownPending                 // somebody else has scheduled a shutdown
	onBack                            // it started anew
	onNotCarriedOut                   // it never went down
	onLicencesRead                    // its licences were read after its start
	onNoRequest                       // no request was seen after its start
	onStartEnded                      // its requests were seen, or nobody waits for them
	onExcluded                        // it adds nothing more
	onClosing                         // the closing round has come to it
	onClosed                          // … and is through with it
	onClosedOut                       // … and it had been left out before
	occasions
)

var occasionNames = [occasions]string{
	"read", "no answer", "answer", "wake", "wake sent", "ask", "asked", "answers awaited", "boot", "chosen", "in use", "stale", "not needed",
	"command", "commanded", "shutdown pending", "back", "not carried out", "licences read", "no request", "start ended", "excluded",
	"closing", "closed", "closed out",
}

func (o occasion) String() string { return occasionNames[o] }

// transition is one way from a phase to another, and what is started on it.
type transition struct {
	from   phase
	on     occasion
	to     phase
	starts string
}

// transitions are all there are. A station changes its phase by one of them or not at all.
var transitions = []transition{
	{unread, onRead, ready, "it may be asked or restarted"},
	{unread, onNoAnswer, silent, "probes, ever rarer"},
	{unread, onExcluded, out, ""},

	{silent, onNoAnswer, silent, "probes, ever rarer"},
	{silent, onAnswer, unread, "a complete read"},
	{silent, onWake, waking, "the command to switch it on"},
	{waking, onWakeSent, silent, "probes until it has started"},
	{silent, onExcluded, out, ""},

	{ready, onAsk, asking, "its events and licences are read where they decide, then Activate"},
	{ready, onBoot, awaiting, "polls of the host"},
	{ready, onChosen, checking, "a look at its user"},
	{ready, onClosing, closing, "a read of its licences"},
	{ready, onExcluded, out, ""},

	{asking, onAsked, ready, "it may be restarted"},
	{asking, onAnswersAwaited, awaiting, "polls of the host"},
	{asking, onStartEnded, ready, "it may be restarted again"},
	{asking, onNoAnswer, silent, "probes, ever rarer"},
	{asking, onExcluded, out, ""},

	{checking, onCommand, stopping, "the command to restart"},
	{checking, onInUse, ready, "a look at its user half a minute later, or never"},
	{checking, onStale, unread, "a complete read"},
	{checking, onNotNeeded, ready, "it may be restarted later"},
	{checking, onNoAnswer, silent, "probes, ever rarer"},
	{checking, onExcluded, out, ""},

	{stopping, onCommanded, down, "probes around the moment at which it is expected back"},
	{stopping, onInUse, ready, "a look at its user half a minute later, or never"},
	{stopping, onShutdownPending, ready, "another try half a minute later"},
	{stopping, onNoAnswer, silent, "probes, ever rarer"},
	{stopping, onExcluded, out, ""},

	{down, onBack, returned, "a read of its licences"},
	{down, onNotCarriedOut, ready, "it may be restarted again"},
	{down, onExcluded, out, ""},

	{returned, onLicencesRead, awaiting, "polls of the host"},
	{returned, onStartEnded, ready, "nothing: the cycle is closing"},
	{returned, onExcluded, out, ""},

	{awaiting, onStartEnded, ready, "it may be restarted again"},
	{awaiting, onNoRequest, asking, "its events are read, then Activate"},
	{awaiting, onExcluded, out, ""},

	{closing, onClosed, ready, ""},
	{closing, onClosedOut, out, ""},
	{out, onClosing, closing, "a read of its licences"},
}

// next gives the phase after each; from itself where no transition is listed.
var next = func() (table [phases][occasions]phase) {
	for from := range table {
		for on := range table[from] {
			table[from][on] = phases
		}
	}
	for _, t := range transitions {
		table[t.from][t.on] = t.to
	}
	return table
}()

// unlistedError is a defect of the cycle itself: it ends before it does what nobody thought of.
type unlistedError struct {
	station string
	from    phase
	on      occasion
}

func (e *unlistedError) Error() string {
	return fmt.Sprintf("defect of the provider: station %s is %q, and %q leads nowhere from there", e.station, e.from, e.on)
}

// move is the only way from one phase to another.
func (c *cycle) move(s *station, on occasion) {
	to := next[s.phase][on]
	if to == phases {
		c.fail(&unlistedError{s.name, s.phase, on})
		return
	}
	if c.moved != nil {
		c.moved(s.phase, on)
	}
	c.in[s.phase]--
	c.in[to]++
	c.keepTime(s)
	s.phase = to
	if !s.awaited() {
		s.awaitedSince = time.Time{}
	}
}
