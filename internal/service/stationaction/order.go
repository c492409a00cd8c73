package stationaction

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/site"
	"github.com/timago/terraform-provider-timago/internal/tfduration"
	"github.com/timago/terraform-provider-timago/internal/tfvalidate"
)

const defaultMaxParallel = 10

// order is what a configuration wants, free of Terraform's types. What an action's schema
// does not have is its zero value.
type order struct {
	stations  []string
	location  string
	parallel  int
	timeout   time.Duration // for one station
	wait      bool
	whenInUse kms.WhenInUse
	ignored   []string // users
	system    string
	broadcast string
}

// schema gives the attributes that all actions have, and the action's own.
func (a *Action) schema() map[string]schema.Attribute {
	text := []validator.String{stringvalidator.LengthAtLeast(1)}
	attributes := map[string]schema.Attribute{
		"stations": schema.SetAttribute{
			Optional:    true,
			ElementType: types.StringType,
			MarkdownDescription: "Stations: computer names (*Bezeichnung*) or addresses, with `:port` if the WinRM port differs; in API mode also client ids. " +
				"Exactly one of `stations` and `location` is set.",
			Validators: []validator.Set{tfvalidate.NotEmpty("Name at least one station, or set location in its place."), tfvalidate.NoNullElements(), setvalidator.ValueStringsAre(text...)},
		},
		"location": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "All stations of this room (*Standort*), looked up in Timago (at most 3,000), or in the provider's `inventory` in direct mode, when the action is invoked. " +
				"Exactly one of `stations` and `location` is set.",
			Validators: text,
		},
		"max_parallel": schema.Int64Attribute{
			Optional:            true,
			MarkdownDescription: fmt.Sprintf("The most stations that are worked on at once, from 1 to 500. Default: %d.", defaultMaxParallel),
			Validators:          []validator.Int64{int64validator.Between(1, 500)},
		},
		"station_timeout": schema.StringAttribute{
			Optional:            true,
			CustomType:          tfduration.Type{},
			MarkdownDescription: "How long one station may take, such as `15m`, from when its turn comes. Default: `" + tfduration.Shortest(a.stationTimeout) + "`.",
		},
	}
	maps.Copy(attributes, a.attributes)
	return attributes
}

// useAttributes are those of actions that would send a user out of a station.
func useAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"when_in_use": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "What to do with a station that somebody uses. `wait` waits until nobody does, for as long as `station_timeout` allows. " +
				"The station counts among `max_parallel` meanwhile, and is an error if its user stays. `skip` leaves it as it is, with a warning. " +
				"`force` goes on all the same, and the user loses unsaved work. Default: `" + string(kms.WaitWhenInUse) + "`.",
			Validators: []validator.String{stringvalidator.OneOf(kms.AllWhenInUse()...)},
		},
		"ignore_users": schema.SetAttribute{
			Optional:    true,
			ElementType: types.StringType,
			MarkdownDescription: "Users who do not count as using a station, such as a kiosk's automatic logon: `name` or `DOMAIN\\name`, " +
				"without regard to case. Default: none.",
			Validators: []validator.Set{tfvalidate.NoNullElements()},
		},
	}
}

func waitAttribute(description string) schema.Attribute {
	return schema.BoolAttribute{Optional: true, MarkdownDescription: description + " Default: `true`."}
}

// order reads a configuration that is known.
func (a *Action) order(ctx context.Context, config tfsdk.Config) (order, diag.Diagnostics) {
	var (
		diags                                  diag.Diagnostics
		stations, ignored                      []string
		location, whenInUse, system, broadcast types.String
		parallel                               types.Int64
		timeout                                tfduration.Value
		wait                                   types.Bool
	)
	has := a.schema()
	for name, target := range map[string]any{
		"stations": &stations, "location": &location, "max_parallel": &parallel, "station_timeout": &timeout, "wait": &wait,
		"when_in_use": &whenInUse, "ignore_users": &ignored, "operating_system": &system, "wake_broadcast": &broadcast,
	} {
		if has[name] != nil {
			diags.Append(config.GetAttribute(ctx, path.Root(name), target)...)
		}
	}
	// Names know no case: a station that is named twice is one.
	slices.SortFunc(stations, func(x, y string) int { return strings.Compare(strings.ToLower(x), strings.ToLower(y)) })
	o := order{
		stations: slices.CompactFunc(stations, strings.EqualFold), location: location.ValueString(), parallel: defaultMaxParallel,
		wait:      wait.IsNull() || wait.ValueBool(),
		whenInUse: cmp.Or(kms.WhenInUse(whenInUse.ValueString()), kms.WaitWhenInUse), ignored: ignored, system: system.ValueString(), broadcast: broadcast.ValueString(),
	}
	if !parallel.IsNull() {
		o.parallel = int(parallel.ValueInt64())
	}
	if timeout.IsNull() {
		timeout = tfduration.Of(a.stationTimeout)
	}
	o.timeout = timeout.Duration()
	return o, diags
}

// names are the stations that are meant, each once.
func (o order) names(ctx context.Context, s *site.Site) ([]string, error) {
	if o.location == "" {
		var names []string
		named := map[string]bool{}
		for _, name := range o.stations {
			if identity := s.Identity(ctx, name); !named[identity] {
				named[identity], names = true, append(names, name)
			}
		}
		return names, nil
	}
	return s.InLocation(ctx, o.location)
}
