package timago

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/timago/terraform-provider-timago/internal/foreign"
	"github.com/timago/terraform-provider-timago/internal/timago/contract"
)

// Filter chooses stations: all that is set must hold, of several values one. Names,
// locations and groups are compared as a whole, without case.
type Filter struct {
	IDs, Names    []string // nil: all
	Location      string   // "" all
	ComputerGroup string   // "" all
	Online        *bool
	KMSActivation *bool     // at least one of its operating systems has the option so
	StartedAfter  time.Time // zero: all
}

// Stations lists what passes the filter, in the server's order.
func (c *Client) Stations(ctx context.Context, filter Filter) ([]Station, error) {
	var all []Station
	listed := map[string]bool{}
	path := c.endpoint.Path + "/stations"
	for ids := range chunks(filter.IDs) {
		for names := range chunks(filter.Names) {
			part := filter
			part.IDs, part.Names = ids, names
			stations, err := anew(ctx, c, path, func(ctx context.Context) ([]Station, error) { return c.list(ctx, part) })
			if err != nil {
				return nil, err
			}
			if len(filter.IDs) == len(ids) && len(filter.Names) == len(names) {
				return stations, nil // the only part
			}
			for _, station := range stations {
				if !listed[station.ID] {
					listed[station.ID] = true
					all = append(all, station)
				}
			}
			if len(all) > maxItems {
				return nil, &Malformed{Method: http.MethodGet, Path: path, JSONPath: "$.items", Err: errTooManyPage}
			}
		}
	}
	return all, nil
}

// listing is a list that is being read.
type listing struct {
	stations []Station
	listed   map[string]bool
	shared   texts
	kept     int // bytes
}

// add takes what a page holds, each station once: it may move to a later page meanwhile.
func (l *listing) add(items []contract.Station) (fresh, kept int) {
	before := len(l.stations)
	for _, item := range items {
		if station := stationOf(item); !l.listed[station.ID] {
			l.listed[station.ID] = true
			kept += l.shared.share(&station)
			l.stations = append(l.stations, station)
		}
	}
	l.kept += kept
	return len(l.stations) - before, kept
}

// list reads all pages of one list.
func (c *Client) list(ctx context.Context, filter Filter) ([]Station, error) {
	all := listing{listed: map[string]bool{}, shared: texts{}}
	path, began, long := c.endpoint.Path+"/stations", time.Now(), false
	defer func() {
		if long {
			<-c.longLists
		}
	}()
	err := follow(path, func(token *string) (page, error) {
		if !long && len(all.stations) >= pageSize {
			select {
			case c.longLists <- struct{}{}:
				long = true
			case <-ctx.Done():
				return page{}, ctx.Err()
			}
		}
		r := get("stations")
		r.query = filter.query(token)
		got, size, err := askSized[contract.StationPage](ctx, c, r)
		if err != nil {
			return page{}, err
		}
		if err := filter.held(got.Items, path); err != nil {
			return page{}, err
		}
		fresh, kept := all.add(got.Items)
		if filter.Location != "" && (len(all.stations) > maxLocation || all.kept > maxLocationKept) {
			return page{}, &Malformed{Method: http.MethodGet, Path: path, JSONPath: "$.items", Err: errLargeLocation, hint: hintLocation}
		}
		return page{next: got.NextPageToken, items: len(got.Items), fresh: fresh, bytes: size, kept: kept}, nil
	})
	if err != nil {
		return nil, err // and nothing of it is remembered: lists without end would fill the memory
	}
	c.reads.remember(all.stations, began)
	return all.stations, nil
}

// held holds a page against what was asked for: a server that does not know a filter, or
// answers from somewhere else, must not pass for a room.
func (f Filter) held(items []contract.Station, path string) error {
	if len(items) > pageSize {
		return &Malformed{Method: http.MethodGet, Path: path, JSONPath: "$.items", Err: fmt.Errorf("has %d items, and at most %d were asked for", len(items), pageSize)}
	}
	for i, item := range items {
		if field, found := f.refuses(item); field != "" {
			return &Malformed{
				Method: http.MethodGet, Path: path, JSONPath: fmt.Sprintf("$.items[%d].%s", i, field),
				Err: fmt.Errorf("is %q, which was not asked for", foreign.Text(found)),
			}
		}
	}
	return nil
}

