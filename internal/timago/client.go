// Package timago asks and commands Timago through an HTTP interface in front of its
// server. The contract of that interface, openapi.yaml, is this project's own: the
// vendor publishes none.
package timago

import (
	"context"
	"net/url"
	"time"
	"unsafe"

	"github.com/timago/terraform-provider-timago/internal/timago/contract"
)

// Client talks to one server. It is safe for concurrent use. Its errors are *Problem,
// *Unanswered, *Malformed and the few that the calls name; all know their Advice.
type Client struct {
	endpoint *url.URL // with the base path
	sender   *sender
	again    time.Duration // before a station is asked for once more that does not exist
	// listTimeout is how long a list may take as a whole.
	listTimeout time.Duration
	// longLists has a place for each list that is read beyond what one page may hold. A room
	// is shorter, and waits for none.
	longLists chan struct{}
	reads     *reads
	commands  commands
	close     func()
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
	info, err := ask[contract.Info](ctx, c, get("info"))
	return Info{Version: info.Version, ServerTime: info.ServerTime, Features: info.Features}, err
}

// Grouping is a location (Standort) or a computer group (Rechnergruppe).
type Grouping struct {
	ID, Name string
	Stations int // how many are in it
}

// Locations lists all of them.
func (c *Client) Locations(ctx context.Context) ([]Grouping, error) {
	return c.groupings(ctx, "locations")
}

// ComputerGroups lists all of them.
func (c *Client) ComputerGroups(ctx context.Context) ([]Grouping, error) {
	return c.groupings(ctx, "computer-groups")
}

func (c *Client) groupings(ctx context.Context, path string) ([]Grouping, error) {
	whole := c.endpoint.Path + "/" + path
	return anew(ctx, c, whole, func(ctx context.Context) ([]Grouping, error) {
		var all []Grouping
		listed := map[string]bool{}
		err := follow(whole, func(token *string) (page, error) {
			r := get(path)
			r.query = pageQuery(token)
			got, size, err := askSized[contract.GroupingPage](ctx, c, r)
			before, kept := len(all), 0
			for _, g := range got.Items {
				if !listed[g.ID] {
					listed[g.ID] = true
					all = append(all, Grouping(g))
					kept += int(unsafe.Sizeof(Grouping{})) + len(g.ID) + len(g.Name)
				}
			}
			return page{next: got.NextPageToken, items: len(got.Items), fresh: len(all) - before, bytes: size, kept: kept}, err
		})
		return all, err
	})
}
