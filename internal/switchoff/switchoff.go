// Package switchoff switches off again what a cycle has woken. No count needs it, so nothing
// is forced.
package switchoff

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

// Site is what switching off asks of the world. Every call ends when its context ends.
type Site interface {
	Presence(ctx context.Context, station string) (kms.Presence, error)
	// Shutdown switches a station off. Somebody who is logged on makes it refuse.
	Shutdown(ctx context.Context, station string) error
}

// Round is what is known of the cycle whose stations are switched off.
type Round struct {
	Ledger      *ledger.Ledger           // of the cycle's KMS host
	Key         func(name string) string // the same for every name of a station, as in the ledger
	IgnoreUsers []string
	Progress    func(outcome.Event) // gets what happens, one after the other; may be nil
}

const (
	atOnce        = 64
	presenceLimit = 30 * time.Second
	// shutdownLimit is long enough for Windows to go down where a Site follows that.
	shutdownLimit = 2 * time.Minute
)

// Woken switches off the stations that a cycle woke, side by side, but for those that may
// have been on all along, that somebody uses or that another running cycle counts on. Call
// it after the last read of them; once ctx has ended nothing is begun. It gives the woken
// stations that were not switched off, each with the reason.
func (r Round) Woken(ctx context.Context, site Site, result outcome.Result) map[string]string {
	left := map[string]string{}
	var reporting sync.Mutex
	var group errgroup.Group
	group.SetLimit(atOnce)
	for _, name := range slices.Sorted(maps.Keys(result.ByStation)) {
		if !result.ByStation[name].Woken {
			continue
		}
		group.Go(func() error {
			event := outcome.Event{Kind: outcome.KindSwitchedOff, Station: name}
			reason := bootNeverSeen
			if result.ByStation[name].BootedAfterWake {
				reason = r.switchOff(ctx, site, name)
			}
			reporting.Lock()
			defer reporting.Unlock()
			if reason != "" {
				left[name] = reason
				event.Kind, event.Reason = outcome.KindLeftOn, reason
			}
			if r.Progress != nil {
				r.Progress(event)
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
func (r Round) switchOff(ctx context.Context, site Site, name string) string {
	done, free := r.Ledger.TakeIdle(r.Key(name))
	if !free {
		return "another cycle counts on it"
	}
	defer done()
	limited, cancel := context.WithTimeout(ctx, presenceLimit)
	defer cancel()
	seen, err := site.Presence(limited, name)
	switch user := seen.InUse(r.IgnoreUsers); {
	case ctx.Err() != nil:
		return "the apply ended before it could be switched off"
	case err != nil:
		return "who uses it could not be read: " + err.Error()
	case user != "":
		return outcome.UserLoggedOn
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
