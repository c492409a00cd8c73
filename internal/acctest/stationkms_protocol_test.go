package acctest_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/timago/terraform-provider-timago/internal/acctest"
	"github.com/timago/terraform-provider-timago/internal/provider"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// What older CLIs cannot run, identity (Terraform 1.12) and list resources (1.14), is
// asked of the provider as the CLI would ask it.
type protocol struct {
	tfprotov6.ProviderServer
	t        testing.TB
	resource tftypes.Object
	identity tftypes.Object
}

const stationKMS = "timago_station_kms"

func overProtocol(t *testing.T, site *acctest.Site) protocol {
	t.Helper()
	server := provider.Server("test")()
	p := protocol{ProviderServer: server, t: t}
	schemas, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	p.fine(err, schemas.Diagnostics)
	p.resource = object(schemas.ResourceSchemas[stationKMS].ValueType())
	identities, err := server.GetResourceIdentitySchemas(t.Context(), &tfprotov6.GetResourceIdentitySchemasRequest{})
	p.fine(err, identities.Diagnostics)
	p.identity = object(identities.IdentitySchemas[stationKMS].ValueType())
	block := object(schemas.Provider.ValueType())
	ready := site.Ready()
	configured, err := server.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{Config: p.pack(block, map[string]string{
		"endpoint": ready.Endpoint, "token": ready.Token, "ca_certificate": string(site.CACertificate()),
	})})
	p.fine(err, configured.Diagnostics)
	return p
}

func object(t tftypes.Type) tftypes.Object {
	o, _ := t.(tftypes.Object)
	return o
}

func (p protocol) fine(err error, diagnostics []*tfprotov6.Diagnostic) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
	for _, d := range diagnostics {
		p.t.Errorf("%s: %s: %s", d.Severity, d.Summary, d.Detail)
	}
}

// pack makes an object of strings; what is not named is null.
func (p protocol) pack(of tftypes.Object, values map[string]string) *tfprotov6.DynamicValue {
	p.t.Helper()
	attributes := map[string]tftypes.Value{}
	for name, kind := range of.AttributeTypes {
		attributes[name] = tftypes.NewValue(kind, nil)
		if value, named := values[name]; named {
			attributes[name] = tftypes.NewValue(tftypes.String, value)
		}
	}
	packed, err := tfprotov6.NewDynamicValue(of, tftypes.NewValue(of, attributes))
	if err != nil {
		p.t.Fatal(err)
	}
	return &packed
}

// unpack gives attributes that are strings or truths; "" is null.
func (p protocol) unpack(of tftypes.Object, value *tfprotov6.DynamicValue) map[string]string {
	p.t.Helper()
	unpacked, err := value.Unmarshal(of)
	if err != nil {
		p.t.Fatal(err)
	}
	var attributes map[string]tftypes.Value
	if err := unpacked.As(&attributes); err != nil {
		p.t.Fatal(err)
	}
	values := map[string]string{}
	for name, attribute := range attributes {
		var text *string
		var truth *bool
		switch {
		case attribute.Type().Is(tftypes.String) && attribute.As(&text) == nil && text != nil:
			values[name] = *text
		case attribute.Type().Is(tftypes.Bool) && attribute.As(&truth) == nil && truth != nil:
			values[name] = fmt.Sprint(*truth)
		}
	}
	return values
}

func TestImportByIdentityAndReads(t *testing.T) {
	t.Parallel()
	site := acctest.NewAPISite(t, acctest.Room(2, world.Station{}), 1)
	p := overProtocol(t, site)
	id := site.ClientID(first)
	imported, err := p.ImportResourceState(t.Context(), &tfprotov6.ImportResourceStateRequest{
		TypeName: stationKMS, Identity: &tfprotov6.ResourceIdentityData{IdentityData: p.pack(p.identity, map[string]string{"id": id})},
	})
	p.fine(err, imported.Diagnostics)
	state, identity, private := imported.ImportedResources[0].State, imported.ImportedResources[0].Identity, imported.ImportedResources[0].Private
	if imported := p.unpack(p.resource, state); imported["station"] != first || imported["id"] != id || imported["effective"] != "true" {
		t.Errorf("imported: %v", imported)
	}
	read := func() *tfprotov6.ReadResourceResponse {
		t.Helper()
		got, err := p.ReadResource(t.Context(), &tfprotov6.ReadResourceRequest{
			TypeName: stationKMS, CurrentState: state, CurrentIdentity: identity, Private: private,
		})
		p.fine(err, got.Diagnostics)
		if told := p.unpack(p.identity, got.NewIdentity.IdentityData); told["id"] != id {
			t.Errorf("its identity is %v", told)
		}
		return got
	}
	read()
	identity = nil // as an older provider, or an older CLI, left it
	read()
	site.Inject(world.Fault{Name: world.StationDeleted, On: []string{first}})
	site.Until("it is deleted", func() bool { return len(site.World.Listings()) == 1 })
	// Its listing is remembered for a minute by this provider, so another one reads.
	p = overProtocol(t, site)
	gone, err := read().NewState.Unmarshal(p.resource)
	if err != nil || !gone.IsNull() {
		t.Errorf("a deleted station is read as %v (%v)", gone, err)
	}
}

func TestStationsAreListedForImport(t *testing.T) {
	t.Parallel()
	site := acctest.NewAPISite(t, school(), 1)
	p := overProtocol(t, site)
	lister, can := p.ProviderServer.(tfprotov6.ListResourceServer)
	if !can {
		t.Fatal("the provider lists nothing")
	}
	filters := tftypes.Object{AttributeTypes: map[string]tftypes.Type{"location": tftypes.String, "computer_group": tftypes.String}}
	ids := map[string]string{}
	for _, station := range site.Stations() {
		ids[station.Name] = station.ID
	}
	list := func(ctx context.Context, limit int64, filter map[string]string) (names []string) {
		t.Helper()
		stream, err := lister.ListResource(ctx, &tfprotov6.ListResourceRequest{
			TypeName: stationKMS, Config: p.pack(filters, filter), IncludeResource: true, Limit: limit,
		})
		p.fine(err, nil)
		for result := range stream.Results {
			p.fine(nil, result.Diagnostics)
			identity, state := p.unpack(p.identity, result.Identity.IdentityData), p.unpack(p.resource, result.Resource)
			if name := state["name"]; identity["id"] != ids[name] || state["station"] != name || !strings.HasPrefix(result.DisplayName, name+" (R10") {
				t.Errorf("%s: identity %v, %v", result.DisplayName, identity, state)
			}
			names = append(names, state["name"])
		}
		return names
	}
	for want, got := range map[string][]string{
		"R101-PC01 R101-PC02 R101-PC03 R102-LEHRER": list(t.Context(), 100, nil),
		"R101-PC01 R101-PC02 R101-PC03":             list(t.Context(), 100, map[string]string{"location": "R101"}),
		"R102-LEHRER":                               list(t.Context(), 100, map[string]string{"computer_group": "lehrer"}),
		"R101-PC01 R101-PC02":                       list(t.Context(), 2, map[string]string{"location": "r101"}),
		"":                                          list(t.Context(), 100, map[string]string{"location": "R999"}),
	} {
		if !slices.Equal(got, strings.Fields(want)) {
			t.Errorf("%v, want %s", got, want)
		}
	}
	if site.Commands() != 0 {
		t.Errorf("%d commands", site.Commands())
	}
}
