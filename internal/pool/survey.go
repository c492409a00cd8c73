// Package pool judges what was read of a pool of stations and of its KMS host against what
// is wanted: whether the thresholds hold, who is licensed, how the count will fall, and
// what stands in the way before anything is started. It reads nothing itself; the readers
// that it needs are interfaces declared here.
package pool

import (
	"context"

	"golang.org/x/sync/errgroup"

	"github.com/timago/terraform-provider-timago/internal/kms"
)

// StationReader reads a whole station: who uses it and what Windows says of its licences.
type StationReader interface {
	Presence(ctx context.Context, station string) (kms.Presence, error)
	Licensing(ctx context.Context, station string) (kms.Licensing, error)
}

// Member is one read of one member of a pool. Where Err is set nothing was learnt of it.
type Member struct {
	Name    string // as the pool names it
	Station kms.Station
	Err     error
	// Pending says in words why what it shows now is not what it will be: its image is to
	// be made anew. Such a member is not judged. Empty: it is judged.
	Pending string
}

// Survey reads all members side by side, in the order of names. It fails only with ctx;
// what went wrong with a single station stands in its Member.
func Survey(ctx context.Context, stations StationReader, names []string) ([]Member, error) {
	members := make([]Member, len(names))
	var group errgroup.Group
	for i, name := range names {
		group.Go(func() error {
			members[i] = readMember(ctx, stations, name)
			return nil
		})
	}
	_ = group.Wait() // no read returns an error here
	return members, ctx.Err()
}

func readMember(ctx context.Context, stations StationReader, name string) Member {
	m := Member{Name: name}
	if m.Station.Presence, m.Err = stations.Presence(ctx, name); m.Err != nil {
		return m
	}
	m.Station.Licensing, m.Err = stations.Licensing(ctx, name)
	return m
}
