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

// Told is what stations were told of the KMS host's counts, where the host itself may not
// be read: the newest answer of each product.
type Told struct {
	Host kms.Host
	Age  map[kms.Product]time.Duration // of the answer, on the clock of the station that got it
}

// CountsTold reads the members' events, side by side. An answer older than maxAge tells
// nothing. An answer other than 0xC004F042 stands for the host's key.
func CountsTold(ctx context.Context, stations RequestReader, members []Member, maxAge time.Duration) Told {
	exchanges := make([][]kms.Exchange, len(members))
	var group errgroup.Group
	for i, m := range members {
		if m.Err != nil {
			continue
		}
		group.Go(func() error {
			// A station whose log cannot be read tells nothing; others may.
			exchanges[i], _ = stations.Requests(ctx, m.Name, m.Station.Now.Add(-maxAge))
			return nil
		})
	}
	_ = group.Wait() // no read returns an error here

	told := Told{Host: kms.Host{IsHost: true}, Age: map[kms.Product]time.Duration{}}
	counts := map[kms.Product]int{}
	for i, m := range members {
		products := ProductsHeld(members[i : i+1])
		for _, exchange := range exchanges[i] {
			if exchange.Answer == nil || exchange.Answer.Code == kms.CodeIDMismatch {
				continue
			}
			product, known := products(kms.Counted{ActivationID: exchange.ActivationID})
			age := m.Station.Now.Sub(exchange.Answer.Time)
			if newest, told := told.Age[product]; !known || age > maxAge || told && newest <= age {
				continue
			}
			told.Age[product], counts[product] = age, exchange.Answer.Count
		}
	}
	for product, count := range counts {
		told.Host.Products = append(told.Host.Products, kms.HostProduct{Product: product, Status: kms.Licensed, Count: &count})
	}
	return told
}
