// Package stationaction is the actions timago_station_restart, timago_station_reset_image,
// timago_station_wake and timago_station_activate: each is for many stations at once.
package stationaction

import (
	"context"
	"errors"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/actionvalidator"
	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/timago/terraform-provider-timago/internal/service"
	"github.com/timago/terraform-provider-timago/internal/site"
	"github.com/timago/terraform-provider-timago/internal/tfdiag"
)

var (
	_ action.ActionWithConfigure        = (*Action)(nil)
	_ action.ActionWithConfigValidators = (*Action)(nil)
	_ action.ActionWithModifyPlan       = (*Action)(nil)
)

// say reports to a person what goes on at one station.
type say func(format string, args ...any)

// definition is what the actions differ in.
type definition struct {
	name            string // of the type, after timago_station_
	verb, doing     string // "restart" a station; "Restarting" it
	done, commanded string // what a station then is: "restarted"; where that is not waited for "told to restart"
	about           string // Markdown
	attributes      map[string]schema.Attribute
	stationTimeout  time.Duration                     // where none is configured
	possible        func(s *site.Site, o order) error // as far as the configuration alone shows
	carryOut        func(ctx context.Context, s *site.Site, o order, station string, say say) error
}

// Action has stations do something.
type Action struct {
	definition
	site *site.Site
}

// NewRestart returns the action timago_station_restart for registration.
func NewRestart() action.Action { return &Action{definition: restart()} }

// NewResetImage returns the action timago_station_reset_image for registration.
func NewResetImage() action.Action { return &Action{definition: resetImage()} }

// NewWake returns the action timago_station_wake for registration.
func NewWake() action.Action { return &Action{definition: wake()} }

// NewActivate returns the action timago_station_activate for registration.
func NewActivate() action.Action { return &Action{definition: activate()} }

// Metadata names the action.
func (a *Action) Metadata(_ context.Context, req action.MetadataRequest, resp *action.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_station_" + a.name
}

// Schema describes the action.
func (a *Action) Schema(_ context.Context, _ action.SchemaRequest, resp *action.SchemaResponse) {
	resp.Schema = schema.Schema{MarkdownDescription: a.about, Attributes: a.schema()}
}

// Configure takes the site; there is none as long as the provider's configuration is not
// known.
func (a *Action) Configure(_ context.Context, req action.ConfigureRequest, resp *action.ConfigureResponse) {
	data, diags := service.From(req.ProviderData)
	resp.Diagnostics.Append(diags...)
	a.site = data.Site
}

// ConfigValidators want stations or a location.
func (a *Action) ConfigValidators(context.Context) []action.ConfigValidator {
	return []action.ConfigValidator{actionvalidator.ExactlyOneOf(path.MatchRoot("stations"), path.MatchRoot("location"))}
}

// ModifyPlan says what the configuration shows to be impossible, before anything is
// touched. Nothing is asked over the network.
func (a *Action) ModifyPlan(ctx context.Context, req action.ModifyPlanRequest, resp *action.ModifyPlanResponse) {
	if a.site == nil || !req.Config.Raw.IsFullyKnown() {
		return
	}
	o, diags := a.order(ctx, req.Config)
	resp.Diagnostics.Append(diags...)
	if diags.HasError() {
		return
	}
	err := a.possible(a.site, o)
	if err == nil && !a.site.HasTimago() {
		_, err = o.names(ctx, a.site) // of an inventory, which is read already
	}
	if err != nil {
		resp.Diagnostics.Append(a.failure(o, err).Error())
	}
}

var errNotConfigured = errors.New("the provider's configuration is not known, so no station can be asked")

// Invoke carries the action out on all its stations.
func (a *Action) Invoke(ctx context.Context, req action.InvokeRequest, resp *action.InvokeResponse) {
	o, diags := a.order(ctx, req.Config)
	resp.Diagnostics.Append(diags...)
	if diags.HasError() {
		return
	}
	err := errNotConfigured
	var names []string
	if a.site != nil {
		if err = a.possible(a.site, o); err == nil {
			names, err = o.names(ctx, a.site)
		}
	}
	if err != nil {
		resp.Diagnostics.Append(a.failure(o, err).Error())
		return
	}
	workers := workers{stations: names, parallel: o.parallel, timeout: o.timeout, verb: a.verb, doing: a.doing, done: a.done}
	if !o.wait {
		workers.done = a.commanded
	}
	outcomes := workers.work(ctx,
		func(ctx context.Context, station string, say say) error {
			return a.carryOut(ctx, a.site, o, station, say)
		},
		func(message string) {
			tflog.Info(ctx, message)
			// Once Terraform has stopped an action terraform-plugin-go listens no more, and a
			// message would wait for ever; no diagnostic is heard then either.
			if ctx.Err() == nil {
				resp.SendProgress(action.InvokeProgressEvent{Message: message})
			}
		})
	resp.Diagnostics.Append(workers.judge(outcomes)...)
}

// failure is what could not even be begun.
func (a *Action) failure(o order, err error) tfdiag.Failure {
	f := tfdiag.Failure{Verb: a.verb, Noun: "stations", Err: err}
	if o.location != "" {
		f.Name = "of location " + o.location
	}
	return f
}
