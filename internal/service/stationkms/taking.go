package stationkms

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/site"
	"github.com/timago/terraform-provider-timago/internal/tfdiag"
)

// outcome is what came of making a station take part, or no longer.
type outcome struct {
	station   site.Station // as it was last seen in Timago
	system    string
	commanded bool  // something was changed or may have been
	err       error // what could not be commanded
	held      error // why the image that was wanted is not there; nil where it is only under way
}

var errNotConfigured = errors.New("the provider's configuration is not known, so Timago cannot be asked")

// lastLook bounds the look after a call was cancelled: Terraform waits for it, and the
// state must be true.
const lastLook = 5 * time.Second

// take sets the option of a station as it is wanted and resets the image where it was
// made with another. Where both are right nothing is commanded.
func take(ctx context.Context, s *site.Site, w wish, timeout time.Duration) outcome {
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	found, err := s.Find(limited, w.reference)
	if err != nil {
		return outcome{err: err}
	}
	system, err := found.OperatingSystem(w.system)
	if err != nil {
		return outcome{err: err}
	}
	done := outcome{system: system.Name}
	if system.KMSActivation == w.enabled && !system.Effective() {
		// A reset is wanted: its key is derived from the station as it is now.
		found, err = s.FindFresh(limited, found.ID)
		if err != nil {
			return outcome{err: err}
		}
	}
	done.station, err = s.SetKMSActivation(limited, found, system.Name, w.enabled)
	done.commanded = err == nil && system.KMSActivation != w.enabled
	if err != nil {
		// The answer may have been lost or unreadable, and the option set all the same.
		var seen bool
		done.station, seen = glance(ctx, s, found)
		done.commanded = seen && system.KMSActivation != w.enabled && done.option() == w.enabled
	}
	if err != nil && (!done.commanded || limited.Err() != nil) {
		done.err = err
		return done
	}
	if !done.holds(w) {
		done.reset(limited, s, w)
	}
	if w.wait && done.err == nil && !done.holds(w) {
		done.await(limited, s, w)
		if ctx.Err() != nil {
			done.station, _ = glance(ctx, s, done.station)
		}
	}
	return done
}

// passing tells whether the next answer may be another.
func passing(err error) bool {
	return errors.Is(err, kms.ErrUnreachable) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// glance looks at the station once more, also after the call was cancelled; false where
// that did not work, and the station as it was known.
func glance(ctx context.Context, s *site.Site, known site.Station) (site.Station, bool) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastLook)
	defer cancel()
	station, err := s.FindFresh(ctx, known.ID)
	if err != nil {
		return known, false
	}
	return station, true
}

// option is the option as it was last seen.
func (o *outcome) option() bool {
	system, err := o.station.OperatingSystem(o.system)
	return err == nil && system.KMSActivation
}

// holds tells whether option and image are as wanted.
func (o *outcome) holds(w wish) bool {
	system, err := o.station.OperatingSystem(o.system)
	return err == nil && system.KMSActivation == w.enabled && system.Effective()
}

// inUse says who is logged on.
type inUse struct{ user string }

func (e *inUse) Error() string { return e.user + " is logged on" }

func (e *inUse) Unwrap() error { return kms.ErrInUse }

func (e *inUse) Advice() string {
	return `The next apply resets the image once nobody is logged on. With when_in_use = "force" it is reset under the user, who loses unsaved work.`
}

// reset has the image made anew, unless somebody works on it. The server looks again: a
// user may log on between our look and its.
func (o *outcome) reset(ctx context.Context, s *site.Site, w wish) {
	o.held = nil
	if user := o.station.LoggedOnUser; user != "" && !w.force {
		o.held = &inUse{user: user}
		return
	}
	_, err := s.ResetImage(ctx, o.station, o.system, w.force)
	var refused *site.CommandError
	switch {
	case err == nil:
		o.commanded = true
	case errors.Is(err, kms.ErrInUse):
		o.commanded, o.held = true, err
		if now, seen := glance(ctx, s, o.station); seen && now.LoggedOnUser != "" {
			o.station, o.held = now, &inUse{user: now.LoggedOnUser}
		}
	case errors.As(err, &refused):
		o.commanded, o.held = true, err
	default:
		// The answer may have been lost here, too.
		now, seen := glance(ctx, s, o.station)
		if pending := now.Pending; seen && pending != nil && pending.Command == site.ResetImageCommand {
			o.station, o.commanded = now, true
			return
		}
		o.err = err
	}
}

