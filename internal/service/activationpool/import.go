package activationpool

import (
	"context"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/timago/terraform-provider-timago/internal/tfduration"
	"github.com/timago/terraform-provider-timago/internal/tfset"
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
	stations, location := tfset.Null(), types.StringNull()
	if id.location != "" {
		location = types.StringValue(id.location)
	} else {
		stations = tfset.Of(id.stations)
	}
	imported := newModel()
	imported.Name, imported.KMSHost = types.StringValue(id.name), types.StringValue(id.kmsHost)
	imported.Stations, imported.Location = stations, location
	imported.RequireLicensed = types.StringValue(defaultRequire)
	imported.Settle = tfduration.Of(defaultSettle)
	imported.PlannedRestarts = types.Int64Value(0)
	resp.Diagnostics.Append(resp.State.Set(ctx, &imported)...)
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
