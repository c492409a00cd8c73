package stationaction

import (
	"context"
	"errors"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/site"
)

func wake() definition {
	return definition{
		name: "wake", verb: "wake", doing: "Waking", done: "up", commanded: "woken",
		about: "Switches stations on, many side by side: by Timago in API mode, and in direct mode by Wake-on-LAN, for which the provider's `inventory` names the stations' MAC addresses. " +
			"A station that is on stays as it is.",
		attributes: map[string]schema.Attribute{
			"wait": waitAttribute("Wait until each station answers; in API mode until Timago reports its start."),
			"wake_broadcast": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Where Wake-on-LAN goes: the broadcast address of the stations' network, such as `10.1.101.255`, with `:port` if it is not 9. " +
					"Required in direct mode. Default: none.",
				Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
			},
		},
		stationTimeout: 15 * time.Minute,
		possible: func(s *site.Site, o order) error {
			if s.CanWake(o.broadcast) {
				return nil
			}
			return errNoWay
		},
		carryOut: func(ctx context.Context, s *site.Site, o order, station string, say say) error {
			if s.HasTimago() {
				return orderWake(ctx, s, o, station, say)
			}
			return wakeByNetwork(ctx, s, o, station, say)
		},
	}
}

// noWay: nobody can switch stations on.
type noWay struct{}

func (noWay) Error() string {
	return "without Timago stations are switched on by Wake-on-LAN, and wake_broadcast does not say where to"
}

func (noWay) Advice() string {
	return "Set wake_broadcast to the broadcast address of the stations' network, such as 10.1.101.255."
}

var errNoWay error = noWay{}

func orderWake(ctx context.Context, s *site.Site, o order, station string, say say) error {
	found, err := s.FindFresh(ctx, station)
	if err != nil {
		return err
	}
	if found.Online {
		say("it is on already")
		return nil
	}
	return o.follow(ctx, s, found, site.Order{Command: site.OrderWake}, say)
}

func wakeByNetwork(ctx context.Context, s *site.Site, o order, station string, say say) error {
	_, err := s.Probe(ctx, station)
	switch {
	case err == nil:
		say("it is on already")
		return nil
	case errors.Is(err, kms.ErrUnreachable):
		if err := s.At("").Waking(o.broadcast, nil).Wake(ctx, station); err != nil {
			return err
		}
		say("Wake-on-LAN was sent")
	case errors.Is(err, kms.ErrNotYet):
		say("it is on, and still starting")
	default:
		return err
	}
	if !o.wait {
		return nil
	}
	commandedAt := time.Now()
	up, last := poll(ctx, func() (bool, error) {
		_, err := s.Probe(ctx, station)
		// An account that is refused does not become right by waiting.
		if err == nil || errors.Is(err, kms.ErrDenied) {
			say("answers after %s", time.Since(commandedAt).Round(time.Second))
			return true, err
		}
		return false, err
	})
	if up {
		return last
	}
	return &unfinished{done: "it was woken", missing: "it did not answer", cause: ctx.Err(), last: last}
}
