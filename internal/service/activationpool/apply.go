package activationpool

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/pool"
	"github.com/timago/terraform-provider-timago/internal/report"
	"github.com/timago/terraform-provider-timago/internal/tfdiag"
)

// applied is what came of an apply.
type applied struct {
	pool  *model // as it was read, also where diags hold an error; nil where nothing was read
	known privateState
	diags diag.Diagnostics
}

// lastLook bounds the read after a cycle was cancelled: Terraform waits for it, and the
// state must be true.
const lastLook = 5 * time.Second

// converge reads the pool, runs a cycle where something is missing or somebody can be asked
// to activate, reads back and shows what was read.
func (r *Resource) converge(ctx context.Context, plan, state model, known privateState, timeout time.Duration) applied {
	done := applied{known: known}
	failure := tfdiag.Failure{Verb: "activate", Noun: "pool", Name: plan.Name.ValueString()}
	if r.site == nil {
		failure.Attempted = "The provider's configuration is not known, so no station can be asked."
		done.diags.Append(failure.Error())
		return done
	}
	p, diags := plan.pool(ctx, state.managed())
	done.diags.Append(diags...)
	if diags.HasError() {
		return done
	}
	plan.keepPlanned(&p.Wanted)
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if err := r.awaitImages(limited, p); err != nil {
		failure.Attempted, failure.Err = "The members' images were waited for.", err
		done.diags.Append(failure.Error())
		return done
	}
	fresh := hostAnew
	if r.site.HasTimago() { // an image may have started since, which nobody here has commanded
		fresh = allAnew
	}
	before, err := r.read(limited, p, done.known, fresh)
	if err != nil {
		done.diags.Append(readError(p.name, err))
		return done
	}
	done.known.remember(before)
	done.known.MACs = r.collectMACs(limited, before.Members, done.known.MACs)

	did := applyOutcome{pool: p, before: before, after: before}
	var section *report.Section
	if !before.Holds() || len(before.Askable()) > 0 {
		did.ran = true
		did.result, section, did.err = r.cycle(limited, p, &done.known, before)
		did.after, did.readErr = r.readBack(ctx, limited, did, done.known)
		done.known.remember(did.after)
	}
	done.diags.Append(r.warnings(p, did.after)...)
	done.diags.Append(r.switchOff(limited, p, before.KMSHost, did.result, section)...)
	done.pool = &plan
	done.diags.Append(done.pool.showApplied(ctx, state, did)...)
	on := r.switchOn(did)
	done.diags.Append(did.diagnostics(on)...)
	done.diags.Append(endSection(section, did.reported(on))...)
	return done
}

// keepPlanned holds an apply to the products that its plan has named: a plan that shows
// Office as left alone must not end with Office in the state.
func (m *model) keepPlanned(wanted *pool.Wanted) {
	wanted.Planned = []kms.Product{}
	for _, product := range kms.Products() {
		object := m.product(product)
		if !object.IsNull() {
			wanted.Planned = append(wanted.Planned, product)
		}
		if threshold, is := object.Attributes()["threshold"].(types.Int64); is && !threshold.IsNull() && !threshold.IsUnknown() {
			wanted.Thresholds[product] = int(threshold.ValueInt64())
		}
	}
}

// readBack looks at the site after a cycle, also after one that was cancelled. Where that
// fails the earlier look stays, with the counts that the cycle has seen since.
func (r *Resource) readBack(ctx, limited context.Context, did applyOutcome, known privateState) (pool.Reading, error) {
	p := did.pool
	p.Wanted.Settle = 0 // every member has been waited for and asked: what it says now is meant
	p.KMSHost = did.before.KMSHost
	if limited.Err() != nil {
		var cancel context.CancelFunc
		limited, cancel = context.WithTimeout(context.WithoutCancel(ctx), lastLook)
		defer cancel()
	}
	after, err := r.read(limited, p, known, allAnew)
	if err != nil {
		return did.before.Recount(r.definition(p), known.known(), did.result.Counts), err
	}
	return after, nil
}

// showApplied fills in the plan what was read and done.
func (m *model) showApplied(ctx context.Context, state model, did applyOutcome) diag.Diagnostics {
	diags := m.show(ctx, did.after)
	if did.after.NoClientCounts() { // no count was read: what was last known stands, and it is old
		m.Status = types.StringValue(string(pool.Unknown))
		m.CheckedAt, m.RenewalDue = state.CheckedAt, state.RenewalDue
		m.Windows, m.Office = state.Windows, state.Office
	}
	m.LastCycle = state.LastCycle
	if m.PlannedRestarts.IsUnknown() {
		m.PlannedRestarts = types.Int64Value(int64(did.before.Restarts()))
	}
	if !did.result.Started.IsZero() {
		diags.Append(m.showCycle(ctx, did.result)...)
	}
	return diags
}
