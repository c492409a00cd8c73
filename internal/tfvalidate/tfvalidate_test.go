package tfvalidate_test

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"go.uber.org/goleak"

	"github.com/timago/terraform-provider-timago/internal/tfvalidate"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestNoElementIsNull(t *testing.T) {
	t.Parallel()
	at := path.Root("cycle").AtName("ignore_users")
	for name, tt := range map[string]struct {
		elements []attr.Value
		refused  bool
	}{
		"none":          {nil, false},
		"known":         {[]attr.Value{types.StringValue("kiosk")}, false},
		"not known yet": {[]attr.Value{types.StringUnknown()}, false},
		"one is null":   {[]attr.Value{types.StringValue("kiosk"), types.StringNull()}, true},
	} {
		var want diag.Diagnostics
		if tt.refused {
			want = diag.Diagnostics{diag.NewAttributeErrorDiagnostic(at, "An element is null",
				"cycle.ignore_users: one of the elements is null. compact([…]) leaves out what is null.")}
		}
		var set validator.SetResponse
		tfvalidate.NoNullElements().ValidateSet(t.Context(), validator.SetRequest{Path: at, ConfigValue: types.SetValueMust(types.StringType, tt.elements)}, &set)
		var list validator.ListResponse
		tfvalidate.NoNullElements().ValidateList(t.Context(), validator.ListRequest{Path: at, ConfigValue: types.ListValueMust(types.StringType, tt.elements)}, &list)
		if !set.Diagnostics.Equal(want) || !list.Diagnostics.Equal(want) {
			t.Errorf("%s: %v, %v", name, set.Diagnostics, list.Diagnostics)
		}
	}
}

func TestAListNamesSomething(t *testing.T) {
	t.Parallel()
	at := path.Root("stations")
	none := []attr.Value{}
	refused := diag.Diagnostics{diag.NewAttributeErrorDiagnostic(at, "Nothing is named", "stations: it is empty. Name a station.")}
	for name, tt := range map[string]struct {
		set  types.Set
		list types.List
		want diag.Diagnostics
	}{
		"empty":         {types.SetValueMust(types.StringType, none), types.ListValueMust(types.StringType, none), refused},
		"left out":      {types.SetNull(types.StringType), types.ListNull(types.StringType), nil},
		"not known yet": {types.SetUnknown(types.StringType), types.ListUnknown(types.StringType), nil},
		"one": {
			types.SetValueMust(types.StringType, []attr.Value{types.StringUnknown()}),
			types.ListValueMust(types.StringType, []attr.Value{types.StringUnknown()}), nil,
		},
	} {
		var set validator.SetResponse
		tfvalidate.NotEmpty("Name a station.").ValidateSet(t.Context(), validator.SetRequest{Path: at, ConfigValue: tt.set}, &set)
		var list validator.ListResponse
		tfvalidate.NotEmpty("Name a station.").ValidateList(t.Context(), validator.ListRequest{Path: at, ConfigValue: tt.list}, &list)
		if !set.Diagnostics.Equal(tt.want) || !list.Diagnostics.Equal(tt.want) {
			t.Errorf("%s: %v, %v", name, set.Diagnostics, list.Diagnostics)
		}
	}
}

func TestAnObjectSetsSomething(t *testing.T) {
	t.Parallel()
	kinds := map[string]attr.Type{"windows": types.Int64Type, "office": types.Int64Type}
	of := func(windows types.Int64) types.Object {
		return types.ObjectValueMust(kinds, map[string]attr.Value{"windows": windows, "office": types.Int64Null()})
	}
	refused := diag.Diagnostics{diag.NewAttributeErrorDiagnostic(path.Root("thresholds"), "Nothing is set",
		"thresholds: nothing is set in it. Set office or windows, or leave it out. Terraform drops a misspelt name inside braces and says nothing.")}
	for name, tt := range map[string]struct {
		value types.Object
		want  diag.Diagnostics
	}{
		"something":        {of(types.Int64Value(0)), nil},
		"not known yet":    {of(types.Int64Unknown()), nil},
		"nothing":          {of(types.Int64Null()), refused},
		"left out":         {types.ObjectNull(kinds), nil},
		"itself not known": {types.ObjectUnknown(kinds), nil},
	} {
		var resp validator.ObjectResponse
		tfvalidate.SomethingSet().ValidateObject(t.Context(), validator.ObjectRequest{Path: path.Root("thresholds"), ConfigValue: tt.value}, &resp)
		if !resp.Diagnostics.Equal(tt.want) {
			t.Errorf("%s: %v", name, resp.Diagnostics)
		}
	}
}
