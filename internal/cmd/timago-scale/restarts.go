//go:build linux

package main

import (
	"context"
	"fmt"
	"time"
)

// restart measures an apply that restarts so many stations of a pool, each once, and reads
// back. env are variables for it.
func (s settings) restart(ctx context.Context, stations, restarts int, env ...string) (measurement, error) {
	site, err := openSite(ctx, 1, stations, restarting)
	if err != nil {
		return measurement{}, err
	}
	defer site.close()
	w, err := s.workspace(site.schools[0], s.provider, restartsTo(restarts))
	if err != nil {
		return measurement{}, err
	}
	defer w.remove()
	w.env = append(w.env, env...)
	return measured(ctx, site, whatRestarts, stations, func() (usage, error) { return w.run(ctx, 0, "apply", "-auto-approve") })
}

// reportedMembers is the pool of which an apply is watched, and reportedRestarts what it does.
const (
	reportedMembers  = 300
	reportedRestarts = 50
)

// report measures what the report adds to restarts, in pairs: what else the machine does
// moves both alike.
func (s settings) report(ctx context.Context) error {
	var without, with time.Duration
	for range s.reports {
		bare, err := s.restart(ctx, reportedMembers, reportedRestarts)
		if err != nil {
			return err
		}
		reported, err := s.restart(ctx, reportedMembers, reportedRestarts, "TIMAGO_REPORT=report.html")
		if err != nil {
			return err
		}
		without, with = without+bare.CPU, with+reported.CPU
		fmt.Printf("%v\n%v with a report\n", bare, reported)
	}
	if s.reports > 0 {
		fmt.Printf("scale report n=%d cpu=%.2fs without, %.2fs with it: %+.1f %%\n", reportedMembers, without.Seconds(), with.Seconds(), 100*(part64(with, without)-1))
	}
	return nil
}

// restartsTo are the lines of a pool that restarts so many stations, all at once.
func restartsTo(counts int) string {
	return fmt.Sprintf("  thresholds = { windows = %d }\n  cycle = { max_parallel = %d }\n", counts, counts)
}
