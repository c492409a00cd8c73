package stationaction

import (
	"context"
	"errors"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
)

// inUse says who is in the way.
type inUse struct {
	user   string
	waited bool // until the station's time was over
}

func (e *inUse) Error() string {
	if e.waited {
		return "it was still in use by " + e.user + " at the end of station_timeout"
	}
	return "it is in use by " + e.user
}

func (e *inUse) Unwrap() error { return kms.ErrInUse }

func (e *inUse) Advice() string {
	return `when_in_use = "skip" leaves stations that are in use as they are; "force" sends the user out, who loses unsaved work.` +
		" A longer station_timeout waits longer for them to log off."
}

// unused asks a station until nobody uses it, and gives its last answer. Where users are sent
// out it asks once, and where stations in use are left alone that is its error.
func unused[T any](ctx context.Context, o order, say say, ask func() (T, error), user func(T) string) (T, error) {
	found, err := ask()
	if err != nil || user(found) == "" || o.whenInUse == kms.ForceWhenInUse {
		return found, err
	}
	who := user(found)
	if o.whenInUse == kms.SkipWhenInUse {
		return found, &skipped{&inUse{user: who}}
	}
	say("waiting until %s logs off", who)
	free, _ := poll(ctx, func() (bool, error) {
		again, err := ask()
		if err != nil {
			return false, err
		}
		found, who = again, user(again)
		return who == "", nil
	})
	if !free {
		return found, &inUse{user: who, waited: true}
	}
	return found, nil
}

// justLoggedOn names nobody: Windows and Timago refuse without saying whom they mean.
const justLoggedOn = "somebody who has just logged on"

// commandIdle commands a station that nobody uses. It may still be refused, since somebody has
// logged on since we looked; it is then waited for that user too, or it is left alone.
func commandIdle(ctx context.Context, o order, say say, send func() error) error {
	for {
		err := send()
		if !errors.Is(err, kms.ErrInUse) || o.whenInUse == kms.ForceWhenInUse || errors.As(err, new(*inUse)) {
			return err
		}
		if o.whenInUse == kms.SkipWhenInUse {
			return &skipped{&inUse{user: justLoggedOn}}
		}
		say("waiting until %s logs off", justLoggedOn)
		if paused, _ := poll(ctx, func() (bool, error) { return true, nil }); !paused {
			return &inUse{user: justLoggedOn, waited: true}
		}
	}
}

// pollEvery is how often a station is looked at that is to start.
const pollEvery = 2 * time.Second

// unfinished: what was commanded was not seen to its end.
type unfinished struct {
	done    string // "it was told to restart"
	missing string // "it has not come back"
	cause   error  // of the end: the station's time, or the whole run
	last    error  // what was seen last; nil: it answered
}

func (e *unfinished) Error() string {
	text := e.done + ", and " + e.missing
	if errors.Is(e.cause, context.DeadlineExceeded) {
		text += " within station_timeout"
	} else {
		text += " when this was cancelled"
	}
	if e.last != nil {
		text += ": " + e.last.Error()
	}
	return text
}

func (e *unfinished) Unwrap() error { return e.cause }

func (e *unfinished) Advice() string {
	if errors.Is(e.cause, context.DeadlineExceeded) {
		return "Look at the stations, or raise station_timeout. What they were told is not taken back."
	}
	return "What stations were told is not taken back."
}

// poll calls is again and again until it says so, or ctx ends; then it gives what was
// seen last.
func poll(ctx context.Context, is func() (bool, error)) (ended bool, last error) {
	timer := time.NewTimer(pollEvery)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return false, last
		case <-timer.C:
		}
		done, err := is()
		if done {
			return true, err
		}
		if ctx.Err() == nil {
			last = err
		}
		timer.Reset(pollEvery)
	}
}
