package timago

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/timago/contract"
)

const (
	// gathering is how long a read waits for others to come along.
	gathering = 10 * time.Millisecond
	// memory is how long a listed station may answer a read. Terraform refreshes ten
	// objects at a time, so gathering alone would make a request of every ten. It covers
	// the refresh of a large site on a slow machine; a process lives for one plan or apply.
	memory = 10 * time.Minute
	// silence is how long a server that did not answer a refresh, or refused it, is not
	// asked again by others: each would wait through all its repeats, a thousand stations
	// for hours.
	silence = 30 * time.Second
)

var clientID = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// Station reads one station by its client id or name, for a refresh: what was listed
// within the last ten minutes and not written to by this client since is taken as it was.
// Reads that come one after the other make the client list all stations once, so that
// N reads cost about N/500 requests; where the server answers with an error or not at all,
// that stands for those who come within half a minute. No such station is
// ErrNotFound, and that is definite; several of one name are *Ambiguous.
func (c *Client) Station(ctx context.Context, idOrName string) (Station, error) {
	return c.reads.station(ctx, idOrName, true)
}

// FreshStation reads one station as it is now: the server is asked after the call
// began. Reads that come together are one request.
func (c *Client) FreshStation(ctx context.Context, idOrName string) (Station, error) {
	return c.reads.station(ctx, idOrName, false)
}

// reads turns reads of single stations into list calls.
type reads struct {
	client *Client

	mu        sync.Mutex
	waiting   []*read
	flying    bool                 // a goroutine serves what waits
	known     map[string]listed    // by client id
	roster    roster               // of the last list of all stations
	refreshed time.Time            // when Station last had to ask
	failure   error                // of the last list call
	failed    time.Time            // when
	changed   map[string]time.Time // when this client last wrote to a station
}

// read is one caller that waits.
type read struct {
	ref      string // client id, or name in lower case
	name     string // as the caller wrote it
	memorise bool   // a remembered answer would have done
	flight   *flight
	done     chan struct{}
	station  Station
	err      error
}

// flight is what one round of list calls serves. It ends early when nobody waits for
// it any more.
type flight struct {
	reads  []*read
	wanted int
	cancel context.CancelFunc
}

type listed struct {
	Station
	at time.Time // when its list call began
}

type roster struct {
	at  time.Time
	ids map[string][]string // by name in lower case
}

func newReads(c *Client) *reads {
	return &reads{client: c, known: map[string]listed{}, changed: map[string]time.Time{}}
}

func (r *reads) station(ctx context.Context, idOrName string, memorise bool) (Station, error) {
	ref := strings.ToLower(strings.TrimSpace(idOrName))
	if ref == "" {
		return Station{}, &NoStation{Name: `""`}
	}
	waiter := &read{ref: ref, name: idOrName, memorise: memorise, done: make(chan struct{})}
	r.mu.Lock()
	if station, ok := r.recall(ref); ok && memorise {
		r.mu.Unlock()
		return station, nil
	}
	if memorise && r.failure != nil && time.Since(r.failed) < silence {
		defer r.mu.Unlock()
		return Station{}, r.failure
	}
	r.waiting = append(r.waiting, waiter)
	if !r.flying {
		r.flying = true
		// It serves others too: it outlives the caller who came first.
		go r.fly(context.WithoutCancel(ctx))
	}
	r.mu.Unlock()

	select {
	case <-waiter.done:
		return waiter.station, waiter.err
	case <-ctx.Done():
		r.leave(waiter)
		return Station{}, ctx.Err()
	}
}

// leave takes a caller out who waits no longer.
func (r *reads) leave(waiter *read) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if f := waiter.flight; f != nil {
		if f.wanted--; f.wanted == 0 {
			f.cancel()
		}
		return
	}
	for i, other := range r.waiting {
		if other == waiter {
			r.waiting = append(r.waiting[:i], r.waiting[i+1:]...)
			return
		}
	}
}

// fly serves what waits, round after round: those who come while one is under way
// make the next.
func (r *reads) fly(ctx context.Context) {
	timer := time.NewTimer(gathering)
	for {
		<-timer.C
		ctx, f, everything := r.depart(ctx)
		if f == nil {
			return
		}
		f.serve(ctx, r, everything)
		timer.Reset(gathering)
	}
}

// depart takes all who wait; nil when nobody does. Everything is listed when it is not
// the first time lately that a refresh asks.
func (r *reads) depart(ctx context.Context) (flying context.Context, f *flight, everything bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiting = slices.DeleteFunc(r.waiting, r.answered) // by the list that was under way
	if len(r.waiting) == 0 {
		r.flying = false
		return ctx, nil, false
	}
	flying, cancel := context.WithCancel(ctx)
	f = &flight{reads: r.waiting, wanted: len(r.waiting), cancel: cancel}
	r.waiting = nil
	refresh := false
	for _, waiter := range f.reads {
		waiter.flight = f
		refresh = refresh || waiter.memorise
	}
	if refresh {
		everything = !r.refreshed.IsZero() && time.Since(r.refreshed) < memory
		r.refreshed = time.Now()
	}
	return flying, f, everything
}

