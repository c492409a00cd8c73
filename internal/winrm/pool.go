package winrm

import (
	"context"
	"sync"
	"time"
)

const (
	// perMachine limits the requests under way to one machine, and the shells
	// open on it: well below Windows' quotas per user, which others use too.
	perMachine = 5
	// An idle connection ends well before http.sys would end it (120 s).
	idleLimit = 30 * time.Second
	lifeLimit = 5 * time.Minute
	// Younger idle connections are used without a look at them first.
	lookAfter = 100 * time.Millisecond
)

// pool keeps the connections of a client: few to a machine, and each with an
// end.
type pool struct {
	dialer *dialer

	mu       sync.Mutex
	closed   bool
	machines map[target]*machine
}

type machine struct {
	requests chan struct{} // one element per request under way
	shells   chan struct{} // one per open shell
	idle     []idleConn
}

type idleConn struct {
	*conn
	since time.Time
}

func newPool(d *dialer) *pool {
	return &pool{dialer: d, machines: make(map[target]*machine)}
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

// connect gives a connection that nobody else uses: an idle one, or a new one
// that must still be authenticated. With fresh the idle ones are closed.
func (p *pool) connect(ctx context.Context, to target, fresh bool, limit time.Duration) (*conn, error) {
	for {
		c, since, err := p.takeIdle(to)
		if err != nil {
			return nil, err
		}
		if c == nil {
			return p.dialer.dial(ctx, to, limit)
		}
		if !fresh && time.Since(c.born) < lifeLimit && (time.Since(since) < lookAfter || c.alive()) {
			c.reused = true
			return c, nil
		}
		c.close()
	}
}

func (p *pool) takeIdle(to target) (*conn, time.Time, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, time.Time{}, ErrClosed
	}
	m := p.machines[to]
	if m == nil || len(m.idle) == 0 {
		return nil, time.Time{}, nil
	}
	last := m.idle[len(m.idle)-1]
	m.idle = m.idle[:len(m.idle)-1]
	last.expiry.Stop()
	return last.conn, last.since, nil
}

// put takes a connection back: kept when it is good for another request.
func (p *pool) put(c *conn, keep bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !keep || c.broken || c.session == nil || p.closed || time.Since(c.born) >= lifeLimit {
		c.close()
		return
	}
	c.expiry = time.AfterFunc(idleLimit, func() { p.expire(c) })
	m := p.machines[c.to]
	m.idle = append(m.idle, idleConn{c, time.Now()})
}

func (p *pool) expire(c *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	m := p.machines[c.to]
	for i, idle := range m.idle {
		if idle.conn == c {
			m.idle = append(m.idle[:i], m.idle[i+1:]...)
			c.close()
			return
		}
	}
}

func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, m := range p.machines {
		for _, idle := range m.idle {
			idle.close()
		}
		m.idle = nil
	}
}
