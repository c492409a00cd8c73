package report

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/timago/terraform-provider-timago/internal/kms"
)

func TestReasonsInGerman(t *testing.T) {
	t.Parallel()
	for reason, want := range map[string]string{
		"a user is logged on": "jemand ist angemeldet",
		"Windows: it was asked to activate and refused: this KMS host's key cannot activate this product (0xC004F042)":                                                       "Windows: die Aktivierung wurde verlangt und abgelehnt: der Schlüssel dieses KMS-Hosts kann dieses Produkt nicht aktivieren (0xC004F042)",
		"it did not come back within 15m0s after its restart":                                                                                                                "sie kam binnen 15m0s nach dem Neustart nicht wieder",
		"it could not be switched on (no route), and it did not answer for 5m":                                                                                               "sie ließ sich nicht einschalten (no route), und sie antwortet seit 5m nicht",
		"it did not answer for 5 min: no answer: pc01:5985 refused the connection":                                                                                           "sie antwortet seit 5 min nicht: keine Antwort: pc01:5985 lehnt die Verbindung ab",
		"its Windows refused the account: access denied: pc01:5985 denied access":                                                                                            "ihr Windows weist das Konto zurück: Zugriff verweigert: pc01:5985 verweigert den Zugriff",
		"Windows refused to restart it, and nobody was seen logged on: in use: method Win32ShutdownTracker of Win32_OperatingSystem on pc01:5985 returned 1271 (0x000004F7)": "Windows lehnt den Neustart ab, und niemand war angemeldet: in Gebrauch: die Methode Win32ShutdownTracker von Win32_OperatingSystem auf pc01:5985 gab 1271 zurück (0x000004F7)",
		"something nobody has thought of 100 % (0x80070005)":                                                                                                                 "something nobody has thought of 100 % (0x80070005)",
		"": "",
	} {
		if got := german(reason); got != want {
			t.Errorf("%q\nis   %q\nwant %q", reason, got, want)
		}
	}
}

// A row says in plain words why a station is left out.
func TestReasonsArePlain(t *testing.T) {
	t.Parallel()
	for reason, want := range map[string]string{
		"it did not answer for 1m15s: station pc01:5985: no answer: querying Win32_OperatingSystem: pc01:5985 refused the connection: dial tcp 10.1.1.7:5985: connect: connection refused; then it left": "it did not answer for 1 min 15 s: no answer: pc01:5985 refused the connection; then it left",
		"it did not come back within 15m0s after its restart":               "it did not come back within 15 min after its restart",
		"another cycle (2h0m0s) counts on station pc01, 3s ago, as R-3s is": "another cycle (2 h 0 min) counts on station pc01, 3 s ago, as R-3s is",
	} {
		if got := hide(nil).reason(reason); got != want {
			t.Errorf("%q\nis   %q\nwant %q", reason, got, want)
		}
	}
}

