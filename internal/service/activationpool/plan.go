package activationpool

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/timago/terraform-provider-timago/internal/activation"
	"github.com/timago/terraform-provider-timago/internal/site"
	"github.com/timago/terraform-provider-timago/internal/tfdiag"
)

// ValidateConfig finds what the schema cannot: durations that are none, and a pool that
// could never be.
func (r *Resource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var config model
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	positive := func(value timetypes.GoDuration, at path.Path) {
		if value.IsNull() || value.IsUnknown() {
			return
		}
		if d, err := time.ParseDuration(value.ValueString()); err == nil && d <= 0 {
			resp.Diagnostics.AddAttributeError(at, "Not a positive duration", fmt.Sprintf("%s is %q, which is not above 0; write it as \"90s\" or \"15m\".", at, value.ValueString()))
		}
	}
	positive(config.Settle, path.Root("settle"))
	if !config.Cycle.IsNull() && !config.Cycle.IsUnknown() {
		if timeout, is := config.Cycle.Attributes()["station_timeout"].(timetypes.GoDuration); is {
			positive(timeout, path.Root("cycle").AtName("station_timeout"))
		}
	}
	if !known(ctx, config.Thresholds, config.RequireLicensed, config.Stations, config.Location) {
		return
	}
	config.Settle, config.Cycle = timetypes.GoDuration{}, types.ObjectNull(nil) // judged above, perhaps not known
	p, diags := config.pool(ctx, nil)
	resp.Diagnostics.Append(diags...)
	if len(p.wanted.Thresholds) == 2 && maxOf(p.wanted) == 0 {
		resp.Diagnostics.AddAttributeError(path.Root("thresholds"), "Nothing to keep",
			"Both thresholds are 0, so the pool would keep nothing. Leave one out, or set what must hold.")
	}
	if p.location == "" && p.wanted.Licensed.Number > len(p.stations) {
		resp.Diagnostics.AddAttributeError(path.Root("require_licensed"), "More licensed members than members",
			fmt.Sprintf("%d members are required to be licensed, and the pool has %d.", p.wanted.Licensed.Number, len(p.stations)))
	}
}

func maxOf(wanted activation.Wanted) int {
	most := 0
	for _, threshold := range wanted.Thresholds {
		most = max(most, threshold)
	}
	return most
}

// ModifyPlan turns a lost threshold into a change. Terraform plans twice, at plan and
// again inside apply, and wants the same known values both times: so values come from the
// configuration and the prior state alone. What the network shows here is told in
// diagnostics.
func (r *Resource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() {
		return // destroy
	}
	var config, plan model
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if config.KMSHost.IsNull() && r.site != nil && r.site.KMSHost() != "" {
		plan.KMSHost = types.StringValue(r.site.KMSHost())
	}

	creates := req.State.Raw.IsNull()
	var state model
	if !creates {
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
		if resp.Diagnostics.HasError() {
			return
		}
		if config.KMSHost.IsNull() && plan.KMSHost.IsUnknown() {
			plan.KMSHost = state.KMSHost
		}
	}

	var learnt knowledge
	if !creates {
		learnt = recall(ctx, req.Private)
	}
	drifted := !creates && state.Status.ValueString() != string(activation.Activated)
	redefined := !creates && redefines(state, plan)
	switch {
	case creates:
		plan.expectChange()
	case drifted, redefined:
		plan.expectChange()
		plan.PlannedRestarts = state.PlannedRestarts
		if drifted {
			plan.PlannedRestarts = types.Int64Value(int64(learnt.Restarts))
		}
	default:
		plan.keepReadings(state)
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}

	switch {
	case drifted && !redefined && r.site != nil && !r.site.HasWinRM():
		resp.Diagnostics.Append(needsWinRM(state.Name.ValueString()))
	case drifted && !redefined:
		// Read has just looked at everything; its account is in the state.
		resp.Diagnostics.Append(announce(state.Name.ValueString(), learnt.Asks, learnt.Restarts, learnt.Members, reasons(state))...)
	case creates, redefined:
		resp.Diagnostics.Append(r.preflight(ctx, plan, state, learnt)...)
	}
}

