package pool

import (
	"context"
	"slices"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/schedule"
)

// Network is what every client sees of a KMS host before it asks.
type Network interface {
	// Connect tries a port of the KMS host.
	Connect(ctx context.Context, port int) error
	// Domain is the one in which clients look for their KMS host; "" where that is not known.
	Domain() string
	// Discover looks up which KMS hosts DNS names to the clients of a domain.
	Discover(ctx context.Context, domain string) (kms.Discovery, error)
}

// Means are how counts may be made.
type Means struct {
	Limits Limits
	Window *schedule.Window // when stations may be started; nil: always
	Memory Memory           // of what that took so far
}

// Inspect lists all that stands in the way of what the reading lacks, before anything is
// touched.
func Inspect(ctx context.Context, network Network, r Reading, d Definition, known Known, means Means) []Finding {
	members := slices.Clone(r.Members)
	for i := range members {
		if members[i].Pending != "" { // what it shows now is not what it will be
			members[i] = Member{Name: members[i].Name, Err: kms.ErrNotYet}
		}
	}
	facts := Facts{
		KMSHost: r.KMSHost, Members: members, Last: known.Members, Wanted: d.Wanted, Limits: means.Limits,
		Window: means.Window, Now: r.At, Memory: means.Memory,
	}
	if !r.NoClientCounts() {
		facts.Restarts = r.Restarts()
	}
	if !r.CountsFromClients() { // of a host that was not read nothing is known
		facts.Host = &r.Host
		facts.Port = network.Connect(ctx, r.Host.Host.Port)
	}
	if domain := network.Domain(); domain != "" {
		if discovery, err := network.Discover(ctx, domain); err == nil { // a resolver that fails says nothing about the site
			facts.Discovery = &discovery
		}
	}
	return Preflight(facts)
}
