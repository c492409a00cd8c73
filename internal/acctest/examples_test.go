package acctest_test

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/timago/terraform-provider-timago/internal/acctest"
)

const (
	examples = "../../examples"
	guides   = "../../templates/guides"
)

// example is one configuration that users copy: the .tf files of a folder, with at most
// one of its files that show a way to import.
type example struct {
	folder string // below examples/
	with   string // the one import-by-….tf that is kept; "" none
}

func (e example) String() string { return path.Join(e.folder, e.with) }

func listExamples(t *testing.T) []example {
	t.Helper()
	var found []example
	err := fs.WalkDir(os.DirFS(examples), ".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil || path.Ext(file) != ".tf" {
			return err
		}
		e := example{folder: path.Dir(file)}
		if base := path.Base(file); strings.HasPrefix(base, "import-by-") {
			e.with = base
		}
		if !slices.Contains(found, e) {
			found = append(found, e)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// knownFrom is what some configurations need of the CLI, one of these; none is for every CLI.
func knownFrom(file, config string) (releases []acctest.Release, what string) {
	switch {
	case strings.HasSuffix(file, "import-by-identity.tf"):
		return []acctest.Release{acctest.Terraform(12)}, "import by identity"
	case strings.HasPrefix(file, "actions/"):
		return []acctest.Release{acctest.Terraform(14)}, "actions"
	case regexp.MustCompile(`(?m)^ *ephemeral += true$`).MatchString(config):
		return []acctest.Release{acctest.Terraform(10), acctest.OpenTofu(11)}, "ephemeral variables"
	}
	return nil, ""
}

// skipUnknown skips a test of what the CLI does not know yet.
func skipUnknown(t *testing.T, file, config string) {
	t.Helper()
	releases, what := knownFrom(file, config)
	acctest.Needs(t, what, releases...)
}

func TestExamplesAreValid(t *testing.T) {
	t.Parallel()
	found := listExamples(t)
	if len(found) < 10 {
		t.Fatalf("only %d examples were found: this test looks in the wrong place", len(found))
	}
	for _, e := range found {
		t.Run(e.String(), func(t *testing.T) {
			t.Parallel()
			w := acctest.NewWorkspace(t)
			skipUnknown(t, e.String(), e.prepare(t, w))
			at := "-chdir=" + e.folder
			if got := w.Run(at, "get", "-no-color"); got.Exit != 0 { // folders of modules; nothing is installed
				t.Fatalf("its modules:\n%s", got.Output)
			}
			if got := w.Run(at, "validate", "-no-color"); got.Exit != 0 || !got.Contains("The configuration is valid") {
				t.Errorf("it is not valid:\n%s", got.Output)
			}
		})
	}
}

// prepare puts all examples into the workspace, and completes this one as its page does:
// an excerpt does not say again where the provider comes from. It returns what it holds.
func (e example) prepare(t *testing.T, w *acctest.Workspace) string {
	t.Helper()
	w.Copy(examples)
	files, err := filepath.Glob(filepath.Join(examples, e.folder, "*.tf"))
	if err != nil {
		t.Fatal(err)
	}
	var config strings.Builder
	for _, file := range files {
		name := filepath.Base(file)
		if strings.HasPrefix(name, "import-by-") && name != e.with {
			w.Remove(filepath.Join(e.folder, name))
			continue
		}
		config.WriteString(w.Read(filepath.Join(e.folder, name)))
	}
	if !strings.Contains(config.String(), "required_providers") {
		w.Write(filepath.Join(e.folder, "source.tf"), acctest.Required)
	}
	return config.String()
}

// Examples have the form that the CLI gives them, so that a copy changes nothing.
func TestExamplesAreFormatted(t *testing.T) {
	t.Parallel()
	w := acctest.NewWorkspace(t)
	w.Copy(examples)
	if got := w.Run("fmt", "-check", "-recursive", "-diff", "-no-color"); got.Exit != 0 {
		t.Errorf("run make fmt:\n%s", got.Output)
	}
}

// What a guide shows is an example that the tests above have seen: it stands in a file.
func TestGuidesShowOnlyExamples(t *testing.T) {
	t.Parallel()
	for name, text := range readGuides(t) {
		for _, fence := range []string{"```terraform", "```hcl", "```tf\n"} {
			if strings.Contains(text, fence) {
				t.Errorf("%s holds configuration of its own; put it under examples/ and show it by tffile", name)
			}
		}
		if !strings.Contains(text, "{{ tffile ") {
			t.Errorf("%s shows no example", name)
		}
	}
}

func readGuides(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob(guides + "/*.md.tmpl")
	if err != nil || len(files) == 0 {
		t.Fatalf("no guides in %s: %v", guides, err)
	}
	read := map[string]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		read[filepath.Base(file)] = string(text)
	}
	return read
}
