package tfdiag_test

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/timago/terraform-provider-timago/internal/tfdiag"
)

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
		tfdiag.NoNull().ValidateSet(t.Context(), validator.SetRequest{Path: at, ConfigValue: types.SetValueMust(types.StringType, tt.elements)}, &set)
		var list validator.ListResponse
		tfdiag.NoNullInList().ValidateList(t.Context(), validator.ListRequest{Path: at, ConfigValue: types.ListValueMust(types.StringType, tt.elements)}, &list)
		if !set.Diagnostics.Equal(want) || !list.Diagnostics.Equal(want) {
			t.Errorf("%s: %v, %v", name, set.Diagnostics, list.Diagnostics)
		}
	}
}
