package cycle_test

import (
	"context"
	"time"

	"github.com/timago/terraform-provider-timago/internal/cycle"
	"github.com/timago/terraform-provider-timago/internal/kms"
)

// call is one call of a cycle to its site.
type call struct {
	kind      string // restart, activate, wake, probe, whole, presence, licensing, requests, host, counted
	by        int    // of the cycles that run beside each other
	station   string // empty: the KMS host
	licence   string
	began     time.Time
	ended     time.Time // zero while it is under way
	err       error
	licensing kms.Licensing
	host      kms.Host
}

// recorder stands between a cycle and its site and hands every call on to somebody who
// judges it, when it begins and when it has ended.
type recorder struct {
	site  cycle.Site
	judge *promises
	cycle int
}

// wakingRecorder is a recorder of a site whose stations can be woken.
type wakingRecorder struct {
	recorder
	waker cycle.Waker
}

func record[T any](r recorder, c call, do func() (T, error), keep func(*call, T)) (T, error) {
	c.began, c.by = time.Now(), r.cycle
	kept := r.judge.begins(c)
	answer, err := do()
	r.judge.ends(kept, func(c *call) {
		c.err = err
		if keep != nil && err == nil {
			keep(c, answer)
		}
	})
	return answer, err
}

func alone(do func() error) func() (struct{}, error) {
	return func() (struct{}, error) { return struct{}{}, do() }
}

func (r recorder) Probe(ctx context.Context, station string) (kms.Uptime, error) {
	return record(r, call{kind: "probe", station: station}, func() (kms.Uptime, error) { return r.site.Probe(ctx, station) }, nil)
}

func (r recorder) Station(ctx context.Context, station string) (kms.Station, error) {
	return record(r, call{kind: "whole", station: station}, func() (kms.Station, error) { return r.site.Station(ctx, station) },
		func(c *call, read kms.Station) { c.licensing = read.Licensing })
}

func (r recorder) Presence(ctx context.Context, station string) (kms.Presence, error) {
	return record(r, call{kind: "presence", station: station}, func() (kms.Presence, error) { return r.site.Presence(ctx, station) }, nil)
}

func (r recorder) Licensing(ctx context.Context, station string) (kms.Licensing, error) {
	return record(r, call{kind: "licensing", station: station}, func() (kms.Licensing, error) { return r.site.Licensing(ctx, station) },
		func(c *call, l kms.Licensing) { c.licensing = l })
}

func (r recorder) Requests(ctx context.Context, station string, since time.Time) ([]kms.Exchange, error) {
	return record(r, call{kind: "requests", station: station}, func() ([]kms.Exchange, error) { return r.site.Requests(ctx, station, since) }, nil)
}

func (r recorder) Activate(ctx context.Context, station, licence string) error {
	_, err := record(r, call{kind: "activate", station: station, licence: licence}, alone(func() error { return r.site.Activate(ctx, station, licence) }), nil)
	return err
}

func (r recorder) Restart(ctx context.Context, station string, force bool) error {
	_, err := record(r, call{kind: "restart", station: station}, alone(func() error { return r.site.Restart(ctx, station, force) }), nil)
	return err
}

func (r recorder) Clock(ctx context.Context) (kms.Uptime, error) {
	return record(r, call{kind: "clock"}, func() (kms.Uptime, error) { return r.site.Clock(ctx) }, nil)
}

func (r recorder) Host(ctx context.Context) (kms.Host, error) {
	return record(r, call{kind: "host"}, func() (kms.Host, error) { return r.site.Host(ctx) }, func(c *call, h kms.Host) { c.host = h })
}

func (r recorder) Counted(ctx context.Context, since time.Time) ([]kms.Counted, error) {
	return record(r, call{kind: "counted"}, func() ([]kms.Counted, error) { return r.site.Counted(ctx, since) }, nil)
}

func (r wakingRecorder) Wake(ctx context.Context, station string) error {
	_, err := record(r.recorder, call{kind: "wake", station: station}, alone(func() error { return r.waker.Wake(ctx, station) }), nil)
	return err
}
