package service_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/timago/terraform-provider-timago/internal/service"
)

func TestTwoInstancesOfOneStationAreSeen(t *testing.T) {
	t.Parallel()
	c := service.NewClaims()
	if twice, released := c.Keep("PC1", "a"); twice || released {
		t.Error("the first is not alone")
	}
	if twice, _ := c.Keep("PC1", "a"); twice {
		t.Error("an instance that is planned twice, as a replacement is, is taken for two")
	}
	if twice, _ := c.Keep("PC1", "b"); !twice {
		t.Error("the second is not seen")
	}
	c.Leave("PC1", "b")
	if kept := c.Release("a", "PC1"); kept {
		t.Error("it is kept by nobody")
	}
	if twice, released := c.Keep("PC1", "c"); twice || !released {
		t.Errorf("twice %t, released %t; want that its destroy is seen", twice, released)
	}
	if c.Kept("c", "PC1") || !c.Kept("d", "pc1.schule.example", "PC1") || c.Kept("d", "PC2") {
		t.Error("it is not seen who keeps it")
	}
	if !c.Release("d", "pc1.schule.example", "PC1") {
		t.Error("it is not seen that another keeps it")
	}
}

func TestOneInstanceAtATimeWorksOnAStation(t *testing.T) {
	t.Parallel()
	c := service.NewClaims()
	working, order := 0, 0
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			unlock, err := c.Lock(t.Context(), "PC1")
			if err != nil {
				t.Error(err)
				return
			}
			defer unlock()
			if working++; working != 1 { // the race detector looks too
				t.Errorf("%d work on it", working)
			}
			order++
			working--
		})
	}
	group.Wait()
	if order != 20 {
		t.Errorf("%d got their turn", order)
	}
	unlock, err := c.Lock(t.Context(), "PC1")
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	if other, err := c.Lock(t.Context(), "PC2"); err != nil {
		t.Error("another station is locked with it")
	} else {
		other()
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Lock(ctx, "PC1"); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want that it was cancelled", err)
	}
}

func TestWhatFailedHoldsNothing(t *testing.T) {
	t.Parallel()
	c := service.NewClaims()
	undo := c.Take("PC1")
	c.Take("PC1")
	if undo(); !c.Taken("PC1") || c.Taken("PC2") {
		t.Error("the other's claim went with it")
	}
}
