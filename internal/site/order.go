package site

import (
	"context"
	"errors"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/timago"
)

// What Timago can be told to do with a station.
const (
	OrderRestart    = timago.Restart
	OrderResetImage = timago.ResetImage
	OrderWake       = timago.Wake
	OrderShutdown   = timago.Shutdown
)

// Order is something that Timago is told to do with a station.
type Order struct {
	Command         timago.CommandName
	OperatingSystem string // of a reset; "" as Station.OperatingSystem takes it
	Force           bool   // also under a user
	Wait            bool   // until the station has started because of it, or is off
}

// orderPoll is how often Timago is asked what has become of an order.
const orderPoll = 3 * time.Second

// Order has Timago do something with a station that was read fresh. With Wait it follows
// the order to its end, which is the station's next start (or, of a shutdown, that it is
// off), and tells seen each new state; else it returns when Timago has taken it. An end of
// ctx ends the following, not the order. API mode only.
func (s *Site) Order(ctx context.Context, station Station, order Order, seen func(state string)) error {
	defer s.commanding()()
	command := timago.Command{Name: order.Command, UnlessInUse: !order.Force && order.Command != OrderWake}
	effect := timago.Effect{Command: order.Command}
	if order.Command == OrderResetImage {
		system, err := station.OperatingSystem(order.OperatingSystem)
		if err != nil {
			return err
		}
		command.OperatingSystem = system.Name
		effect.OperatingSystem, effect.KMSActivation = system.Name, system.KMSActivation
	}
	if !order.Wait {
		_, err := s.command(ctx, station, command, effect)
		return err
	}
	sent, err := s.give(ctx, station, command, effect)
	if err != nil {
		return err
	}
	pause := time.NewTimer(0)
	defer pause.Stop()
	var last timago.CommandState
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-pause.C:
		}
		sent, err = s.timago.Await(ctx, sent, orderPoll, func(now Progress) {
			if now.State != last && !now.Ended() {
				last = now.State
				seen(string(last))
			}
		})
		if err == nil {
			return refusal(station, sent)
		}
		if ctx.Err() == nil && !errors.Is(err, kms.ErrUnreachable) { // which it may be for a while of a long wait
			return err
		}
		pause.Reset(orderPoll)
	}
}
