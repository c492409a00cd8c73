package cycle

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/ledger"
	"github.com/timago/terraform-provider-timago/internal/outcome"
)

// shutdownLimit is a hard deadline, long enough for Windows to go down where a Site
// follows that.
const shutdownLimit = 2 * time.Minute

// SwitchOff switches off again the stations that a job's cycle woke, side by side, but for
// those that may have been on all along, that somebody uses or that another running cycle
// counts on. No count needs it, so nothing is forced. Call it after the last read of them;
// once ctx has ended nothing is begun. It gives the woken stations that were not switched
// off, each with the reason.
func (e *Engine) SwitchOff(ctx context.Context, site Shutdowner, job Job, result outcome.Result) map[string]string {
	shared := e.ledgers.Of(job.Host)
	left := map[string]string{}
	var telling sync.Mutex
	var group errgroup.Group
	group.SetLimit(readsAtOnce)
	for _, name := range slices.Sorted(maps.Keys(result.ByStation)) {
		if !result.ByStation[name].Woken {
			continue
		}
		group.Go(func() error {
			event := outcome.Event{Kind: outcome.KindSwitchedOff, Station: name}
			reason := bootNeverSeen
			if result.ByStation[name].BootedAfterWake {
				reason = job.switchOff(ctx, site, shared, name)
			}
			telling.Lock()
			defer telling.Unlock()
			if reason != "" {
				left[name] = reason
				event.Kind, event.Reason = outcome.KindLeftOn, reason
			}
			if job.Progress != nil {
				job.Progress(event)
			}
			return nil
		})
	}
	_ = group.Wait() // no station returns an error here
	return left
}

// bootNeverSeen: a station may only have failed to answer, and answered again by itself.
const bootNeverSeen = "no start of it was seen after it was woken: it may have been on all along"

// switchOff gives the reason why a station was not switched off; empty where it was.
func (j Job) switchOff(ctx context.Context, site Shutdowner, shared *ledger.Ledger, name string) string {
	done, free := shared.TakeIdle(j.key(name))
	if !free {
		return "another cycle counts on it"
	}
	defer done()
	looking, cancel := context.WithTimeout(ctx, callLimits[presence])
	defer cancel()
	seen, err := site.Presence(looking, name)
	switch user := seen.InUse(j.Limits.IgnoreUsers); {
	case ctx.Err() != nil:
		return "the apply ended before it could be switched off"
	case err != nil:
		return "who uses it could not be read: " + err.Error()
	case user != "":
		return userReason
	}
	shutting, cancel := context.WithTimeout(ctx, shutdownLimit)
	defer cancel()
	switch err := site.Shutdown(shutting, name); {
	case err == nil:
		return ""
	case errors.Is(err, kms.ErrUnknownOutcome):
		return "whether it was switched off is not known: " + err.Error()
	default:
		return "it could not be switched off: " + err.Error()
	}
}
