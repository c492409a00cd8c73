package acctest_test

import (
	"fmt"
	"maps"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/provider"
)

// What the reference pages say of a value is read out of the schema, from which they are
// made, and held against what the provider does with it.
var (
	saysDefault = regexp.MustCompile("Default: (?:`([^`]*)`|([0-9]+)|(.*))")
	saysSuchAs  = regexp.MustCompile("such as `([^`]*)`")
	saysRange   = regexp.MustCompile(`from ([0-9]+) to ([0-9]+)`)
)

// described is an attribute at its place.
type described struct {
	kind, of string // "resource", "timago_activation_pool"
	path     []string
	*tfprotov6.SchemaAttribute
}

func (d described) String() string { return d.of + "." + strings.Join(d.path, ".") }

// literal is the value of a default that is one, not words about it.
func (d described) literal() (value string, is bool) {
	said := saysDefault.FindStringSubmatch(d.Description)
	if said == nil || said[1]+said[2] == "" {
		return "", false
	}
	return said[1] + said[2], true
}

// reference asks the provider what its reference pages are made of.
type reference struct {
	tfprotov6.ProviderServer
	t       *testing.T
	schemas *tfprotov6.GetProviderSchemaResponse
	all     []described
}

func readReference(t *testing.T) *reference {
	t.Helper()
	r := &reference{ProviderServer: provider.Server("test")(), t: t}
	var err error
	if r.schemas, err = r.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{}); err != nil {
		t.Fatal(err)
	}
	r.walk("provider", "provider", nil, r.schemas.Provider.Block.Attributes)
	for name, schema := range r.schemas.ResourceSchemas {
		r.walk("resource", name, nil, schema.Block.Attributes)
	}
	for name, schema := range r.schemas.DataSourceSchemas {
		r.walk("data source", name, nil, schema.Block.Attributes)
	}
	for name, schema := range r.schemas.ListResourceSchemas {
		r.walk("list resource", name, nil, schema.Block.Attributes)
	}
	for name, schema := range r.schemas.ActionSchemas {
		r.walk("action", name, nil, schema.Schema.Block.Attributes)
	}
	if len(r.all) < 150 {
		t.Fatalf("only %d attributes were found: this test looks in the wrong place", len(r.all))
	}
	return r
}

func (r *reference) walk(kind, of string, under []string, attributes []*tfprotov6.SchemaAttribute) {
	for _, attribute := range attributes {
		d := described{kind: kind, of: of, path: append(slices.Clone(under), attribute.Name), SchemaAttribute: attribute}
		r.all = append(r.all, d)
		if attribute.NestedType != nil {
			r.walk(kind, of, d.path, attribute.NestedType.Attributes)
		}
	}
}

// needed are the values without which nothing of that name is valid; what is examined comes
// beside them.
var needed = map[string]map[string]any{
	"provider":                   {},
	"timago_activation_pool":     {"name": "R101", "stations": []string{"PC01"}},
	"maintenance_window":         {"days": []string{"monday"}, "start": "00:00", "end": "00:00", "timezone": "UTC"},
	"timago_station_kms":         {"station": "PC01"},
	"timago_station":             {"name": "PC01"},
	"timago_station_export":      {"path": "stationen.csv"},
	"timago_station_restart":     {"stations": []string{"PC01"}},
	"timago_station_reset_image": {"stations": []string{"PC01"}},
	"timago_station_wake":        {"stations": []string{"PC01"}},
	"timago_station_activate":    {"stations": []string{"PC01"}},
}

// config is a configuration that sets one attribute, and what is needed beside it.
func (r *reference) config(d described, value any) *tfprotov6.DynamicValue {
	r.t.Helper()
	schema := map[string]*tfprotov6.Schema{
		"provider": r.schemas.Provider, "resource": r.schemas.ResourceSchemas[d.of], "data source": r.schemas.DataSourceSchemas[d.of],
		"list resource": r.schemas.ListResourceSchemas[d.of],
	}[d.kind]
	if d.kind == "action" {
		schema = r.schemas.ActionSchemas[d.of].Schema
	}
	of := schema.ValueType()
	packed, err := tfprotov6.NewDynamicValue(of, setting(of, needed[d.of], d.path, value))
	if err != nil {
		r.t.Fatalf("%s: %v", d, err)
	}
	return &packed
}