// redefines tells whether the plan changes what must hold, or where.
func redefines(state, plan model) bool {
	return !state.Stations.Equal(plan.Stations) || !state.Location.Equal(plan.Location) || !state.KMSHost.Equal(plan.KMSHost) ||
		!state.Thresholds.Equal(plan.Thresholds) || !state.RequireLicensed.Equal(plan.RequireLicensed)
}

// expectChange plans that the thresholds will hold and that everything read will change.
func (m *model) expectChange() {
	m.Status = types.StringValue(string(activation.Activated))
	m.PlannedRestarts = types.Int64Unknown()
	m.Unlicensed = types.MapUnknown(types.StringType)
	m.Unreachable = types.SetUnknown(types.StringType)
	m.Windows, m.Office = types.ObjectUnknown(productTypes), types.ObjectUnknown(productTypes)
	m.LastCycle = types.ObjectUnknown(lastCycleTypes)
	m.CheckedAt = timetypes.NewRFC3339Unknown()
}

// keepReadings undoes the framework's marking of computed values as unknown: a change
// that is only about how counts are made reads nothing anew.
func (m *model) keepReadings(state model) {
	m.Status, m.PlannedRestarts = state.Status, state.PlannedRestarts
	m.Unlicensed, m.Unreachable = state.Unlicensed, state.Unreachable
	m.Windows, m.Office = state.Windows, state.Office
	m.LastCycle, m.CheckedAt = state.LastCycle, state.CheckedAt
}

// preflight looks at the site before anything is touched, and tells what it found.
func (r *Resource) preflight(ctx context.Context, plan, state model, last knowledge) diag.Diagnostics {
	if r.site == nil || !known(ctx, plan.Stations, plan.Location, plan.Thresholds, plan.RequireLicensed, plan.Settle, plan.Cycle) {
		return nil // told by the plan that knows them
	}
	p, diags := plan.pool(ctx, state.managed())
	if diags.HasError() {
		return diags
	}
	ctx, cancel := context.WithTimeout(ctx, defaultReadTimeout)
	defer cancel()
	found, diags := looker{site: r.site, pool: p}.read(ctx, last)
	if diags.HasError() {
		return diags
	}
	a := found.assessment
	if found.shown && a.Status != activation.Activated {
		diags.Append(needsWinRM(p.name))
		return diags
	}
	var why []string
	for _, product := range a.Managed() {
		why = append(why, a.Products[product].Reason)
	}
	diags.Append(announce(p.name, a.Asks, a.Restarts, len(found.members), why)...)
	return diags
}

// needsWinRM refuses what would need counts where Windows itself cannot be asked.
func needsWinRM(name string) diag.Diagnostic {
	return tfdiag.Failure{
		Verb: "activate", Noun: "pool", Name: name,
		Attempted: "Timago itself does not show it as activated, and making it so needs the KMS host's counts.",
		Err:       &site.NoWinRMError{},
	}.Error()
}

// reasons gives what the state says of the products.
func reasons(state model) []string {
	var why []string
	for _, object := range []types.Object{state.Windows, state.Office} {
		if reason, is := object.Attributes()["reason"].(types.String); is {
			why = append(why, reason.ValueString())
		}
	}
	return why
}

// announce says what an apply would do; nothing where there is nothing to do.
func announce(name string, asks, restarts, members int, why []string) diag.Diagnostics {
	why = slices.DeleteFunc(why, func(reason string) bool { return reason == "" })
	if asks+restarts == 0 {
		return nil
	}
	how := "Applying restarts stations that nobody uses, until the KMS host's own count shows the threshold met. The KMS host is read again before every restart."
	if asks > 0 {
		how = fmt.Sprintf("Running stations that have not asked yet are asked to activate first, which restarts nothing: %d of them.\n\n", asks) + how
	}
	return diag.Diagnostics{diag.NewWarningDiagnostic(
		fmt.Sprintf("Activation pool %s needs about %s on %s", name, number(restarts, "restart"), number(members, "station")),
		strings.Join(append(why, how), "\n\n"),
	)}
}

func number(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// known tells whether all values are known, to their last element.
func known(ctx context.Context, values ...attr.Value) bool {
	for _, value := range values {
		if v, err := value.ToTerraformValue(ctx); err != nil || !v.IsFullyKnown() {
			return false
		}
	}
	return true
}
