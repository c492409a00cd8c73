package tfvalidate_test

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/timago/terraform-provider-timago/internal/tfvalidate"
)

func TestTimeoutsAreRefusedAsOtherDurationsAre(t *testing.T) {
	t.Parallel()
	described, _ := tfvalidate.Timeouts(timeouts.Attributes(t.Context(), timeouts.Opts{Create: true, Delete: true})).(schema.SingleNestedAttribute)
	if len(described.Attributes) != 2 || len(described.Validators) != 1 {
		t.Fatalf("%+v", described)
	}
	create, _ := described.Attributes["create"].(schema.StringAttribute)
	at := path.Root("timeouts").AtName("create")
	for text, want := range map[string]string{"7d": `timeouts.create: "7d" is no duration. The units are h, m and s: write "168h".`, "3h": ""} {
		var resp validator.StringResponse
		for _, v := range create.Validators {
			v.ValidateString(t.Context(), validator.StringRequest{Path: at, ConfigValue: types.StringValue(text)}, &resp)
		}
		got := ""
		for _, d := range resp.Diagnostics {
			got += d.Detail()
		}
		if got != want {
			t.Errorf("%s: %s", text, got)
		}
	}
}
