package service

import (
	"context"
	"sync"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/pool"
	"github.com/timago/terraform-provider-timago/internal/site"
)

// Reads lets pools and data sources share what they read: a station that is in several pools
// and a KMS host that many name are asked once. What a station was told since makes every
// read void. A cycle lets stations take part by what comes from here, and looks at each of
// them anew before it restarts it.
type Reads struct {
	site     *site.Site
	stations shared[kms.Station]
	hosts    shared[pool.HostReading]
}

// NewReads returns the reads of one configured provider.
func NewReads(s *site.Site) *Reads { return &Reads{site: s} }

// Station reads a station: what it says of its licences, and how long it has been up. That it
// did not answer stands as well: a plan of many pools waits for it once.
func (r *Reads) Station(ctx context.Context, name string) (kms.Station, error) {
	return r.station(ctx, name, time.Time{})
}

// StationUp is Station before something is done: one that did not answer may be up by now, and
// is asked again.
func (r *Reads) StationUp(ctx context.Context, name string) (kms.Station, error) {
	return r.station(ctx, name, time.Now())
}

func (r *Reads) station(ctx context.Context, name string, failedSince time.Time) (kms.Station, error) {
	return r.stations.get(ctx, r.site.Key(ctx, name), r.site.Commands, failedSince, func(ctx context.Context) (kms.Station, error) {
		return r.site.Station(ctx, name)
	})
}

// KMSHost reads a KMS host: its clock, its log and its counts. Nobody may change the result.
func (r *Reads) KMSHost(ctx context.Context, name string) (pool.HostReading, error) {
	host := r.site.At(name)
	return r.hosts.get(ctx, host.HostKey(), r.site.Commands, time.Time{}, func(ctx context.Context) (pool.HostReading, error) {
		return pool.ReadHost(ctx, host)
	})
}

// shared are reads of one kind, by what is read.
type shared[T any] struct {
	mu    sync.Mutex
	reads map[string]*read[T]
}

// read is one that was begun.
type read[T any] struct {
	commands int64 // that had been given when it began
	ended    chan struct{}
	at       time.Time // when it ended
	value    T
	err      error
}

// get takes a read that still stands, or is under way, or reads anew. One that failed stands
// if it ended after failedSince. That somebody else's read was ended early is no answer.
func (s *shared[T]) get(ctx context.Context, key string, commands func() int64, failedSince time.Time, ask func(context.Context) (T, error)) (T, error) {
	for {
		r, begun := s.begin(key, commands)
		if begun {
			r.value, r.err = ask(ctx)
			if r.at = time.Now(); ctx.Err() != nil {
				s.forget(key, r)
			}
			close(r.ended)
			return r.value, r.err
		}
		select {
		case <-r.ended:
		case <-ctx.Done():
			var none T
			return none, ctx.Err()
		}
		if s.stands(key, r, commands, failedSince) {
			return r.value, r.err
		}
	}
}

// begin gives the read that was begun last, where nothing was commanded since, or a new one.
func (s *shared[T]) begin(key string, commands func() int64) (r *read[T], begun bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.reads[key]; r != nil && r.commands == commands() {
		return r, false
	}
	r = &read[T]{commands: commands(), ended: make(chan struct{})}
	if s.reads == nil {
		s.reads = map[string]*read[T]{}
	}
	s.reads[key] = r
	return r, true
}

// stands reports whether a read that has ended is as good as another one; else it is forgotten.
func (s *shared[T]) stands(key string, r *read[T], commands func() int64, failedSince time.Time) bool {
	s.mu.Lock()
	is := s.reads[key] == r && r.commands == commands() && time.Since(r.at) < kms.ReadStands && (r.err == nil || r.at.After(failedSince))
	s.mu.Unlock()
	if !is {
		s.forget(key, r)
	}
	return is
}

func (s *shared[T]) forget(key string, r *read[T]) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reads[key] == r {
		delete(s.reads, key)
	}
}