const (
	// pollEvery is how often Timago is asked while an image is waited for.
	pollEvery = 3 * time.Second
	// idlePolls is how often no command may be seen at a station whose image is to be
	// made before that is believed.
	idlePolls = 3
)

var errNoCommand = errors.New("no command is under way for the station in Timago, and its image is still the old one")

// await waits until the image has started; where somebody was in its way also for that
// to end.
func (o *outcome) await(ctx context.Context, s *site.Site, w wish) {
	timer := time.NewTimer(pollEvery)
	defer timer.Stop()
	for idle := 0; idle < idlePolls; timer.Reset(pollEvery) {
		select {
		case <-ctx.Done():
			if o.held == nil {
				o.held = ctx.Err()
			}
			return
		case <-timer.C:
		}
		station, err := s.FindFresh(ctx, o.station.ID)
		if err != nil {
			if !passing(err) {
				o.held = err
				return
			}
			continue
		}
		o.station = station
		switch {
		case o.holds(w):
			o.held = nil
			return
		case o.option() != w.enabled:
			o.held = errors.New(`somebody else has changed the option "KMS-Aktivierung" meanwhile`)
			return
		case errors.Is(o.held, kms.ErrInUse):
			if o.reset(ctx, s, w); o.err != nil {
				o.err, o.held = nil, o.err
				return
			}
		case station.Pending == nil:
			idle++
		default:
			idle = 0
		}
	}
	o.held = errNoCommand
}

// show is what the state says afterwards.
func (o outcome) show(w wish) shown {
	s := showing(o.station)
	s.system = text(o.system)
	if o.station.ID != "" {
		s.effective = types.BoolValue(o.holds(w))
	}
	return s
}

// warnings tell why the image is not there yet.
func (o outcome) warnings(w wish) diag.Diagnostics {
	title, option := o.station.Name, "off"
	if w.enabled {
		option = "on"
	}
	failure := tfdiag.Failure{
		Verb: "reset", Noun: "image of station", Name: title,
		Attempted: fmt.Sprintf(`The option "KMS-Aktivierung" of %s is %s; its image was made otherwise, so effective is false.`, o.system, option),
	}
	switch {
	case o.holds(w):
		return nil
	case o.err != nil:
		failure.Err, failure.Next = o.err, again(o.err)
	case errors.Is(o.held, context.DeadlineExceeded), errors.Is(o.held, context.Canceled):
		failure.Verb, failure.Noun = "see the new image start on", "station"
		failure.Attempted += " Timago has taken the command to reset it, and it was waited for."
		failure.Err, failure.Next = o.held, "Look at the station, raise timeouts, or apply again: the same image is not reset twice."
	case o.held != nil:
		failure.Err, failure.Next = o.held, again(o.held)
	default:
		// One summary for all stations, which the CLI then shows as one warning.
		return diag.Diagnostics{diag.NewWarningDiagnostic("New images have not started yet",
			fmt.Sprintf("Station %s: Timago has taken the command to reset the image of %s. Until the new image has started effective is false and a plan shows a change; "+
				"applying that resets nothing twice.\n\ntimago_activation_pool waits for the images of its members. To wait here, set wait_for_image.", title, o.system))}
	}
	return diag.Diagnostics{failure.Warning()}
}

// again says what to do about an error that does not know it.
func again(err error) string {
	var adviser tfdiag.Adviser
	if errors.As(err, &adviser) && adviser.Advice() != "" {
		return "" // it is asked
	}
	return "The next plan shows effective = false again, and its apply tries once more."
}

// failure is what could not be commanded, with the option as it was last seen.
func (w wish) failure(err error, seen *outcome) tfdiag.Failure {
	f := tfdiag.Failure{Verb: "switch on", Noun: "KMS activation of station", Name: w.title, Err: err}
	f.Attempted = `The option "KMS-Aktivierung" is to be on, and the image to be made with it.`
	if !w.enabled {
		f.Verb, f.Attempted = "switch off", `The option "KMS-Aktivierung" is to be off.`
	}
	if seen != nil && seen.system != "" {
		option := "off"
		if seen.option() {
			option = "on"
		}
		f.Attempted += " That of " + seen.system + " was last seen " + option + "."
	}
	return f
}

// switchOff clears the option. A station or system that Timago no longer has needs
// nothing.
func switchOff(ctx context.Context, s *site.Site, w wish) error {
	station, err := s.Find(ctx, w.reference)
	if err == nil {
		_, err = s.SetKMSActivation(ctx, station, w.system, false)
	}
	var none *site.NoOperatingSystem
	if errors.Is(err, site.ErrGone) || errors.As(err, &none) {
		return nil
	}
	return err
}
