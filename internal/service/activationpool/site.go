package activationpool

import (
	"context"
	"errors"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/pool"
	"github.com/timago/terraform-provider-timago/internal/service"
	"github.com/timago/terraform-provider-timago/internal/site"
)

// readable is the site as a pool is read from it.
type readable struct {
	*site.Site
	reads *service.Reads
	fresh freshness
}

var _ pool.Site = readable{}

// Pending says which members do not take part yet, and why.
func (s readable) Pending(ctx context.Context, stations []string) (map[string]string, error) {
	parts, err := s.Parts(ctx, stations, s.fresh != justRead)
	if errors.Is(err, site.ErrNotFound) {
		err = &pool.NotFoundError{Err: err}
	}
	pending := map[string]string{}
	for name, part := range parts {
		if words := part.Words(); words != "" {
			pending[name] = words
		}
	}
	return pending, err
}

// Station reads a station, or takes what was just read of it.
func (s readable) Station(ctx context.Context, name string) (kms.Station, error) {
	switch s.fresh {
	case allAnew:
		return s.Site.Station(ctx, name)
	case hostAnew:
		return s.reads.StationUp(ctx, name)
	case justRead:
	}
	return s.reads.Station(ctx, name)
}

// KMSHost reads the KMS host of that name, or takes what was just read of it.
func (s readable) KMSHost(ctx context.Context, kmsHost string) (pool.HostReading, error) {
	if s.fresh != justRead {
		return pool.ReadHost(ctx, s.At(kmsHost))
	}
	return s.reads.KMSHost(ctx, kmsHost)
}

// AsksWindows reports whether Windows itself can be asked.
func (s readable) AsksWindows() bool { return s.HasWinRM() }

// Shown is the activation as Timago itself shows it.
func (s readable) Shown(ctx context.Context) (pool.Shown, error) {
	timago, err := s.TimagoKMS(ctx)
	shown := pool.Shown{KMSHost: timago.Host}
	for _, product := range timago.Products {
		shown.Products = append(shown.Products, pool.ShownProduct{Product: product.Product, Status: shownStatus(product.Status)})
	}
	return shown, err
}

// shownStatus takes a word that only a newer interface knows for unknown.
func shownStatus(status site.KMSStatus) pool.Status {
	switch status {
	case site.KMSActivated:
		return pool.Activated
	case site.KMSNotActivated:
		return pool.NotActivated
	case site.KMSUnknown:
	}
	return pool.Unknown
}
