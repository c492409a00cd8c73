package cycle

import (
	"context"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
)

// Site is what a cycle asks of the world. Every call ends when its context ends. Errors
// wrap the sentinels of package kms, or are a *kms.CodeError: a refusal by software
// licensing.
type Site interface {
	// Station reads a station whole: how long it has been up and what Windows says of its
	// licences.
	Station(ctx context.Context, station string) (kms.Station, error)
	// Presence reads who uses a station and how long it has been up.
	Presence(ctx context.Context, station string) (kms.Presence, error)
	// Licensing reads what Windows says of its licences.
	Licensing(ctx context.Context, station string) (kms.Licensing, error)
	// Probe reads a station's uptime alone, with one query over a fresh connection.
	Probe(ctx context.Context, station string) (kms.Uptime, error)
	// Requests reads what a station asked the KMS host since a moment of its own clock.
	Requests(ctx context.Context, station string, since time.Time) ([]kms.Exchange, error)
	// Activate asks an unlicensed product with a KMS client key to activate. A refusal with
	// 0xC004F038 (not enough count yet) is a counted request all the same.
	Activate(ctx context.Context, station, licenceID string) error
	// Restart restarts a station. A shutdown that is under way already is as good as this one;
	// one that somebody else has scheduled is kms.ErrShutdownPending.
	Restart(ctx context.Context, station string, force bool) error
	// Clock reads the KMS host's clock.
	Clock(ctx context.Context) (kms.Uptime, error)
	// Host reads the KMS host's counts.
	Host(ctx context.Context) (kms.Host, error)
	// Counted reads what the KMS host received since a moment of its own clock; the zero
	// moment means as long as a count lasts. kms.ErrDenied makes the stations' events the
	// evidence instead.
	Counted(ctx context.Context, since time.Time) ([]kms.Counted, error)
}

// Waker is a Site that can switch stations on.
type Waker interface {
	Wake(ctx context.Context, station string) error
}