func setting(of tftypes.Type, beside map[string]any, path []string, value any) tftypes.Value {
	if len(path) == 0 {
		switch value := value.(type) {
		case string:
			if of.Is(tftypes.Number) {
				number, _ := new(big.Float).SetString(value)
				return tftypes.NewValue(of, number)
			}
		case []string:
			elements := []tftypes.Value{}
			for _, element := range value {
				elements = append(elements, tftypes.NewValue(tftypes.String, element))
			}
			return tftypes.NewValue(of, elements)
		}
		return tftypes.NewValue(of, value)
	}
	attributes := map[string]tftypes.Value{}
	for name, kind := range object(of).AttributeTypes {
		switch name {
		case path[0]:
			attributes[name] = setting(kind, needed[name], path[1:], value)
		default:
			attributes[name] = setting(kind, nil, nil, beside[name])
		}
	}
	return tftypes.NewValue(of, attributes)
}

// refuses gives what is said against a configuration.
func (r *reference) refuses(d described, config *tfprotov6.DynamicValue) []*tfprotov6.Diagnostic {
	r.t.Helper()
	ctx := r.t.Context()
	switch d.kind {
	case "provider":
		answer, err := r.ValidateProviderConfig(ctx, &tfprotov6.ValidateProviderConfigRequest{Config: config})
		return r.errors(err, answer.Diagnostics)
	case "resource":
		answer, err := r.ValidateResourceConfig(ctx, &tfprotov6.ValidateResourceConfigRequest{TypeName: d.of, Config: config})
		return r.errors(err, answer.Diagnostics)
	case "data source":
		answer, err := r.ValidateDataResourceConfig(ctx, &tfprotov6.ValidateDataResourceConfigRequest{TypeName: d.of, Config: config})
		return r.errors(err, answer.Diagnostics)
	case "action":
		actions, _ := r.ProviderServer.(tfprotov6.ActionServer)
		answer, err := actions.ValidateActionConfig(ctx, &tfprotov6.ValidateActionConfigRequest{ActionType: d.of, Config: config})
		return r.errors(err, answer.Diagnostics)
	}
	return nil
}

func (r *reference) errors(err error, said []*tfprotov6.Diagnostic) []*tfprotov6.Diagnostic {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
	return slices.DeleteFunc(said, func(d *tfprotov6.Diagnostic) bool { return d.Severity != tfprotov6.DiagnosticSeverityError })
}

// Who may leave something out is told what then holds.
func TestEveryOptionalAttributeStatesItsDefault(t *testing.T) {
	t.Parallel()
	for _, d := range readReference(t).all {
		object := d.NestedType != nil // whose attributes state theirs
		eitherOr := strings.Contains(d.Description, "Exactly one of")
		without := strings.Contains(d.Description, "without effect")
		if d.Optional && !object && !eitherOr && !without && !saysDefault.MatchString(d.Description) {
			t.Errorf("%s states no default: %s", d, d.Description)
		}
		if _, is := d.literal(); is && !d.Optional {
			t.Errorf("%s states a default, and cannot be set", d)
		}
	}
}

// A value that a page gives as an example or as a default is accepted.
func TestEveryExampleIsAccepted(t *testing.T) {
	t.Parallel()
	r, seen := readReference(t), 0
	for _, d := range r.all {
		if !d.Optional && !d.Required {
			continue
		}
		var values []string
		for _, said := range saysSuchAs.FindAllStringSubmatch(d.Description, -1) {
			values = append(values, said[1])
		}
		if literal, is := d.literal(); is && d.Type != nil && (d.Type.Is(tftypes.String) || d.Type.Is(tftypes.Number)) {
			values = append(values, literal)
		}
		for _, value := range values {
			if d.Type == nil || strings.Contains(value, "<") || strings.Contains(value, "KRB5") || value == "kms.host" || value == "winrm.domain_suffix" {
				continue // words about another value
			}
			if _, err := strconv.Atoi(value); err != nil && d.Type.Is(tftypes.Number) {
				continue
			}
			seen++
			for _, said := range r.refuses(d, r.config(d, value)) {
				t.Errorf("%s = %q is refused: %s: %s", d, value, said.Summary, said.Detail)
			}
		}
	}
	if seen < 40 {
		t.Errorf("only %d examples were tried: this test looks in the wrong place", seen)
	}
}

// A number's page gives the range that is accepted.
func TestEveryRangeHolds(t *testing.T) {
	t.Parallel()
	r, seen := readReference(t), 0
	for _, d := range r.all {
		if !d.Optional && !d.Required || d.Type == nil || !d.Type.Is(tftypes.Number) {
			continue
		}
		said := saysRange.FindStringSubmatch(d.Description)
		if said == nil {
			t.Errorf("%s states no range: %s", d, d.Description)
			continue
		}
		seen++
		least, _ := strconv.Atoi(said[1])
		most, _ := strconv.Atoi(said[2])
		for value, accepted := range map[int]bool{least - 1: false, least: true, most: true, most + 1: false} {
			if refused := r.refuses(d, r.config(d, fmt.Sprint(value))); (len(refused) == 0) != accepted {
				t.Errorf("%s = %d: accepted %t, want %t", d, value, !accepted, accepted)
			}
		}
	}
	if seen < 10 {
		t.Error("only few numbers were found: this test looks in the wrong place")
	}
}

