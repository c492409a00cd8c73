package activationpool

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// adviceIn lists the sentences of advice that the code of a pool can say: what stands in Next,
// what functions named after advice return, the last words of a finding, and the remedies of
// codes. Of a sentence that is put together it gives the pieces.
func adviceIn(t *testing.T) []string {
	t.Helper()
	files := []string{"../../kms/remedy.go"}
	for _, folder := range []string{"*.go", "../../pool/preflight*.go"} {
		found, err := filepath.Glob(folder)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	seen := map[string]bool{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		a := advices{seen: seen, remedies: strings.HasSuffix(file, "remedy.go")}
		for _, declared := range parsed.Decls {
			ast.Inspect(declared, a.visit)
		}
	}
	var all []string
	for text := range seen {
		all = append(all, text)
	}
	slices.Sort(all)
	return all
}

type advices struct {
	seen     map[string]bool
	remedies bool
}

var adviceFunction = regexp.MustCompile(`(?i)advice$|^switchOn$|^remedies$`)

// adviceName is how what holds advice is called.
var adviceName = regexp.MustCompile(`^(Next|next|remedy|publish|set|start|more|applyAsks|othersAsk)$`)

func (a advices) visit(node ast.Node) bool {
	switch node := node.(type) {
	case *ast.FuncDecl:
		if adviceFunction.MatchString(node.Name.Name) {
			ast.Inspect(node.Body, func(inner ast.Node) bool {
				if returned, is := inner.(*ast.ReturnStmt); is {
					for _, result := range returned.Results {
						a.take(result)
					}
				}
				return true
			})
		}
	case *ast.KeyValueExpr:
		if key, is := node.Key.(*ast.Ident); is && adviceName.MatchString(key.Name) || a.remedies {
			a.take(node.Value)
		}
	case *ast.AssignStmt:
		for i, to := range node.Lhs {
			name := ""
			switch to := to.(type) {
			case *ast.Ident:
				name = to.Name
			case *ast.SelectorExpr:
				name = to.Sel.Name
			}
			if adviceName.MatchString(name) && i < len(node.Rhs) {
				a.take(node.Rhs[i])
			}
		}
	case *ast.ValueSpec:
		for i, name := range node.Names {
			if i < len(node.Values) && (adviceName.MatchString(name.Name) || a.remedies) {
				a.take(node.Values[i])
			}
		}
	case *ast.CallExpr:
		if called, is := node.Fun.(*ast.SelectorExpr); is && called.Sel.Name == "find" && len(node.Args) > 0 {
			a.take(node.Args[len(node.Args)-1])
		}
	}
	return true
}

// take takes the texts of an expression that say something; neighbours are one.
func (a advices) take(expression ast.Expr) {
	text := ""
	ast.Inspect(expression, func(node ast.Node) bool {
		if literal, is := node.(*ast.BasicLit); is && literal.Kind == token.STRING {
			if value, err := strconv.Unquote(literal.Value); err == nil {
				text += value
			}
		}
		return true
	})
	if strings.Contains(strings.TrimSpace(text), " ") {
		a.seen[strings.TrimSpace(text)] = true
	}
}
