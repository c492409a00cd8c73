package main

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// The types here are the CLI's documented output, as far as this provider fills it
// (developer.hashicorp.com/terraform/cli/commands/providers/schema).

type document struct {
	FormatVersion string                    `json:"format_version"`
	Providers     map[string]providerSchema `json:"provider_schemas"`
}

type providerSchema struct {
	Provider    schema              `json:"provider"`
	Resources   map[string]schema   `json:"resource_schemas,omitempty"`
	DataSources map[string]schema   `json:"data_source_schemas,omitempty"`
	Lists       map[string]schema   `json:"list_resource_schemas,omitempty"`
	Functions   map[string]function `json:"functions,omitempty"`
	Identities  map[string]identity `json:"resource_identity_schemas,omitempty"`
	Actions     map[string]action   `json:"action_schemas,omitempty"`
}

type schema struct {
	Version int64 `json:"version"`
	Block   block `json:"block"`
}

type action struct {
	Block block `json:"block"`
}

type block struct {
	Attributes      map[string]attribute `json:"attributes,omitempty"`
	Description     string               `json:"description,omitempty"`
	DescriptionKind string               `json:"description_kind,omitempty"`
	Deprecated      bool                 `json:"deprecated,omitempty"`
}

type attribute struct {
	Type            tftypes.Type `json:"type,omitempty"`
	Nested          *nested      `json:"nested_type,omitempty"`
	Description     string       `json:"description,omitempty"`
	DescriptionKind string       `json:"description_kind,omitempty"`
	Deprecated      bool         `json:"deprecated,omitempty"`
	Required        bool         `json:"required,omitempty"`
	Optional        bool         `json:"optional,omitempty"`
	Computed        bool         `json:"computed,omitempty"`
	Sensitive       bool         `json:"sensitive,omitempty"`
	WriteOnly       bool         `json:"write_only,omitempty"`
}

type nested struct {
	Attributes  map[string]attribute `json:"attributes,omitempty"`
	NestingMode string               `json:"nesting_mode,omitempty"`
}

type identity struct {
	Version    int64                        `json:"version"`
	Attributes map[string]identityAttribute `json:"attributes,omitempty"`
}

type identityAttribute struct {
	Type              tftypes.Type `json:"type"`
	Description       string       `json:"description,omitempty"`
	RequiredForImport bool         `json:"required_for_import,omitempty"`
	OptionalForImport bool         `json:"optional_for_import,omitempty"`
}

type function struct {
	Description string       `json:"description,omitempty"`
	Summary     string       `json:"summary,omitempty"`
	Deprecation string       `json:"deprecation_message,omitempty"`
	Return      tftypes.Type `json:"return_type"`
	Parameters  []parameter  `json:"parameters,omitempty"`
	Variadic    *parameter   `json:"variadic_parameter,omitempty"`
}

type parameter struct {
	Name        string       `json:"name"`
	Description string       `json:"description,omitempty"`
	Nullable    bool         `json:"is_nullable,omitempty"`
	Type        tftypes.Type `json:"type"`
}

// describe asks a provider for all its schemas.
func describe(ctx context.Context, server tfprotov6.ProviderServer) (providerSchema, error) {
	schemas, err := server.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		return providerSchema{}, err
	}
	identities, err := server.GetResourceIdentitySchemas(ctx, &tfprotov6.GetResourceIdentitySchemasRequest{})
	if err != nil {
		return providerSchema{}, err
	}
	for _, said := range append(schemas.Diagnostics, identities.Diagnostics...) {
		return providerSchema{}, fmt.Errorf("%s: %s", said.Summary, said.Detail)
	}
	if len(schemas.EphemeralResourceSchemas) > 0 || schemas.ProviderMeta != nil {
		return providerSchema{}, fmt.Errorf("the provider has ephemeral resources or a meta schema, which nothing here writes")
	}
	described := providerSchema{Functions: map[string]function{}, Identities: map[string]identity{}, Actions: map[string]action{}}
	if described.Provider, err = schemaOf(schemas.Provider); err != nil {
		return providerSchema{}, fmt.Errorf("provider: %w", err)
	}
	for _, kind := range []struct {
		schemas map[string]*tfprotov6.Schema
		into    *map[string]schema
	}{
		{schemas.ResourceSchemas, &described.Resources}, {schemas.DataSourceSchemas, &described.DataSources}, {schemas.ListResourceSchemas, &described.Lists},
	} {
		*kind.into = map[string]schema{}
		for name, s := range kind.schemas {
			if (*kind.into)[name], err = schemaOf(s); err != nil {
				return providerSchema{}, fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	for name, s := range schemas.ActionSchemas {
		of, err := schemaOf(s.Schema)
		if err != nil {
			return providerSchema{}, fmt.Errorf("%s: %w", name, err)
		}
		described.Actions[name] = action{Block: of.Block}
	}
	for name, f := range schemas.Functions {
		described.Functions[name] = functionOf(f)
	}
	for name, s := range identities.IdentitySchemas {
		of := identity{Version: s.Version, Attributes: map[string]identityAttribute{}}
		for _, a := range s.IdentityAttributes {
			of.Attributes[a.Name] = identityAttribute{a.Type, a.Description, a.RequiredForImport, a.OptionalForImport}
		}
		described.Identities[name] = of
	}
	return described, nil
}

func schemaOf(s *tfprotov6.Schema) (schema, error) {
	if len(s.Block.BlockTypes) > 0 {
		return schema{}, fmt.Errorf("it has nested blocks, which nothing here writes: nest attributes")
	}
	return schema{Version: s.Version, Block: block{
		Attributes: attributesOf(s.Block.Attributes), Description: s.Block.Description,
		DescriptionKind: kindOf(s.Block.DescriptionKind), Deprecated: s.Block.Deprecated,
	}}, nil
}

func attributesOf(list []*tfprotov6.SchemaAttribute) map[string]attribute {
	attributes := map[string]attribute{}
	for _, a := range list {
		of := attribute{
			Type: a.Type, Description: a.Description, DescriptionKind: kindOf(a.DescriptionKind), Deprecated: a.Deprecated,
			Required: a.Required, Optional: a.Optional, Computed: a.Computed, Sensitive: a.Sensitive, WriteOnly: a.WriteOnly,
		}
		if a.NestedType != nil {
			of.Nested = &nested{Attributes: attributesOf(a.NestedType.Attributes), NestingMode: nestingModes[a.NestedType.Nesting]}
		}
		attributes[a.Name] = of
	}
	return attributes
}

var nestingModes = map[tfprotov6.SchemaObjectNestingMode]string{
	tfprotov6.SchemaObjectNestingModeSingle: "single", tfprotov6.SchemaObjectNestingModeList: "list",
	tfprotov6.SchemaObjectNestingModeSet: "set", tfprotov6.SchemaObjectNestingModeMap: "map",
}

func kindOf(kind tfprotov6.StringKind) string {
	if kind == tfprotov6.StringKindMarkdown {
		return "markdown"
	}
	return "plain"
}

func functionOf(f *tfprotov6.Function) function {
	of := function{Description: f.Description, Summary: f.Summary, Deprecation: f.DeprecationMessage, Return: f.Return.Type}
	for _, p := range f.Parameters {
		of.Parameters = append(of.Parameters, parameterOf(p))
	}
	if f.VariadicParameter != nil {
		last := parameterOf(f.VariadicParameter)
		of.Variadic = &last
	}
	return of
}

func parameterOf(p *tfprotov6.FunctionParameter) parameter {
	return parameter{Name: p.Name, Description: p.Description, Nullable: p.AllowNullValue, Type: p.Type}
}
