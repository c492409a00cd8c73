// Package cycle brings a KMS host's counts to their thresholds with the fewest restarts in
// the least time, without disturbing anyone, and stops. What it promises stands in
// promises.go, A0 to A19.
//
// Deciding and doing are apart. The cycle is a state machine on one goroutine: the moment
// and the results of calls go in, calls and the next moment to look come out. The Engine
// (engine.go) carries the calls out. Nothing here knows a network or Terraform; the world
// comes in through Site.
//
// Every member is in one phase. phases.go has them and the table of all ways between them;
// this is its gist:
//
//	unread ── read ──> ready <──────────── start ended, asked, in use, not needed ──────────┐
//	  │ ▲               │ ├── ask ──> asking ──────── answers awaited ────> awaiting ───────┤
//	  │ │ answer        │ │                ▲                                    │ ▲         │
//	  ▼ │               │ │                └────────────── no request ──────────┘ │         │
//	silent              │ └── chosen ──> checking ── command ──> stopping         │         │
//	  │ ▲               │                                           │ commanded   │         │
//	  ▼ │ wake sent     │ closing                                   ▼             │         │
//	waking              ▼                                          down ── back ──> returned
//	                 closing                    everything may also end in: out
//
// The round after every report and every due alarm is in deciding.go: members that can be
// asked are asked, members that are off are woken, and only then stations are restarted
// (choosing.go picks them, by what package scheduler says). restarting.go follows a restart
// until the station is back, awaiting.go until its request was seen, by what package evidence
// holds of the host's log and the stations' events. progress.go ends every wait, ending.go
// the cycle.
package cycle