// What a resource's page states as a default is what a plan holds of a configuration without
// it; "none" is nothing. What no plan shows, a page takes from where the code takes it.
func TestResourcesPlanTheDefaultsThatTheyState(t *testing.T) {
	t.Parallel()
	r, seen := readReference(t), 0
	for _, d := range r.all {
		if d.kind != "resource" || !d.Optional || d.NestedType != nil || needed[d.of][d.path[0]] != nil {
			continue
		}
		literal, is := d.literal()
		switch d.path[0] {
		case "timeouts":
			continue // the framework's own, which no plan fills in
		case "thresholds":
			if want := fmt.Sprint(kms.Product(d.path[1]).Threshold()); literal != want {
				t.Errorf("%s states %q, and %s holds", d, literal, want)
			}
			continue
		}
		planned := r.planned(d)
		if !is {
			if planned.IsKnown() && !planned.IsNull() && shown(planned) != "[]" {
				t.Errorf("%s states no value, and %s is planned", d, shown(planned))
			}
			continue
		}
		if d.Description != "" && strings.Contains(d.Description, "Default: `kms.host`") {
			continue // the provider's, which is not known here
		}
		seen++
		if got := shown(planned); got != literal {
			t.Errorf("%s states %q, and %q is planned", d, literal, got)
		}
	}
	if seen < 12 {
		t.Errorf("only %d defaults were held: this test looks in the wrong place", seen)
	}
}

// Outside of resources every default is a test's, too: those of the provider block and of the
// actions are held in their packages, where no network is asked.
func TestDataSourcesStateNoOtherDefaultsThanTheseTestsHold(t *testing.T) {
	t.Parallel()
	stated := map[string]string{}
	for _, d := range readReference(t).all {
		if literal, is := d.literal(); is && (d.kind == "data source" || d.kind == "list resource") {
			stated[d.String()] = literal
		}
	}
	if want := map[string]string{
		"timago_stations.allow_empty": "false",               // TestStationsOfTimago
		"timago_kms_host.host":        "kms.host",            // TestAllDataSourcesInDirectMode
		"timago_kms_host.domain":      "winrm.domain_suffix", // TestTheDomainInWhichClientsLook
	}; !maps.Equal(stated, want) {
		t.Errorf("they state %v, and tests hold %v", stated, want)
	}
}

// planned is an attribute in the plan of a resource that sets nothing but what is needed; an
// object is given with another of its attributes, so that it is there.
func (r *reference) planned(d described) tftypes.Value {
	r.t.Helper()
	of := r.schemas.ResourceSchemas[d.of].ValueType()
	beside := d
	if len(d.path) == 2 {
		beside.path = []string{d.path[0], map[bool]string{true: "max_parallel", false: "spread"}[d.path[1] != "max_parallel"]}
	} else {
		beside.path = []string{"none of its attributes"}
	}
	value := any(nil)
	if len(beside.path) == 2 {
		value = map[string]string{"max_parallel": "3", "spread": "even"}[beside.path[1]]
	}
	if d.path[0] == "maintenance_window" {
		return tftypes.NewValue(tftypes.String, nil) // it has no defaults
	}
	none, err := tfprotov6.NewDynamicValue(of, tftypes.NewValue(of, nil))
	if err != nil {
		r.t.Fatal(err)
	}
	config := r.config(beside, value)
	answer, err := r.PlanResourceChange(r.t.Context(), &tfprotov6.PlanResourceChangeRequest{TypeName: d.of, PriorState: &none, ProposedNewState: config, Config: config})
	if err != nil {
		r.t.Fatal(err)
	}
	state, err := answer.PlannedState.Unmarshal(of)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, name := range d.path {
		var attributes map[string]tftypes.Value
		if err := state.As(&attributes); err != nil {
			r.t.Fatalf("%s: %v", d, err)
		}
		state = attributes[name]
	}
	return state
}

// shown writes a value as a page does.
func shown(value tftypes.Value) string {
	var (
		text    *string
		truth   *bool
		number  *big.Float
		several []tftypes.Value
	)
	switch {
	case !value.IsKnown():
		return "unknown"
	case value.IsNull():
		return "null"
	case value.As(&text) == nil:
		return *text
	case value.As(&truth) == nil:
		return fmt.Sprint(*truth)
	case value.As(&number) == nil:
		return number.Text('f', 0)
	case value.As(&several) == nil && len(several) == 0:
		return "[]"
	}
	return value.String()
}
