package activation_test

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestMain sets how many worlds the simulation draws where the flag -rapid.checks does
// not: the race detector makes each of them cost ten times as much.
func TestMain(m *testing.M) {
	if !flagged("rapid.checks") {
		if err := flag.Set("rapid.checks", worlds); err != nil {
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
