package acctest_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path"
	"strings"
	"testing"
)

// What one can take in at a sitting; the linter holds the same of functions.
const (
	longestFile    = 400
	largestPackage = 3500
)

// Files and packages stay small, tests and generated code apart.
func TestFilesAndPackagesStaySmall(t *testing.T) {
	t.Parallel()
	root := "../.."
	listed, err := exec.CommandContext(t.Context(), "git", "-C", root, "ls-files", "-z", "--", "*.go", ":!*_test.go").Output()
	if err != nil {
		t.Skip("needs a git work tree: the files that are kept are looked through")
	}
	packages := map[string]int{}
	for file := range strings.SplitSeq(strings.TrimSuffix(string(listed), "\x00"), "\x00") {
		text, err := os.ReadFile(root + "/" + file)
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, text, parser.PackageClauseOnly|parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		if ast.IsGenerated(parsed) {
			continue
		}
		lines := bytes.Count(text, []byte("\n"))
		packages[path.Dir(file)] += lines
		if lines > longestFile {
			t.Errorf("%s has %d lines, and may have %d", file, lines, longestFile)
		}
	}
	for name, lines := range packages {
		if lines > largestPackage {
			t.Errorf("package %s has %d lines, and may have %d", name, lines, largestPackage)
		}
	}
	if len(packages) < 50 {
		t.Errorf("only %d packages were found: this test looks in the wrong place", len(packages))
	}
}
