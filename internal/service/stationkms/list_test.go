package stationkms

import (
	"iter"
	"runtime/metrics"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// listed begins a list of all stations.
func (r *room) listed() list.ListResultsStream {
	r.t.Helper()
	l := &List{Resource{site: r.site}}
	var schemas struct {
		config   list.ListResourceSchemaResponse
		resource resource.SchemaResponse
		identity resource.IdentitySchemaResponse
	}
	l.ListResourceConfigSchema(r.t.Context(), list.ListResourceSchemaRequest{}, &schemas.config)
	l.Schema(r.t.Context(), resource.SchemaRequest{}, &schemas.resource)
	l.IdentitySchema(r.t.Context(), resource.IdentitySchemaRequest{}, &schemas.identity)
	filters := schemas.config.Schema.Type().TerraformType(r.t.Context())
	all := map[string]tftypes.Value{"location": tftypes.NewValue(tftypes.String, nil), "computer_group": tftypes.NewValue(tftypes.String, nil)}
	var stream list.ListResultsStream
	l.List(r.t.Context(), list.ListRequest{
		Config:         tfsdk.Config{Schema: schemas.config.Schema, Raw: tftypes.NewValue(filters, all)},
		ResourceSchema: schemas.resource.Schema, ResourceIdentitySchema: schemas.identity.IdentitySchema,
	}, &stream)
	return stream
}

// Terraform lists side by side: that one list has ended changes nothing for another one.
func TestGarbageIsCollectedSoonAsLongAsAnyListLasts(t *testing.T) {
	t.Parallel()
	r := newRoom(t, 2, world.Station{Off: true})
	first, endFirst := iter.Pull(r.listed().Results)
	second, endSecond := iter.Pull(r.listed().Results)
	defer endSecond()
	for _, next := range []func() (list.ListResult, bool){first, second} {
		if found, is := next(); !is || found.Diagnostics.HasError() {
			t.Fatal(found.Diagnostics)
		}
	}
	endFirst()
	percent := []metrics.Sample{{Name: "/gc/gogc:percent"}}
	if metrics.Read(percent); percent[0].Value.Uint64() != listGarbage {
		t.Errorf("%d %% of garbage are allowed while a list lasts", percent[0].Value.Uint64())
	}
}
