package stationkms

import (
	"context"
	"regexp"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/tfduration"
	"github.com/timago/terraform-provider-timago/internal/tfvalidate"
)

// Schema describes the resource.
func (r *Resource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "A station that takes part in the activation: the option *KMS-Aktivierung* of Timago's window *Stationen > Betriebssystem* is on, " +
			"and the image on the station was made with it. A station is taken over as it is: if both are right, nothing is commanded.\n\n" +
			"In API mode (`endpoint` is set) the provider sets the option and resets the image. The interface's contract is this project's own, not the vendor's. " +
			"In direct mode the plan says where to click in Timago's own window. Whether the option took effect cannot be seen there, and `effective` is null.\n\n" +
			"A reset makes the station start from a new image. It is never made under a logged-on user unless `when_in_use` says so, and never twice for the same image.",
		Attributes: map[string]schema.Attribute{
			"station": schema.StringAttribute{
				Required: true,
				MarkdownDescription: "The station: its computer name (*Bezeichnung*) or client id in Timago; in direct mode its host name, with `:port` if its WinRM port differs. " +
					"Another way to write the same station changes nothing; another station replaces the resource.",
				Validators: []validator.String{stringvalidator.RegexMatches(regexp.MustCompile(`^\S(.*\S)?$`), "must be a computer name or client id")},
			},
			"operating_system": schema.StringAttribute{
				Optional: true,
				Computed: true,
				MarkdownDescription: "Which of the station's operating systems, by its name in Timago. " +
					"Default: the only one, else the one that was started last when the resource was created. Null in direct mode unless set.",
				Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
			},
			"enabled": schema.BoolAttribute{
				Optional:            true,
				Computed:            true,
				Default:             booldefault.StaticBool(true),
				MarkdownDescription: "Whether the option *KMS-Aktivierung* is to be on. An image that was made otherwise is reset, also with `false`. Default: `true`.",
			},
			"wait_for_image": schema.BoolAttribute{
				Optional: true,
				Computed: true,
				Default:  booldefault.StaticBool(false),
				MarkdownDescription: "Wait until the image that carries the option has started, for as long as `timeouts` allow. " +
					"`timago_activation_pool` waits for the images of its members anyway, for all of them together. In direct mode it has no effect. Default: `false`.",
			},
			"when_in_use": schema.StringAttribute{
				Optional: true,
				Computed: true,
				Default:  stringdefault.StaticString(string(kms.WaitWhenInUse)),
				MarkdownDescription: "What to do if somebody is logged on. `wait` resets the image once nobody is: this apply does so with `wait_for_image`, else the next one. " +
					"`skip` leaves it as it is in this apply, also with `wait_for_image`. `force` resets it all the same, and unsaved work is lost. Default: `" + string(kms.WaitWhenInUse) + "`.",
				Validators: []validator.String{stringvalidator.OneOf(kms.AllWhenInUse()...)},
			},
			"clear_on_destroy": schema.BoolAttribute{
				Optional:            true,
				Computed:            true,
				Default:             booldefault.StaticBool(true),
				MarkdownDescription: "Whether destroying the resource switches the option off. The image is never reset by that. Default: `true`.",
			},
			"id": schema.StringAttribute{
				Computed:            true,
				MarkdownDescription: "The station's client id in Timago; in direct mode its host name in lower case.",
			},
			"name": schema.StringAttribute{
				Computed:            true,
				MarkdownDescription: "The station's computer name (*Bezeichnung*). In direct mode null until the station has answered, unless the inventory knows it.",
			},
			"location": schema.StringAttribute{
				Computed:            true,
				MarkdownDescription: "The station's room (*Standort*); null if it has none. In direct mode from the inventory.",
			},
			"computer_group": schema.StringAttribute{
				Computed:            true,
				MarkdownDescription: "The station's computer group (*Rechnergruppe*); null if it has none. In direct mode from the inventory.",
			},
			"effective": schema.BoolAttribute{
				Computed: true,
				MarkdownDescription: "Whether the image on the station was made with the option as it is set. `false` is planned as a change, which resets the image unless that has been done already. " +
					"Null in direct mode, because it cannot be seen there.",
			},
			"timeouts": tfvalidate.Timeouts(timeouts.Attributes(ctx, timeouts.Opts{
				Create: true, Read: true, Update: true, Delete: true,
				CreateDescription: "How long taking the station over may take, waiting for its image included, such as `2h`. Default: `" + tfduration.Shortest(defaultChangeTimeout) + "`.",
				ReadDescription:   "How long looking the station up may take, for a plan too. Default: `" + tfduration.Shortest(defaultReadTimeout) + "`.",
				UpdateDescription: "How long a change may take, waiting for its image included. Default: `" + tfduration.Shortest(defaultChangeTimeout) + "`.",
				DeleteDescription: "How long switching the option off may take. Default: `" + tfduration.Shortest(defaultReadTimeout) + "`.",
			})),
		},
	}
}

// IdentitySchema describes what tells one station from another.
func (r *Resource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identityschema.Schema{Attributes: map[string]identityschema.Attribute{
		"id": identityschema.StringAttribute{
			RequiredForImport: true,
			Description:       "The station's client id in Timago; in direct mode its host name in lower case.",
		},
	}}
}
