package main

import (
	"encoding/json"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	frameworkaction "github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/list"
	frameworkprovider "github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/timago/terraform-provider-timago/internal/acctest"
	"github.com/timago/terraform-provider-timago/internal/provider"
	"github.com/timago/terraform-provider-timago/internal/tfduration"
)

func TestMain(m *testing.M) { os.Exit(acctest.Main(m)) }

func described(t *testing.T) providerSchema {
	t.Helper()
	s, err := describe(t.Context(), providerserver.NewProtocol6(provider.New("test")())())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// What the CLI at hand knows to tell, it tells in the same way.
func TestTheSchemaIsTheCLIs(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(described(t))
	if err != nil {
		t.Fatal(err)
	}
	var ours map[string]any
	if err := json.Unmarshal(text, &ours); err != nil {
		t.Fatal(err)
	}
	w := acctest.NewWorkspace(t)
	w.Write("main.tf", acctest.Required)
	outcome := w.Run("providers", "schema", "-json")
	var schemas struct {
		Providers map[string]map[string]any `json:"provider_schemas"`
	}
	if err := json.NewDecoder(strings.NewReader(outcome.Output[max(0, strings.Index(outcome.Output, "{")):])).Decode(&schemas); err != nil || len(schemas.Providers) != 1 {
		t.Fatalf("%v: %s", err, outcome.Output)
	}
	for _, theirs := range schemas.Providers {
		if len(theirs) < 4 {
			t.Errorf("the CLI tells only of %d kinds", len(theirs))
		}
		for kind, want := range theirs {
			if !reflect.DeepEqual(ours[kind], want) {
				t.Errorf("%s:\n%v\nwant\n%v", kind, ours[kind], want)
			}
		}
	}
}

// Who reads a page learns what each thing is, how a time or a duration is written, and what
// holds where an attribute is left out.
func TestEverythingIsDescribed(t *testing.T) {
	t.Parallel()
	s, types := described(t), typesOf(t)
	duration := regexp.MustCompile("`([0-9]+[hms])+`")
	seen, times, durations, defaults := 0, 0, 0, 0
	var check func(where string, attributes map[string]attribute)
	check = func(where string, attributes map[string]attribute) {
		for name, a := range attributes {
			seen++
			path := where + "." + name
			if a.Description == "" && name != "timeouts" { // its library describes only its parts
				t.Errorf("%s has no description", path)
			}
			switch types[path].(type) {
			case nil:
				t.Errorf("%s is of no type", path)
			case timetypes.RFC3339Type:
				if times++; !strings.Contains(a.Description, "(RFC 3339") && !strings.Contains(a.Description, ", RFC 3339)") {
					t.Errorf("%s does not say how its time is written: %s", path, a.Description)
				}
			case tfduration.Type:
				if durations++; !duration.MatchString(a.Description) {
					t.Errorf("%s does not show how a duration is written: %s", path, a.Description)
				}
			}
			if a.Nested != nil {
				check(path, a.Nested.Attributes)
			} else if a.Optional {
				if defaults++; !strings.Contains(a.Description, "Default: ") && !strings.Contains(a.Description, "Exactly one of ") {
					t.Errorf("%s does not say what holds where it is left out: %s", path, a.Description)
				}
			}
		}
	}
	page := func(where string, b block) {
		if b.Description == "" {
			t.Errorf("%s has no description", where)
		}
		check(where, b.Attributes)
	}
	page("provider", s.Provider.Block)
	for _, kind := range []map[string]schema{s.Resources, s.DataSources, s.Lists} {
		for name, of := range kind {
			page(name, of.Block)
		}
	}
	for name, of := range s.Actions {
		page(name, of.Block)
	}
	for name, of := range s.Functions {
		if of.Summary == "" || of.Description == "" {
			t.Errorf("function %s has no description", name)
		}
		for _, p := range of.Parameters {
			if p.Description == "" {
				t.Errorf("parameter %s of function %s has no description", p.Name, name)
			}
		}
	}
	if times < 10 || durations < 8 || defaults < 80 {
		t.Errorf("%d times, %d durations and %d attributes with a default were seen", times, durations, defaults)
	}
	if len(s.Actions) != 4 || len(s.Functions) != 1 || len(s.Lists) != 1 || len(s.Identities) != 1 || seen < 100 {
		t.Errorf("%d actions, %d functions, %d lists, %d identities, %d attributes", len(s.Actions), len(s.Functions), len(s.Lists), len(s.Identities), seen)
	}
}

// typesOf are the attributes' types by their paths: on the wire a duration is but a string.
func typesOf(t *testing.T) map[string]attr.Type {
	t.Helper()
	found := map[string]attr.Type{}
	var walk func(path string, of attr.Type)
	walk = func(path string, of attr.Type) {
		found[path] = of
		switch of := of.(type) {
		case attr.TypeWithAttributeTypes:
			for name, part := range of.AttributeTypes() {
				walk(path+"."+name, part)
			}
		case attr.TypeWithElementType:
			walk(path, of.ElementType())
		}
	}
	p, ok := provider.New("test")().(*provider.Provider)
	if !ok {
		t.Fatal("it is another provider")
	}
	var config frameworkprovider.SchemaResponse
	p.Schema(t.Context(), frameworkprovider.SchemaRequest{}, &config)
	walk("provider", config.Schema.Type())
	for _, of := range p.Resources(t.Context()) {
		var named resource.MetadataResponse
		var s resource.SchemaResponse
		of().Metadata(t.Context(), resource.MetadataRequest{ProviderTypeName: "timago"}, &named)
		of().Schema(t.Context(), resource.SchemaRequest{}, &s)
		walk(named.TypeName, s.Schema.Type())
	}
	for _, of := range p.DataSources(t.Context()) {
		var named datasource.MetadataResponse
		var s datasource.SchemaResponse
		of().Metadata(t.Context(), datasource.MetadataRequest{ProviderTypeName: "timago"}, &named)
		of().Schema(t.Context(), datasource.SchemaRequest{}, &s)
		walk(named.TypeName, s.Schema.Type())
	}
	for _, of := range p.ListResources(t.Context()) {
		var named resource.MetadataResponse
		var s list.ListResourceSchemaResponse
		of().Metadata(t.Context(), resource.MetadataRequest{ProviderTypeName: "timago"}, &named)
		of().ListResourceConfigSchema(t.Context(), list.ListResourceSchemaRequest{}, &s)
		walk(named.TypeName, s.Schema.Type())
	}
	for _, of := range p.Actions(t.Context()) {
		var named frameworkaction.MetadataResponse
		var s frameworkaction.SchemaResponse
		of().Metadata(t.Context(), frameworkaction.MetadataRequest{ProviderTypeName: "timago"}, &named)
		of().Schema(t.Context(), frameworkaction.SchemaRequest{}, &s)
		walk(named.TypeName, s.Schema.Type())
	}
	return found
}
