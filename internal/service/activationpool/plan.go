package activationpool

import (
	"context"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/pool"
	"github.com/timago/terraform-provider-timago/internal/tfset"
)

// ModifyPlan turns a lost threshold into a change. Terraform plans twice, at plan and
// again inside apply, and wants the same known values both times: so values come from the
// configuration and the prior state alone. What the network shows goes into diagnostics.
func (r *Resource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() {
		return // destroy
	}
	c, diags := r.change(ctx, req)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	if c.asksAgain() && r.site != nil && len(c.learnt.ReadErrors) > 0 {
		// What is not known cannot be planned, and the configuration asks for the same again.
		resp.Diagnostics.Append(withDestroyHint(c.learnt.unread())...)
		return
	}
	c.expect(r.site == nil)
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &c.plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(r.sameName(c)...)
	resp.Diagnostics.Append(r.foresee(ctx, c)...)
}

// change is what a plan is about.
type change struct {
	config, plan, state model
	learnt              privateState
	creates             bool
	drifted             bool // what must hold does not, or will soon not
	redefined           bool // what must hold is another, or elsewhere
}

// change reads what is planned and what was before.
func (r *Resource) change(ctx context.Context, req resource.ModifyPlanRequest) (change, diag.Diagnostics) {
	c := change{creates: req.State.Raw.IsNull()}
	diags := req.Config.Get(ctx, &c.config)
	diags.Append(req.Plan.Get(ctx, &c.plan)...)
	if !c.creates {
		c.learnt = loadPrivate(ctx, req.Private)
		diags.Append(req.State.Get(ctx, &c.state)...)
	}
	if diags.HasError() {
		return c, diags
	}
	if c.config.KMSHost.IsNull() && r.site != nil {
		switch {
		case r.site.KMSHost() != "":
			c.plan.KMSHost = types.StringValue(r.site.KMSHost())
		case !c.creates && c.plan.KMSHost.IsUnknown(): // neither is the provider known
			c.plan.KMSHost = c.state.KMSHost
		}
	}
	if !c.creates {
		c.drifted = c.state.Status.ValueString() != string(pool.Activated) || c.state.ReadyForRenewal.ValueBool()
		c.redefined = redefines(c.state, c.plan)
	}
	return c, diags
}

// asksAgain reports whether the same is asked of the same stations as before; a refresh knows
// the state's timeouts alone.
func (c change) asksAgain() bool {
	return !c.creates && !moves(c.state, c.plan) && c.state.Timeouts.Equal(c.plan.Timeouts)
}

// expect plans what an apply will read, or that it will read nothing anew.
func (c *change) expect(unconfigured bool) {
	switch {
	case c.creates:
		blank := newModel()
		c.plan.expectChange(&blank, true)
	case c.drifted, c.redefined:
		c.plan.expectChange(&c.state, moves(c.state, c.plan))
		c.plan.PlannedRestarts = c.state.PlannedRestarts
		if c.drifted {
			c.plan.PlannedRestarts = types.Int64Value(int64(c.learnt.Restarts))
		}
		if c.config.KMSHost.IsNull() && unconfigured {
			c.plan.KMSHost = types.StringUnknown() // the provider's, once it is known
		}
	default:
		c.plan.keepReadings(c.state)
	}
}

// sameName warns of another pool that is called the same.
func (r *Resource) sameName(c change) diag.Diagnostics {
	var diags diag.Diagnostics
	if r.names != nil && r.names.Twice(c.plan.Name.ValueString(), c.plan.Stations.String()+c.plan.Location.String(), c.creates) {
		diags.AddAttributeWarning(path.Root("name"), "Two pools are named "+c.plan.Name.ValueString(),
			"name: a pool's name is the label by which messages, reports and imports tell it from others. Give each pool its own.")
	}
	return diags
}

// foresee looks at the site where an apply would change something, and reports what it
// would meet.
func (r *Resource) foresee(ctx context.Context, c change) diag.Diagnostics {
	// A KMS host that is known later must not be taken for none: another one would be asked.
	if !c.creates && !c.drifted && !c.redefined || c.config.KMSHost.IsUnknown() {
		return nil
	}
	found := r.preflight(ctx, c)
	if c.drifted && !c.redefined && r.site != nil && r.site.HasWinRM() {
		// The state is known, and a pipeline must see it: what stands in the way is
		// a warning here, and the apply's error.
		found = asWarnings(found)
	}
	if !c.creates {
		found = withDestroyHint(found)
	}
	return found
}

// moves reports whether the plan names other stations or another KMS host than the state.
func moves(state, plan model) bool {
	return !state.Stations.Equal(plan.Stations) || !state.Location.Equal(plan.Location) || !state.KMSHost.Equal(plan.KMSHost)
}

// redefines reports whether the plan changes what must hold, or where.
func redefines(state, plan model) bool {
	return moves(state, plan) || !state.Thresholds.Equal(plan.Thresholds) || !state.RequireLicensed.Equal(plan.RequireLicensed) || !state.EarlyRenewal.Equal(plan.EarlyRenewal)
}

