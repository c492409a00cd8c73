package stationkms

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/site"
)

// resetMemory is a reset that was commanded, by what it was to change. It is kept between
// applies: a reset that brings no image with the option must not be made again and again.
type resetMemory struct {
	System     string `json:"system"`
	Generation int64  `json:"generation"` // of the image that was to be replaced
	Enabled    bool   `json:"enabled"`    // the option that the new image was to carry
}

// inVain reports whether the reset has brought the image that is there now, without the
// option that it was to carry.
func (m resetMemory) inVain(now site.OperatingSystem, enabled bool) bool {
	return m.System == now.Name && m.Enabled == enabled && m.Generation+1 == now.ImageGeneration && !now.Effective()
}

// resetInVain says that another reset would not help.
type resetInVain struct {
	system string
	from   int64
	on     bool
}

func (e *resetInVain) Error() string {
	with := "without"
	if !e.on {
		with = "with"
	}
	return fmt.Sprintf("the image of %s was reset, from generation %d to %d, and was made %s the option all the same", e.system, e.from, e.from+1, with)
}

func (e *resetInVain) Advice() string {
	return "It is not reset again, which would only repeat this. See in Timago whether this image can carry the option, and what its image server says. " +
		"To have it reset once more: terraform apply -replace with this instance's address."
}

// resetRepeated says that the server takes the reset for one that was made before.
type resetRepeated struct {
	system     string
	generation int64
}

func (e *resetRepeated) Error() string {
	return fmt.Sprintf("Timago's interface says that this reset was made before and has succeeded, and the image of %s is of generation %d as it was: nothing is under way", e.system, e.generation)
}

func (e *resetRepeated) Advice() string {
	return "The number of the image has fallen, as it does where a database was restored, and the interface takes the reset for the one of that time. " +
		"Reset the image once in Timago's own window. Whoever provides the interface must see to it that image_generation never falls, or free the station's keys when it does."
}

// inUse says who is logged on.
type inUse struct{ user string }

func (e *inUse) Error() string { return e.user + " is logged on" }

func (e *inUse) Unwrap() error { return kms.ErrInUse }

func (e *inUse) Advice() string {
	return `The next apply resets the image once nobody is logged on. With when_in_use = "force" it is reset under the user, who loses unsaved work.`
}

// resetImage has the image made anew, unless somebody works on the station. The server looks
// again: a user may log on between our look and its. remembers reports whether an earlier reset
// counts: not where the option has just been set.
func (c change) resetImage(ctx context.Context, o *outcome, remembers bool) {
	o.held = nil
	system, err := o.station.OperatingSystem(o.system)
	if err != nil {
		o.err = err
		return
	}
	if user := o.station.LoggedOnUser; user != "" && c.desired.inUse != kms.ForceWhenInUse {
		o.held = &inUse{user: user}
		return
	}
	if remembers && c.last.inVain(system, c.desired.enabled) {
		o.held, o.reset = &resetInVain{system: system.Name, from: c.last.Generation, on: c.desired.enabled}, c.last
		return
	}
	o.off = !o.station.Online
	sent, err := c.site.ResetImage(ctx, o.station, o.system, c.desired.inUse == kms.ForceWhenInUse)
	var refused *site.CommandError
	switch {
	case err == nil:
		o.commanded, o.command = true, sent
		o.reset = resetMemory{System: system.Name, Generation: system.ImageGeneration, Enabled: c.desired.enabled}
		if sent.Ended() {
			c.afterReset(ctx, o)
		}
	case errors.Is(err, kms.ErrInUse):
		o.commanded, o.held = true, err
		if now, seen := c.rereadAfterError(ctx, o.station); seen && now.LoggedOnUser != "" {
			o.station, o.held = now, &inUse{user: now.LoggedOnUser}
		}
	case errors.As(err, &refused):
		o.commanded, o.held = true, err
	default:
		// The answer may have been lost here, too.
		now, seen := c.rereadAfterError(ctx, o.station)
		o.station = now
		switch pending := now.Pending; {
		case seen && o.holds(c.desired): // and the new image has started
			o.commanded = true
		case seen && pending != nil && pending.Command == site.ResetImageCommand:
			o.commanded, o.pending = true, true
			if !passing(err) {
				o.held = err
			}
		default:
			o.err = err
		}
	}
}

// afterReset looks at the image that a reset has brought by what Timago says.
func (c change) afterReset(ctx context.Context, o *outcome) {
	now, seen := c.rereadAfterError(ctx, o.station)
	if !seen {
		return
	}
	o.station = now
	system, err := now.OperatingSystem(o.system)
	switch {
	case err != nil || o.holds(c.desired):
	case o.reset.inVain(system, c.desired.enabled):
		o.held = &resetInVain{system: system.Name, from: o.reset.Generation, on: c.desired.enabled}
	case o.reset.Generation == system.ImageGeneration:
		o.held = &resetRepeated{system: system.Name, generation: system.ImageGeneration}
	}
}

const (
	// pollEvery is how often Timago is asked while an image is waited for.
	pollEvery = 3 * time.Second
	// idlePolls is how often no command may be seen at a station whose image is to be
	// made before that is believed.
	idlePolls = 3
)

var (
	errNoCommand   = errors.New("no command is under way for the station in Timago, and its image is still the old one")
	errOptionMoved = errors.New(`somebody else has changed the option "KMS-Aktivierung" meanwhile`)
)

// await waits until the image has started; where somebody was in its way also for that
// to end. What Timago has refused is not waited for.
func (c change) await(ctx context.Context, o *outcome) {
	timer := time.NewTimer(pollEvery)
	defer timer.Stop()
	for idle := 0; o.held == nil || c.waitsForUser(o); timer.Reset(pollEvery) {
		select {
		case <-ctx.Done():
			if o.held == nil {
				o.held = ctx.Err()
			}
			return
		case <-timer.C:
		}
		station, err := c.site.FindFresh(ctx, o.station.ID)
		switch {
		case err != nil && !passing(err):
			o.held = err
			return
		case err != nil:
			continue
		}
		o.station = station
		switch {
		case o.holds(c.desired):
			o.held = nil
			return
		case o.option() != c.desired.enabled:
			o.held = errOptionMoved
		case errors.Is(o.held, kms.ErrInUse):
			if c.resetImage(ctx, o, true); o.err != nil {
				o.err, o.held = nil, o.err
			}
		case station.Pending != nil:
			idle = 0
		default:
			if idle++; idle == idlePolls {
				o.held = errNoCommand
			}
			c.askCommand(ctx, o)
		}
	}
}

// waitsForUser reports whether a user is in the way whose end is waited for.
func (c change) waitsForUser(o *outcome) bool {
	return errors.Is(o.held, kms.ErrInUse) && c.desired.inUse != kms.SkipWhenInUse
}

// askCommand asks what has become of the reset where no command is to be seen at the station.
func (c change) askCommand(ctx context.Context, o *outcome) {
	if o.command.CommandID == "" { // the answer that named it was lost
		return
	}
	now, err := c.site.CommandProgress(ctx, o.station, o.command)
	switch {
	case err != nil && passing(err):
	case err != nil:
		o.held = err
	case now.Ended():
		c.afterReset(ctx, o)
	}
}
