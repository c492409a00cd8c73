package activationpool

import (
	"context"
	"maps"
	"sync"

	"github.com/timago/terraform-provider-timago/internal/pool"
)

// collectMACs completes the MAC addresses with those of members that answer now: one that is
// off later can be woken only if it was asked before. Timago needs none, and what the
// inventory tells is not asked for.
func (r *Resource) collectMACs(ctx context.Context, members []pool.Member, known map[string]string) map[string]string {
	if r.site.HasTimago() {
		return known
	}
	var (
		mu     sync.Mutex
		asking sync.WaitGroup
		cards  = map[string]string{}
	)
	maps.Copy(cards, known)
	for _, m := range members {
		listed, _ := r.site.Listed(m.Name)
		if m.Err != nil || known[m.Name] != "" || listed.MAC != "" {
			continue
		}
		asking.Go(func() {
			if mac, err := r.site.MAC(ctx, m.Name); err == nil && mac != "" {
				mu.Lock()
				defer mu.Unlock()
				cards[m.Name] = mac
			}
		})
	}
	asking.Wait()
	return cards
}
