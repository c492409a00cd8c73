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

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/pool"
	"github.com/timago/terraform-provider-timago/internal/tfduration"
)

// ValidateConfig finds what the schema cannot: durations that are none, and a pool that
// could never be.
func (r *Resource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var config model
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if early := config.EarlyRenewal.Duration(); early >= kms.CountedFor {
		resp.Diagnostics.AddAttributeError(path.Root("early_renewal"), "Longer than a count lasts",
			fmt.Sprintf("A count lasts 30 days, so that %s ahead nothing is left of it. early_renewal must be less than %s.", early, kms.CountedFor))
	}
	if !config.Cycle.IsNull() && !config.Cycle.IsUnknown() {
		cycle := config.Cycle.Attributes()
		if cycle["after"].Equal(types.StringValue(string(shutdown))) && cycle["wake"].Equal(types.BoolValue(false)) {
			resp.Diagnostics.AddAttributeWarning(path.Root("cycle").AtName("after"), "Nothing to switch off",
				"cycle.after is about stations that the apply switched on, and with wake = false it switches none on.")
		}
	}
	if allKnown(ctx, config.Window) {
		_, diags := windowOf(ctx, config.Window)
		resp.Diagnostics.Append(diags...)
	}
	if !allKnown(ctx, config.Thresholds, config.RequireLicensed, config.Stations, config.Location) {
		return
	}
	config.Settle, config.EarlyRenewal, config.Cycle = tfduration.Value{}, tfduration.Value{}, types.ObjectNull(nil) // judged above, perhaps not known
	config.Window = types.ObjectNull(windowTypes)
	p, diags := config.pool(ctx, nil)
	resp.Diagnostics.Append(diags...)
	if len(p.wanted.Thresholds) == 2 && maxOf(p.wanted) == 0 {
		resp.Diagnostics.AddAttributeError(path.Root("thresholds"), "Nothing to keep",
			"Both thresholds are 0, so the pool would keep nothing. Leave one out, or set what must hold.")
	}
	named := map[string]bool{}
	for _, station := range p.stations {
		if key := strings.ToLower(station); named[key] {
			resp.Diagnostics.AddAttributeError(path.Root("stations"), "One station twice",
				fmt.Sprintf("stations: %s is named twice; names differ in more than case.", station))
		} else {
			named[key] = true
		}
	}
	if p.location == "" && p.wanted.Licensed.Number > len(p.stations) {
		resp.Diagnostics.AddAttributeError(path.Root("require_licensed"), "More licensed members than members",
			fmt.Sprintf("%d members are required to be licensed, and the pool has %d.", p.wanted.Licensed.Number, len(p.stations)))
	}
}

func maxOf(wanted pool.Wanted) int {
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
	var learnt privateState
	if !creates {
		learnt = loadPrivate(ctx, req.Private)
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
		if resp.Diagnostics.HasError() {
			return
		}
		// As long as the provider is not known, neither is its KMS host.
		if config.KMSHost.IsNull() && plan.KMSHost.IsUnknown() && r.site != nil {
			plan.KMSHost = state.KMSHost
		}
	}

	asksAgain := !moves(state, plan) && state.Timeouts.Equal(plan.Timeouts) // a refresh knows the state's timeouts alone
	if !creates && r.site != nil && asksAgain && len(learnt.ReadErrors) > 0 {
		// What is not known cannot be planned, and the configuration asks for the same again.
		var unread diag.Diagnostics
		for _, o := range learnt.ReadErrors {
			unread.AddError(o.Summary, o.Detail)
		}
		resp.Diagnostics.Append(withDestroyHint(unread)...)
		return
	}
	drifted := !creates && (state.Status.ValueString() != string(pool.Activated) || state.ReadyForRenewal.ValueBool())
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
		if config.KMSHost.IsNull() && r.site == nil {
			plan.KMSHost = types.StringUnknown() // the provider's, once it is known
		}
	default:
		plan.keepReadings(state)
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}

	// A KMS host that is known later must not be taken for none: another one would be asked.
	if (creates || drifted || redefined) && !config.KMSHost.IsUnknown() {
		found := r.preflight(ctx, plan, state, learnt)
		if drifted && !redefined && r.site != nil && r.site.HasWinRM() {
			// The state is known, and a pipeline must see it: what stands in the way is
			// a warning here, and the apply's error.
			found = asWarnings(found)
		}
		if !creates {
			found = withDestroyHint(found)
		}
		resp.Diagnostics.Append(found...)
	}
}

// moves tells whether the plan names other stations or another KMS host than the state.
func moves(state, plan model) bool {
	return !state.Stations.Equal(plan.Stations) || !state.Location.Equal(plan.Location) || !state.KMSHost.Equal(plan.KMSHost)
}

// redefines tells whether the plan changes what must hold, or where.
func redefines(state, plan model) bool {
	return moves(state, plan) || !state.Thresholds.Equal(plan.Thresholds) || !state.RequireLicensed.Equal(plan.RequireLicensed) || !state.EarlyRenewal.Equal(plan.EarlyRenewal)
}