// answered ends a caller's wait where the station is remembered by now; the lock is held.
func (r *reads) answered(waiter *read) bool {
	station, known := r.recall(waiter.ref)
	if !known || !waiter.memorise {
		return false
	}
	waiter.station = station
	close(waiter.done)
	return true
}

// serve asks for the stations that the flight is for, or for all, and hands them out.
func (f *flight) serve(ctx context.Context, r *reads, everything bool) {
	defer f.cancel()
	began := time.Now()
	stations, err := f.list(ctx, r.client, everything)
	named := map[string][]string{} // client ids by name in lower case
	byID := map[string]Station{}
	for _, station := range stations {
		if _, twice := byID[station.ID]; !twice {
			byID[station.ID] = station
			name := strings.ToLower(station.Name)
			named[name] = append(named[name], station.ID)
		}
	}
	if everything && err == nil {
		r.enrol(roster{at: began, ids: named})
	}
	switch {
	case ctx.Err() != nil: // an end that the callers made tells nothing of the server
	case !everything && ofRequest(err):
		r.note(nil) // the server is well
	default:
		r.note(err)
	}
	for _, waiter := range f.reads {
		waiter.err = err
		if err == nil {
			waiter.station, waiter.err = r.client.pick(ctx, waiter, byID, named)
		}
		close(waiter.done)
	}
}

func (f *flight) list(ctx context.Context, client *Client, everything bool) ([]Station, error) {
	if everything {
		return client.Stations(ctx, Filter{})
	}
	var all []Station
	ids, names := f.refs()
	for _, filter := range []Filter{{IDs: ids}, {Names: names}} {
		if len(filter.IDs)+len(filter.Names) == 0 {
			continue
		}
		stations, err := client.Stations(ctx, filter)
		if err != nil {
			return nil, err
		}
		all = append(all, stations...)
	}
	return all, nil
}

// pick finds what a caller asked for. A client id that is not on a list is asked for by
// itself, so that only a definite 404 is one.
func (c *Client) pick(ctx context.Context, waiter *read, byID map[string]Station, named map[string][]string) (Station, error) {
	id := waiter.ref
	if !clientID.MatchString(id) {
		switch ids := named[waiter.ref]; len(ids) {
		case 0:
			return Station{}, &NoStation{Name: waiter.name}
		case 1:
			id = ids[0]
		default:
			return Station{}, &Ambiguous{Name: waiter.name, IDs: ids}
		}
	}
	if station, listed := byID[id]; listed {
		return station, nil
	}
	station, err := ask[contract.Station](ctx, c, get("stations", id))
	if err != nil {
		return Station{}, err
	}
	return stationOf(station), nil
}

// refs sorts what is asked for into client ids and names, each once.
func (f *flight) refs() (ids, names []string) {
	seen := map[string]bool{}
	for _, waiter := range f.reads {
		switch {
		case seen[waiter.ref]:
		case clientID.MatchString(waiter.ref):
			ids = append(ids, waiter.ref)
		default:
			names = append(names, waiter.ref)
		}
		seen[waiter.ref] = true
	}
	return ids, names
}

// recall is a station as it was listed lately; the lock is held.
func (r *reads) recall(ref string) (Station, bool) {
	if !clientID.MatchString(ref) {
		ids := r.roster.ids[ref]
		if len(ids) != 1 || time.Since(r.roster.at) >= memory {
			return Station{}, false
		}
		ref = ids[0]
	}
	station, ok := r.known[ref]
	return station.Station, ok && time.Since(station.at) < memory
}

// remember keeps a station from a list call that began then, unless this client
// wrote to it since.
func (r *reads) remember(station Station, began time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if began.After(r.changed[station.ID]) && began.After(r.known[station.ID].at) {
		r.known[station.ID] = listed{Station: station, at: began}
	}
}

// ofRequest tells whether a list call was refused for the names or ids in it, which are not
// what others ask for.
func ofRequest(err error) bool {
	var problem *Problem
	return errors.As(err, &problem) && problem.Status >= http.StatusBadRequest && problem.Status < http.StatusInternalServerError &&
		!errors.Is(err, kms.ErrDenied) && problem.Status != http.StatusTooManyRequests
}

// note keeps what came of the last list call: an error of one is the server's.
func (r *reads) note(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failure, r.failed = err, time.Now()
}

// enrol keeps the names of a list of all stations.
func (r *reads) enrol(names roster) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.roster = names
}

// forget drops what is known of stations that were written to: lists that are under
// way may be older than the write.
func (r *reads) forget(ids ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	for _, id := range ids {
		delete(r.known, id)
		r.changed[id] = now
	}
}
