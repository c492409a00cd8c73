package scheduler

import (
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/pool"
)

func TestPaces(t *testing.T) {
	t.Parallel()
	p := NewPaces([]string{"PC01", "PC02"}, pool.Memory{Paces: map[string]pool.Pace{"gone": {}}})
	if p.Cycle(0) != pool.UsualCycle || p.Slow(0) != pool.UsualCycle*3/2 || p.SlowFleet() != pool.UsualCycle {
		t.Errorf("of stations of which nothing is known: %s, slow %s, slow of any %s", p.Cycle(0), p.Slow(0), p.SlowFleet())
	}
	if moved := p.Returned(0, 100*time.Second, 2); !moved {
		t.Error("the first return is no news")
	}
	if moved := p.Returned(0, 100*time.Second, 2); moved {
		t.Error("a second return is news")
	}
	if moved := p.Requested(0, 20*time.Second); !moved || p.Cycle(0) != 2*time.Minute {
		t.Errorf("PC01 takes %s", p.Cycle(0))
	}
	if own, other := p.Of(0).Return, p.Of(1).Return; own.Mean != other.Mean || own.Deviation >= other.Deviation {
		t.Errorf("PC02 is taken for the fleet's, and as sure: %+v, %+v", own, other)
	}
	// One that was back at the first look may have been back for a while.
	if p.Returned(1, 100*time.Second, 1); p.Of(1).Return.Mean != 99*time.Second {
		t.Errorf("PC02 comes back after %s", p.Of(1).Return.Mean)
	}
	if all := p.All(); len(all) != 3 || all["PC02"].Return.Samples != 1 {
		t.Errorf("remembered is %+v", all)
	}
}
