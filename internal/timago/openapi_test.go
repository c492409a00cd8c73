package timago_test

import (
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
				want = append(want, "409", "412", "422")
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
