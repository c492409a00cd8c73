package timago_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/timago/terraform-provider-timago/internal/timago"
)

func document(t *testing.T) *openapi3.T {
	t.Helper()
	document, err := openapi3.NewLoader().LoadFromData([]byte(timago.OpenAPI))
	if err != nil {
		t.Fatal(err)
	}
	return document
}

// This is the contract's linter: the document is valid OpenAPI, its examples are valid
// by its own schemas, and every operation keeps to the same rules.
func TestContractIsValidWithItsExamples(t *testing.T) {
	t.Parallel()
	err := document(t).Validate(t.Context(),
		openapi3.EnableExamplesValidation(),
		openapi3.EnableSchemaFormatValidation(),
		openapi3.EnableSchemaPatternValidation(),
		openapi3.EnableSchemaDefaultsValidation(),
		openapi3.EnableMultiError())
	if err != nil {
		t.Error(err)
	}
}

// null means nothing beside no type (OpenAPI 3.0.3), and tools differ in what they make of it.
func TestContractHasNoNullBesideNoType(t *testing.T) {
	t.Parallel()
	schemas := 0
	var walk func(at string, ref *openapi3.SchemaRef)
	walk = func(at string, ref *openapi3.SchemaRef) {
		if ref == nil || ref.Ref != "" && at != ref.Ref {
			return
		}
		schemas++
		if ref.Value.Nullable && ref.Value.Type == nil {
			t.Errorf("%s is nullable and has no type", at)
		}
		for name, property := range ref.Value.Properties {
			walk(at+"/"+name, property)
		}
		walk(at+"/items", ref.Value.Items)
		for _, part := range slices.Concat(ref.Value.AllOf, ref.Value.AnyOf, ref.Value.OneOf) {
			walk(at+"/…", part)
		}
	}
	for name, schema := range document(t).Components.Schemas {
		walk(name, schema)
	}
	if schemas < 50 {
		t.Errorf("%d schemas were looked at", schemas)
	}
}

// The table of codes and the constants are one.
func TestContractListsEveryCode(t *testing.T) {
	t.Parallel()
	text := document(t).Info.Description
	source, err := os.ReadFile("contract/codes.go")
	if err != nil {
		t.Fatal(err)
	}
	constants := regexp.MustCompile(`ProblemCode = "(\w+)"`).FindAllStringSubmatch(string(source), -1)
	rows := regexp.MustCompile("(?m)^\\| (\\d+) \\| `(\\w+)` \\|").FindAllStringSubmatch(text, -1)
	var listed []string
	for _, row := range rows {
		listed = append(listed, row[2])
	}
	for _, constant := range constants {
		if !slices.Contains(listed, constant[1]) {
			t.Errorf("the table of codes lacks %s", constant[1])
		}
	}
	if len(constants) != len(listed) || len(listed) < 15 {
		t.Errorf("%d constants and %d codes in the table", len(constants), len(listed))
	}
}

func TestContractSaysWhoseItIs(t *testing.T) {
	t.Parallel()
	if words := strings.Join(strings.Fields(document(t).Info.Description), " "); !strings.Contains(words, "It is not the vendor's.") {
		t.Errorf("the description does not say that the contract is not the vendor's: %s", words)
	}
}

func TestEveryOperationIsWrittenOut(t *testing.T) {
	t.Parallel()
	contract := document(t)
	if contract.Security == nil {
		t.Error("there are calls without a token")
	}
	operations := 0
	for path, item := range contract.Paths.Map() {
		for method, operation := range item.Operations() {
			operations++
			call := method + " " + path
			if operation.Summary == "" || operation.OperationID == "" || len(operation.Tags) != 1 {
				t.Errorf("%s wants a summary, an operationId and one tag", call)
			}
			for _, parameter := range operation.Parameters {
				if parameter.Value.Description == "" {
					t.Errorf("%s: the parameter %s is not described", call, parameter.Value.Name)
				}
			}
			want := []string{"401", "429", "500", "503"}
			if strings.Contains(path, "{id}") {
				want = append(want, "404")
			}
			if method == "PATCH" {
				want = append(want, "409", "412", "413", "415", "422", "428")
				if operation.Parameters.GetByInAndName("header", "If-Match") == nil {
					t.Errorf("%s takes no If-Match", call)
				}
			}
			for _, status := range want {
				if operation.Responses.Value(status) == nil {
					t.Errorf("%s does not say what %s means", call, status)
				}
			}
			checkAnswers(t, call, operation)
		}
	}
	if operations != 9 {
		t.Errorf("%d operations, the design lists 9", operations)
	}
}

func checkAnswers(t *testing.T, call string, operation *openapi3.Operation) {
	t.Helper()
	for status, answer := range operation.Responses.Map() {
		media := "application/json"
		if status >= "400" {
			media = "application/problem+json"
		}
		content := answer.Value.Content[media]
		if content == nil || len(content.Examples) == 0 {
			t.Errorf("%s: the answer %s has no %s with an example", call, status, media)
		}
		if slices.Contains([]string{"429", "503"}, status) && answer.Value.Headers["Retry-After"] == nil {
			t.Errorf("%s: the answer %s does not say when to come back", call, status)
		}
	}
}

// The guide names the version of the contract, and of the form that it has.
func TestTheGuideNamesTheContractsVersion(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile("../../templates/guides/api-mode.md.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	contract := document(t)
	short := func(version string) string { return version[:strings.LastIndex(version, ".")] }
	want := "version " + short(contract.Info.Version) + ", an OpenAPI " + short(contract.OpenAPI) + " document"
	if words := strings.Join(strings.Fields(string(guide)), " "); !strings.Contains(words, want) {
		t.Errorf("the guide does not say %q", want)
	}
}
