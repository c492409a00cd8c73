package station

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/timago/terraform-provider-timago/internal/service"
	"github.com/timago/terraform-provider-timago/internal/tfduration"
)

// Schema describes the data source.
func (d *Stations) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	filled := []validator.String{stringvalidator.LengthAtLeast(1)}
	resp.Schema = schema.Schema{
		MarkdownDescription: "A choice of stations, by what Timago knows of them, or in direct mode by the provider's `inventory`. A station must pass all filters that are set.\n\n" +
			"Feed `for_each` and a pool with stable filters alone: `location`, `computer_group`, `name_regex`. " +
			"The result of `online`, `kms_activation` and `started_within` changes by itself, with the holidays at the latest, and a station that leaves `for_each` is destroyed. " +
			"For the same reason an empty result is an error unless `allow_empty` is set.\n\n" +
			"A result of more than 10 MB, about 20,000 stations, is an error too: ask for a room or a school at a time.",
		Attributes: map[string]schema.Attribute{
			"location":       schema.StringAttribute{Optional: true, MarkdownDescription: "Only stations of this room (*Standort*), without regard to case; in API mode at most 3,000. Default: all.", Validators: filled},
			"computer_group": schema.StringAttribute{Optional: true, MarkdownDescription: "Only stations of this computer group (*Rechnergruppe*), without regard to case. Default: all.", Validators: filled},
			"name_regex": schema.StringAttribute{
				Optional: true, Validators: filled,
				MarkdownDescription: "Only stations whose computer name has a match of this regular expression (RE2), such as `^R101-`. Default: all.",
			},
			"online": schema.BoolAttribute{
				Optional:            true,
				MarkdownDescription: "Only stations that are on, or with `false` off; from an inventory as of its export. Changes by itself. Default: both.",
			},
			"kms_activation": schema.BoolAttribute{
				Optional: true,
				MarkdownDescription: "Only stations that have an operating system with the option *KMS-Aktivierung* on, or with `false` off. " +
					"Known to Timago alone, so only with `endpoint`. Default: both.",
			},
			"started_within": schema.StringAttribute{
				Optional: true, CustomType: tfduration.Type{},
				MarkdownDescription: "Only stations that were last started no longer ago than this, such as `72h`, by the clock of Timago's server. Changes by itself. Default: all.",
			},
			"allow_empty": schema.BoolAttribute{Optional: true, MarkdownDescription: "Whether the result may be empty. Default: `false`; an empty result is an error."},
			"names": schema.ListAttribute{
				Computed: true, ElementType: types.StringType, MarkdownDescription: "The stations' computer names, in their order.",
			},
			"stations": schema.ListNestedAttribute{
				Computed: true, MarkdownDescription: "The stations, in the order of their names. Most of what they show changes by itself.",
				NestedObject: schema.NestedAttributeObject{Attributes: listedAttributes()},
			},
		},
	}
}

func listedAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"id":                    schema.StringAttribute{Computed: true, MarkdownDescription: "Client id; null if an inventory has none."},
		"name":                  schema.StringAttribute{Computed: true, MarkdownDescription: "Computer name (*Bezeichnung*)."},
		"location":              schema.StringAttribute{Computed: true, MarkdownDescription: "Room (*Standort*); null if it has none."},
		"computer_group":        schema.StringAttribute{Computed: true, MarkdownDescription: "Computer group (*Rechnergruppe*); null if it has none."},
		"mac":                   schema.StringAttribute{Computed: true, MarkdownDescription: "MAC address of its network card, as `02:00:5E:10:01:01`; null if it is not known."},
		"address":               schema.StringAttribute{Computed: true, MarkdownDescription: "Host name or IP address, with a port if it differs; null if it is not known."},
		"online":                schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether it is on."},
		"last_start":            service.MomentAttribute("When it was last started (RFC 3339); null before its first start."),
		"last_operating_system": schema.StringAttribute{Computed: true, MarkdownDescription: "The operating system that was started last; null if it is not known."},
		"logged_on_user":        schema.StringAttribute{Computed: true, MarkdownDescription: "Who is logged on; null if nobody is, and from an inventory."},
		"operating_systems": schema.ListNestedAttribute{
			Computed: true, MarkdownDescription: "Its operating systems; empty from an inventory.",
			NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
				"name":           schema.StringAttribute{Computed: true, MarkdownDescription: "The operating system's name."},
				"kms_activation": schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether its option *KMS-Aktivierung* is on."},
				"effective":      schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether the image on the station was made with the option as it is set."},
			}},
		},
	}
}
