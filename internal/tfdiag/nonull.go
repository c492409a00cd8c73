package tfdiag

import (
	"context"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
)

// NoNull refuses null among the elements of a set, as conditionals give it.
func NoNull() validator.Set { return noNull{} }

// NoNullInList is NoNull for a list.
func NoNullInList() validator.List { return noNull{} }

type noNull struct{}

func (noNull) Description(context.Context) string { return "must hold no null" }

func (v noNull) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (noNull) ValidateSet(_ context.Context, req validator.SetRequest, resp *validator.SetResponse) {
	resp.Diagnostics.Append(nullAmong(req.Path, req.ConfigValue.Elements())...)
}

func (noNull) ValidateList(_ context.Context, req validator.ListRequest, resp *validator.ListResponse) {
	resp.Diagnostics.Append(nullAmong(req.Path, req.ConfigValue.Elements())...)
}

// nullAmong has the path in the text too, since the CLI shows none inside an object.
func nullAmong(at path.Path, elements []attr.Value) diag.Diagnostics {
	if !slices.ContainsFunc(elements, attr.Value.IsNull) {
		return nil
	}
	return diag.Diagnostics{diag.NewAttributeErrorDiagnostic(at, "An element is null",
		at.String()+": one of the elements is null. compact([…]) leaves out what is null.")}
}
