package activationpool

import (
	"context"
	"fmt"
	"strings"

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
	if len(p.Wanted.Thresholds) == 2 && maxOf(p.Wanted) == 0 {
		resp.Diagnostics.AddAttributeError(path.Root("thresholds"), "Nothing to keep",
			"Both thresholds are 0, so the pool would keep nothing. Leave one out, or set what must hold.")
	}
	named := map[string]bool{}
	for _, station := range p.Stations {
		if key := strings.ToLower(station); named[key] {
			resp.Diagnostics.AddAttributeError(path.Root("stations"), "One station twice",
				fmt.Sprintf("stations: %s is named twice, since case makes no difference. Keep one of them.", station))
		} else {
			named[key] = true
		}
	}
	if p.Location == "" && p.Wanted.Licensed.Number > len(p.Stations) {
		resp.Diagnostics.AddAttributeError(path.Root("require_licensed"), "More licensed members than members",
			fmt.Sprintf("%d members are required to be licensed, and the pool has %d.", p.Wanted.Licensed.Number, len(p.Stations)))
	}
}

func maxOf(wanted pool.Wanted) int {
	most := 0
	for _, threshold := range wanted.Thresholds {
		most = max(most, threshold)
	}
	return most
}
