// Package timago asks and commands Timago through an HTTP interface in front of its
// server. The contract of that interface, openapi.yaml, is this project's own: the
// vendor publishes none.
package timago

import (
	"context"
	"time"

	"github.com/timago/terraform-provider-timago/internal/timago/contract"
)

// pageSize is the most that a page may hold.
const pageSize = 500

// Client talks to one server. It is safe for concurrent use. Its errors are *Problem,
// *Unanswered, *Malformed and the few that the calls name; all know their Advice.
type Client struct {
	api   *contract.Client
	reads *reads
	close func()
}

// Close ends idle connections.
func (c *Client) Close() { c.close() }

// Info is the server itself.
type Info struct {
	Version    string
	ServerTime time.Time
	Features   []string // see the contract; unknown ones are kept
}

// Info asks who the server is and what it can do.
func (c *Client) Info(ctx context.Context) (Info, error) {
	info, err := decode[contract.Info](c.api.GetInfo(ctx))
	return Info{Version: info.Version, ServerTime: info.ServerTime, Features: info.Features}, err
}

// Grouping is a location (Standort) or a computer group (Rechnergruppe).
type Grouping struct {
	ID, Name string
	Stations int // how many are in it
}

// Locations lists all of them.
func (c *Client) Locations(ctx context.Context) ([]Grouping, error) {
	return groupings(func(token *string) (contract.GroupingPage, error) {
		return decode[contract.GroupingPage](c.api.ListLocations(ctx, &contract.ListLocationsParams{PageSize: pointer(pageSize), PageToken: token}))
	})
}

// ComputerGroups lists all of them.
func (c *Client) ComputerGroups(ctx context.Context) ([]Grouping, error) {
	return groupings(func(token *string) (contract.GroupingPage, error) {
		return decode[contract.GroupingPage](c.api.ListComputerGroups(ctx, &contract.ListComputerGroupsParams{PageSize: pointer(pageSize), PageToken: token}))
	})
}

func groupings(page func(token *string) (contract.GroupingPage, error)) ([]Grouping, error) {
	var all []Grouping
	err := pages(func(token *string) (*string, error) {
		got, err := page(token)
		for _, g := range got.Items {
			all = append(all, Grouping(g))
		}
		return got.NextPageToken, err
	})
	return all, err
}
