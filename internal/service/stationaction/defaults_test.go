package stationaction

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/timago/terraform-provider-timago/internal/tfduration"
)

var saysDefault = regexp.MustCompile("Default: (?:`([^`]*)`|([0-9]+))")

// What an action's page states as a default is what it does where nothing is set.
func TestTheStatedDefaultsAreThoseThatHold(t *testing.T) {
	t.Parallel()
	for _, of := range []action.Action{NewRestart(), NewResetImage(), NewWake(), NewActivate()} {
		a, _ := of.(*Action)
		var described action.SchemaResponse
		a.Schema(t.Context(), action.SchemaRequest{}, &described)
		kind, _ := described.Schema.Type().TerraformType(t.Context()).(tftypes.Object)
		nothing := map[string]tftypes.Value{}
		for name, attribute := range kind.AttributeTypes {
			nothing[name] = tftypes.NewValue(attribute, nil)
		}
		o, diags := a.order(t.Context(), tfsdk.Config{Schema: described.Schema, Raw: tftypes.NewValue(kind, nothing)})
		if diags.HasError() {
			t.Fatalf("%s: %v", a.name, diags)
		}
		holds := map[string]any{
			"max_parallel": o.parallel, "station_timeout": tfduration.Shortest(o.timeout), "wait": o.wait, "when_in_use": o.whenInUse,
		}
		stated := 0
		for name, attribute := range described.Schema.Attributes {
			said := saysDefault.FindStringSubmatch(attribute.GetMarkdownDescription())
			if said == nil {
				continue
			}
			stated++
			if got, known := holds[name]; !known || fmt.Sprint(got) != said[1]+said[2] {
				t.Errorf("%s: %s states %q, and %q holds", a.name, name, said[1]+said[2], fmt.Sprint(got))
			}
		}
		if stated < 2 {
			t.Errorf("%s states %d defaults: this test looks in the wrong place", a.name, stated)
		}
	}
}
