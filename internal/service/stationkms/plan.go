package stationkms

import (
	"context"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// ModifyPlan turns an image that is not as wanted into a change. Terraform plans twice
// and wants the same known values both times, so everything comes from the configuration
// and the prior state, and what Timago will say is left unknown.
func (r *Resource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	direct := r.site != nil && !r.site.HasTimago()
	var plan, state model
	creates, destroys := req.State.Raw.IsNull(), req.Plan.Raw.IsNull()
	if !creates {
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	}
	if !destroys {
		resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	name, diags := instance(ctx, req.Private, resp.Private)
	resp.Diagnostics.Append(diags...)
	switch {
	case destroys:
		if direct && state.ClearOnDestroy.ValueBool() && state.Enabled.ValueBool() {
			resp.Diagnostics.Append(byHand(state.title(), state.OperatingSystem.ValueString(), false))
		}
		resp.Diagnostics.Append(r.release(ctx, state, name, resp.Private)...)
		return
	case creates:
		if direct && !plan.Station.IsUnknown() && !plan.Enabled.IsUnknown() {
			resp.Diagnostics.Append(byHand(plan.title(), plan.OperatingSystem.ValueString(), plan.Enabled.ValueBool()))
		}
		resp.Diagnostics.Append(r.claimNew(ctx, plan, name)...)
		return // nothing that comes from the network is known
	}
	if !r.same(state, plan.Station) {
		if r.claims != nil {
			id, _ := state.keys()
			r.claims.Leave(id, name)
		}
		resp.RequiresReplace.Append(path.Root("station"))
		return
	}
	id, _ := state.keys()
	resp.Diagnostics.Append(r.claim(id, name, plan)...)
	var configured types.String
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("operating_system"), &configured)...)
	plan.follow(state, configured.IsNull())
	if configured.IsNull() && state.systemGone() {
		// Another system has taken the place of the one that was managed. It is taken over anew,
		// for all to see, and not reset as if it were the old one.
		resp.RequiresReplace.Append(path.Root("operating_system"))
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
	if direct && plan.Effective.IsUnknown() && !plan.Enabled.IsUnknown() {
		resp.Diagnostics.Append(byHand(plan.title(), plan.OperatingSystem.ValueString(), plan.Enabled.ValueBool()))
	}
}

// same reports whether what is planned is another way to write the station of the state.
func (r *Resource) same(state model, planned types.String) bool {
	if planned.IsUnknown() {
		return false
	}
	for _, known := range []types.String{state.Station, state.Name, state.ID} {
		if strings.EqualFold(known.ValueString(), planned.ValueString()) {
			return true
		}
	}
	return r.site != nil && !r.site.HasTimago() && r.site.SameAddress(state.Station.ValueString(), planned.ValueString())
}

// follow plans what was read as it is, and unknown what the apply may change: the image
// where it is not as wanted, or something else is wanted now.
func (m *model) follow(state model, anySystem bool) {
	m.ID, m.Name, m.Location, m.ComputerGroup = state.ID, state.Name, state.Location, state.ComputerGroup
	if anySystem {
		m.OperatingSystem = state.OperatingSystem
		if state.systemGone() {
			m.OperatingSystem = types.StringUnknown() // the one that it was is gone
		}
	}
	m.Effective = state.Effective
	pending := !state.Effective.IsNull() && !state.Effective.ValueBool()
	// Names know no case.
	another := m.OperatingSystem.IsUnknown() || !strings.EqualFold(m.OperatingSystem.ValueString(), state.OperatingSystem.ValueString())
	if pending || another || !m.Enabled.Equal(state.Enabled) {
		m.Effective = types.BoolUnknown()
	}
}
