package cycle

import (
	"context"
	"errors"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
)

// verb names a call to the Site.
type verb uint8

const (
	probe verb = iota // reads, up to requests
	whole             // everything but who uses it
	presence
	licensing
	requests
	activate
	restart
	wake
	pollHost // at the host: its log, then its counts
)

// limits are hard deadlines of calls. Licensing classes can take a minute on first use
// and Activate longer; the other queries are short.
var callLimits = [...]time.Duration{
	probe: 15 * time.Second, whole: 90 * time.Second, presence: 30 * time.Second, licensing: 90 * time.Second, requests: time.Minute,
	activate: 3 * time.Minute, restart: time.Minute, wake: 30 * time.Second, pollHost: 2 * time.Minute,
}

// call is something to be asked of the Site.
type call struct {
	verb       verb
	station    *station  // nil for pollHost
	licence    string    // of activate
	force      bool      // of restart
	since      time.Time // of requests and pollHost, on the answering machine's clock
	withoutLog bool      // pollHost: leave the log out
	withClock  bool      // pollHost: read its clock as well
	queued     bool      // it took its turn among the reads
	settled    int       // pollHost: the ledger's when it began
}

// report is what came of a call.
type report struct {
	call
	err       error
	whole     kms.Station
	presence  kms.Presence // of probe, only Uptime
	licensing kms.Licensing
	exchanges []kms.Exchange
	host      kms.Host
	clock     kms.Uptime // of the host
	counted   []kms.Counted
	logErr    error // of reading the host's log
}

// carryOut makes the call. It returns when ctx ends at the latest.
func (c call) carryOut(ctx context.Context, site Site) report {
	ctx, cancel := context.WithTimeout(ctx, callLimits[c.verb])
	defer cancel()
	r := report{call: c}
	switch c.verb {
	case probe:
		r.presence.Uptime, r.err = site.Probe(ctx, c.station.name)
	case whole:
		r.whole, r.err = site.Station(ctx, c.station.name)
	case presence:
		r.presence, r.err = site.Presence(ctx, c.station.name)
	case licensing:
		r.licensing, r.err = site.Licensing(ctx, c.station.name)
	case requests:
		r.exchanges, r.err = site.Requests(ctx, c.station.name, c.since)
	case activate:
		r.err = site.Activate(ctx, c.station.name, c.licence)
	case restart:
		r.err = site.Restart(ctx, c.station.name, c.force)
	case wake:
		r.err = errNoWaker
		if waker, can := site.(Waker); can {
			r.err = waker.Wake(ctx, c.station.name)
		}
	case pollHost:
		// The log first: what it shows is then contained in the counts read after it.
		if c.withClock {
			r.clock, _ = site.Clock(ctx) // where it cannot be read nothing is concluded from it
		}
		if !c.withoutLog {
			r.counted, r.logErr = site.Counted(ctx, c.since)
		}
		r.host, r.err = site.Host(ctx)
	}
	return r
}

var errNoWaker = errors.New("this site has no way to switch stations on")
