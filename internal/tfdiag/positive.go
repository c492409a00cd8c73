package tfdiag

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
)

// Positive holds a duration above 0. What is none at all is its type's to refuse.
func Positive() []validator.String { return []validator.String{positive{}} }

type positive struct{}

func (positive) Description(context.Context) string { return "must be above 0" }

func (p positive) MarkdownDescription(ctx context.Context) string { return p.Description(ctx) }

func (positive) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if d, err := time.ParseDuration(req.ConfigValue.ValueString()); err == nil && d <= 0 {
		resp.Diagnostics.Append(NotPositive(req.Path, req.ConfigValue.ValueString()))
	}
}

// NotPositive refuses a value that is no duration above 0. The path is in the text too,
// since the CLI shows none inside an object.
func NotPositive(at path.Path, value string) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(at, "Not a positive duration",
		fmt.Sprintf("%s: %q is no duration above 0; write it as \"90s\", \"15m\" or \"72h\".", at, value))
}
