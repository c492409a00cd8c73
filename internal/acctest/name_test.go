package acctest_test

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/timago/terraform-provider-timago/internal/provider"
)

// The provider has one name: what a page, an example, a script or the release's
// configuration says of it is what the constants say.
func TestTheNameIsTheSameEverywhere(t *testing.T) {
	t.Parallel()
	root := "../.."
	listed, err := exec.CommandContext(t.Context(), "git", "-C", root, "ls-files", "-z", "--", ":!*_test.go", ":!go.sum", ":!internal/tools/*/go.*").Output()
	if err != nil {
		t.Skip("needs a git work tree: the files that are kept are looked through")
	}
	namespace, _, _ := strings.Cut(provider.Source, "/")
	owner := strings.Split(provider.Repository, "/")[1]
	seen := map[string]int{}
	for file := range strings.SplitSeq(strings.TrimSuffix(string(listed), "\x00"), "\x00") {
		text, err := os.ReadFile(root + "/" + file)
		if err != nil {
			t.Fatal(err)
		}
		for what, want := range map[string]struct {
			pattern *regexp.Regexp
			name    string
		}{
			"source":  {regexp.MustCompile(`source\s*=\s*"([^"\s]+/timago)"`), provider.Source},
			"address": {regexp.MustCompile(`registry\.terraform\.io/(?:providers/)?([\w-]+)/timago\b`), namespace},
			"module":  {regexp.MustCompile(`(github\.com/[\w-]+/terraform-provider-timago)\b`), provider.Repository},
			"attest":  {regexp.MustCompile(`--repo ([\w-]+)/terraform-provider-timago\b`), owner},
			"owner":   {regexp.MustCompile(`(?m)^\s+owner: ([\w-]+)$`), owner},
		} {
			for _, found := range want.pattern.FindAllStringSubmatch(string(text), -1) {
				seen[what]++
				// Where tfplugindocs looks, and the example of another namespace.
				exempt := strings.HasPrefix(found[0], "registry.terraform.io/hashicorp/") || found[1] == "acme"
				if found[1] != want.name && !exempt {
					t.Errorf("%s: its %s is %q, want %q", file, what, found[1], want.name)
				}
			}
		}
	}
	for _, what := range []string{"source", "address", "module", "attest", "owner"} {
		if seen[what] == 0 {
			t.Errorf("no %s was found: this test looks in the wrong place", what)
		}
	}
}
