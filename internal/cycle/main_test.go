package cycle_test

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestMain sets which worlds the simulation draws where flags do not: always the same
// ones, and fewer with the race detector, which makes each of them cost ten times as much.
// Others are drawn with -rapid.seed=0 -rapid.checks=N. Rapid's own files of failures hold
// draws, which mean something else after any change of the drawing: see worldsKept.
func TestMain(m *testing.M) {
	for name, usual := range map[string]string{"rapid.checks": worlds, "rapid.seed": "1", "rapid.nofailfile": "true"} {
		if flagged(name) {
			continue
		}
		if err := flag.Set(name, usual); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	goleak.VerifyTestMain(m)
}

func flagged(name string) bool {
	flag.Parse()
	set := false
	flag.Visit(func(f *flag.Flag) { set = set || f.Name == name })
	return set
}
