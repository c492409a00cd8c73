package stationaction

import (
	"context"
	"errors"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
)

// inUse says who is in the way.
type inUse struct{ user string }

func (e *inUse) Error() string { return "it is in use by " + e.user }

func (e *inUse) Unwrap() error { return kms.ErrInUse }

func (e *inUse) Advice() string {
	return `when_in_use = "skip" leaves stations that are in use as they are; "force" sends the user out, who loses unsaved work.`
}

// refuses gives the reason to leave a station alone that a user is at; nil where there is
// none.
func (o order) refuses(user string) error {
	switch {
	case user == "" || o.whenInUse == whenInUseForce:
		return nil
	case o.whenInUse == whenInUseSkip:
		return &spared{&inUse{user}}
	}
	return &inUse{user}
}

// refused is a refusal by Windows or Timago itself: somebody has logged on since we looked.
func (o order) refused(err error) error {
	if !errors.Is(err, kms.ErrInUse) {
		return err
	}
	if left := o.refuses("somebody who has just logged on"); left != nil {
		return left
	}
	return err
}

// lookEvery is how often a station is looked at that is to start.
const lookEvery = 2 * time.Second

// unfinished: what was told was not seen to its end.
type unfinished struct {
	told    string // "it was told to restart"
	missing string // "it has not come back"
	cause   error  // of the end: the station's time, or the whole run
	last    error  // what was seen last; nil: it answered
}

func (e *unfinished) Error() string {
	text := e.told + ", and " + e.missing
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

// look calls is again and again until it says so, or ctx ends; then it gives what was
// seen last.
func look(ctx context.Context, is func() (bool, error)) (ended bool, last error) {
	timer := time.NewTimer(lookEvery)
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
		timer.Reset(lookEvery)
	}
}
