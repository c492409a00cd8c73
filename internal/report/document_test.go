package report

import (
	_ "embed"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

//go:embed schema.json
var schema string

// What is written for machines fits the schema that is documented. The schema tells: a
// document that lacks something does not fit.
func TestTheDocumentFitsItsSchema(t *testing.T) {
	t.Parallel()
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	parsed, err := jsonschema.UnmarshalJSON(strings.NewReader(schema))
	if err != nil {
		t.Fatal(err)
	}
	if err := compiler.AddResource("schema.json", parsed); err != nil {
		t.Fatal(err)
	}
	fits := compiler.MustCompile("schema.json")
	for _, s := range scenes {
		_, data, _ := s.render(t)
		document, err := jsonschema.UnmarshalJSON(strings.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if err := fits.Validate(document); err != nil {
			t.Errorf("%s: %v", s.name, err)
		}
		if s.name != "running" {
			continue
		}
		for _, broken := range []string{`"phase":`, `"written":`, `"threshold":`} {
			document, err := jsonschema.UnmarshalJSON(strings.NewReader(strings.ReplaceAll(data, broken, `"other":`)))
			if err != nil {
				t.Fatal(err)
			}
			if fits.Validate(document) == nil {
				t.Errorf("%s: it fits without %s", s.name, broken)
			}
		}
	}
}

// A reader can tell a provider that was killed from one that waits.
func TestARunningDocumentIsNeverAsOldAsOneThatWasLeft(t *testing.T) {
	t.Parallel()
	if most := idlePause + dataPause; most >= 10*time.Minute || !strings.Contains(schema, "a running report that is older than ten minutes belongs to a provider that was killed") {
		t.Errorf("%s may pass between two writes", most)
	}
}

// Every property that is written is described: the documentation is the schema.
func TestEveryPropertyIsDescribed(t *testing.T) {
	t.Parallel()
	strict := strings.ReplaceAll(schema, `"type": "object",`, `"type": "object", "unevaluatedProperties": false,`)
	strict = strings.ReplaceAll(strict, `"description": "By product: windows, office.",`, ``)
	compiler := jsonschema.NewCompiler()
	parsed, err := jsonschema.UnmarshalJSON(strings.NewReader(strict))
	if err != nil {
		t.Fatal(err)
	}
	if err := compiler.AddResource("schema.json", parsed); err != nil {
		t.Fatal(err)
	}
	fits := compiler.MustCompile("schema.json")
	for _, s := range scenes {
		_, data, _ := s.render(t)
		document, err := jsonschema.UnmarshalJSON(strings.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if err := fits.Validate(document); err != nil {
			t.Errorf("%s: %v", s.name, err)
		}
	}
}
