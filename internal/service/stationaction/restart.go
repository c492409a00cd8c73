package stationaction

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/action/schema"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/site"
)

func restart() definition {
	attributes := map[string]schema.Attribute{
		"wait": waitAttribute("Wait until each station's own uptime proves that it has restarted. In API mode without `winrm`: until Timago reports its start."),
	}
	maps.Copy(attributes, useAttributes())
	return definition{
		name: "restart", verb: "restart", doing: "Restarting", done: "restarted", commanded: "told to restart",
		about: "Restarts stations, many side by side, but none that somebody uses. It makes one restart of each station; " +
			"`timago_activation_pool` makes just those that a count needs. A station whose image was made with the option *KMS-Aktivierung* " +
			"asks for its activation after each start, and is counted as another machine. Windows is told over WinRM; in API mode without `winrm` Timago is. " +
			"With `force`, and if an ignored user is logged on, Windows shows half a minute's notice first.",
		attributes: attributes, stationTimeout: 15 * time.Minute,
		possible: func(*site.Site, order) error { return nil },
		carryOut: func(ctx context.Context, s *site.Site, o order, station string, say say) error {
			if s.HasWinRM() {
				return restartWindows(ctx, s, o, station, say)
			}
			return orderRestart(ctx, s, o, station, say)
		},
	}
}

// errNotCarriedOut: the answer to a command was lost, and nothing came of it.
var errNotCarriedOut = errors.New("it may have been told to restart, since the answer was lost, and goes on without one")

// windows is what restarting asks of a site.
type windows interface {
	Presence(ctx context.Context, station string) (kms.Presence, error)
	Probe(ctx context.Context, station string) (kms.Uptime, error)
	Restart(ctx context.Context, station string, force bool) error
}

func restartWindows(ctx context.Context, s windows, o order, station string, say say) error {
	var before kms.Presence
	err := commandIdle(ctx, o, say, func() (err error) {
		before, err = unused(ctx, o, say,
			func() (kms.Presence, error) { return s.Presence(ctx, station) },
			func(p kms.Presence) string { return p.InUse(o.ignored) })
		if err != nil {
			return err
		}
		// A user who does not count would make Windows refuse.
		return s.Restart(ctx, station, o.whenInUse == kms.ForceWhenInUse || before.User != "" || before.Desktops > 0)
	})
	unsure := errors.Is(err, kms.ErrUnknownOutcome)
	if err != nil && (!unsure || !o.wait) {
		return err
	}
	say("told to restart, it was up for %s", before.Duration().Round(time.Second))
	if !o.wait {
		return nil
	}
	commandedAt := time.Now()
	back, last := poll(ctx, func() (bool, error) {
		now, err := s.Probe(ctx, station)
		switch {
		case err == nil && now.RestartedSince(before.Uptime):
			say("back after %s", time.Since(commandedAt).Round(time.Second))
			return true, nil
		case err == nil && unsure && time.Since(commandedAt) > kms.UnsureFor:
			return true, errNotCarriedOut
		}
		return false, err
	})
	if back {
		return last
	}
	missing := "it had not restarted"
	if last != nil {
		missing = "it had not come back"
	}
	return &unfinished{done: "it was told to restart", missing: missing, cause: ctx.Err(), last: last}
}

func orderRestart(ctx context.Context, s *site.Site, o order, station string, say say) error {
	return o.give(ctx, s, station, site.Order{Command: site.OrderRestart}, say)
}

// states are Timago's own, in words.
var states = map[string]string{
	"queued":  "Timago has the command, and the station has not taken it yet",
	"sent":    "Timago has sent the command to the station",
	"running": "the station carries the command out",
}

// give has Timago give an order to a station that nobody uses, as far as Timago knows, and
// follows it, if that is wanted.
func (o order) give(ctx context.Context, s *site.Site, name string, wanted site.Order, say say) error {
	return commandIdle(ctx, o, say, func() error {
		station, err := unused(ctx, o, say,
			func() (site.Station, error) { return s.FindFresh(ctx, name) },
			func(station site.Station) string { return kms.Presence{User: station.LoggedOnUser}.InUse(o.ignored) })
		if err != nil {
			return err
		}
		// A user who does not count would make Timago refuse.
		wanted.Force = o.whenInUse == kms.ForceWhenInUse || station.LoggedOnUser != ""
		return o.follow(ctx, s, station, wanted, say)
	})
}

// follow has Timago give an order and follows it, if that is wanted.
func (o order) follow(ctx context.Context, s *site.Site, station site.Station, wanted site.Order, say say) error {
	wanted.Wait = o.wait
	last := "Timago was asked"
	err := s.Order(ctx, station, wanted, func(state string) {
		last = states[state]
		say("%s: %s", wanted.Command, last)
	})
	if err != nil && ctx.Err() != nil {
		return &unfinished{done: fmt.Sprintf("%s was commanded", wanted.Command), missing: "it had not started", cause: ctx.Err(), last: errors.New(last)}
	}
	return err
}
