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

	"golang.org/x/sync/errgroup"

	"github.com/timago/terraform-provider-timago/internal/kms"
)

const (
	// readWindow is how long a read waits for others to come along: a machine that has much
	// to do sends ten that belong together over some time.
	readWindow = 50 * time.Millisecond
	// memory is how long a listed station may answer a read. Terraform refreshes ten
	// objects at a time, so gathering alone would make a request of every ten. It covers
	// the refresh of a large site on a slow machine; a process lives for one plan or apply.
	memory = 10 * time.Minute
	// filtersBeforeAll is how many times reads are asked for by id or name before all
	// stations are listed: how many more are wanted is not known, nor how many there are.
	// A room of fifty is read by filters, whatever the size of the site.
	filtersBeforeAll = 5
	// silence is how long a server that did not answer a refresh, or refused it, is not
	// asked again by others: each would wait through all its repeats, a thousand stations
	// for hours.
	silence = 30 * time.Second
	// besides is how many stations are asked for by themselves at once.
	besides = 8
)

var clientID = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// Station reads one station by its client id or name, for a refresh: what was listed
// within the last ten minutes and not written to by this client since is taken as it was.
// Reads that come together are one request, and many of them make the client list all
// stations once. Where the server answers with an error or not at all, that stands for
// those who come within half a minute. A client id that the server does not know is *Gone,
// a name that it does not list *NoStation, several of one name are *Ambiguous.
func (c *Client) Station(ctx context.Context, idOrName string) (Station, error) {
	return c.reads.station(ctx, idOrName, false)
}

// FreshStation reads one station as it is now: the server is asked after the call
// began. Reads that come together are one request.
func (c *Client) FreshStation(ctx context.Context, idOrName string) (Station, error) {
	return c.reads.station(ctx, idOrName, true)
}

// reads turns reads of single stations into list calls.
type reads struct {
	client *Client
	calls  gatherer[read, Station]

	mu       sync.Mutex
	stations map[string]listed    // by client id
	names    map[string]named     // by name in lower case
	filters  int                  // requests by id or name since the last list of all
	failure  error                // of the last list call
	failed   time.Time            // when
	changed  map[string]time.Time // when this client last wrote to a station
}

// read is what a caller asks for.
type read struct {
	key   string // client id, or name in lower case
	name  string // as the caller wrote it
	fresh bool   // a remembered answer will not do
}

type readCaller = caller[read, Station]

// listed is a station as a list call had it that began then.
type listed struct {
	*Station
	at time.Time
}

// named are the client ids of all stations of one name.
type named struct {
	ids []string
	at  time.Time
}

func newReads(c *Client) *reads {
	r := &reads{client: c, stations: map[string]listed{}, names: map[string]named{}, changed: map[string]time.Time{}}
	r.calls = gatherer[read, Station]{window: readWindow, serve: r.serve}
	return r
}

func (r *reads) station(ctx context.Context, idOrName string, fresh bool) (Station, error) {
	wanted := read{key: strings.ToLower(strings.TrimSpace(idOrName)), name: idOrName, fresh: fresh}
	if wanted.key == "" {
		return Station{}, &NoStation{Name: `""`}
	}
	if !fresh {
		if station, known := r.cached(wanted.key); known {
			return station, nil
		}
		if err := r.refused(); err != nil {
			return Station{}, err
		}
	}
	return r.calls.ask(ctx, wanted)
}

// cached is a station as it was listed lately.
func (r *reads) cached(key string) (Station, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !clientID.MatchString(key) {
		known := r.names[key]
		if len(known.ids) != 1 || time.Since(known.at) >= memory {
			return Station{}, false
		}
		key = known.ids[0]
	}
	station, known := r.stations[key]
	if !known || time.Since(station.at) >= memory {
		return Station{}, false
	}
	return *station.Station, true
}

// refused is what the server answered a refresh a moment ago, where it was an error.
func (r *reads) refused() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Since(r.failed) < silence {
		return r.failure
	}
	return nil
}

// serve asks for what a batch of callers wants, or lists all stations, and hands them out.
func (r *reads) serve(ctx context.Context, callers []*readCaller) {
	callers = slices.DeleteFunc(callers, func(c *readCaller) bool { // what the last batch has brought
		station, known := r.cached(c.query.key)
		if known = known && !c.query.fresh; known {
			c.reply(station, nil)
		}
		return known
	})
	if len(callers) == 0 {
		return
	}
	everything := r.everything(callers)
	found, err := r.list(ctx, callers, everything)
	switch {
	case ctx.Err() != nil: // an end that the callers made tells nothing of the server
	case !everything && ofRequest(err):
		r.note(nil) // the server is well
	default:
		r.note(err)
	}
	var missing []*readCaller
	for _, c := range callers {
		station, listed, wrong := found.pick(c.query)
		switch {
		case err != nil:
			c.reply(Station{}, err)
		case wrong != nil || listed:
			c.reply(station, wrong)
		default:
			missing = append(missing, c)
		}
	}
	r.single(ctx, missing)
}

