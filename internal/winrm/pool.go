package winrm

import (
	"context"
	"slices"
	"sync"
	"time"
)

const (
	// perMachine limits the requests under way to one machine, and the shells
	// open on it: well below Windows' quotas per user, which others use too.
	perMachine = 5
	// maxIdle limits the connections that are kept for later, over all machines.
	maxIdle = 30
	// An idle connection ends well before http.sys would end it (120 s).
	idleLimit = 30 * time.Second
	lifeLimit = 5 * time.Minute
	// Younger idle connections are used without a look at them first.
	probeAfter = 100 * time.Millisecond
)

// pool keeps the connections of a client: few to a machine, few that are idle, and each
// with an end.
type pool struct {
	dialer *dialer

	mu       sync.Mutex
	closed   bool
	machines map[target]*machine
	idle     []*conn // the oldest first
}

// machine has the limits of one.
type machine struct {
	requests chan struct{} // one element per request under way
	shells   chan struct{} // one per open shell
}

func newPool(d *dialer) *pool {
	p := &pool{dialer: d, machines: make(map[target]*machine)}
	d.makeRoom = p.closeIdle
	return p
}

func (p *pool) machine(to target) *machine {
	p.mu.Lock()
	defer p.mu.Unlock()
	m := p.machines[to]
	if m == nil {
		m = &machine{requests: make(chan struct{}, perMachine), shells: make(chan struct{}, perMachine)}
		p.machines[to] = m
	}
	return m
}

// enter waits for a free place in slots, which one of the limits is.
func enter(ctx context.Context, to target, slots chan struct{}) (leave func(), err error) {
	select {
	case slots <- struct{}{}:
		return func() { <-slots }, nil
	case <-ctx.Done():
		return nil, connectionError(ctx, to, ctx.Err(), false)
	}
}

// take gives an idle connection that is still good; nil where there is none. With fresh
// the idle ones are closed.
func (p *pool) take(to target, fresh bool) (*conn, error) {
	for {
		c, err := p.takeIdle(to)
		if c == nil || err != nil {
			return nil, err
		}
		if !fresh && c.usable() {
			c.reused = true
			return c, nil
		}
		c.close()
	}
}

func (p *pool) takeIdle(to target) (*conn, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, ErrClosed
	}
	for i, c := range slices.Backward(p.idle) {
		if c.to == to {
			p.idle = slices.Delete(p.idle, i, i+1)
			c.expiry.Stop()
			return c, nil
		}
	}
	return nil, nil //nolint:nilnil // none is idle
}

// put takes a connection back: kept when it is good for another request.
func (p *pool) put(c *conn, keep bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !keep || c.broken || c.session == nil || p.closed || time.Since(c.born) >= lifeLimit {
		c.close()
		return
	}
	if len(p.idle) == maxIdle {
		p.closeOldest()
	}
	c.idleSince = time.Now()
	c.expiry = time.AfterFunc(idleLimit, func() { p.expire(c) })
	p.idle = append(p.idle, c)
}

// closeOldest closes the connection that is idle for longest, of those for which no request
// waits already, where there are some. The lock is held.
func (p *pool) closeOldest() {
	oldest := max(0, slices.IndexFunc(p.idle, func(c *conn) bool { return len(p.machines[c.to].requests) == 0 }))
	p.idle[oldest].close()
	p.idle = slices.Delete(p.idle, oldest, oldest+1)
}

func (p *pool) expire(c *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if i := slices.Index(p.idle, c); i >= 0 {
		p.idle = slices.Delete(p.idle, i, i+1)
		c.close()
	}
}

func (p *pool) closeIdle() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.idle {
		c.close()
	}
	p.idle = nil
}

func (p *pool) close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.closeIdle()
}
