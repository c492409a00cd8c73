package activationpool

import (
	"context"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/timago/terraform-provider-timago/internal/pool"
)

// planOf is what ModifyPlan makes of a configuration, without a site; state is nil for a
// pool that is to be created.
func planOf(t *testing.T, config model, state *model) (model, diag.Diagnostics) {
	t.Helper()
	ctx := t.Context()
	empty := stateOf(t, nil)
	prior, proposed := stateOf(t, state), stateOf(t, &config)
	req := resource.ModifyPlanRequest{
		Config: tfsdk.Config(proposed), Plan: tfsdk.Plan(proposed), State: prior,
	}
	resp := resource.ModifyPlanResponse{Plan: tfsdk.Plan(stateOf(t, &config))}
	(&Resource{}).ModifyPlan(ctx, req, &resp)
	plan := model{}
	if resp.Plan.Raw.Equal(empty.Raw) {
		t.Fatal("nothing is planned")
	}
	if diags := resp.Plan.Get(ctx, &plan); diags.HasError() {
		t.Fatal(diags)
	}
	return plan, resp.Diagnostics
}

// stateOf puts a resource into a state as Terraform hands it out.
func stateOf(t *testing.T, m *model) tfsdk.State {
	t.Helper()
	var described resource.SchemaResponse
	(&Resource{}).Schema(t.Context(), resource.SchemaRequest{}, &described)
	state := tfsdk.State{Schema: described.Schema, Raw: tftypes.NewValue(described.Schema.Type().TerraformType(t.Context()), nil)}
	if m != nil {
		if diags := state.Set(t.Context(), m); diags.HasError() {
			t.Fatal(diags)
		}
	}
	return state
}

// written is what a person writes at least.
func written() model {
	m := newModel()
	m.Name = types.StringValue("R101")
	m.Stations = types.SetValueMust(types.StringType, nil)
	return m
}

// readOnce is a pool as it was last read: activated.
func readOnce(ctx context.Context, t *testing.T) model {
	t.Helper()
	m := written()
	if diags := m.show(ctx, pool.Reading{KMSHost: "kms01", Assessment: pool.Assessment{Status: pool.Activated}}); diags.HasError() {
		t.Fatal(diags)
	}
	return m
}

// A lost threshold and a renewal that is due are changes, each by the value that is planned.
func TestALostThresholdAndADueRenewalAreChanges(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change  func(*model)
		changes bool
	}{
		"all holds":           {func(*model) {}, false},
		"a threshold is lost": {func(m *model) { m.Status = types.StringValue(string(pool.NotActivated)) }, true},
		"nothing is known":    {func(m *model) { m.Status = types.StringValue(string(pool.Unknown)) }, true},
		"a renewal is due":    {func(m *model) { m.ReadyForRenewal = types.BoolValue(true) }, true},
	} {
		state := readOnce(t.Context(), t)
		tt.change(&state)
		plan, diags := planOf(t, state, &state)
		if diags.HasError() {
			t.Fatal(name, diags)
		}
		if plan.Status.ValueString() != string(pool.Activated) || plan.ReadyForRenewal.IsNull() || plan.ReadyForRenewal.ValueBool() {
			t.Errorf("%s: %s, ready for renewal %s", name, plan.Status, plan.ReadyForRenewal)
		}
		if read := plan.CheckedAt.IsUnknown() && plan.LastCycle.IsUnknown(); read != tt.changes {
			t.Errorf("%s: it reads anew %t, want %t", name, read, tt.changes)
		}
	}
}
