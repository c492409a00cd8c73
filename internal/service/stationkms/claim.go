package stationkms

import (
	"context"
	"errors"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/tfdiag"
)

// claimNew looks up the station of a new instance, so that a name that means nothing is
// said by the plan, and claims it. In direct mode a station is what it is called.
func (r *Resource) claimNew(ctx context.Context, plan model, instance string) diag.Diagnostics {
	if r.site == nil || plan.Station.IsUnknown() {
		return nil
	}
	reference := plan.Station.ValueString()
	// At once by what it is called: a destroy that is planned meanwhile must not wait for Timago.
	said := r.claim(strings.ToLower(reference), instance, plan)
	if said.HasError() || !r.site.HasTimago() {
		return said
	}
	timeout, diags := plan.Timeouts.Read(ctx, defaultReadTimeout)
	if diags.HasError() {
		return append(said, diags...)
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	station, err := r.site.Find(ctx, reference)
	failure := tfdiag.Failure{
		Verb: "find", Noun: "station", Name: reference, Err: err,
		Attempted: "station: it was looked for in Timago, to see that there is such a station.",
	}
	switch {
	case errors.Is(err, kms.ErrUnreachable), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		// One summary for all of them, which the CLI then shows as one warning.
		failure.Noun, failure.Name = "stations in Timago", ""
		failure.Attempted = "Station " + reference + " was looked for, to see that there is such a station. The apply will look again."
		return append(said, failure.Warning())
	case err != nil:
		return append(said, failure.Error())
	}
	if twice, _ := r.claims.Keep(station.ID, instance); twice { // by another way to write it
		said = append(said, managedTwice(plan.title()))
	}
	return said
}

// claim notes that the plan keeps the station, and sees whether another instance does so,
// too, or lets it go.
func (r *Resource) claim(station, instance string, plan model) diag.Diagnostics {
	if r.claims == nil {
		return nil
	}
	twice, released := r.claims.Keep(station, instance)
	switch {
	case twice:
		return diag.Diagnostics{managedTwice(plan.title())}
	case released:
		return diag.Diagnostics{renamed(plan.title())}
	}
	return nil
}

func managedTwice(title string) diag.Diagnostic {
	return tfdiag.Failure{
		Verb: "manage", Noun: "station", Name: title + " twice",
		Attempted: "station: two instances of timago_station_kms are about this one, perhaps one by its name and one by its client id.",
		Next: "Keep one of them. Where the other is in the state already, take it out with a removed block and destroy = false, or with terraform state rm: " +
			"its option then stays as it is.",
	}.Error()
}

// release notes that the plan destroys the station. Where another instance keeps it, the
// destroy is told to leave the option.
func (r *Resource) release(ctx context.Context, state model, instance string, private privateWriter) diag.Diagnostics {
	if r.claims == nil {
		return nil
	}
	id, name := state.keys()
	if !r.claims.Release(instance, id, name) {
		return nil
	}
	return append(save(ctx, private, keyKept, true), renamed(state.title()))
}

// renamed is one warning for all stations: the summary is the same.
func renamed(title string) diag.Diagnostic {
	return diag.NewWarningDiagnostic("Stations are destroyed and kept by the same plan",
		"Station "+title+" is destroyed as one instance of timago_station_kms and kept as another, as it happens where a key of for_each is renamed. "+
			"No image is reset for that, and in the end the option is as the instance that stays wants it. Where the destroy comes first, it is off for a moment.\n\n"+
			"A moved block renames an instance, and nothing is commanded at all.")
}
