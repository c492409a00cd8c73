// Package stationkms is the resource timago_station_kms: one station takes part in the
// activation.
package stationkms

import (
	"context"
	"errors"
	"regexp"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/service"
	"github.com/timago/terraform-provider-timago/internal/site"
	"github.com/timago/terraform-provider-timago/internal/tfdiag"
)

var (
	_ resource.ResourceWithConfigure   = (*Resource)(nil)
	_ resource.ResourceWithIdentity    = (*Resource)(nil)
	_ resource.ResourceWithModifyPlan  = (*Resource)(nil)
	_ resource.ResourceWithImportState = (*Resource)(nil)
)

// Resource keeps the option "KMS-Aktivierung" of a station as it is wanted, and an image
// on it that was made with it.
type Resource struct {
	site   *site.Site
	claims *service.Claims
}

// NewResource returns the resource for registration.
func NewResource() resource.Resource { return &Resource{} }

// Metadata names the resource. Its identity changes once where a site that was in direct
// mode gets an interface: from a host name to the client id.
func (r *Resource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_station_kms"
	resp.ResourceBehavior.MutableIdentity = true
}

// Configure takes the site; there is none as long as the provider's configuration is not
// known.
func (r *Resource) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	data, diags := service.From(req.ProviderData)
	resp.Diagnostics.Append(diags...)
	r.site, r.claims = data.Site, data.Claims
}

// clientID is how Timago names its stations for good.
var clientID = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// identify sets the identity. The framework wants it set also where a call ends early.
func identify(ctx context.Context, to *tfsdk.ResourceIdentity, id types.String) diag.Diagnostics {
	return to.Set(ctx, &identity{ID: id})
}

