package stationkms

import (
	"context"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/timago/terraform-provider-timago/internal/tfdiag"
)

// ImportState takes a station over by its computer name, its client id or its identity;
// in direct mode by its host name. Option and image are read, and nothing is commanded.
func (r *Resource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	reference := strings.TrimSpace(req.ID)
	if reference == "" && req.Identity != nil {
		var id types.String
		resp.Diagnostics.Append(req.Identity.GetAttribute(ctx, path.Root("id"), &id)...)
		reference = id.ValueString()
	}
	failure := tfdiag.Failure{Verb: "import", Noun: "station", Name: reference}
	switch {
	case resp.Diagnostics.HasError():
		return
	case reference == "":
		failure.Next = "Give its computer name or client id; in direct mode its host name."
		resp.Diagnostics.Append(failure.Error())
		return
	case r.site == nil:
		failure.Err = errNotConfigured
		resp.Diagnostics.Append(failure.Error())
		return
	}
	state := adopted(shown{id: types.StringValue(strings.ToLower(reference))}, reference, true)
	if r.site.HasTimago() {
		station, err := r.site.Find(ctx, reference)
		if err != nil {
			failure.Attempted, failure.Err = "It was looked for in Timago.", err
			resp.Diagnostics.Append(failure.Error())
			return
		}
		state.Station = types.StringValue(station.Name)
		resp.Diagnostics.Append(state.refresh(station)...)
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
	resp.Diagnostics.Append(identify(ctx, resp.Identity, state.ID)...)
}
