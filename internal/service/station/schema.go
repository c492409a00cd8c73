package station

import (
	"context"
	"fmt"
	"regexp"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/timago/terraform-provider-timago/internal/service"
	"github.com/timago/terraform-provider-timago/internal/tfduration"
)

// Schema describes the data source.
func (d *DataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "One station, read over WinRM: since when it is up, who uses it, its licences with their reasons in words, its client machine id, " +
			"and what it has asked its KMS host since it started. Reading asks for no activation and changes nothing.\n\n" +
			"A station that does not answer is an error. Most values move by themselves. Feed none of them to an output or to `for_each` if an empty plan matters.",
		Attributes: map[string]schema.Attribute{
			"name": schema.StringAttribute{
				Required:            true,
				MarkdownDescription: "Computer name or address, with `:port` if its WinRM port differs.",
				Validators:          []validator.String{stringvalidator.RegexMatches(regexp.MustCompile(`^[^\s/@,]+$`), "must be a computer name or address")},
			},
			"computer_name": schema.StringAttribute{Computed: true, MarkdownDescription: "The name that Windows gives itself."},
			"started":       service.MomentAttribute("When Windows started, on the station's clock (RFC 3339)."),
			"uptime":        durationAttribute("How long it has been up, such as `1h20m`."),
			"user":          schema.StringAttribute{Computed: true, MarkdownDescription: "Who is logged on at the console, as `DOMAIN\\name`; null if nobody is."},
			"in_use":        schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether somebody uses it, at the console or in a session of their own."},
			"sessions":      schema.Int64Attribute{Computed: true, MarkdownDescription: "Number of sessions with a desktop."},
			"cmid": schema.StringAttribute{
				Computed: true, MarkdownDescription: "Client machine id of Windows, by which a KMS host counts. Office has one of its own, see `requests`.",
			},
			"kms_host":          schema.StringAttribute{Computed: true, MarkdownDescription: "The KMS host that Windows asks; null if it knows none."},
			"kms_port":          schema.Int64Attribute{Computed: true, MarkdownDescription: "The KMS host's port."},
			"kms_host_from_dns": schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether that host was found in DNS; `false` if somebody set it."},
			"licences": schema.ListNestedAttribute{
				Computed:            true,
				MarkdownDescription: "The Windows and Office products that have a key.",
				NestedObject:        schema.NestedAttributeObject{Attributes: licenceAttributes()},
			},
			"requests": schema.ListNestedAttribute{
				Computed: true,
				MarkdownDescription: fmt.Sprintf("What it has asked its KMS host since it started, the newest first, %d at most, from its event log (12288 and 12289). "+
					"Null if the log could not be read.", lastRequests),
				NestedObject: schema.NestedAttributeObject{Attributes: requestAttributes()},
			},
		},
	}
}

func licenceAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"product":       schema.StringAttribute{Computed: true, MarkdownDescription: "`windows` or `office`."},
		"name":          schema.StringAttribute{Computed: true, MarkdownDescription: "The product's name."},
		"activation_id": schema.StringAttribute{Computed: true, MarkdownDescription: "The product's activation id."},
		"channel":       schema.StringAttribute{Computed: true, MarkdownDescription: "The key's channel as Windows names it. Only `Volume:GVLK` asks a KMS host."},
		"status":        schema.StringAttribute{Computed: true, MarkdownDescription: "Microsoft's name of the licence's status, such as `Licensed` or `OOBGrace`."},
		"licensed_by": schema.StringAttribute{
			Computed: true, MarkdownDescription: "How it was licensed: `kms`, `active_directory` or `other` (MAK, OEM, retail); null if it is not licensed.",
		},
		"activation_type": schema.Int64Attribute{
			Computed: true, MarkdownDescription: "`VLActivationType` as Windows gives it, 1 for Active Directory; null if it has none.",
		},
		"reason":       schema.StringAttribute{Computed: true, MarkdownDescription: "Why it is not licensed, in words; null if it is."},
		"never_counts": schema.StringAttribute{Computed: true, MarkdownDescription: "Why it can never add to a KMS host's count, in words; null if it can."},
		"grace":        durationAttribute("How much is left of its licence or grace period, such as `4320h`; null if that does not end or is over."),
		"kms_host":     schema.StringAttribute{Computed: true, MarkdownDescription: "The KMS host that this product asks; null if none is known."},
	}
}

func requestAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"time":          service.MomentAttribute("When it was written, on the station's clock (RFC 3339)."),
		"product":       schema.StringAttribute{Computed: true, MarkdownDescription: "`windows` or `office`; null for a product that is not installed any more."},
		"activation_id": schema.StringAttribute{Computed: true, MarkdownDescription: "Activation id of the product that asked."},
		"kms_host":      schema.StringAttribute{Computed: true, MarkdownDescription: "Who was asked, as `host:port`."},
		"cmid":          schema.StringAttribute{Computed: true, MarkdownDescription: "The client machine id with which it asked."},
		"threshold":     schema.Int64Attribute{Computed: true, MarkdownDescription: "The count that the product needs."},
		"answered":      schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether the host answered."},
		"activated":     schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether the answer activated the product."},
		"count":         schema.Int64Attribute{Computed: true, MarkdownDescription: "The host's count, as it answered; null without an answer."},
		"reason":        schema.StringAttribute{Computed: true, MarkdownDescription: "Why the product was not activated, in words; null if nothing went wrong."},
	}
}

func durationAttribute(description string) schema.Attribute {
	return schema.StringAttribute{Computed: true, CustomType: tfduration.Type{}, MarkdownDescription: description}
}
