package stationkms

import (
	"context"
	"runtime/debug"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/timago/terraform-provider-timago/internal/site"
	"github.com/timago/terraform-provider-timago/internal/tfdiag"
)

var _ list.ListResourceWithConfigure = (*List)(nil)

// List finds stations that can be taken over, for `terraform query`.
type List struct{ Resource }

// NewListResource returns the list resource for registration.
func NewListResource() list.ListResource { return &List{} }

// ListResourceConfigSchema describes the filters.
func (l *List) ListResourceConfigSchema(_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Stations of Timago, or of the provider's `inventory` in direct mode, to be imported as `timago_station_kms`. " +
			"Listing commands nothing.",
		Attributes: map[string]schema.Attribute{
			"location":       schema.StringAttribute{Optional: true, MarkdownDescription: "Only stations of this room (*Standort*), without regard to case; in API mode at most 3,000. Default: all."},
			"computer_group": schema.StringAttribute{Optional: true, MarkdownDescription: "Only stations of this computer group (*Rechnergruppe*), without regard to case. Default: all."},
		},
	}
}

type filterModel struct {
	Location      types.String `tfsdk:"location"`
	ComputerGroup types.String `tfsdk:"computer_group"`
}

// listGarbage is how much garbage there may be once stations are listed, of what is in use.
const listGarbage = 75

// List lists stations in the order of their names.
func (l *List) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	var filter filterModel
	diags := req.Config.Get(ctx, &filter)
	if diags.HasError() {
		stream.Results = list.ListResultsStreamDiagnostics(diags)
		return
	}
	var stations []site.Station
	err := errNotConfigured
	if l.site != nil {
		stations, err = l.site.Stations(ctx, site.Filter{Location: filter.Location.ValueString(), ComputerGroup: filter.ComputerGroup.ValueString()})
	}
	if err != nil {
		stream.Results = list.ListResultsStreamDiagnostics(diag.Diagnostics{tfdiag.Failure{Verb: "list", Noun: "stations", Err: err}.Error()})
		return
	}
	if req.Limit > 0 && int64(len(stations)) > req.Limit {
		stations = stations[:req.Limit]
	}
	stream.Results = func(push func(list.ListResult) bool) {
		// What the framework makes of a station is garbage a moment later, of thousands too. It stays
		// so: lists run side by side, and `terraform query` starts the provider for nothing else.
		debug.SetGCPercent(listGarbage)
		for _, station := range stations {
			if !push(l.result(ctx, req, station)) {
				return
			}
		}
	}
}

func (l *List) result(ctx context.Context, req list.ListRequest, station site.Station) list.ListResult {
	result := req.NewListResult(ctx)
	result.DisplayName = station.Name
	if station.Location != "" {
		result.DisplayName += " (" + station.Location + ")"
	}
	found := showing(station)
	found.id = types.StringValue(strings.ToLower(station.Name))
	state := adopted(found, station.Name, true)
	if l.site.HasTimago() {
		result.Diagnostics.Append(state.refresh(station)...)
	}
	result.Diagnostics.Append(identify(ctx, result.Identity, state.ID)...)
	if req.IncludeResource {
		result.Diagnostics.Append(result.Resource.Set(ctx, &state)...)
	}
	return result
}
