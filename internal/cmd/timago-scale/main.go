//go:build linux

// Timago-scale measures what plans and applies cost as a site grows: the real CLI with the
// built provider against simulated stations, in one run with the floor, which is a bare loop
// that sends the same envelopes to an HTTP echo. `make bench` runs it. Everything that is
// measured is a process of its own, so that the simulator's cost is in no figure.
//
// One line a measurement: CPU, memory and open files are the provider's own, requests are
// those that a station answered after the connection's handshake. cpu+cli is the CPU of the
// CLI with all that it started.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		stop()
		fmt.Fprintln(os.Stderr, "timago-scale:", err)
		os.Exit(1) //nolint:gocritic // stop was called
	}
}

// run plays the part that this process was started for.
func run(ctx context.Context) error {
	if filepath.Base(os.Args[0]) == providerName {
		return wrap(os.Getenv(realProvider), os.Getenv(usageFile))
	}
	switch part := os.Getenv(partVariable); part {
	case "":
		return measure(ctx)
	case sitePart:
		return serveSite(ctx, os.Stdin, os.Stdout)
	case echoPart:
		return serveEcho(ctx, os.Stdout)
	case floorPart:
		return askEcho(ctx)
	default:
		return fmt.Errorf("there is no part %q", part)
	}
}

// partVariable tells a process that this one started what it is for.
const partVariable = "TIMAGO_SCALE_PART"

func (s settings) kind() string {
	if s.licensed {
		return licensed
	}
	return unlicensed
}

// settings are what a measurement is to be of.
type settings struct {
	cli, provider, before string
	sizes                 []int
	restarts              []int
	schools               int
	reports               int
	licensed, peers       bool
	records               string
	write                 bool
}

func settingsOf(arguments []string) (settings, error) {
	var s settings
	var sizes, restarts string
	flags := flag.NewFlagSet("timago-scale", flag.ContinueOnError)
	flags.StringVar(&s.cli, "cli", os.Getenv("TF_ACC_TERRAFORM_PATH"), "terraform or tofu")
	flags.StringVar(&s.provider, "provider", "bin/terraform-provider-timago", "the provider that is measured")
	flags.StringVar(&s.before, "before", "", "another provider, measured in the same run")
	flags.StringVar(&sizes, "sizes", "100,1000,10000", "numbers of stations of one pool")
	flags.IntVar(&s.schools, "schools", 0, "also measure a check of so many schools of 100 stations each, every one with a KMS host and a state of its own")
	flags.StringVar(&restarts, "restarts", "", "also measure the restarts of so many stations, each once, of some nine seconds; several numbers, one after the other")
	flags.BoolVar(&s.peers, "peer", false, "also measure what Ansible takes for win_ping and win_reboot beside a plan and restarts")
	flags.IntVar(&s.reports, "reports", 0, "measure the restarts in a pool of 300 so many times more, each time without the report and with it")
	flags.BoolVar(&s.licensed, "licensed", false, "the stations are activated from the start, so that an apply takes them as they are")
	flags.StringVar(&s.records, "records", "", "a file with the last records: the run fails where a ratio is worse by more than a fifth")
	flags.BoolVar(&s.write, "write", false, "write what was measured into -records")
	if err := flags.Parse(arguments); err != nil {
		return s, err
	}
	if s.cli == "" {
		return s, errors.New("no terraform or tofu is named: run `make bench`, or set -cli")
	}
	var err error
	if s.sizes, err = numbersOf(sizes); err != nil {
		return s, err
	}
	if s.restarts, err = numbersOf(restarts); err != nil {
		return s, err
	}
	for _, path := range []*string{&s.provider, &s.before} {
		if *path == "" {
			continue
		}
		if *path, err = filepath.Abs(*path); err != nil {
			return s, err
		}
		if _, err = os.Stat(*path); err != nil {
			return s, fmt.Errorf("the provider is not built: %w", err)
		}
	}
	return s, nil
}

// numbersOf reads numbers of stations, with commas between them.
func numbersOf(text string) ([]int, error) {
	var numbers []int
	for part := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ',' }) {
		n, err := strconv.Atoi(part)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("%q is no number of stations", part)
		}
		numbers = append(numbers, n)
	}
	return numbers, nil
}
