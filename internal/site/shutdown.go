package site

import (
	"context"
	"fmt"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/timago"
)

// Shutdown switches a station off: in API mode by Timago, followed until it is off. Where
// somebody is logged on it is refused with kms.ErrInUse. kms.ErrUnknownOutcome means that
// it may have been taken.
func (s *Site) Shutdown(ctx context.Context, name string) error {
	if s.timago == nil {
		return s.commandStation(ctx, name, s.machines.Shutdown)
	}
	station, err := s.FindFresh(ctx, name)
	if err != nil {
		return named("station", name, err)
	}
	last := string(timago.Queued)
	err = s.Order(ctx, station, Order{Command: OrderShutdown, Wait: true}, func(state string) { last = state })
	if err != nil && ctx.Err() != nil {
		err = fmt.Errorf("%w: Timago's command was last seen %s: %w", kms.ErrUnknownOutcome, last, err)
	}
	return named("station", name, err)
}
