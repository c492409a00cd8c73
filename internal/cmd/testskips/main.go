// Testskips reads what `go test -json` wrote, names every skipped test with its reason, and
// exits with 1 where nothing ran or a skip is not one that the machine at hand makes
// necessary: a skip says "needs <what>: <why>", and what names a command-line interface
// ("Terraform 1.14", "Terraform 1.12 or OpenTofu 1.10") must name another one or a newer one
// than the one given with -cli.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
)

func main() {
	cli := flag.String("cli", os.Getenv("TIMAGO_TEST_CLI"), `name and version of the command-line interface at hand, as in "Terraform 1.11.4"`)
	flag.Parse()
	well, err := runOn(flag.Arg(0), *cli, os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "testskips:", err)
	}
	if !well {
		os.Exit(1)
	}
}

// runOn tells the skips of a file of events, and whether each was needed.
func runOn(file, cli string, out io.Writer) (well bool, err error) {
	events, err := os.Open(file) //nolint:gosec // the file that the makefile names
	if err != nil {
		return false, err
	}
	defer func() { _ = events.Close() }() // it was only read
	ran, skips, err := read(events, cli)
	if err != nil {
		return false, fmt.Errorf("read %s: %w", file, err)
	}
	if ran == 0 {
		fmt.Fprintln(out, "no test ran")
		return false, nil
	}
	well = true
	for _, s := range skips {
		if s.wrong == "" {
			fmt.Fprintf(out, "skip  %s: %s\n", s.test, s.reason)
			continue
		}
		well = false
		fmt.Fprintf(out, "SKIP  %s: %s (%s)\n", s.test, s.reason, s.wrong)
	}
	return well, nil
}