// Who asks is not named, in any case. What only holds the same letters stays.
func TestNoAccountIsNamed(t *testing.T) {
	t.Parallel()
	const said = "SCHULE\\Admin schule\\admin, (timago): see that timago is an administrator, with the data source timago_kms_host"
	const want = "the account the account, (the account): see that the account is an administrator, with the data source timago_kms_host"
	if got := hide([]string{`SCHULE\admin`, "timago", "min", ""}).clean(said); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// Every reason that a cycle writes has its German words, and every code.
func TestEveryReasonIsKnownInGerman(t *testing.T) {
	t.Parallel()
	reasons := reasonsOf(t, filepath.Join("..", "cycle"))
	if len(reasons) < 25 {
		t.Errorf("only %d reasons were found", len(reasons))
	}
	english := regexp.MustCompile(`\b(the|is|it|its|of|and|been|had)\b`)
	for _, reason := range reasons {
		if strings.HasPrefix(reason, ";") {
			continue // joins two of them
		}
		if in := german(reason); in == reason || english.MatchString(in) {
			t.Errorf("%q is %q in German", reason, in)
		}
	}
	text, err := os.ReadFile(filepath.Join("..", "kms", "code.go"))
	if err != nil {
		t.Fatal(err)
	}
	codes := 0
	for _, code := range regexp.MustCompile(`0x[0-9A-F]{8}`).FindAllString(string(text), -1) {
		n, err := strconv.ParseUint(code, 0, 32)
		if words := kms.Code(n).Words(); err == nil && coded.MatchString(words) {
			if codes++; german(words) == words || english.MatchString(german(words)) {
				t.Errorf("%q is %q in German", words, german(words))
			}
		}
	}
	if codes < 20 {
		t.Errorf("only %d codes were found", codes)
	}
	text, err = os.ReadFile(filepath.Join("..", "winrm", "errors.go"))
	if err != nil {
		t.Fatal(err)
	}
	kinds := regexp.MustCompile(`\tKind\w+: +"([^"]+)",`).FindAllStringSubmatch(string(text), -1)
	if len(kinds) < 8 {
		t.Errorf("only %d ways not to answer were found", len(kinds))
	}
	for _, kind := range kinds {
		if words := "pc01:5985 " + kind[1]; german(words) == words || english.MatchString(german(words)) {
			t.Errorf("%q is %q in German", words, german(words))
		}
	}
	for _, channel := range []string{"Volume:MAK", "Retail", "OEM:DM", "Volume:CSVLK", "Retail:TB:Eval", "Retail:TB:Sub", "VT:IA", "Volume:NEXT", ""} {
		if words := kms.ChannelOf(channel, "").NeverCounts(); german(words) == words {
			t.Errorf("%q has no German words", words)
		}
	}
}

// Every sentence of what a failed apply advises has its German words.
func TestEveryAdviceIsKnownInGerman(t *testing.T) {
	t.Parallel()
	parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", "service", "activationpool", "outcome.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	for _, declared := range parsed.Decls {
		function, is := declared.(*ast.FuncDecl)
		if !is || !slices.Contains([]string{"switchOn", "advice", "stalledAdvice", "cappedAdvice"}, function.Name.Name) {
			continue
		}
		for text := range strings.SplitSeq(verb.ReplaceAllString(joined(function.Body), "7"), "\n") {
			if text = strings.TrimSpace(text); strings.HasSuffix(text, ".") && strings.Contains(text, " ") {
				said = append(said, text)
			}
		}
	}
	for _, more := range []string{"", ", or set cycle.wake_broadcast, so that an apply does", ", or set cycle.wake = true, so that an apply does"} {
		said = append(said, "Switch on the stations that do not answer"+more+".")
	}
	advised := len(said)
	source, err := os.ReadFile(filepath.Join("..", "kms", "code.go"))
	if err != nil {
		t.Fatal(err)
	}
	remedied, err := os.ReadFile(filepath.Join("..", "kms", "remedy.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range regexp.MustCompile(`0x[0-9A-F]{8}`).FindAllString(string(source)+string(remedied), -1) {
		if n, err := strconv.ParseUint(code, 0, 32); err == nil && kms.Code(n).Remedy() != "" {
			said = append(said, kms.Code(n).Remedy())
		}
	}
	if advised < 12 || len(said)-advised < 15 {
		t.Errorf("only %d texts and %d remedies were found", advised, len(said)-advised)
	}
	for _, text := range said {
		for sentence := range strings.SplitAfterSeq(strings.TrimPrefix(text, "so that an apply does. "), ". ") {
			if sentence = strings.TrimSpace(sentence); inGerman(sentence) == sentence && !strings.HasPrefix(sentence, ", or set") {
				t.Errorf("%q has no German words", sentence)
			}
		}
	}
	h := hide([]string{"kms-admin"})
	if got := h.advise("Apply again.\nSomething of kms-admin. More restarts do not help."); got.de != "Noch einmal anwenden. Something of the account. Weitere Neustarts helfen nicht." {
		t.Errorf("%q", got.de)
	}
}

// joined are the texts of a function, each on a line; those that are added to one another
// are one.
func joined(body ast.Node) string {
	var lines []string
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BinaryExpr:
			if n.Op == token.ADD {
				line := ""
				ast.Inspect(n, func(part ast.Node) bool {
					if lit, is := part.(*ast.BasicLit); is {
						if text, is := literal(lit); is {
							line += text
						}
					}
					return true
				})
				lines = append(lines, line)
				return false
			}
		case *ast.BasicLit:
			if text, is := literal(n); is {
				lines = append(lines, text)
			}
		}
		return true
	})
	return strings.Join(lines, "\n")
}

// reasonsOf collects the texts that a package gives as a reason: to what takes one, to
// whatever is called a reason, and by the functions that return a single text.
func reasonsOf(t *testing.T, folder string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				switch nameOf(n.Fun) {
				case "exclude", "excludeProduct", "endStartsOf", "postpone":
					found = append(found, textsIn(n.Args[len(n.Args)-1])...)
				}
			case *ast.FuncDecl:
				if results := n.Type.Results; results != nil && len(results.List) == 1 && nameOf(results.List[0].Type) == "string" && nameOf(n.Name) != "String" {
					found = append(found, returnedBy(n)...)
				}
			case *ast.AssignStmt:
				for i, left := range n.Lhs {
					if strings.EqualFold(nameOf(left), "reason") && i < len(n.Rhs) {
						found = append(found, textsIn(n.Rhs[i])...)
					}
				}
			case *ast.ValueSpec:
				if len(n.Names) == 1 && strings.HasSuffix(n.Names[0].Name, "Reason") && len(n.Values) == 1 {
					found = append(found, textsIn(n.Values[0])...)
				}
			}
			return true
		})
	}
	return found
}

// returnedBy are the texts that a function returns.
func returnedBy(f *ast.FuncDecl) []string {
	var found []string
	ast.Inspect(f, func(n ast.Node) bool {
		if returns, is := n.(*ast.ReturnStmt); is {
			for _, result := range returns.Results {
				found = append(found, textsIn(result)...)
			}
		}
		return true
	})
	return found
}

func nameOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

var verb = regexp.MustCompile(`%[svdq]`)

// textsIn are the texts of an expression with something in the place of what varies.
func textsIn(e ast.Expr) []string {
	var found []string
	ast.Inspect(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BinaryExpr: // a text and what follows it
			if text, is := literal(n.X); is {
				found = append(found, text+"something")
				return false
			}
		case *ast.BasicLit:
			if text, is := literal(n); is && len(text) > 3 {
				found = append(found, verb.ReplaceAllString(text, "7"))
			}
		}
		return true
	})
	return found
}

func literal(e ast.Expr) (string, bool) {
	lit, is := e.(*ast.BasicLit)
	if !is || lit.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(lit.Value)
	return text, err == nil && len(text) > 3
}
