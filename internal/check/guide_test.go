package check_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// The guide names the lines of every probe, also of those that only -activate and -restart make.
func TestTheGuideKnowsEveryProbe(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "templates", "guides", "check.md.tmpl"))
	if err != nil {
		t.Fatal(err)
	}
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, file := range sources {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, probe := range regexp.MustCompile(`\bname: "([A-Z][^"_]*)", expected: `).FindAllStringSubmatch(string(source), -1) {
			seen++
			if row := regexp.MustCompile(`(?m)^\|(?:[^|]*,)? ` + probe[1] + `[ ,][^|]*\|`); !row.Match(text) {
				t.Errorf("the guide has no row for the line %s", probe[1])
			}
		}
	}
	if seen < 20 {
		t.Errorf("only %d lines were found: this test looks in the wrong place", seen)
	}
}
