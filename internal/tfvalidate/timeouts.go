package tfvalidate

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/timago/terraform-provider-timago/internal/tfduration"
)

// Timeouts has what the timeouts module describes refuse what is no duration with the words
// of all other durations, and an object in which nothing is set.
func Timeouts(described schema.Attribute) schema.Attribute {
	object, is := described.(schema.SingleNestedAttribute)
	if !is {
		return described
	}
	object.Validators = append(object.Validators, SomethingSet())
	for name, attribute := range object.Attributes {
		if text, is := attribute.(schema.StringAttribute); is {
			text.Validators = []validator.String{duration{}}
			object.Attributes[name] = text
		}
	}
	return object
}

type duration struct{}

func (duration) Description(context.Context) string { return "must be a duration above 0" }

func (d duration) MarkdownDescription(ctx context.Context) string { return d.Description(ctx) }

func (duration) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if err := tfduration.Check(req.ConfigValue.ValueString()); err != nil {
		resp.Diagnostics.AddAttributeError(req.Path, "Not a duration", req.Path.String()+": "+err.Error()+".")
	}
}
