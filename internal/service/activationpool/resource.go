// Package activationpool is the resource timago_activation_pool: the thresholds hold.
package activationpool

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/timago/terraform-provider-timago/internal/cycle"
	"github.com/timago/terraform-provider-timago/internal/pool"
	"github.com/timago/terraform-provider-timago/internal/report"
	"github.com/timago/terraform-provider-timago/internal/service"
	"github.com/timago/terraform-provider-timago/internal/site"
)

var (
	_ resource.ResourceWithConfigure      = (*Resource)(nil)
	_ resource.ResourceWithValidateConfig = (*Resource)(nil)
	_ resource.ResourceWithModifyPlan     = (*Resource)(nil)
	_ resource.ResourceWithImportState    = (*Resource)(nil)
)

// Resource keeps the thresholds of a pool of stations.
type Resource struct {
	site   *site.Site
	reads  *service.Reads
	engine *cycle.Engine
	names  *service.Names
	report *report.Report
}

// NewResource returns the resource for registration.
func NewResource() resource.Resource { return &Resource{} }

// Metadata names the resource.
func (r *Resource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_activation_pool"
}

// Configure takes the site; there is none as long as the provider's configuration is not
// known.
func (r *Resource) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	data, diags := service.From(req.ProviderData)
	resp.Diagnostics.Append(diags...)
	r.site, r.reads = data.Site, data.Reads
	r.engine = data.Engine
	r.names = data.Names
	r.report = data.Report
}

// Create makes the thresholds hold. It starts from what is there, so that a second try
// only does what is missing.
func (r *Resource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	timeout, diags := plan.Timeouts.Create(ctx, defaultCycleTimeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	done := r.converge(ctx, plan, newModel(), privateState{}, timeout)
	resp.Diagnostics.Append(done.diags...)
	if done.pool == nil {
		return // nothing was done and nothing is known: there is no pool
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, done.pool)...)
	resp.Diagnostics.Append(done.known.save(ctx, resp.Private)...)
}

// Read looks at the members and the KMS host. Where that fails the state stays, and
// whether it is an error is left to the plan: Terraform refreshes what the state names
// before it looks at a configuration that may name other stations or another KMS host.
func (r *Resource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state model
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if r.site == nil {
		resp.Diagnostics.AddWarning("Unable to read activation pool "+state.Name.ValueString(),
			"The provider's configuration is not known yet. The pool's state stays as it was last read.")
		return
	}
	timeout, diags := state.Timeouts.Read(ctx, defaultReadTimeout)
	resp.Diagnostics.Append(diags...)
	p, diags := state.pool(ctx, state.managed())
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	known := loadPrivate(ctx, req.Private)
	found, err := r.read(ctx, p, known, justRead)
	diags = r.reported(p, found, err)
	known.ReadErrors = savedErrors(diags)
	if imported := state.CheckedAt.IsNull(); diags.HasError() && !imported {
		resp.Diagnostics.Append(keptAsRead(p.name, readError(p.name, err).Summary(), err))
		resp.Diagnostics.Append(known.save(ctx, resp.Private)...)
		return
	}
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(neverCounted(p.name, found)...)
	resp.Diagnostics.Append(unlicensed(p.name, found, othersAsk)...)
	if found.NoClientCounts() {
		// Green must not rest on stale facts: the last count stands for as long as an
		// answer to a station would have.
		if checked, diags := state.CheckedAt.ValueRFC3339Time(); diags.HasError() || time.Since(checked) > r.site.MaxAge() {
			state.Status = types.StringValue(string(pool.Unknown))
			resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
		}
		resp.Diagnostics.Append(known.save(ctx, resp.Private)...)
		return
	}
	known.remember(found)
	resp.Diagnostics.Append(state.show(ctx, found)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
	resp.Diagnostics.Append(known.save(ctx, resp.Private)...)
}

// Update makes the thresholds hold again. A change that is only about how counts are
// made does nothing.
func (r *Resource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if !plan.CheckedAt.IsUnknown() {
		resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
		return
	}
	timeout, diags := plan.Timeouts.Update(ctx, defaultCycleTimeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	done := r.converge(ctx, plan, state, loadPrivate(ctx, req.Private), timeout)
	resp.Diagnostics.Append(done.diags...)
	if done.pool == nil {
		return // the prior state stays
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, done.pool)...)
	resp.Diagnostics.Append(done.known.save(ctx, resp.Private)...)
}

// Delete forgets the pool. It touches no station.
func (r *Resource) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}
