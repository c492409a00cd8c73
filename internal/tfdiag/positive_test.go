package tfdiag_test

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/timago/terraform-provider-timago/internal/tfdiag"
)

func TestADurationIsAboveZero(t *testing.T) {
	t.Parallel()
	at := path.Root("cycle").AtName("station_timeout")
	for text, refused := range map[string]bool{"0s": true, "-5m": true, "1ns": false, "15m": false, "soon": false} {
		req, resp := validator.StringRequest{Path: at, ConfigValue: types.StringValue(text)}, validator.StringResponse{}
		for _, v := range tfdiag.Positive() {
			v.ValidateString(t.Context(), req, &resp)
		}
		var want diag.Diagnostics
		if refused {
			want = diag.Diagnostics{diag.NewAttributeErrorDiagnostic(at, "Not a positive duration",
				`cycle.station_timeout: "`+text+`" is no duration above 0; write it as "90s", "15m" or "72h".`)}
		}
		if !resp.Diagnostics.Equal(want) {
			t.Errorf("%s: %v", text, resp.Diagnostics)
		}
	}
	for _, none := range []types.String{types.StringNull(), types.StringUnknown()} {
		var resp validator.StringResponse
		tfdiag.Positive()[0].ValidateString(t.Context(), validator.StringRequest{Path: at, ConfigValue: none}, &resp)
		if resp.Diagnostics.HasError() {
			t.Errorf("%s: %v", none, resp.Diagnostics)
		}
	}
}
