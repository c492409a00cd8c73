// Package pool judges what was read of a pool of stations and of its KMS host against what
// is wanted: whether the thresholds hold, who is licensed, how the count will fall, and
// what stands in the way before anything is started. It reads nothing itself; the readers
// that it needs are interfaces declared here.
package pool

import (
	"context"
	"errors"

	"golang.org/x/sync/errgroup"

	"github.com/timago/terraform-provider-timago/internal/kms"
)

// StationReader reads stations.
type StationReader interface {
	// Station reads how long a station has been up and what Windows says of its licences.
	Station(ctx context.Context, station string) (kms.Station, error)
	// Presence reads who uses it.
	Presence(ctx context.Context, station string) (kms.Presence, error)
}

// Member is one read of one member of a pool. Where Err is set nothing was learnt of it.
type Member struct {
	Name     string // as the pool names it
	Station  kms.Station
	Presence *kms.Presence // nil: who uses it was not asked
	Err      error
	// Pending says in words why what it shows now is not what it will be: its image is to
	// be made anew. Such a member is not judged. Empty: it is judged.
	Pending string
}

// besides is how many stations are read side by side: more than are asked at once, so that
// those that are off, and answer nothing for a while, hold up no others.
const besides = 512

// Survey reads all members side by side, in the order of names, with presence also who uses
// them. It fails with ctx, or where this machine is short of what it needs to ask; what went
// wrong with a single station stands in its Member.
func Survey(ctx context.Context, stations StationReader, names []string, presence bool) ([]Member, error) {
	members := make([]Member, len(names))
	var group errgroup.Group
	group.SetLimit(besides)
	for i, name := range names {
		group.Go(func() error {
			members[i] = readMember(ctx, stations, name, presence)
			if errors.Is(members[i].Err, kms.ErrShortage) {
				return members[i].Err
			}
			return nil
		})
	}
	err := group.Wait()
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return members, err
}

func readMember(ctx context.Context, stations StationReader, name string, presence bool) Member {
	m := Member{Name: name}
	if m.Station, m.Err = stations.Station(ctx, name); m.Err != nil || !presence {
		return m
	}
	var used kms.Presence
	if used, m.Err = stations.Presence(ctx, name); m.Err == nil {
		m.Presence = &used
	}
	return m
}
