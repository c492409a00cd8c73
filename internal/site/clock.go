package site

import (
	"context"
	"time"
)

// Ago is a moment so long ago on the clock that the stations' times are on: Timago's
// server's, else this machine's, in whose network an inventory was exported.
func (s *Site) Ago(ctx context.Context, d time.Duration) (time.Time, error) {
	if s.timago == nil {
		return time.Now().Add(-d), nil
	}
	info, err := s.timago.Info(ctx)
	return info.ServerTime.Add(-d), err
}
