//go:build linux

package main

import (
	"context"
	"fmt"
)

// restart measures an apply that restarts every station of a pool once and reads back.
func (s settings) restart(ctx context.Context) (measurement, error) {
	site, err := openSite(ctx, 1, s.restarts, restarting)
	if err != nil {
		return measurement{}, err
	}
	defer site.close()
	w, err := s.workspace(site.schools[0], s.provider, restartsTo(s.restarts))
	if err != nil {
		return measurement{}, err
	}
	defer w.remove()
	return measured(ctx, site, whatRestarts, s.restarts, func() (usage, error) { return w.run(ctx, 0, "apply", "-auto-approve") })
}

// restartsTo are the lines of a pool that restarts so many stations, all at once.
func restartsTo(counts int) string {
	return fmt.Sprintf("  thresholds = { windows = %d }\n  cycle = { max_parallel = %d }\n", counts, counts)
}
