// Testsummary reads `go test -json` and tells what a person wants to know: one line per
// package, everything that a failing test or build printed, every skipped test by name
// with its reason, and as the last line
//
//	N passed, N failed, N skipped
//
// A test that has subtests is not counted beside them. It exits with 1 when a test, a
// package or a build failed, when nothing ran, and when a skip is not one that the
// machine at hand makes necessary: a skip says "needs <what>: <why>", and what names a
// command-line interface ("Terraform 1.14", "Terraform 1.12 or OpenTofu 1.10") must name
// another one or a newer one than the one given with -cli.
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	cli := flag.String("cli", os.Getenv("TIMAGO_TEST_CLI"), `name and version of the command-line interface at hand, as in "Terraform 1.11.4"`)
	flag.Parse()

	run := newRun(*cli, os.Stdout)
	if err := run.read(os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, "testsummary:", err)
		os.Exit(1)
	}
	if !run.report() {
		os.Exit(1)
	}
}
