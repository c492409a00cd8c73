package cycle_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/outcome"
)

// A station that another cycle only counts on is left on, too: it is idle where the other cycle has yet to begin with it.
func TestAStationThatAnotherCycleCountsOnIsLeftOn(t *testing.T) {
	t.Parallel()
	atEvening(t, half(4), func(t *testing.T, e *evening) {
		if err := e.cycle(t.Context()); err != nil || e.result.Woken != 2 {
			t.Fatalf("woken %d, %v", e.result.Woken, err)
		}
		var left map[string]string
		other := e.job
		other.Members, other.Limits.Wake, other.Thresholds = []string{"PC03", "PC04"}, false, map[kms.Product]int{kms.Windows: 26}
		other.Progress = func(event outcome.Event) {
			if event.Kind == outcome.KindCounts && left == nil {
				left = e.switchOff(t.Context())
			}
		}
		result, err := e.engine.Run(t.Context(), e.shutdownSite, other)
		if err != nil || result.Restarts != 1 || len(left) != 2 {
			t.Errorf("the other cycle: restarts %d, %v; left on: %v", result.Restarts, err, left)
		}
		// Once it has ended nothing keeps them.
		if left, on := e.switchOff(t.Context()), e.stillOn(); len(left) > 0 || !slices.Equal(on, []string{"PC01", "PC02"}) {
			t.Errorf("left on: %v, still on: %v", left, on)
		}
	})
}

// … and does not start it while it is being switched off.
func TestAStationThatIsBeingSwitchedOffIsNotRestarted(t *testing.T) {
	t.Parallel()
	for name, meant := range map[string]struct {
		member   string
		restarts int
	}{"this one": {"PC04", 0}, "this one, by another name": {"pc04", 0}, "its neighbour": {"PC02", 1}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			site := half(4)
			atEvening(t, site, func(t *testing.T, e *evening) {
				if err := e.cycle(t.Context()); err != nil || e.result.Woken != 2 {
					t.Fatalf("woken %d, %v", e.result.Woken, err)
				}
				delete(e.result.ByStation, "PC03")
				other := e.job
				other.Members, other.Thresholds = []string{meant.member}, map[kms.Product]int{kms.Windows: 26}
				var result outcome.Result
				e.before = func() {
					ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
					defer cancel()
					result, _ = e.engine.Run(ctx, e.shutdownSite, other)
				}
				if left := e.switchOff(t.Context()); len(left) > 0 || result.Restarts != meant.restarts {
					t.Errorf("restarts %d, left on: %v", result.Restarts, left)
				}
			})
		})
	}
}

// Two pools woke it, and both switch it off.
func TestAStationIsSwitchedOffByOne(t *testing.T) {
	t.Parallel()
	atEvening(t, half(4), func(t *testing.T, e *evening) {
		if err := e.cycle(t.Context()); err != nil || e.result.Woken != 2 {
			t.Fatalf("woken %d, %v", e.result.Woken, err)
		}
		delete(e.result.ByStation, "PC03")
		var others map[string]string
		e.before = func() {
			e.before = nil
			others = e.switchOff(t.Context())
		}
		if left, on := e.switchOff(t.Context()), e.stillOn(); len(left) > 0 || len(others) != 1 || !slices.Equal(on, []string{"PC01", "PC02", "PC03"}) {
			t.Errorf("left on: %v, by the other: %v, still on: %v", left, others, on)
		}
	})
}
