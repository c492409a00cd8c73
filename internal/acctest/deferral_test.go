package acctest_test

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/timago/terraform-provider-timago/internal/provider"
)

// A client that can put off what is not known yet has it put off; any other is told.
func TestAnUnknownProviderConfigurationIsPutOff(t *testing.T) {
	t.Parallel()
	for _, allowed := range []bool{true, false} {
		server := provider.Server("test")()
		schemas, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
		if err != nil {
			t.Fatal(err)
		}
		configured, err := server.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{
			Config:             oneString(t, schemas.Provider, "endpoint", tftypes.UnknownValue),
			ClientCapabilities: &tfprotov6.ConfigureProviderClientCapabilities{DeferralAllowed: allowed},
		})
		if err != nil || len(configured.Diagnostics) > 0 {
			t.Fatalf("%v, %v", err, configured.Diagnostics)
		}
		read, err := server.ReadDataSource(t.Context(), &tfprotov6.ReadDataSourceRequest{
			TypeName: "timago_station", Config: oneString(t, schemas.DataSourceSchemas["timago_station"], "name", "PC01"),
			ClientCapabilities: &tfprotov6.ReadDataSourceClientCapabilities{DeferralAllowed: allowed},
		})
		if err != nil {
			t.Fatal(err)
		}
		deferred := read.Deferred != nil && read.Deferred.Reason == tfprotov6.DeferredReasonProviderConfigUnknown
		failed := len(read.Diagnostics) == 1 && read.Diagnostics[0].Severity == tfprotov6.DiagnosticSeverityError
		if deferred != allowed || failed == allowed {
			t.Errorf("deferral allowed %t: deferred %t, %v", allowed, deferred, read.Diagnostics)
		}
	}
}

// oneString is an object with one string; all else is null.
func oneString(t *testing.T, schema *tfprotov6.Schema, name string, value any) *tfprotov6.DynamicValue {
	t.Helper()
	of := object(schema.ValueType())
	attributes := map[string]tftypes.Value{}
	for attribute, kind := range of.AttributeTypes {
		attributes[attribute] = tftypes.NewValue(kind, nil)
	}
	attributes[name] = tftypes.NewValue(tftypes.String, value)
	packed, err := tfprotov6.NewDynamicValue(of, tftypes.NewValue(of, attributes))
	if err != nil {
		t.Fatal(err)
	}
	return &packed
}