// Create takes a station over as it is, and changes only what is not as wanted. It fails
// only before anything was commanded: a tainted station would be destroyed first.
func (r *Resource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	timeout, diags := plan.Timeouts.Create(ctx, defaultChangeTimeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	w := plan.desired()
	if r.site == nil {
		resp.Diagnostics.Append(w.failure(errNotConfigured, nil).Error())
		return
	}
	found, reset, diags := r.start(ctx, w, timeout)
	resp.Diagnostics.Append(diags...)
	if diags.HasError() {
		return
	}
	plan.complete(found)
	resp.Diagnostics.Append(rememberReset(ctx, resp.Private, reset)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
	resp.Diagnostics.Append(identify(ctx, resp.Identity, plan.ID)...)
}

// start gives an error only where nothing was commanded.
func (r *Resource) start(ctx context.Context, w desired, timeout time.Duration) (shown, resetMemory, diag.Diagnostics) {
	if !r.site.HasTimago() {
		found, diags := adopt(ctx, r.site, w, timeout)
		return found, resetMemory{}, diags
	}
	done := r.change(w).run(ctx, timeout)
	if done.err != nil && !done.commanded {
		return shown{}, resetMemory{}, diag.Diagnostics{w.failure(done.err, &done).Error()}
	}
	return done.show(w), done.reset, done.warnings(w)
}

func (r *Resource) change(w desired) change {
	return change{site: r.site, claims: r.claims, desired: w}
}

// Read looks the station up. Only Timago's own word that there is none removes it.
func (r *Resource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state model
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(identify(ctx, resp.Identity, state.ID)...)
	_, diags := instance(ctx, resp.Private, resp.Private)
	resp.Diagnostics.Append(diags...)
	if r.site == nil {
		resp.Diagnostics.AddWarning("Unable to read stations",
			"The provider's configuration is not known yet. The stations' state stays as it was last read.")
		return
	}
	timeout, diags := state.Timeouts.Read(ctx, defaultReadTimeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if !r.site.HasTimago() {
		resp.Diagnostics.Append(state.readDirect(ctx, r.site)...)
		resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
		return
	}
	station, err := r.site.Find(ctx, state.reference())
	failure := tfdiag.Failure{
		Verb: "read", Noun: "station", Name: state.title(), Err: err,
		Attempted: "It was looked for in Timago. Its state stays as it was last read.",
	}
	switch {
	case errors.Is(err, site.ErrGone):
		resp.State.RemoveResource(ctx)
	case errors.Is(err, kms.ErrUnreachable), errors.Is(err, context.DeadlineExceeded):
		// One summary for all of them, which the CLI then shows as one warning.
		failure.Noun, failure.Name = "stations in Timago", ""
		failure.Attempted = "Station " + state.title() + " was looked for. Its state stays as it was last read."
		if errors.Is(err, context.DeadlineExceeded) && again(err) != "" {
			failure.Next = "The time for it ran out: see whether the server is well, or raise timeouts.read."
		}
		resp.Diagnostics.Append(failure.Warning())
	case errors.Is(err, site.ErrNotFound):
		resp.Diagnostics.Append(toForget(failure.Error(), "It was taken over in direct mode, by a name that Timago does not know. "+
			"Let this instance be forgotten (terraform state rm), and write the station as Timago does: it is then taken over as it is."))
	case err != nil:
		resp.Diagnostics.Append(failure.Error())
	default:
		resp.Diagnostics.Append(state.refresh(station)...)
		resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
		resp.Diagnostics.Append(identify(ctx, resp.Identity, state.ID)...)
	}
}

// Update does what is not as wanted. A change that is only about how it is done commands
// nothing.
func (r *Resource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(identify(ctx, resp.Identity, plan.ID)...)
	if !plan.Effective.IsUnknown() {
		resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
		return
	}
	timeout, diags := plan.Timeouts.Update(ctx, defaultChangeTimeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	w := plan.desired()
	if r.site == nil {
		resp.Diagnostics.Append(w.failure(errNotConfigured, nil).Error())
		return
	}
	if !r.site.HasTimago() {
		plan.complete((&outcome{}).show(w))
		resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
		return
	}
	change := r.change(w)
	change.last = lastReset(ctx, req.Private)
	done := change.run(ctx, timeout)
	if done.err != nil {
		// No taint comes of this: what could not be done may be told as what it is.
		resp.Diagnostics.Append(w.failure(done.err, &done).Error())
		if !done.commanded {
			return // the prior state is true
		}
	} else {
		resp.Diagnostics.Append(done.warnings(w)...)
	}
	plan.complete(done.show(w))
	resp.Diagnostics.Append(rememberReset(ctx, resp.Private, done.reset)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &plan)...)
}

// Delete clears the option. It resets no image: a station that takes part no longer is
// no reason to send anybody out of it.
func (r *Resource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state model
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() || !state.ClearOnDestroy.ValueBool() || state.systemGone() {
		return
	}
	timeout, diags := state.Timeouts.Delete(ctx, defaultReadTimeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	w := state.desired()
	w.enabled = false
	if r.site == nil {
		resp.Diagnostics.Append(w.failure(errNotConfigured, nil).Error())
		return
	}
	if !r.site.HasTimago() {
		return // told by the plan
	}
	id, name := state.keys()
	if isKept(ctx, req.Private) || r.claims.Kept(load[string](ctx, req.Private, keyInstance), id, name) {
		resp.Diagnostics.Append(leftOn(w.title, "another instance of timago_station_kms keeps the station."))
		return
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	left, err := r.change(w).switchOff(ctx)
	if left != "" {
		resp.Diagnostics.Append(leftOn(w.title, left))
	}
	if err != nil {
		resp.Diagnostics.Append(toForget(w.failure(err, nil).Error(), "To forget the station all the same, and leave its option as it is: terraform state rm."))
	}
}

// leftOn is one warning for all stations whose option a destroy leaves: the summary is the
// same.
func leftOn(title, reason string) diag.Diagnostic {
	return diag.NewWarningDiagnostic("Options were left as they are", "Station "+title+`: its option "KMS-Aktivierung" was not switched off, since `+reason)
}

// toForget adds to an error how the station is forgotten, beside what is to be mended.
func toForget(d diag.Diagnostic, how string) diag.Diagnostic {
	return diag.NewErrorDiagnostic(d.Summary(), d.Detail()+"\n\n"+how)
}
