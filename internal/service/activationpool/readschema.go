package activationpool

import (
	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/tfset"
)

// Types of the nested attributes, as the schema has them.
var (
	productTypes    = typesOf(productAttribute(kms.Windows))
	clientIDsTypes  = typesOf(clientIDsAttribute())
	lastCycleTypes  = typesOf(lastCycleAttribute())
	thresholdsTypes = typesOf(thresholdsAttribute())
	cycleTypes      = typesOf(cycleAttribute())
	windowTypes     = typesOf(windowAttribute())
)

func typesOf(object schema.SingleNestedAttribute) map[string]attr.Type {
	types := make(map[string]attr.Type, len(object.Attributes))
	for name, attribute := range object.Attributes {
		types[name] = attribute.GetType()
	}
	return types
}

func productAttribute(p kms.Product) schema.SingleNestedAttribute {
	return schema.SingleNestedAttribute{
		Computed:            true,
		MarkdownDescription: p.Title() + " as last read; null if the pool does not manage it. Counts move by themselves: a changed count alone is never a change.",
		Attributes: map[string]schema.Attribute{
			"count":     schema.Int64Attribute{Computed: true, MarkdownDescription: "The KMS host's current count; null if it has not counted any request yet, or if only Timago itself could be asked."},
			"threshold": schema.Int64Attribute{Computed: true, MarkdownDescription: "The count that must hold."},
			"licensed":  schema.Int64Attribute{Computed: true, MarkdownDescription: "Members licensed by the KMS host; null if only Timago itself could be asked."},
			"members":   schema.Int64Attribute{Computed: true, MarkdownDescription: "Members that hold the product with a KMS client key; null if only Timago itself could be asked."},
			"reason":    schema.StringAttribute{Computed: true, MarkdownDescription: "Why the threshold is not met, with the members' own reasons in words; null if it is met."},
		},
	}
}

func clientIDsAttribute() schema.SingleNestedAttribute {
	return schema.SingleNestedAttribute{
		Computed: true,
		MarkdownDescription: "How the members that answered the last read are told apart: a KMS host counts client machine ids (CMID), not machines. " +
			"These are Windows' ids; Office has its own, which `timago_station` shows in `requests`. Members that can never be counted are left out. " +
			"Null if no id was read. Never a change by itself: each start may bring a new id.",
		Attributes: map[string]schema.Attribute{
			"members":  schema.Int64Attribute{Computed: true, MarkdownDescription: "Number of members whose id was read."},
			"distinct": schema.Int64Attribute{Computed: true, MarkdownDescription: "Number of different ids among them: as many as they count for."},
			"shared": schema.MapAttribute{
				Computed: true, ElementType: tfset.Strings(),
				MarkdownDescription: "Ids that several members have, each with the names of those members. They count as one. Empty if every member has its own.",
			},
		},
	}
}

func lastCycleAttribute() schema.SingleNestedAttribute {
	return schema.SingleNestedAttribute{
		Computed:            true,
		MarkdownDescription: "What the last cycle did; null if no apply has needed one yet.",
		Attributes: map[string]schema.Attribute{
			"started":  schema.StringAttribute{Computed: true, CustomType: timetypes.RFC3339Type{}, MarkdownDescription: "When it started (RFC 3339)."},
			"finished": schema.StringAttribute{Computed: true, CustomType: timetypes.RFC3339Type{}, MarkdownDescription: "When it ended (RFC 3339)."},
			"restarts": schema.Int64Attribute{Computed: true, MarkdownDescription: "Restarts in all: those that Windows took, or that were seen. A command whose answer was lost counts once the station has started anew."},
			"asked":    schema.Int64Attribute{Computed: true, MarkdownDescription: "Requests for activation that were made on command to raise the counts, one per product. Those for licences alone, once the thresholds held, are not among them: an apply's warning and its report count both."},
			"woken":    schema.Int64Attribute{Computed: true, MarkdownDescription: "Stations that were switched on."},
			"by_station": schema.MapAttribute{
				Computed: true, ElementType: types.Int64Type,
				MarkdownDescription: "Restarts of each station that took part.",
			},
			"left_out": schema.MapAttribute{
				Computed: true, ElementType: types.StringType,
				MarkdownDescription: "Stations that were left out, each with its reason in words.",
			},
		},
	}
}
