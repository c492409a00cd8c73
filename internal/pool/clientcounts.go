package pool

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/timago/terraform-provider-timago/internal/kms"
)

// RequestReader reads what a station asked the KMS host since a moment of its own clock.
type RequestReader interface {
	Requests(ctx context.Context, station string, since time.Time) ([]kms.Exchange, error)
}

// ClientCounts are the KMS host's counts as its answers to clients gave them, for a host
// that may not be read itself: the newest answer of each product.
type ClientCounts struct {
	Host kms.Host
	Age  map[kms.Product]time.Duration // of the answer, on the clock of the station that got it
}

// CountsFromClients reads the members' events, side by side. An answer older than maxAge
// is left out. An answer other than 0xC004F042 stands for the host's key.
func CountsFromClients(ctx context.Context, stations RequestReader, members []Member, maxAge time.Duration) ClientCounts {
	exchanges := make([][]kms.Exchange, len(members))
	var group errgroup.Group
	group.SetLimit(besides)
	for i, m := range members {
		if m.Err != nil {
			continue
		}
		group.Go(func() error {
			// A station whose log cannot be read gives no count; others may.
			exchanges[i], _ = stations.Requests(ctx, m.Name, m.Station.Now.Add(-maxAge))
			return nil
		})
	}
	_ = group.Wait() // no read returns an error here

	found := ClientCounts{Host: kms.Host{IsHost: true, FromClients: true}, Age: map[kms.Product]time.Duration{}}
	counts := map[kms.Product]int{}
	for i, m := range members {
		products := ProductsHeld(members[i : i+1])
		for _, exchange := range exchanges[i] {
			if exchange.Answer == nil || exchange.Answer.Code == kms.CodeIDMismatch {
				continue
			}
			product, known := products(kms.Counted{ActivationID: exchange.ActivationID})
			age := m.Station.Now.Sub(exchange.Answer.Time)
			if newest, given := found.Age[product]; !known || age > maxAge || given && newest <= age {
				continue
			}
			found.Age[product], counts[product] = age, exchange.Answer.Count
		}
	}
	for product, count := range counts {
		found.Host.Products = append(found.Host.Products, kms.HostProduct{Product: product, Status: kms.Licensed, Count: &count})
	}
	return found
}
