// Package tfset is Terraform's type of a set of strings that may be as large as a school.
// That of the framework compares every element with every other one, each time a value is
// looked at: for 2,000 stations that takes seconds of a plan.
package tfset

import (
	"context"
	"fmt"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

var (
	_ basetypes.SetTypable  = Type{}
	_ basetypes.SetValuable = Value{}
)

// Type is the type of an attribute. Strings makes one.
type Type struct{ basetypes.SetType }

// Strings is the type of a set of strings.
func Strings() Type { return Type{basetypes.SetType{ElemType: basetypes.StringType{}}} }

// Equal tells whether another type is this one.
func (t Type) Equal(other attr.Type) bool { _, same := other.(Type); return same }

// String names the type.
func (t Type) String() string { return "tfset.Type" }

// ValueType is an empty value.
func (t Type) ValueType(context.Context) attr.Value { return Value{} }

// ValueFromSet makes a value of a set.
func (t Type) ValueFromSet(_ context.Context, in basetypes.SetValue) (basetypes.SetValuable, diag.Diagnostics) {
	return Value{in}, nil
}

// ValueFromTerraform makes a value of what Terraform hands over.
func (t Type) ValueFromTerraform(ctx context.Context, in tftypes.Value) (attr.Value, error) {
	value, err := t.SetType.ValueFromTerraform(ctx, in)
	if err != nil {
		return nil, err
	}
	set, _ := value.(basetypes.SetValue)
	return Value{set}, nil
}

// Validate refuses a set that holds a string twice, as that of the framework does, and looks
// at each element once.
func (t Type) Validate(_ context.Context, in tftypes.Value, at path.Path) diag.Diagnostics {
	var elements []tftypes.Value
	if in.IsNull() || !in.IsKnown() || !in.Type().Is(tftypes.Set{}) || in.As(&elements) != nil {
		return nil
	}
	seen := make(map[string]bool, len(elements))
	for _, element := range elements {
		var text string
		if element.IsNull() || !element.IsKnown() || element.As(&text) != nil {
			continue
		}
		if seen[text] {
			return diag.Diagnostics{diag.NewAttributeErrorDiagnostic(at, "Duplicate Set Element",
				fmt.Sprintf("This attribute contains %q more than once. Each element is to be there once.", text))}
		}
		seen[text] = true
	}
	return nil
}

// Value is a set.
type Value struct{ basetypes.SetValue }

// Null is no set.
func Null() Value { return Value{basetypes.NewSetNull(basetypes.StringType{})} }

// Unknown is a set that is not known yet.
func Unknown() Value { return Value{basetypes.NewSetUnknown(basetypes.StringType{})} }

// Of is a set of these strings.
func Of(texts []string) Value {
	elements := make([]attr.Value, len(texts))
	for i, text := range texts {
		elements[i] = basetypes.NewStringValue(text)
	}
	return Value{basetypes.NewSetValueMust(basetypes.StringType{}, elements)}
}

// Type is the value's type.
func (v Value) Type(context.Context) attr.Type { return Strings() }

// Equal tells whether another value is a set of the same strings.
func (v Value) Equal(other attr.Value) bool {
	o, is := other.(Value)
	return is && v.IsNull() == o.IsNull() && v.IsUnknown() == o.IsUnknown() && slices.Equal(v.written(), o.written())
}

// written are the elements as Terraform would write them, in an order that is theirs alone.
func (v Value) written() []string {
	elements := v.Elements()
	written := make([]string, len(elements))
	for i, element := range elements {
		written[i] = element.String()
	}
	slices.Sort(written)
	return written
}
