package activationpool

import (
	"cmp"
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/timago/terraform-provider-timago/internal/pool"
)

// definition is a pool with what the provider says for all.
func (r *Resource) definition(p configured) pool.Definition {
	p.KMSHost = cmp.Or(p.KMSHost, r.site.KMSHost())
	p.CountSource, p.MaxAge = r.site.CountSource(), r.site.MaxAge()
	return p.Definition
}

// freshness says what may stand that was just read for another purpose.
type freshness uint8

const (
	// justRead: whatever was. For plans and refreshes.
	justRead freshness = iota
	// hostAnew: of stations what they have just answered to a plan, of the host and of Timago
	// nothing. For the look before a cycle, by which members take part.
	hostAnew
	// allAnew: nothing. For what an apply shows in the end.
	allAnew
)

// read looks at the pool once.
func (r *Resource) read(ctx context.Context, p configured, known privateState, fresh freshness) (pool.Reading, error) {
	return pool.Read(ctx, readable{r.site, r.reads, fresh}, r.definition(p), known.known())
}

// reported is what a reading and its error say: an error where the pool could not be
// judged, else warnings.
func (r *Resource) reported(p configured, found pool.Reading, err error) diag.Diagnostics {
	if err != nil {
		return diag.Diagnostics{readError(p.name, err)}
	}
	return r.warnings(p, found)
}