// everything reports whether all stations are to be listed: when refreshes have asked for
// some so many times.
func (r *reads) everything(callers []*readCaller) bool {
	if !slices.ContainsFunc(callers, func(c *readCaller) bool { return !c.query.fresh }) {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.filters++; r.filters > filtersBeforeAll {
		r.filters = 0
		return true
	}
	return false
}

// finding is what list calls brought.
type finding struct {
	stations map[string]*Station
	names    map[string][]string // client ids, by name in lower case
}

func (r *reads) list(ctx context.Context, callers []*readCaller, everything bool) (finding, error) {
	began := time.Now()
	filters := []Filter{{}}
	ids, names := keys(callers)
	if !everything {
		filters = []Filter{{IDs: ids}, {Names: names}}
	}
	found := finding{stations: map[string]*Station{}, names: map[string][]string{}}
	for _, filter := range filters {
		if !everything && len(filter.IDs)+len(filter.Names) == 0 {
			continue
		}
		stations, err := r.client.Stations(ctx, filter)
		if err != nil {
			return found, err
		}
		for i := range stations {
			station := &stations[i]
			if _, twice := found.stations[station.ID]; !twice {
				found.stations[station.ID] = station
				name := strings.ToLower(station.Name)
				found.names[name] = append(found.names[name], station.ID)
			}
		}
	}
	if everything {
		names = nil
		for name := range found.names {
			names = append(names, name)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, name := range names { // all that bear it are on the list
		r.names[name] = named{ids: found.names[name], at: began}
	}
	return found, nil
}

// keys sorts what is asked for into client ids and names, each once.
func keys(callers []*readCaller) (ids, names []string) {
	seen := map[string]bool{}
	for _, c := range callers {
		switch key := c.query.key; {
		case seen[key]:
		case clientID.MatchString(key):
			ids = append(ids, key)
		default:
			names = append(names, key)
		}
		seen[c.query.key] = true
	}
	return ids, names
}

// pick finds what a caller asked for; false where no list has it and it must be asked for
// by itself.
func (f finding) pick(wanted read) (Station, bool, error) {
	id := wanted.key
	if !clientID.MatchString(id) {
		switch ids := f.names[wanted.key]; len(ids) {
		case 0:
			return Station{}, false, &NoStation{Name: wanted.name}
		case 1:
			id = ids[0]
		default:
			return Station{}, false, &Ambiguous{Name: wanted.name, IDs: ids}
		}
	}
	station, listed := f.stations[id]
	if !listed {
		return Station{}, false, nil
	}
	return *station, true, nil
}

// single asks for stations by themselves that a list lacks: a list proves nothing.
func (r *reads) single(ctx context.Context, callers []*readCaller) {
	var group errgroup.Group
	group.SetLimit(besides)
	for _, c := range callers {
		group.Go(func() error {
			c.reply(r.client.getStation(ctx, c.query.key))
			return nil
		})
	}
	_ = group.Wait() // every error has been told to its caller
}

// remember keeps the stations of a list call that began then, but for those that this
// client wrote to since. It never holds more than two of the longest lists, whatever a
// server answers to how many calls.
func (r *reads) remember(stations []Station, began time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.stations) > maxItems {
		clear(r.stations)
		clear(r.names)
	}
	// A copy: whoever asked for the list may sort it, or take some out.
	stations = slices.Clone(stations)
	for i := range stations {
		station := &stations[i]
		if began.After(r.changed[station.ID]) && began.After(r.stations[station.ID].at) {
			r.stations[station.ID] = listed{Station: station, at: began}
		}
	}
}

// ofRequest reports whether a list call was refused for the names or ids in it, which are not
// what others ask for.
func ofRequest(err error) bool {
	var problem *Problem
	return errors.As(err, &problem) && problem.Status >= http.StatusBadRequest && problem.Status < http.StatusInternalServerError &&
		problem.Status != http.StatusNotFound && !errors.Is(err, kms.ErrDenied) && problem.Status != http.StatusTooManyRequests
}

// note keeps what came of the last list call: an error of one is the server's.
func (r *reads) note(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failure, r.failed = err, time.Now()
}

// forget drops what is known of stations that were written to: lists that are under
// way may be older than the write.
func (r *reads) forget(ids ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	for _, id := range ids {
		delete(r.stations, id)
		r.changed[id] = now
	}
}
