package service

import (
	"context"
	"sync"
)

// Claims tells the instances of a configuration apart that are about one station. Terraform
// shows a provider one instance at a time and no address: what it can know of the others is
// what it was asked before, in the same plan or the same apply. Stations are known by any
// key; an instance that does not know a station's id yet has only the name that it is given.
type Claims struct {
	mu       sync.Mutex
	kept     map[string]map[string]bool // by station: instances whose plan keeps it
	released map[string]bool            // stations that an instance's plan destroys
	taken    map[string]int             // stations that instances have taken in this apply
	working  map[string]chan struct{}   // stations that an instance works on; closed at its end
}

// NewClaims returns claims for one configured provider.
func NewClaims() *Claims {
	return &Claims{kept: map[string]map[string]bool{}, released: map[string]bool{}, taken: map[string]int{}, working: map[string]chan struct{}{}}
}

// Keep notes that an instance's plan keeps a station. It reports whether another instance's
// plan does so too, and whether another's destroys it.
func (c *Claims) Keep(station, instance string) (twice, released bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kept[station] == nil {
		c.kept[station] = map[string]bool{}
	}
	c.kept[station][instance] = true
	return len(c.kept[station]) > 1, c.released[station]
}

// Leave notes that an instance's plan turns to another station.
func (c *Claims) Leave(station, instance string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.kept[station], instance)
}

// Release notes that an instance's plan destroys a station, which is known by these keys.
// It reports whether another instance's plan keeps it.
func (c *Claims) Release(instance string, station ...string) (kept bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, key := range station {
		delete(c.kept[key], instance)
		c.released[key] = true
		kept = kept || len(c.kept[key]) > 0
	}
	return kept
}

// Kept reports whether another instance's plan keeps a station, which is known by these keys.
func (c *Claims) Kept(instance string, station ...string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, key := range station {
		for other := range c.kept[key] {
			if other != instance {
				return true
			}
		}
	}
	return false
}

// Lock waits until no other instance works on a station.
func (c *Claims) Lock(ctx context.Context, station string) (unlock func(), err error) {
	for {
		c.mu.Lock()
		busy := c.working[station]
		if busy == nil {
			mine := make(chan struct{})
			c.working[station] = mine
			c.mu.Unlock()
			return func() {
				c.mu.Lock()
				defer c.mu.Unlock()
				delete(c.working, station)
				close(mine)
			}, nil
		}
		c.mu.Unlock()
		select {
		case <-busy:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// Take notes that an instance has taken a station in this apply; undo takes that back
// where it could not.
func (c *Claims) Take(station string) (undo func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.taken[station]++
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.taken[station]--
	}
}

// Taken reports whether an instance has taken a station in this apply.
func (c *Claims) Taken(station string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.taken[station] > 0
}
