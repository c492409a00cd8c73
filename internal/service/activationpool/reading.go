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

// read looks at the pool once, with what others have just read of the same stations and the
// same host; fresh leaves nothing to memory.
func (r *Resource) read(ctx context.Context, p configured, known privateState, fresh bool) (pool.Reading, error) {
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
