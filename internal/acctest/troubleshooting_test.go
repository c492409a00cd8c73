package acctest_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/timago/terraform-provider-timago/internal/kms"
)

// Every code that the provider explains has its remedy, in English and in German, but for
// information and for what passes by itself. A code's words end with its number, and one
// without words is its number alone.
func TestTheGuidesKnowEveryCode(t *testing.T) {
	t.Parallel()
	guides, explained := readGuides(t), 0
	for _, facility := range []uint32{0xC0040000, 0x80070000, 0x80040000, 0x80090000, 0x803F0000, 0x87E10000, 0x40040000} {
		for n := range uint32(1 << 16) {
			code := kms.Code(facility | n)
			if code.Words() == code.String() || code.Informational() || code.Passes() {
				continue
			}
			explained++
			for _, guide := range []string{"troubleshooting.md.tmpl", "kms-aktivierung-mit-terraform.md.tmpl"} {
				if !strings.Contains(guides[guide], "`"+code.String()+"`") {
					t.Errorf("%s: no remedy for %s", guide, code.Words())
				}
			}
		}
	}
	if explained < 24 {
		t.Errorf("only %d codes have words: this test looks in the wrong place", explained)
	}
}

// What is found before anything is touched has a row with its remedy. The guide writes … for
// what a summary fills in.
func TestTroubleshootingKnowsEveryFinding(t *testing.T) {
	t.Parallel()
	_, section, _ := strings.Cut(readGuides(t)["troubleshooting.md.tmpl"], "\n## Found before anything is touched\n")
	section, _, _ = strings.Cut(section, "\n## ")
	summaries := findings(t)
	if len(summaries) < 14 {
		t.Errorf("only %d findings were seen: this test looks in the wrong place", len(summaries))
	}
	for _, summary := range summaries {
		if row := "| `" + regexp.MustCompile(`%[a-z]`).ReplaceAllString(summary, "…") + "` |"; !strings.Contains(section, row) {
			t.Errorf("no row begins with %s", row)
		}
	}
}

// findings reads the summaries of all findings out of the code that makes them: what is
// filled in stands as a verb of fmt.
func findings(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../pool/preflight*.go")
	if err != nil {
		t.Fatal(err)
	}
	var summaries []string
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			call, is := n.(*ast.CallExpr)
			if !is {
				return true
			}
			if method, is := call.Fun.(*ast.SelectorExpr); !is || method.Sel.Name != "find" {
				return true
			}
			summary, err := written(call.Args[2])
			if err != nil {
				t.Errorf("%s: the summary of %v is not written out where it is found: %v", file, call.Args[0], err)
			}
			summaries = append(summaries, summary)
			return true
		})
	}
	return summaries
}

// Every reason for which a cycle leaves a station out begins as a row of the guide does.
func TestTroubleshootingKnowsEveryReason(t *testing.T) {
	t.Parallel()
	_, section, _ := strings.Cut(readGuides(t)["troubleshooting.md.tmpl"], "\nWhat it may say about a station:\n")
	section, _, _ = strings.Cut(section, "\n## ")
	var beginnings []string
	for line := range strings.Lines(section) {
		if cells := strings.Split(line, "|"); len(cells) == 4 { // a row has two, and what is beside them
			for reason := range strings.SplitSeq(strings.TrimSpace(cells[1]), ", ") {
				beginning, _, _ := strings.Cut(reason, "…")
				beginnings = append(beginnings, strings.TrimSpace(beginning))
			}
		}
	}
	files, err := filepath.Glob("../cycle/*.go")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		for _, reason := range reasons(t, file) {
			seen++
			if !slices.ContainsFunc(beginnings, func(beginning string) bool { return len(beginning) > 5 && strings.HasPrefix(reason, beginning) }) {
				t.Errorf("%s: no row begins as %q", filepath.Base(file), reason)
			}
		}
	}
	if seen < 15 {
		t.Errorf("only %d reasons were seen: this test looks in the wrong place", seen)
	}
}

// reasons are the texts that a file of the cycle hands to exclude, or keeps as a reason.
func reasons(t *testing.T, file string) []string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	keep := func(text ast.Expr) {
		if sum, is := text.(*ast.BinaryExpr); is { // a text + an error
			text = sum.X
		}
		if reason, err := written(text); err == nil && regexp.MustCompile(`^[a-z]+ `).MatchString(reason) { // else it adds to another
			found = append(found, reason)
		}
	}
	ast.Inspect(parsed, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			if method, is := n.Fun.(*ast.SelectorExpr); is && method.Sel.Name == "exclude" {
				keep(n.Args[1])
			}
		case *ast.AssignStmt:
			for i, to := range n.Lhs {
				name := ""
				switch to := to.(type) {
				case *ast.Ident:
					name = to.Name
				case *ast.SelectorExpr:
					name = to.Sel.Name
				}
				if name == "reason" && len(n.Rhs) == len(n.Lhs) {
					keep(n.Rhs[i])
				}
			}
		}
		return true
	})
	return found
}

// written is a text of the code, as a format.
func written(text ast.Expr) (string, error) {
	switch text := text.(type) {
	case *ast.BasicLit:
		return strconv.Unquote(text.Value)
	case *ast.CallExpr: // fmt.Sprintf
		if len(text.Args) > 0 {
			return written(text.Args[0])
		}
	case *ast.BinaryExpr: // a name + a text
		end, err := written(text.Y)
		return "%s" + end, err
	}
	return "", fmt.Errorf("it is a %T", text)
}
