package timagoserver

import (
	"context"
	"slices"
	"strings"

	"github.com/timago/terraform-provider-timago/internal/simulator/world"
	"github.com/timago/terraform-provider-timago/internal/timago/contract"
	"github.com/timago/terraform-provider-timago/internal/timago/contract/contractserver"
)

// Features that a server may lack.
const (
	featureNotBefore = "not_before"
	featureKMSStatus = "kms_status"
)

// Features are all that the contract knows.
func Features() []string {
	return []string{"restart", "reset_image", "wake", "shutdown", featureNotBefore, featureKMSStatus}
}

func (s *Server) features() []string {
	if s.config.Features == nil {
		return Features()
	}
	return s.config.Features
}

func (s *Server) can(feature string) bool { return slices.Contains(s.features(), feature) }

// GetInfo says what the server is.
func (c calls) GetInfo(context.Context, contractserver.GetInfoRequestObject) (contractserver.GetInfoResponseObject, error) {
	return contractserver.GetInfo200JSONResponse{Version: "1.0.0", ServerTime: c.config.World.Now(), Features: c.features()}, nil
}

// GetKMS shows a product as activated when no station that is on has asked for it in
// vain since its start, and one with success.
func (c calls) GetKMS(context.Context, contractserver.GetKMSRequestObject) (contractserver.GetKMSResponseObject, error) {
	address, port, shown := c.config.World.KMS()
	answer := contractserver.GetKMS200JSONResponse{Host: &address, Port: &port, Products: []contract.KMSProduct{}}
	if !c.can(featureKMSStatus) {
		return answer, nil
	}
	for _, p := range shown {
		status := contract.KMSProductStatusUnknown
		switch {
		case p.Refused > 0:
			status = contract.KMSProductStatusNotActivated
		case p.Activated > 0:
			status = contract.KMSProductStatusActivated
		}
		answer.Products = append(answer.Products, contract.KMSProduct{Product: string(p.Product), Name: p.Name, Status: status})
	}
	return answer, nil
}

// ListLocations lists the rooms.
func (c calls) ListLocations(_ context.Context, request contractserver.ListLocationsRequestObject) (contractserver.ListLocationsResponseObject, error) {
	locations, _ := c.config.World.Groupings()
	listed, err := c.groupings(locations, func(l world.Listing) string { return l.Location }, request.Params.PageSize, request.Params.PageToken)
	return contractserver.ListLocations200JSONResponse{GroupingsJSONResponse: listed}, err
}

// ListComputerGroups lists the computer groups.
func (c calls) ListComputerGroups(_ context.Context, request contractserver.ListComputerGroupsRequestObject) (contractserver.ListComputerGroupsResponseObject, error) {
	_, groups := c.config.World.Groupings()
	groups = slices.DeleteFunc(groups, func(g world.Grouping) bool { return !c.permitted(world.Listing{Group: g.Name}) })
	listed, err := c.groupings(groups, func(l world.Listing) string { return l.Group }, request.Params.PageSize, request.Params.PageToken)
	return contractserver.ListComputerGroups200JSONResponse{GroupingsJSONResponse: listed}, err
}

// groupings counts the stations that the token may see.
func (c calls) groupings(all []world.Grouping, of func(world.Listing) string, size *int, token *string) (contractserver.GroupingsJSONResponse, error) {
	in := map[string]int{}
	for _, l := range c.config.World.Listings() {
		if c.permitted(l) {
			in[strings.ToLower(of(l))]++
		}
	}
	found := make([]numbered[contract.Grouping], len(all))
	for i, g := range all {
		g.Stations = in[strings.ToLower(g.Name)]
		found[i] = numbered[contract.Grouping]{i + 1, contract.Grouping(g)}
	}
	items, next, err := page(c.config.MaxPage, found, nil, size, token)
	return contractserver.GroupingsJSONResponse{Items: items, NextPageToken: next}, err
}
