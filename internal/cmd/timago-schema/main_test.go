package main

import (
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"

	"github.com/timago/terraform-provider-timago/internal/acctest"
	"github.com/timago/terraform-provider-timago/internal/provider"
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
	w.Write("main.tf", "terraform {\n  required_providers {\n    timago = { source = \"timago/timago\" }\n  }\n}\n")
	outcome := w.Run("providers", "schema", "-json")
	var told struct {
		Providers map[string]map[string]any `json:"provider_schemas"`
	}
	if err := json.NewDecoder(strings.NewReader(outcome.Output[max(0, strings.Index(outcome.Output, "{")):])).Decode(&told); err != nil || len(told.Providers) != 1 {
		t.Fatalf("%v: %s", err, outcome.Output)
	}
	for _, theirs := range told.Providers {
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

func TestEverythingIsDescribed(t *testing.T) {
	t.Parallel()
	s := described(t)
	seen := 0
	var check func(where string, attributes map[string]attribute)
	check = func(where string, attributes map[string]attribute) {
		for name, a := range attributes {
			seen++
			if a.Description == "" && name != "timeouts" { // its library describes only its parts
				t.Errorf("%s.%s has no description", where, name)
			}
			if a.Nested != nil {
				check(where+"."+name, a.Nested.Attributes)
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
	if len(s.Actions) != 4 || len(s.Functions) != 1 || len(s.Lists) != 1 || len(s.Identities) != 1 || seen < 100 {
		t.Errorf("%d actions, %d functions, %d lists, %d identities, %d attributes", len(s.Actions), len(s.Functions), len(s.Lists), len(s.Identities), seen)
	}
}
