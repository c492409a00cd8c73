package acctest_test

import (
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// constants reads numbers out of the code: what is not exported there is a number all the same.
type constants struct {
	t        testing.TB
	mu       sync.Mutex
	packages map[string]map[string]ast.Expr // by package, as below internal, and name
}

func readConstants(t *testing.T) *constants {
	t.Helper()
	return &constants{t: t, packages: map[string]map[string]ast.Expr{
		"time": {"Nanosecond": number(1), "Millisecond": number(time.Millisecond), "Second": number(time.Second), "Minute": number(time.Minute), "Hour": number(time.Hour)},
	}}
}

func number(is time.Duration) ast.Expr {
	return &ast.BasicLit{Kind: token.INT, Value: constant.MakeInt64(int64(is)).ExactString()}
}

// of computes an expression of constants: "timago.maxList >> 20".
func (c *constants) of(text string) int64 {
	c.t.Helper()
	expression, err := parser.ParseExpr(text)
	if err != nil {
		c.t.Fatalf("%s: %v", text, err)
	}
	is, exact := constant.Int64Val(constant.ToInt(c.value("", expression)))
	if !exact {
		c.t.Fatalf("%s is no whole number", text)
	}
	return is
}

func (c *constants) value(in string, expression ast.Expr) constant.Value {
	c.t.Helper()
	switch e := expression.(type) {
	case *ast.BasicLit:
		is := constant.MakeFromLiteral(e.Value, e.Kind, 0)
		if is.Kind() == constant.String { // a port
			is = constant.MakeFromLiteral(constant.StringVal(is), token.INT, 0)
		}
		return is
	case *ast.ParenExpr:
		return c.value(in, e.X)
	case *ast.Ident:
		return c.value(in, c.declared(in, e.Name))
	case *ast.SelectorExpr:
		if from, is := e.X.(*ast.Ident); is {
			return c.value(from.Name, c.declared(from.Name, e.Sel.Name))
		}
	case *ast.BinaryExpr:
		x, y := c.value(in, e.X), c.value(in, e.Y)
		if e.Op == token.SHL || e.Op == token.SHR {
			by, _ := constant.Uint64Val(y)
			return constant.Shift(x, e.Op, uint(by))
		}
		op := e.Op
		if op == token.QUO && x.Kind() == constant.Int && y.Kind() == constant.Int {
			op = token.QUO_ASSIGN // which is Go's, without a rest
		}
		return constant.BinaryOp(x, op, y)
	}
	c.t.Fatalf("in %s: a %T is no number", in, expression)
	return nil
}

// declared is what a constant of a package is declared as.
func (c *constants) declared(in, name string) ast.Expr {
	c.t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.packages[in] == nil {
		c.packages[in] = c.read(in)
	}
	is := c.packages[in][name]
	if is == nil {
		c.t.Fatalf("package %s declares no constant %s", in, name)
	}
	return is
}

// read finds the constants of the package of that name: internal/in, or internal/service/in.
// Where two files for other builds declare one, the last file's stands.
func (c *constants) read(in string) map[string]ast.Expr {
	c.t.Helper()
	var files []string
	for _, folder := range []string{"..", "../service"} {
		found, err := filepath.Glob(filepath.Join(folder, in, "*.go"))
		if err != nil {
			c.t.Fatal(err)
		}
		files = append(files, found...)
	}
	all := map[string]ast.Expr{}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			c.t.Fatal(err)
		}
		for _, declaration := range parsed.Decls {
			group, is := declaration.(*ast.GenDecl)
			if !is || group.Tok != token.CONST {
				continue
			}
			for _, spec := range group.Specs {
				declared, _ := spec.(*ast.ValueSpec)
				for i, name := range declared.Names {
					if i < len(declared.Values) {
						all[name.Name] = declared.Values[i]
					}
				}
			}
		}
	}
	return all
}
