package acctest

import (
	"cmp"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// Release is a version of a command-line interface: "Terraform", 1, 14.
type Release struct {
	Name         string
	Major, Minor int
}

// Terraform is Terraform 1.minor.
func Terraform(minor int) Release { return Release{"Terraform", 1, minor} }

// OpenTofu is OpenTofu 1.minor.
func OpenTofu(minor int) Release { return Release{"OpenTofu", 1, minor} }

func (r Release) String() string { return fmt.Sprintf("%s %d.%d", r.Name, r.Major, r.Minor) }

// Needs skips a test of what came with one of these releases, where the CLI at hand is
// another one or an older one. The versions of Terraform and OpenTofu say nothing about each
// other.
func Needs(t testing.TB, what string, releases ...Release) {
	t.Helper()
	cli(t)
	at, err := atHand()
	if err != nil {
		t.Fatal(err)
	}
	var alternatives []string
	for _, r := range releases {
		if at.Name == r.Name && cmp.Or(cmp.Compare(at.Major, r.Major), cmp.Compare(at.Minor, r.Minor)) >= 0 {
			return
		}
		alternatives = append(alternatives, r.String())
	}
	if len(alternatives) > 0 {
		t.Skipf("needs %s: %s", strings.Join(alternatives, " or "), what)
	}
}

// Is reports whether the CLI at hand bears this name.
func Is(name string) bool {
	at, err := atHand()
	return err == nil && at.Name == name
}

// atHand is the CLI at hand, asked once.
var atHand = sync.OnceValues(func() (Release, error) {
	output, err := exec.Command(findCLI(), "version").CombinedOutput()
	said := regexp.MustCompile(`(\w+) v(\d+)\.(\d+)`).FindStringSubmatch(string(output))
	if said == nil {
		return Release{}, fmt.Errorf("the CLI does not tell its version: %w\n%s", err, output)
	}
	major, _ := strconv.Atoi(said[2])
	minor, _ := strconv.Atoi(said[3])
	return Release{said[1], major, minor}, nil
})
