package timagoserver

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/timago/terraform-provider-timago/internal/simulator/world"
	"github.com/timago/terraform-provider-timago/internal/timago/contract"
	"github.com/timago/terraform-provider-timago/internal/timago/contract/contractserver"
)

// calls are the operations of the contract. What is refused is returned as a *refusal.
type calls struct{ *Server }

const (
	usualPage     = 100
	maxPage       = 500
	clientVersion = "4.2.0"
	imageServer   = "img01"
)

// ListStations filters what the token may see, in the site's order.
func (c calls) ListStations(_ context.Context, request contractserver.ListStationsRequestObject) (contractserver.ListStationsResponseObject, error) {
	p := request.Params
	var found []numbered[contract.Station]
	for _, l := range c.config.World.Listings() {
		if c.permitted(l) && passes(l, p) {
			found = append(found, numbered[contract.Station]{l.Number, c.station(l)})
		}
	}
	filter := p
	filter.PageSize, filter.PageToken = nil, nil
	items, next, err := page(c.config.MaxPage, found, filter, p.PageSize, p.PageToken)
	if err != nil {
		return nil, err
	}
	return contractserver.ListStations200JSONResponse{Items: items, NextPageToken: next}, nil
}

func passes(l world.Listing, p contract.ListStationsParams) bool {
	same := func(text string) func(string) bool {
		return func(wanted string) bool { return strings.EqualFold(text, wanted) }
	}
	set := func(made world.SystemListing) bool { return made.Option == *p.KMSActivation }
	switch {
	case p.ID != nil && !slices.Contains(*p.ID, l.ID),
		p.Name != nil && !slices.ContainsFunc(*p.Name, same(l.Name)),
		p.Location != nil && !strings.EqualFold(*p.Location, l.Location),
		p.ComputerGroup != nil && !strings.EqualFold(*p.ComputerGroup, l.Group),
		p.Online != nil && *p.Online != l.Online,
		p.KMSActivation != nil && !slices.ContainsFunc(l.Systems, set),
		p.StartedAfter != nil && !l.LastStart.After(*p.StartedAfter):
		return false
	}
	return true
}

// GetStation reads one.
func (c calls) GetStation(_ context.Context, request contractserver.GetStationRequestObject) (contractserver.GetStationResponseObject, error) {
	l, err := c.listing(request.ID)
	if err != nil {
		return nil, err
	}
	return contractserver.GetStation200JSONResponse{StationJSONResponse: c.answered(l)}, nil
}

// PatchOperatingSystem sets the option where the station is still as the client saw it.
func (c calls) PatchOperatingSystem(_ context.Context, request contractserver.PatchOperatingSystemRequestObject) (contractserver.PatchOperatingSystemResponseObject, error) {
	l, err := c.listing(request.ID)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(l.Systems, func(made world.SystemListing) bool { return strings.EqualFold(made.Name, request.Name) }) {
		return nil, refuse(http.StatusNotFound, contract.ProblemCodeOperatingSystemNotFound, l.Name+" has no operating system "+request.Name)
	}
	if request.Params.IfMatch != etag(l) || !c.config.World.SetSystemOption(l.ID, request.Name, request.Body.KMSActivation, l.Revision) {
		return nil, refuse(http.StatusPreconditionFailed, contract.ProblemCodePreconditionFailed, "the station has changed since")
	}
	if l, err = c.listing(request.ID); err != nil {
		return nil, err
	}
	return contractserver.PatchOperatingSystem200JSONResponse{StationJSONResponse: c.answered(l)}, nil
}

// listing is one station, or why it is not shown.
func (c calls) listing(id string) (world.Listing, error) {
	l, found := c.config.World.Listing(id)
	switch {
	case !found:
		return l, refuse(http.StatusNotFound, contract.ProblemCodeNotFound, "there is no such station")
	case !c.permitted(l):
		return l, refuse(http.StatusForbidden, contract.ProblemCodeForbidden, "no right on the computer group "+l.Group)
	}
	return l, nil
}

func (s *Server) permitted(l world.Listing) bool {
	return s.config.Groups == nil || slices.ContainsFunc(s.config.Groups, func(group string) bool { return strings.EqualFold(group, l.Group) })
}

func (c calls) answered(l world.Listing) contractserver.StationJSONResponse {
	return contractserver.StationJSONResponse{Body: c.station(l), Headers: contractserver.StationResponseHeaders{ETag: etag(l)}}
}

func etag(l world.Listing) string { return fmt.Sprintf(`"%d"`, l.Revision+1) }

func (c calls) station(l world.Listing) contract.Station {
	station := contract.Station{
		ID: l.ID, Name: l.Name, MAC: &l.MAC, Location: l.Location, ComputerGroup: l.Group, Online: l.Online,
		LastStart: &l.LastStart, LastOperatingSystem: &l.LastSystem, ETag: etag(l),
		ClientVersion: new(clientVersion), ImageServer: new(imageServer), OperatingSystems: []contract.OperatingSystem{},
	}
	if c.config.Address != nil {
		station.Address = new(c.config.Address(l.Name))
	}
	if l.User != "" {
		station.LoggedOnUser = &l.User
	}
	current := true
	for _, made := range l.Systems {
		system := contract.OperatingSystem{Name: made.Name, KMSActivation: made.Option, ImageGeneration: int64(made.Generation)}
		if made.Generation > 0 {
			system.ImageKMSActivation = &made.MadeWith
			current = current && made.MadeWith == made.Option
		}
		station.OperatingSystems = append(station.OperatingSystems, system)
	}
	station.StorageUpToDate = &current
	if l.Pending != nil {
		station.PendingCommand = &contract.PendingCommand{
			ID: l.Pending.ID, Command: string(l.Pending.Kind), State: contract.CommandState(l.Pending.State),
		}
	}
	return station
}

// numbered is an item with its place in the whole, which it keeps: a page begins behind
// a place, so that nothing is missed when something before it goes.
type numbered[T any] struct {
	number int
	item   T
}

// mark is what a page token says.
type mark struct {
	After int    `json:"after"` // place
	Of    string `json:"of"`    // the filter
}

// page cuts one page out of what was found. The token is good without end, for the same
// filter. One that this server did not make has ended.
func page[T any](most int, found []numbered[T], filter any, size *int, token *string) (items []T, next *string, err error) {
	of, err := json.Marshal(filter)
	if err != nil {
		return nil, nil, err
	}
	at := mark{Of: string(of)}
	if token != nil {
		text, err := base64.RawURLEncoding.DecodeString(*token)
		if err != nil || json.Unmarshal(text, &at) != nil {
			return nil, nil, refuse(http.StatusBadRequest, contract.ProblemCodePageTokenEnded, "the page token has ended")
		}
		if at.Of != string(of) {
			return nil, nil, wrong("page_token", "of a list with other filters")
		}
	}
	room := usualPage
	if size != nil && (*size < 1 || *size > maxPage) {
		return nil, nil, wrong("page_size", fmt.Sprintf("1 to %d", maxPage))
	}
	if size != nil {
		room = *size
	}
	if most == 0 {
		most = maxPage
	}
	room = min(room, most)
	items = []T{}
	for _, one := range found {
		if one.number <= at.After {
			continue
		}
		if len(items) == room {
			text, err := json.Marshal(at)
			if err != nil {
				return nil, nil, err
			}
			return items, new(base64.RawURLEncoding.EncodeToString(text)), nil
		}
		items = append(items, one.item)
		at.After = one.number
	}
	return items, nil, nil
}
