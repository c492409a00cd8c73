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

// ImportState takes over a pool from "<name>@<kms_host>/stations=<pc1>,<pc2>,…" or
// "<name>@<kms_host>/location=<l>". Nothing remote bears a pool's name, so the id says
// everything that a configuration must say.
func (r *Resource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	id, ok := parseImportID(req.ID)
	if !ok {
		resp.Diagnostics.AddError("Unable to import activation pool "+req.ID,
			"The id is not of the form <name>@<kms_host>/stations=<pc1>,<pc2>,… or <name>@<kms_host>/location=<location>\n\n"+
				"For example: R101@kms01.schule.example/stations=R101-PC01,R101-PC02")
		return
	}
	stations, location := types.SetNull(types.StringType), types.StringNull()
	if id.location != "" {
		location = types.StringValue(id.location)
	} else {
		members, diags := types.SetValueFrom(ctx, types.StringType, id.stations)
		resp.Diagnostics.Append(diags...)
		stations = members
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &model{
		Name: types.StringValue(id.name), KMSHost: types.StringValue(id.kmsHost), Stations: stations, Location: location,
		Thresholds:      types.ObjectNull(map[string]attr.Type{"windows": types.Int64Type, "office": types.Int64Type}),
		RequireLicensed: types.StringValue(requireNone),
		Settle:          timetypes.GoDuration{StringValue: types.StringValue(defaultSettle)},
		Cycle:           types.ObjectNull(cycleTypes),
		Window:          types.ObjectNull(windowTypes),
		Unlicensed:      types.MapNull(types.StringType), Unreachable: types.SetNull(types.StringType),
		Windows: types.ObjectNull(productTypes), Office: types.ObjectNull(productTypes),
		RenewalDue: timetypes.NewRFC3339Null(), EarlyRenewal: timetypes.NewGoDurationNull(),
		ClientIDs: types.ObjectNull(clientIDsTypes),
		LastCycle: types.ObjectNull(lastCycleTypes), PlannedRestarts: types.Int64Value(0),
		Timeouts: timeouts.Value{Object: types.ObjectNull(map[string]attr.Type{
			"create": types.StringType, "read": types.StringType, "update": types.StringType,
		})},
	})...)
}

// importID is what an import id says; stations or location, never both.
type importID struct {
	name, kmsHost, location string
	stations                []string
}

func parseImportID(text string) (importID, bool) {
	at := strings.LastIndex(text, "@")
	kmsHost, members, found := strings.Cut(text[at+1:], "/")
	if at < 1 || kmsHost == "" || !found {
		return importID{}, false
	}
	id := importID{name: text[:at], kmsHost: kmsHost}
	if location, is := strings.CutPrefix(members, "location="); is {
		id.location = location
		return id, location != ""
	}
	list, is := strings.CutPrefix(members, "stations=")
	for station := range strings.SplitSeq(list, ",") {
		if station = strings.TrimSpace(station); station == "" {
			return importID{}, false
		}
		id.stations = append(id.stations, station)
	}
	return id, is
}