// expectChange plans that the thresholds will hold and that everything read will change.
// state is the prior one; open says that other stations may hold other products.
func (m *model) expectChange(state *model, open bool) {
	m.Status = types.StringValue(string(pool.Activated))
	m.PlannedRestarts = types.Int64Unknown()
	m.Unlicensed = types.MapUnknown(types.StringType)
	m.Unreachable = tfset.Unknown()
	m.RenewalDue, m.ReadyForRenewal = timetypes.NewRFC3339Unknown(), types.BoolValue(false)
	for _, product := range kms.Products() {
		*m.product(product) = m.expectProduct(product, state, open)
	}
	m.ClientIDs = types.ObjectUnknown(clientIDsTypes)
	m.LastCycle = types.ObjectUnknown(lastCycleTypes)
	m.CheckedAt = timetypes.NewRFC3339Unknown()
}

// expectProduct plans a product's part: its threshold where that is known, and that nothing
// is left to give a reason for. The apply holds to what is planned here, see keepPlanned.
func (m *model) expectProduct(product kms.Product, state *model, open bool) types.Object {
	threshold, set := m.threshold(product)
	_, wasSet := state.threshold(product)
	switch {
	case !m.thresholdKnown(product):
		return types.ObjectUnknown(productTypes)
	case set && threshold == 0:
		return types.ObjectNull(productTypes)
	case set:
	case open, wasSet:
		return types.ObjectUnknown(productTypes)
	case state.product(product).IsNull():
		return types.ObjectNull(productTypes) // never managed
	default:
		threshold = product.Threshold()
	}
	return types.ObjectValueMust(productTypes, map[string]attr.Value{
		"count": types.Int64Unknown(), "threshold": types.Int64Value(int64(threshold)), "licensed": types.Int64Unknown(),
		"members": types.Int64Unknown(), "reason": types.StringNull(),
	})
}

// keepReadings undoes the framework's marking of computed values as unknown: a change
// that is only about how counts are made reads nothing anew.
func (m *model) keepReadings(state model) {
	m.Status, m.PlannedRestarts = state.Status, state.PlannedRestarts
	m.Unlicensed, m.Unreachable = state.Unlicensed, state.Unreachable
	m.RenewalDue, m.ReadyForRenewal = state.RenewalDue, state.ReadyForRenewal
	m.Windows, m.Office = state.Windows, state.Office
	m.ClientIDs = state.ClientIDs
	m.LastCycle, m.CheckedAt = state.LastCycle, state.CheckedAt
}

// preflight looks at the site before anything is touched, and reports what it found.
func (r *Resource) preflight(ctx context.Context, c change) diag.Diagnostics {
	plan := c.plan
	if r.site == nil || !allKnown(ctx, plan.Stations, plan.Location, plan.Thresholds, plan.RequireLicensed, plan.Settle, plan.EarlyRenewal, plan.Cycle, plan.Window) {
		return nil // the plan that knows them looks
	}
	p, diags := plan.pool(ctx, c.state.managed())
	if diags.HasError() {
		return diags
	}
	plan.keepPlanned(&p.Wanted)
	timeout, diags := plan.Timeouts.Read(ctx, defaultReadTimeout)
	if diags.HasError() {
		return diags
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if p.method == resetImage && !r.site.HasTimago() {
		diags.AddAttributeError(path.Root("cycle").AtName("method"), "Images are reset by Timago alone",
			"cycle.method is \"reset_image\", which needs API mode.\n\nSet endpoint in the provider block, or leave method out: stations are then restarted.")
		return diags
	}
	p.Presence = p.limits.WhenInUse == kms.SkipWhenInUse // a restart may be near
	found, err := r.read(ctx, p, c.learnt, justRead)
	diags = r.reported(p, found, err)
	if found.KMSHost == "" || found.ShownOnly {
		if !diags.HasError() && !found.Holds() {
			diags.Append(needsWinRM(p.name, found))
		}
		return diags
	}
	findings := r.findings(ctx, p, found, c.learnt)
	if slices.ContainsFunc(findings, func(d diag.Diagnostic) bool { return d.Severity() == diag.SeverityError }) {
		diags = diags.Warnings() // what was an error of the reading the findings say better
	}
	diags.Append(findings...)
	if diags.HasError() {
		return diags
	}
	if c.creates {
		diags.Append(unlicensed(p.name, found, applyAsks)...)
	}
	diags.Append(announce(p, found)...)
	return diags
}

// findings looks for what stands in the way, all of it at once, before anything is touched.
func (r *Resource) findings(ctx context.Context, p configured, found pool.Reading, last privateState) diag.Diagnostics {
	means := pool.Means{Limits: p.limits, Window: p.window, Memory: last.Memory}
	if p.method == resetImage {
		means.Memory = pool.Memory{} // what restarts took says nothing of images
	}
	var diags diag.Diagnostics
	for _, finding := range pool.Inspect(ctx, r.site.At(found.KMSHost), found, p.Definition, last.known(), means) {
		if finding.Severity == pool.Error {
			diags.AddError(finding.Summary, finding.Detail)
		} else {
			diags.AddWarning(finding.Summary, finding.Detail)
		}
	}
	return diags
}

// allKnown reports whether all values are known, to their last element.
func allKnown(ctx context.Context, values ...attr.Value) bool {
	for _, value := range values {
		if v, err := value.ToTerraformValue(ctx); err != nil || !v.IsFullyKnown() {
			return false
		}
	}
	return true
}
