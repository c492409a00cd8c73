package timago

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/timago/terraform-provider-timago/internal/timago/contract"
)

// Station is a computer as Timago sees it. Times are on the server's clock. Its lists
// are shared between callers and not to be changed.
type Station struct {
	ID            string // client id, a GUID in lower case
	Name          string // Bezeichnung
	MAC           string // "02:00:5E:10:01:01"; "" where the card is mobile
	Address       string // host or IP, with a port where it is not the default; "" unknown
	Location      string // Standort; "" none
	ComputerGroup string // Rechnergruppe; "" none

	Online              bool
	LastStart           time.Time // zero before the first
	LastOperatingSystem string
	LoggedOnUser        string // now; "" nobody
	Pending             *PendingCommand

	StorageUpToDate *bool // nil unknown
	ClientVersion   string
	ImageServer     string

	OperatingSystems []OperatingSystem
	ETag             string // of its settings, for If-Match
}

// OperatingSystem is one of a station's systems and its image.
type OperatingSystem struct {
	Name               string
	KMSActivation      bool  // the option as it is set
	ImageKMSActivation *bool // the option that the image was made with; nil without image
	ImageGeneration    int64 // how often the image was made; 0 none
}

// Effective tells whether the image on the station was made with the option as it is
// set now.
func (o OperatingSystem) Effective() bool {
	return o.ImageKMSActivation != nil && *o.ImageKMSActivation == o.KMSActivation
}

// PendingCommand is what a station is about to do.
type PendingCommand struct {
	ID      string
	Command CommandName
	State   CommandState
}

// OperatingSystem finds one by name, without case. With "" it is the only one, else the
// last started. Where that names none the error is a *NoOperatingSystem.
func (s Station) OperatingSystem(name string) (OperatingSystem, error) {
	if name == "" && len(s.OperatingSystems) == 1 {
		return s.OperatingSystems[0], nil
	}
	if name == "" {
		name = s.LastOperatingSystem
	}
	var has []string
	for _, system := range s.OperatingSystems {
		if strings.EqualFold(system.Name, name) {
			return system, nil
		}
		has = append(has, system.Name)
	}
	return OperatingSystem{}, &NoOperatingSystem{Station: s.Name, Name: name, Has: has}
}

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
	listed := map[string]bool{} // a station may move to a later page meanwhile
	for ids := range chunks(filter.IDs) {
		for names := range chunks(filter.Names) {
			part := filter
			part.IDs, part.Names = ids, names
			err := pages(func(token *string) (*string, error) {
				began := time.Now()
				list := get("stations")
				list.query = part.query(token)
				page, err := ask[contract.StationPage](ctx, c, list)
				for _, item := range page.Items {
					if !listed[item.ID] {
						listed[item.ID] = true
						all = append(all, stationOf(item))
					}
					c.reads.remember(stationOf(item), began)
				}
				return page.NextPageToken, err
			})
			if err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

// chunks splits a list so that one request takes it; an empty one is one empty part.
func chunks(list []string) func(func([]string) bool) {
	if len(list) == 0 {
		return func(yield func([]string) bool) { yield(nil) }
	}
	return slices.Chunk(list, pageSize)
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

var errEndless = errors.New("the pages do not end")

// pages asks for page after page until there is no token. Ten thousand pages are five
// million stations: no site, but a server that repeats itself.
func pages(ask func(token *string) (next *string, err error)) error {
	var token *string
	for range 10_000 {
		next, err := ask(token)
		if err != nil {
			return err
		}
		if next == nil || *next == "" {
			return nil
		}
		if token != nil && *token == *next {
			break
		}
		token = next
	}
	return &Malformed{Method: "GET", Path: basePath, JSONPath: "$.next_page_token", Err: errEndless}
}

func stationOf(s contract.Station) Station {
	station := Station{
		ID: s.ID, Name: s.Name, MAC: value(s.MAC), Address: value(s.Address),
		Location: s.Location, ComputerGroup: s.ComputerGroup,
		Online: s.Online, LastStart: value(s.LastStart),
		LastOperatingSystem: value(s.LastOperatingSystem), LoggedOnUser: value(s.LoggedOnUser),
		StorageUpToDate: s.StorageUpToDate, ClientVersion: value(s.ClientVersion), ImageServer: value(s.ImageServer),
		ETag: s.ETag,
	}
	if p := s.PendingCommand; p != nil {
		station.Pending = &PendingCommand{ID: p.ID, Command: CommandName(p.Command), State: p.State}
	}
	for _, o := range s.OperatingSystems {
		station.OperatingSystems = append(station.OperatingSystems, OperatingSystem{
			Name: o.Name, KMSActivation: o.KMSActivation, ImageKMSActivation: o.ImageKMSActivation, ImageGeneration: o.ImageGeneration,
		})
	}
	return station
}

// value is what an optional field holds, else its zero value.
func value[T any](field *T) T {
	var zero T
	if field == nil {
		return zero
	}
	return *field
}
