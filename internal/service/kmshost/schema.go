package kmshost

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/service"
)

// Schema describes the data source.
func (d *DataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "A KMS host: what it has counted, how its counts will fall if no station starts, and what its clients see of it in DNS and on its port. " +
			"The counts are read over WinRM from the host's own licensing, the forecast from its log of requests. Reading asks for no activation and changes nothing.\n\n" +
			"Counts and times move by themselves. Feed none of them to an output or to `for_each` if an empty plan matters.",
		Attributes: map[string]schema.Attribute{
			"host": schema.StringAttribute{
				Optional: true, Computed: true,
				MarkdownDescription: "Name or address of the KMS host, with `:port` if its WinRM port differs. Default: `kms.host` of the provider.",
				Validators:          []validator.String{stringvalidator.LengthAtLeast(1)},
			},
			"domain": schema.StringAttribute{
				Optional: true, Computed: true,
				MarkdownDescription: "DNS domain in which clients look for their KMS host. Default: `winrm.domain_suffix` of the provider, else the domain of the host's name; " +
					"null if neither is known, and DNS is not asked then.",
				Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
			},
			"is_kms_host":        schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether the machine has a KMS host key."},
			"port":               schema.Int64Attribute{Computed: true, MarkdownDescription: "The TCP port on which it listens for requests."},
			"reachable":          schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether that port accepts a connection from the machine that runs Terraform. Nothing is said over it."},
			"unreachable_reason": schema.StringAttribute{Computed: true, MarkdownDescription: "Why the port accepts no connection; null if it does."},
			"dns_publishing":     schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether the host publishes itself in DNS."},
			"dns_name":           schema.StringAttribute{Computed: true, MarkdownDescription: "The record that clients look up, `_vlmcs._tcp.<domain>`; null if DNS was not asked."},
			"dns_records": schema.ListNestedAttribute{
				Computed:            true,
				MarkdownDescription: "The KMS hosts that DNS names. Several split the count. Empty if there is none, null if DNS was not asked or did not answer.",
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"host":     schema.StringAttribute{Computed: true, MarkdownDescription: "The machine's name."},
					"port":     schema.Int64Attribute{Computed: true, MarkdownDescription: "Its port."},
					"priority": schema.Int64Attribute{Computed: true, MarkdownDescription: "Clients take the lowest first."},
					"weight":   schema.Int64Attribute{Computed: true, MarkdownDescription: "Among records of equal priority, clients take the one with the larger weight more often."},
				}},
			},
			"clock":   service.MomentAttribute("The host's clock when it was read (RFC 3339). A host refuses clients whose clock differs by more than 4 hours."),
			"started": service.MomentAttribute("When the host started (RFC 3339)."),
			"windows": countAttribute(kms.Windows),
			"office":  countAttribute(kms.Office),
			"products": schema.ListNestedAttribute{
				Computed:            true,
				MarkdownDescription: "The KMS host keys that are installed, each with its own count. Numbers are null if Windows has no data.",
				NestedObject:        schema.NestedAttributeObject{Attributes: productAttributes()},
			},
			"log_since": service.MomentAttribute("The oldest request of the last 30 days in the host's log (RFC 3339), which is as far as the forecast looks back. Null if the log is empty."),
			"log_error": schema.StringAttribute{Computed: true, MarkdownDescription: "Why the log could not be read; null if it was read."},
			"shared_cmids": schema.ListNestedAttribute{
				Computed: true,
				MarkdownDescription: "Client machine ids under which several machines asked in the last 30 days. They count as one. Their images were captured without " +
					"`sysprep /generalize`. Null if the log could not be read.",
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"cmid":    schema.StringAttribute{Computed: true, MarkdownDescription: "The client machine id."},
					"clients": schema.ListAttribute{Computed: true, ElementType: types.StringType, MarkdownDescription: "The machines' names."},
				}},
			},
		},
	}
}

func countAttribute(p kms.Product) schema.Attribute {
	return schema.SingleNestedAttribute{
		Computed:            true,
		MarkdownDescription: fmt.Sprintf("%s: its count and the forecast of it. Null if the host has no key for it.", p.Title()),
		Attributes: map[string]schema.Attribute{
			"count": schema.Int64Attribute{
				Computed: true, MarkdownDescription: "The current count, with several keys the largest; null if Windows has no data.",
			},
			"threshold":   schema.Int64Attribute{Computed: true, MarkdownDescription: fmt.Sprintf("The count from which clients are activated, %d.", p.Threshold())},
			"licensed":    schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether the host's own key is activated. Until it is, the host activates nobody."},
			"renewal_due": service.MomentAttribute("When the count falls below the threshold if no station starts (RFC 3339). The host's clock if it is below already, null without a forecast."),
			"forecast": schema.ListNestedAttribute{
				Computed: true,
				MarkdownDescription: "The count over the next 30 days if no station starts, step by step from now down to 0. " +
					"Null if the host's log does not reproduce today's count.",
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"from":  service.MomentAttribute("When this count begins (RFC 3339)."),
					"count": schema.Int64Attribute{Computed: true, MarkdownDescription: "The count from then on."},
				}},
			},
			"forecast_reason": schema.StringAttribute{Computed: true, MarkdownDescription: "Why there is no forecast, in words; null if there is one."},
		},
	}
}

func productAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"product":       schema.StringAttribute{Computed: true, MarkdownDescription: "`windows` or `office`."},
		"name":          schema.StringAttribute{Computed: true, MarkdownDescription: "The product's name."},
		"activation_id": schema.StringAttribute{Computed: true, MarkdownDescription: "The product's activation id."},
		"channel":       schema.StringAttribute{Computed: true, MarkdownDescription: "The key's channel, `Volume:CSVLK` for a KMS host key."},
		"licensed":      schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether the key is activated."},
		"status":        schema.StringAttribute{Computed: true, MarkdownDescription: "Microsoft's name of the licence's status, such as `Licensed`."},
		"reason":        schema.StringAttribute{Computed: true, MarkdownDescription: "Why it is not licensed, in words; null if it is."},
		"count":         schema.Int64Attribute{Computed: true, MarkdownDescription: "The current count, capped by the host at twice the largest threshold asked for."},
		"threshold":     schema.Int64Attribute{Computed: true, MarkdownDescription: "The largest threshold that clients asked for."},
		"counters": schema.SingleNestedAttribute{
			Computed:            true,
			MarkdownDescription: "Requests since the key was installed, by the client's licence status. They only grow and are no measure of the count.",
			Attributes: map[string]schema.Attribute{
				"total":             schema.Int64Attribute{Computed: true, MarkdownDescription: "All requests."},
				"failed":            schema.Int64Attribute{Computed: true, MarkdownDescription: "Failed requests."},
				"unlicensed":        schema.Int64Attribute{Computed: true, MarkdownDescription: "From clients in status Unlicensed."},
				"licensed":          schema.Int64Attribute{Computed: true, MarkdownDescription: "From clients in status Licensed: renewals."},
				"oob_grace":         schema.Int64Attribute{Computed: true, MarkdownDescription: "From clients in the initial grace period."},
				"oot_grace":         schema.Int64Attribute{Computed: true, MarkdownDescription: "From clients in the out-of-tolerance grace period."},
				"non_genuine_grace": schema.Int64Attribute{Computed: true, MarkdownDescription: "From clients in the non-genuine grace period."},
				"notification":      schema.Int64Attribute{Computed: true, MarkdownDescription: "From clients whose licence or grace period is over."},
			},
		},
	}
}
