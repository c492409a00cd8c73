package pool

import (
	"context"
	"slices"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
)

// HostReader reads a KMS host. Errors wrap the sentinels of package kms.
type HostReader interface {
	// Clock reads the host's clock, and when it started.
	Clock(ctx context.Context) (kms.Uptime, error)
	// Counted reads what the host received since a moment of its own clock.
	Counted(ctx context.Context, since time.Time) ([]kms.Counted, error)
	// Host reads the host's counts.
	Host(ctx context.Context) (kms.Host, error)
}

// HostReading is a KMS host read at one moment, all times on its own clock.
type HostReading struct {
	kms.Uptime
	Host    kms.Host
	Counted []kms.Counted // requests of the last 30 days, as far as the log reaches back
	LogErr  error         // why the log could not be read; the counts may be read all the same
}

// ReadHost reads the clock, the log and the counts, in this order: the counts then
// contain what the log shows.
func ReadHost(ctx context.Context, host HostReader) (HostReading, error) {
	var r HostReading
	var err error
	if r.Uptime, err = host.Clock(ctx); err != nil {
		return HostReading{}, err
	}
	r.Counted, r.LogErr = host.Counted(ctx, r.Now.Add(-kms.CountedFor))
	if r.Host, err = host.Host(ctx); err != nil {
		return HostReading{}, err
	}
	return r, nil
}

// Reach is the moment of the log's oldest record; zero where the log is empty. No record
// is older than a count lasts.
func (r HostReading) Reach() time.Time {
	if len(r.Counted) == 0 {
		return time.Time{}
	}
	return slices.MinFunc(r.Counted, func(x, y kms.Counted) int { return x.Time.Compare(y.Time) }).Time
}
