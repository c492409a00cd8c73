package activationpool

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// RestartsNeeded is the function restarts_needed: the vendor's arithmetic, five stations
// restarted five times make 25.
type RestartsNeeded struct{}

// NewRestartsNeeded returns the function for registration.
func NewRestartsNeeded() function.Function { return RestartsNeeded{} }

// Metadata names the function.
func (RestartsNeeded) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "restarts_needed"
}

// restarts is what the function returns.
type restarts struct {
	PerStation int64 `tfsdk:"per_station"`
	Total      int64 `tfsdk:"total"`
}

// Definition describes the function.
func (RestartsNeeded) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "How many restarts bring a KMS host's count to its threshold",
		MarkdownDescription: "Computes how many restarts bring the count of a KMS host to its threshold, where each restart of a station adds one: " +
			"`total` of them in all, and `per_station` for the station that makes the most, when they are shared out evenly. " +
			"Both are 0 where nothing is missing. It only computes and asks nobody: `timago_activation_pool` needs fewer restarts " +
			"where stations can be asked without one, and where others of the site are counted meanwhile. Functions need Terraform 1.8 or OpenTofu 1.7.",
		Parameters: []function.Parameter{
			function.Int64Parameter{Name: "members", MarkdownDescription: "Stations that take part, at least 1 if anything is missing."},
			function.Int64Parameter{Name: "threshold", MarkdownDescription: "Count that must be reached: 25 for Windows, 5 for Office."},
			function.Int64Parameter{
				Name: "count", AllowNullValue: true,
				MarkdownDescription: "Count of the KMS host now, such as that of `timago_kms_host`. Null stands for 0: the count is null before the host has counted anybody. OpenTofu, up to 1.12, hands over no null: write `coalesce(…, 0)` there.",
			},
		},
		Return: function.ObjectReturn{AttributeTypes: map[string]attr.Type{"per_station": types.Int64Type, "total": types.Int64Type}},
	}
}

// Run computes.
func (RestartsNeeded) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var members, threshold, count int64
	var counted *int64
	if resp.Error = req.Arguments.Get(ctx, &members, &threshold, &counted); resp.Error != nil {
		return
	}
	if counted != nil {
		count = *counted
	}
	for i, argument := range []struct {
		name  string
		value int64
	}{{"members", members}, {"threshold", threshold}, {"count", count}} {
		if argument.value < 0 {
			resp.Error = function.ConcatFuncErrors(resp.Error, function.NewArgumentFuncError(int64(i), argument.name+" must not be negative"))
		}
	}
	missing := max(0, threshold-count)
	if resp.Error == nil && members == 0 && missing > 0 {
		resp.Error = function.NewArgumentFuncError(0, "without members nothing can be added to the count: members must be at least 1")
	}
	if resp.Error != nil {
		return
	}
	needed := restarts{Total: missing}
	if missing > 0 {
		needed.PerStation = (missing-1)/members + 1
	}
	resp.Error = resp.Result.Set(ctx, needed)
}
