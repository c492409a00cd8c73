package activationpool

import (
	"cmp"
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/timago/terraform-provider-timago/internal/pool"
)

// read looks at the pool once. Its diagnostics are an error where the pool could not be
// judged, else warnings.
func (r *Resource) read(ctx context.Context, p configured, known privateState, fresh bool) (pool.Reading, diag.Diagnostics) {
	reading, err := pool.Read(ctx, readable{r.site, fresh}, pool.Definition{
		Stations: p.stations, Location: p.location, KMSHost: cmp.Or(p.kmsHost, r.site.KMSHost()),
		Wanted: p.wanted, EarlyRenewal: p.early, CountSource: r.site.CountSource(), MaxAge: r.site.MaxAge(),
	}, pool.Known{Members: known.LastKnown, CountsFromClients: known.CountsFromClients})
	if err != nil {
		return reading, diag.Diagnostics{readError(p.name, err)}
	}
	return reading, warnings(p, reading)
}
