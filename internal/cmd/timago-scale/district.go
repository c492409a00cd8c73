//go:build linux

package main

import (
	"context"
	"runtime"

	"golang.org/x/sync/errgroup"
)

// schoolSize is how many stations a school of a district has.
const schoolSize = 100

// district measures a check of many schools on one machine, as many at a time as it has
// cores: each has a KMS host and a state of its own.
func (s settings) district(ctx context.Context) (measurement, error) {
	site, err := openSite(ctx, s.schools, schoolSize, licensed)
	if err != nil {
		return measurement{}, err
	}
	defer site.close()
	places := make([]*workspace, len(site.schools))
	for i, school := range site.schools {
		if places[i], err = s.workspace(school, s.provider, ""); err != nil {
			return measurement{}, err
		}
		defer places[i].remove()
	}
	if _, err := everywhere(ctx, places, 0, "apply", "-auto-approve"); err != nil {
		return measurement{}, err
	}
	return measured(ctx, site, whatDistrict, s.schools*schoolSize, func() (usage, error) {
		return everywhere(ctx, places, 0, "plan", "-detailed-exitcode")
	})
}

// everywhere runs the CLI in every folder.
func everywhere(ctx context.Context, places []*workspace, exit int, args ...string) (usage, error) {
	taken := make([]usage, len(places))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.NumCPU())
	for i, place := range places {
		group.Go(func() (err error) {
			taken[i], err = place.run(ctx, exit, args...)
			return err
		})
	}
	var all usage
	err := group.Wait()
	for _, one := range taken {
		all = all.with(one)
	}
	return all, err
}
