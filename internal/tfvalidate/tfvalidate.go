// Package tfvalidate holds what several schemas ask of their values. Each refusal names the
// attribute in its text, since the CLI shows no path inside an object, and says what to do.
package tfvalidate

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
)

// NoNullElements refuses null among the elements of a set or a list, as conditionals give it.
func NoNullElements() interface {
	validator.Set
	validator.List
} {
	return noNullElements{}
}

type noNullElements struct{}

func (noNullElements) Description(context.Context) string { return "must hold no null" }

func (v noNullElements) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (noNullElements) ValidateSet(_ context.Context, req validator.SetRequest, resp *validator.SetResponse) {
	resp.Diagnostics.Append(nullAmong(req.Path, req.ConfigValue.Elements())...)
}

func (noNullElements) ValidateList(_ context.Context, req validator.ListRequest, resp *validator.ListResponse) {
	resp.Diagnostics.Append(nullAmong(req.Path, req.ConfigValue.Elements())...)
}

func nullAmong(at path.Path, elements []attr.Value) diag.Diagnostics {
	if !slices.ContainsFunc(elements, attr.Value.IsNull) {
		return nil
	}
	return diag.Diagnostics{diag.NewAttributeErrorDiagnostic(at, "An element is null",
		at.String()+": one of the elements is null. compact([…]) leaves out what is null.")}
}

// NotEmpty refuses a set or a list without elements, and says what to do instead.
func NotEmpty(remedy string) interface {
	validator.Set
	validator.List
} {
	return notEmpty{remedy}
}

type notEmpty struct{ remedy string }

func (notEmpty) Description(context.Context) string { return "must have an element" }

func (v notEmpty) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (v notEmpty) ValidateSet(_ context.Context, req validator.SetRequest, resp *validator.SetResponse) {
	resp.Diagnostics.Append(v.refuse(req.Path, req.ConfigValue, len(req.ConfigValue.Elements()))...)
}

func (v notEmpty) ValidateList(_ context.Context, req validator.ListRequest, resp *validator.ListResponse) {
	resp.Diagnostics.Append(v.refuse(req.Path, req.ConfigValue, len(req.ConfigValue.Elements()))...)
}

func (v notEmpty) refuse(at path.Path, value attr.Value, elements int) diag.Diagnostics {
	if value.IsNull() || value.IsUnknown() || elements > 0 {
		return nil
	}
	return diag.Diagnostics{diag.NewAttributeErrorDiagnostic(at, "Nothing is named", at.String()+": it is empty. "+v.remedy)}
}

// SomethingSet refuses an object in which nothing is set. Terraform itself drops names that
// an object does not have, so a misspelt one would pass in silence.
func SomethingSet() validator.Object { return somethingSet{} }

type somethingSet struct{}

func (somethingSet) Description(context.Context) string { return "must set something" }

func (v somethingSet) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (somethingSet) ValidateObject(ctx context.Context, req validator.ObjectRequest, resp *validator.ObjectResponse) {
	value := req.ConfigValue
	if value.IsNull() || value.IsUnknown() {
		return
	}
	for _, set := range value.Attributes() {
		if !set.IsNull() {
			return
		}
	}
	names := slices.Sorted(maps.Keys(value.AttributeTypes(ctx)))
	resp.Diagnostics.AddAttributeError(req.Path, "Nothing is set", fmt.Sprintf(
		"%s: nothing is set in it. Set %s, or leave it out. Terraform drops a misspelt name inside braces and says nothing.", req.Path, or(names)))
}

// or lists names as alternatives.
func or(names []string) string {
	last := len(names) - 1
	if last < 1 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:last], ", ") + " or " + names[last]
}
