// Package tfduration is Terraform's type of a duration: a string such as "15m" that means
// more than nothing.
package tfduration

import (
	"context"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/attr/xattr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

var (
	_ basetypes.StringTypable                    = Type{}
	_ basetypes.StringValuableWithSemanticEquals = Value{}
	_ xattr.ValidateableAttribute                = Value{}
)

// Type is the type of an attribute.
type Type struct{ basetypes.StringType }

// Equal reports whether another type is this one.
func (t Type) Equal(other attr.Type) bool { _, same := other.(Type); return same }

// String names the type.
func (t Type) String() string { return "tfduration.Type" }

// ValueType is an empty value.
func (t Type) ValueType(context.Context) attr.Value { return Value{} }

// ValueFromString makes a value of any text: what is no duration is told by the value itself.
func (t Type) ValueFromString(_ context.Context, in basetypes.StringValue) (basetypes.StringValuable, diag.Diagnostics) {
	return Value{in}, nil
}

// ValueFromTerraform makes a value of what Terraform hands over.
func (t Type) ValueFromTerraform(ctx context.Context, in tftypes.Value) (attr.Value, error) {
	value, err := t.StringType.ValueFromTerraform(ctx, in)
	if err != nil {
		return nil, err
	}
	text, _ := value.(basetypes.StringValue)
	return Value{text}, nil
}

// Value is a duration as it is written.
type Value struct{ basetypes.StringValue }

// Of writes a duration in its shortest form: "15m", not "15m0s".
func Of(d time.Duration) Value { return Value{basetypes.NewStringValue(Shortest(d))} }

// Shortest writes a duration without units of which there are none.
func Shortest(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// Type is its type.
func (v Value) Type(context.Context) attr.Type { return Type{} }

// Equal reports whether another value is written the same.
func (v Value) Equal(other attr.Value) bool {
	o, same := other.(Value)
	return same && v.StringValue.Equal(o.StringValue)
}

// StringSemanticEquals reports whether another value lasts the same: "90m" is "1h30m".
func (v Value) StringSemanticEquals(_ context.Context, other basetypes.StringValuable) (bool, diag.Diagnostics) {
	o, same := other.(Value)
	if !same {
		return false, nil
	}
	mine, err := time.ParseDuration(v.ValueString())
	theirs, otherErr := time.ParseDuration(o.ValueString())
	return err == nil && otherErr == nil && mine == theirs, nil
}

// Duration is what is written; 0 where that is null, unknown or no duration, which the
// validation of the configuration has refused.
func (v Value) Duration() time.Duration {
	d, err := time.ParseDuration(v.ValueString())
	if err != nil {
		return 0
	}
	return d
}

// ValidateAttribute refuses what is no duration above 0.
func (v Value) ValidateAttribute(_ context.Context, req xattr.ValidateAttributeRequest, resp *xattr.ValidateAttributeResponse) {
	if v.IsNull() || v.IsUnknown() {
		return
	}
	if err := Check(v.ValueString()); err != nil {
		// The path is in the text too, since the CLI shows none inside an object.
		resp.Diagnostics.AddAttributeError(req.Path, "Not a duration", req.Path.String()+": "+err.Error()+".")
	}
}
