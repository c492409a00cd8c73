package stationkms

import (
	"context"
	"errors"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/service"
	"github.com/timago/terraform-provider-timago/internal/site"
)

// change makes a station as a person wants it, once.
type change struct {
	site    *site.Site
	claims  *service.Claims
	desired desired
	last    resetMemory // the last reset that was commanded for the instance
}

// outcome is what came of making a station take part, or no longer.
type outcome struct {
	station   site.Station // as it was last seen in Timago
	system    string
	commanded bool          // something was changed or may have been
	reset     resetMemory   // the reset that was commanded; zero where none was
	command   site.Progress // … as it was last seen
	pending   bool          // Timago shows a reset under way, whatever became of the command's answer
	off       bool          // the station was off when the reset was commanded
	err       error         // what could not be commanded
	held      error         // why the image that was wanted is not there; nil where it is only under way
}

var errNotConfigured = errors.New("the provider's configuration is not known, so Timago cannot be asked")

// rereadTimeout bounds the read after a call failed or was cancelled: Terraform waits for
// it, and the state must be true.
const rereadTimeout = 5 * time.Second

// run sets the option of the station and resets the image where it was made with another.
// Where both are right nothing is commanded. No other instance works on the station
// meanwhile, and none destroys it afterwards in this apply.
func (c change) run(ctx context.Context, timeout time.Duration) outcome {
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	found, err := c.site.Find(limited, c.desired.reference)
	if err != nil {
		return outcome{err: err}
	}
	unlock, err := c.claims.Lock(limited, found.ID)
	if err != nil {
		return outcome{err: err}
	}
	defer unlock()
	undo := c.claims.Take(found.ID)
	done := c.onStation(ctx, limited, found.ID)
	if done.err != nil && !done.commanded {
		undo()
	}
	return done
}

// onStation is run while no other instance works on the station. The call's own context
// ends when it is cancelled, limited also when its time is over.
func (c change) onStation(ctx, limited context.Context, id string) outcome {
	found, err := c.site.Find(limited, id) // once more: another instance may have changed it
	if err != nil {
		return outcome{err: err}
	}
	system, err := found.OperatingSystem(c.desired.system)
	if err != nil {
		return outcome{err: err}
	}
	done := outcome{station: found, system: system.Name}
	if done.holds(c.desired) {
		return done
	}
	was := system.KMSActivation
	if was == c.desired.enabled {
		// The image alone is not as wanted: what its reset is derived from must be read fresh.
		done.station, err = c.site.FindFresh(limited, id)
	} else {
		done.station, err = c.site.SetKMSActivation(limited, found, system.Name, c.desired.enabled)
		done.commanded = err == nil
	}
	if err != nil {
		// The answer may have been lost or unreadable, and the option set all the same.
		var seen bool
		done.station, seen = c.rereadAfterError(ctx, found)
		done.commanded = seen && was != c.desired.enabled && done.option() == c.desired.enabled
		if !done.commanded || limited.Err() != nil {
			done.err = err
			return done
		}
	}
	if !done.holds(c.desired) {
		c.resetImage(limited, &done, was == c.desired.enabled)
	}
	if c.desired.wait && done.err == nil && !done.holds(c.desired) {
		c.await(limited, &done)
		if ctx.Err() != nil {
			done.station, _ = c.rereadAfterError(ctx, done.station)
		}
	}
	return done
}

// passing reports whether the next answer may be another.
func passing(err error) bool {
	return errors.Is(err, kms.ErrUnreachable) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// rereadAfterError looks at the station once more, also after the call was cancelled; false
// where that did not work, and the station as it was known.
func (c change) rereadAfterError(ctx context.Context, known site.Station) (site.Station, bool) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rereadTimeout)
	defer cancel()
	station, err := c.site.FindFresh(ctx, known.ID)
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

// holds reports whether option and image are as wanted.
func (o *outcome) holds(w desired) bool {
	system, err := o.station.OperatingSystem(o.system)
	return err == nil && system.KMSActivation == w.enabled && system.Effective()
}

// show is what the state says afterwards.
func (o *outcome) show(w desired) shown {
	s := showing(o.station)
	s.system = text(o.system)
	if o.station.ID != "" {
		s.effective = types.BoolValue(o.holds(w))
	}
	return s
}

// switchOff clears the option. It says why there was nothing to clear, where that is so:
// Timago no longer has the station or its operating system, or another instance has taken
// it in this apply.
func (c change) switchOff(ctx context.Context) (left string, err error) {
	station, err := c.site.Find(ctx, c.desired.reference)
	if errors.Is(err, site.ErrGone) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	unlock, err := c.claims.Lock(ctx, station.ID)
	if err != nil {
		return "", err
	}
	defer unlock()
	if c.claims.Taken(station.ID) {
		return "another instance of timago_station_kms has taken the station in this apply.", nil
	}
	_, err = c.site.SetKMSActivation(ctx, station, c.desired.system, false)
	var none *site.NoOperatingSystem
	switch {
	case errors.Is(err, site.ErrGone):
		return "", nil
	case errors.As(err, &none) && none.Name != "":
		return err.Error() + ".", nil
	}
	return "", err
}