// expectChange plans that the thresholds will hold and that everything read will change.
func (m *model) expectChange() {
	m.Status = types.StringValue(string(pool.Activated))
	m.PlannedRestarts = types.Int64Unknown()
	m.Unlicensed = types.MapUnknown(types.StringType)
	m.Unreachable = types.SetUnknown(types.StringType)
	m.RenewalDue, m.ReadyForRenewal = timetypes.NewRFC3339Unknown(), types.BoolValue(false)
	m.Windows, m.Office = types.ObjectUnknown(productTypes), types.ObjectUnknown(productTypes)
	m.ClientIDs = types.ObjectUnknown(clientIDsTypes)
	m.LastCycle = types.ObjectUnknown(lastCycleTypes)
	m.CheckedAt = timetypes.NewRFC3339Unknown()
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

// preflight looks at the site before anything is touched, and tells what it found.
func (r *Resource) preflight(ctx context.Context, plan, state model, last privateState) diag.Diagnostics {
	if r.site == nil || !allKnown(ctx, plan.Stations, plan.Location, plan.Thresholds, plan.RequireLicensed, plan.Settle, plan.EarlyRenewal, plan.Cycle, plan.Window) {
		return nil // told by the plan that knows them
	}
	p, diags := plan.pool(ctx, state.managed())
	if diags.HasError() {
		return diags
	}
	ctx, cancel := context.WithTimeout(ctx, defaultReadTimeout)
	defer cancel()
	if p.method == resetImage && !r.site.HasTimago() {
		diags.AddAttributeError(path.Root("cycle").AtName("method"), "Images are reset by Timago alone",
			"cycle.method is \"reset_image\", which needs API mode.\n\nSet endpoint in the provider block, or leave method out: stations are then restarted.")
		return diags
	}
	found, diags := r.read(ctx, p, last, false)
	if found.KMSHost == "" || found.ShownOnly {
		if !diags.HasError() && !found.Holds() {
			diags.Append(needsWinRM(p.name))
		}
		return diags
	}
	findings := r.findings(ctx, p, found, last)
	if slices.ContainsFunc(findings, func(d diag.Diagnostic) bool { return d.Severity() == diag.SeverityError }) {
		diags = diags.Warnings() // what was an error of the reading is told better by the findings
	}
	diags.Append(findings...)
	if diags.HasError() {
		return diags
	}
	var why []string
	for _, product := range found.Assessment.Managed() {
		why = append(why, found.Assessment.Products[product].Reason)
	}
	if found.Renewal.Ready {
		why = append(why, "On "+found.Renewal.Due.Format(time.RFC3339)+" the count falls below a threshold if nobody starts, which is within early_renewal.")
	}
	if p.window != nil && found.Restarts() > 0 {
		if closed, is := p.window.Closed(found.At); is {
			why = append(why, "An apply now would start nothing and fail: "+closed+".")
		}
	}
	diags.Append(announce(p, found.Assessment.Asks, found.Restarts(), len(found.Members), why)...)
	return diags
}

// findings looks for what stands in the way, all of it at once, before anything is touched.
func (r *Resource) findings(ctx context.Context, p configured, found pool.Reading, last privateState) diag.Diagnostics {
	hosted := r.site.At(found.KMSHost)
	members := slices.Clone(found.Members)
	for i := range members {
		if members[i].Pending != "" { // what it shows now is not what it will be
			members[i] = pool.Member{Name: members[i].Name, Err: kms.ErrNotYet}
		}
	}
	facts := pool.Facts{
		KMSHost: found.KMSHost, Members: members, Last: last.LastKnown, Wanted: p.wanted, Limits: p.limits,
		Window: p.window, Now: found.At, Memory: last.Memory,
	}
	if p.method == resetImage {
		facts.Memory = pool.Memory{} // what restarts took says nothing of images
	}
	if !found.NoClientCounts() {
		facts.Restarts = found.Restarts()
	}
	if !found.CountsFromClients() { // of a host that was not read nothing is known
		facts.Host, facts.Clock = &found.Host.Host, found.Host.Now
		facts.Port = hosted.Connect(ctx, found.Host.Host.Port)
	}
	if domain := hosted.Domain(); domain != "" {
		if discovery, err := hosted.Discover(ctx, domain); err == nil { // a resolver that fails says nothing about the site
			facts.Discovery = &discovery
		}
	}
	var diags diag.Diagnostics
	for _, finding := range pool.Preflight(facts) {
		if finding.Severity == pool.Error {
			diags.AddError(finding.Summary, finding.Detail)
		} else {
			diags.AddWarning(finding.Summary, finding.Detail)
		}
	}
	return diags
}

// announce says what an apply would do; nothing where there is nothing to do.
func announce(p configured, asks, restarts, members int, why []string) diag.Diagnostics {
	why = slices.DeleteFunc(why, func(reason string) bool { return reason == "" })
	if asks+restarts == 0 {
		return nil
	}
	each, how := "restart", "Applying restarts stations that nobody uses"
	if p.method == resetImage {
		each, how = "new image", "Applying has the images of stations made anew that nobody uses"
	}
	how += ", until the KMS host's own count shows the threshold met. The KMS host is read again before every " + each + "."
	if asks > 0 {
		how = fmt.Sprintf("Running stations that have not asked yet are asked to activate first, which restarts nothing: %d of them.\n\n", asks) + how
	}
	return diag.Diagnostics{diag.NewWarningDiagnostic(
		fmt.Sprintf("Activation pool %s needs about %s on %s", p.name, kms.Plural(restarts, each), kms.Plural(members, "station")),
		strings.Join(append(why, how), "\n\n"),
	)}
}

// allKnown tells whether all values are known, to their last element.
func allKnown(ctx context.Context, values ...attr.Value) bool {
	for _, value := range values {
		if v, err := value.ToTerraformValue(ctx); err != nil || !v.IsFullyKnown() {
			return false
		}
	}
	return true
}
