package activationpool

import (
	"context"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// ImportState takes over a pool from "<name>@<kms_host>/stations=<pc1>,<pc2>,…". Nothing
// remote bears a pool's name, so the id says everything that a configuration must say.
func (r *Resource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	name, kmsHost, stations, ok := parseImportID(req.ID)
	if !ok {
		resp.Diagnostics.AddError("Unable to import activation pool "+req.ID,
			"The id is not of the form <name>@<kms_host>/stations=<pc1>,<pc2>,…\n\n"+
				"For example: R101@kms01.schule.example/stations=R101-PC01,R101-PC02")
		return
	}
	members, diags := types.SetValueFrom(ctx, types.StringType, stations)
	resp.Diagnostics.Append(diags...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &model{
		Name: types.StringValue(name), KMSHost: types.StringValue(kmsHost), Stations: members,
		Thresholds:      types.ObjectNull(map[string]attr.Type{"windows": types.Int64Type, "office": types.Int64Type}),
		RequireLicensed: types.StringValue(requireNone),
		Settle:          timetypes.GoDuration{StringValue: types.StringValue(defaultSettle)},
		Cycle:           types.ObjectNull(cycleTypes),
		Unlicensed:      types.MapNull(types.StringType), Unreachable: types.SetNull(types.StringType),
		Windows: types.ObjectNull(productTypes), Office: types.ObjectNull(productTypes),
		LastCycle: types.ObjectNull(lastCycleTypes), PlannedRestarts: types.Int64Value(0),
		Timeouts: timeouts.Value{Object: types.ObjectNull(map[string]attr.Type{
			"create": types.StringType, "read": types.StringType, "update": types.StringType,
		})},
	})...)
}

func parseImportID(id string) (name, kmsHost string, stations []string, ok bool) {
	head, list, found := strings.Cut(id, "/stations=")
	at := strings.LastIndex(head, "@")
	if !found || at < 1 || at == len(head)-1 || list == "" {
		return "", "", nil, false
	}
	for station := range strings.SplitSeq(list, ",") {
		if station = strings.TrimSpace(station); station == "" {
			return "", "", nil, false
		}
		stations = append(stations, station)
	}
	return head[:at], head[at+1:], stations, true
}
