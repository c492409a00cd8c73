package acctest

import (
	"context"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/timago/terraform-provider-timago/internal/provider"
)

// Protocol is the provider, asked in this process as a CLI would ask it: for what not
// every CLI can run.
type Protocol struct {
	tfprotov6.ProviderServer
	t       testing.TB
	schemas *tfprotov6.GetProviderSchemaResponse
}

// Values are attributes by name: string, bool, int, []string and nested Values. What is
// not named is null.
type Values map[string]any

// NewProtocol configures the provider with these values.
func NewProtocol(t testing.TB, config Values) *Protocol {
	t.Helper()
	p := &Protocol{ProviderServer: provider.Server("test")(), t: t}
	var err error
	if p.schemas, err = p.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{}); err != nil {
		t.Fatal(err)
	}
	configured, err := p.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{Config: p.pack(p.schemas.Provider, config)})
	if err != nil {
		t.Fatal(err)
	}
	for _, said := range append(p.schemas.Diagnostics, configured.Diagnostics...) {
		t.Fatalf("%s: %s", said.Summary, said.Detail)
	}
	return p
}

// Direct is the provider's configuration for the site in direct mode.
func (s *Site) Direct() Values {
	ready := s.Plain()
	return Values{
		"winrm": Values{"username": ready.WinRM.Username, "password": ready.WinRM.Password, "timeout": "1m"},
		"kms":   Values{"host": ready.KMSHost},
	}
}

// API is the provider's configuration for the site in API mode without WinRM.
func (s *Site) API() Values {
	ready := s.Ready()
	return Values{"endpoint": ready.Endpoint, "token": ready.Token, "ca_certificate": string(s.CACertificate())}
}

func (p *Protocol) pack(schema *tfprotov6.Schema, values Values) *tfprotov6.DynamicValue {
	p.t.Helper()
	of := schema.ValueType()
	packed, err := tfprotov6.NewDynamicValue(of, pack(of, values))
	if err != nil {
		p.t.Fatal(err)
	}
	return &packed
}

// pack panics where a value is none of the type: that is a mistake of the test.
func pack(of tftypes.Type, value any) tftypes.Value {
	switch value := value.(type) {
	case Values:
		object, _ := of.(tftypes.Object)
		attributes := map[string]tftypes.Value{}
		for name, kind := range object.AttributeTypes {
			attributes[name] = pack(kind, value[name])
		}
		return tftypes.NewValue(of, attributes)
	case []string:
		elements := []tftypes.Value{}
		for _, element := range value {
			elements = append(elements, tftypes.NewValue(tftypes.String, element))
		}
		return tftypes.NewValue(of, elements)
	}
	return tftypes.NewValue(of, value) // nil is null, tftypes.UnknownValue unknown
}

func (p *Protocol) diagnostics(said []*tfprotov6.Diagnostic) []Diagnostic {
	var all []Diagnostic
	for _, d := range said {
		severity := "error"
		if d.Severity == tfprotov6.DiagnosticSeverityWarning {
			severity = "warning"
		}
		all = append(all, Diagnostic{Severity: severity, Summary: d.Summary, Detail: d.Detail})
	}
	return all
}

func (p *Protocol) actions() tfprotov6.ActionServer {
	p.t.Helper()
	server, can := p.ProviderServer.(tfprotov6.ActionServer)
	if !can {
		p.t.Fatal("the provider has no actions")
	}
	return server
}

// PlanAction validates and plans an action, and gives what was said to that.
func (p *Protocol) PlanAction(action string, config Values) []Diagnostic {
	p.t.Helper()
	packed := p.pack(p.actionSchema(action), config)
	validated, err := p.actions().ValidateActionConfig(p.t.Context(), &tfprotov6.ValidateActionConfigRequest{ActionType: action, Config: packed})
	if err != nil {
		p.t.Fatal(err)
	}
	if len(validated.Diagnostics) > 0 {
		return p.diagnostics(validated.Diagnostics)
	}
	planned, err := p.actions().PlanAction(p.t.Context(), &tfprotov6.PlanActionRequest{ActionType: action, Config: packed})
	if err != nil {
		p.t.Fatal(err)
	}
	return p.diagnostics(planned.Diagnostics)
}

func (p *Protocol) actionSchema(action string) *tfprotov6.Schema {
	p.t.Helper()
	schema := p.schemas.ActionSchemas[action]
	if schema == nil {
		p.t.Fatalf("there is no action %s", action)
	}
	return schema.Schema
}

// InvokeAction invokes an action and gives its progress and what was said at its end.
// report, if set, gets each message when it comes.
func (p *Protocol) InvokeAction(ctx context.Context, action string, config Values, report func(message string)) (progress []string, said []Diagnostic) {
	p.t.Helper()
	stream, err := p.actions().InvokeAction(ctx, &tfprotov6.InvokeActionRequest{ActionType: action, Config: p.pack(p.actionSchema(action), config)})
	if err != nil {
		p.t.Fatal(err)
	}
	ended := false
	for event := range stream.Events {
		switch event := event.Type.(type) {
		case tfprotov6.ProgressInvokeActionEventType:
			progress = append(progress, event.Message)
			if report != nil {
				report(event.Message)
			}
		case tfprotov6.CompletedInvokeActionEventType:
			ended = true
			said = p.diagnostics(event.Diagnostics)
		}
	}
	if !ended {
		p.t.Fatal("the action reported no end")
	}
	return progress, said
}
