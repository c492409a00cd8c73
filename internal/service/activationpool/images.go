package activationpool

import (
	"context"
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/timago/terraform-provider-timago/internal/site"
)

// Pauses between looks at images that are being made, which takes minutes.
const (
	firstImagePoll   = time.Second
	longestImagePoll = 15 * time.Second
)

// awaitImages waits until every member's image carries the option, all together, so that
// a classroom's images are made side by side. It gives up on the rest when that takes
// longer than station_timeout: they are then left out. Members whose option is off are not waited for.
func (r *Resource) awaitImages(ctx context.Context, p configured) error {
	if !r.site.HasTimago() {
		return nil
	}
	names := p.Stations
	if p.Location != "" {
		var err error
		if names, err = r.site.InLocation(ctx, p.Location); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, p.limits.StationTimeout)
	defer cancel()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for pause := firstImagePoll; ; pause = min(2*pause, longestImagePoll) {
		select {
		case <-ctx.Done():
			return nil // what is still pending is seen by the read that follows
		case <-timer.C:
		}
		parts, err := r.site.Parts(ctx, names, true)
		if err != nil && ctx.Err() == nil {
			return err
		}
		names = slices.DeleteFunc(slices.Clone(names), func(name string) bool { return parts[name] != site.ImagePending })
		if len(names) == 0 {
			return nil
		}
		tflog.Info(ctx, "waiting for images", map[string]any{"pool": p.name, "stations": names})
		timer.Reset(pause)
	}
}