// refuses names the field by which a station does not pass the filter, and what it holds.
func (f Filter) refuses(s contract.Station) (field, found string) {
	among := func(list []string, value string) bool {
		return len(list) == 0 || slices.ContainsFunc(list, func(wanted string) bool { return strings.EqualFold(wanted, value) })
	}
	option := func(system contract.OperatingSystem) bool { return system.KMSActivation == *f.KMSActivation }
	switch {
	case !among(f.IDs, s.ID):
		return "id", s.ID
	case !among(f.Names, s.Name):
		return "name", s.Name
	case f.Location != "" && !strings.EqualFold(f.Location, s.Location):
		return "location", s.Location
	case f.ComputerGroup != "" && !strings.EqualFold(f.ComputerGroup, s.ComputerGroup):
		return "computer_group", s.ComputerGroup
	case f.Online != nil && *f.Online != s.Online:
		return "online", strconv.FormatBool(s.Online)
	case f.KMSActivation != nil && !slices.ContainsFunc(s.OperatingSystems, option):
		return "operating_systems", "without kms_activation " + strconv.FormatBool(*f.KMSActivation)
	}
	return "", ""
}

const (
	// maxFilter bounds the ids or names of one request in bytes as they are sent, well
	// within the 32 KiB of a request line that the contract grants.
	maxFilter = 26_000
)

// chunks splits a list so that one request takes it; an empty one is one empty part.
func chunks(list []string) func(func([]string) bool) {
	return func(yield func([]string) bool) {
		if len(list) == 0 {
			yield(nil)
			return
		}
		from, size := 0, 0
		for i, value := range list {
			length := len("&name=") + 3*len(value) // at worst
			if len(url.QueryEscape(value)) == len(value) {
				length = len("&name=") + len(value)
			}
			if i-from == pageSize || i > from && size+length > maxFilter {
				if !yield(list[from:i]) {
					return
				}
				from, size = i, 0
			}
			size += length
		}
		yield(list[from:])
	}
}

func (f Filter) query(token *string) url.Values {
	query := pageQuery(token)
	set := func(name, value string) {
		if value != "" {
			query.Set(name, value)
		}
	}
	if len(f.IDs) > 0 {
		query["id"] = f.IDs
	}
	if len(f.Names) > 0 {
		query["name"] = f.Names
	}
	set("location", f.Location)
	set("computer_group", f.ComputerGroup)
	if f.Online != nil {
		set("online", strconv.FormatBool(*f.Online))
	}
	if f.KMSActivation != nil {
		set("kms_activation", strconv.FormatBool(*f.KMSActivation))
	}
	if !f.StartedAfter.IsZero() {
		set("started_after", f.StartedAfter.Format(time.RFC3339Nano))
	}
	return query
}

// getStation asks for one station by itself, which alone reports whether it exists. That it
// does not must be said twice: the error is a *Gone then. A server may answer so for a
// moment while it starts.
func (c *Client) getStation(ctx context.Context, id string) (Station, error) {
	for attempts := 1; ; attempts++ {
		got, err := ask[contract.Station](ctx, c, get("stations", id))
		switch {
		case err == nil && got.ID != id:
			return Station{}, &Malformed{
				Method: http.MethodGet, Path: c.endpoint.Path + "/stations/" + id, JSONPath: "$.id",
				Err: fmt.Errorf("is %q, which was not asked for", foreign.Text(got.ID)),
			}
		case err == nil:
			return stationOf(got), nil
		case !answered(err, http.StatusNotFound, contract.ProblemCodeNotFound):
			return Station{}, err
		case attempts == 2:
			return Station{}, &Gone{ID: id}
		}
		pause := time.NewTimer(c.again)
		select {
		case <-ctx.Done():
			pause.Stop()
			return Station{}, ctx.Err()
		case <-pause.C:
		}
	}
}
