package winrm

import (
	"context"
	"sync"
	"time"
)

// slowDial is how long a dial keeps its place. A machine that is switched off answers
// nothing at all, and many may be off: the place is then lent to another, as long as no more
// than slowDials are waited for like that.
const (
	slowDial  = 100 * time.Millisecond
	slowDials = 400
)

// place is one among those that MaxParallel allows. It comes before the connection, so that
// no more are open than are used.
type place struct {
	client *Client
	to     target

	mu   sync.Mutex
	held bool
}

func (p *place) take(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.held {
		return nil
	}
	_, err := enter(ctx, p.to, p.client.parallel)
	p.held = err == nil
	return err
}

func (p *place) give() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.held {
		<-p.client.parallel
		p.held = false
	}
}

// lend lets others have the place while something waits that may take long. Who needs one
// afterwards takes it; what was lent counts as waited for until end is called.
func (p *place) lend(wait func()) (end func()) {
	lent, ended := false, make(chan struct{})
	timer := time.AfterFunc(slowDial, func() {
		defer close(ended)
		select {
		case p.client.waiting <- struct{}{}:
			lent = true
			p.give()
		default: // enough are waited for
		}
	})
	wait()
	if !timer.Stop() {
		<-ended
	}
	return func() {
		if lent {
			<-p.client.waiting
		}
	}
}

// visit is several requests to one machine, made one after the other.
type visit struct {
	place
	conn *conn // kept for the next request; nil: none
}

type visitKey struct{}

// visitOf is the visit to the machine in whose course ctx is used; nil: there is none.
func (c *Client) visitOf(ctx context.Context, to target) *visit {
	if v, is := ctx.Value(visitKey{}).(*visit); is && v.client == c && v.to == to {
		return v
	}
	return nil
}

// Visit makes the requests that ask makes to one machine, under the context that it is
// given and one after the other, over one connection and in one place: they do not queue
// anew for each, and what was opened for a machine is closed before many others are asked.
func (c *Client) Visit(ctx context.Context, address string, ask func(ctx context.Context) error) error {
	to, err := parseTarget(address, c.scheme, c.config.Port)
	if err != nil {
		return err
	}
	// The machine's own limit comes before the one over all, as for a single request.
	leave, err := enter(ctx, to, c.pool.machine(to).requests)
	if err != nil {
		return err
	}
	defer leave()
	v := &visit{place: place{client: c, to: to}}
	if err := v.take(ctx); err != nil {
		return err
	}
	defer v.give()
	defer func() {
		if v.conn != nil {
			c.pool.put(v.conn, true)
		}
	}()
	return ask(context.WithValue(ctx, visitKey{}, v))
}

// connect gives a connection that nobody else uses: the visit's, an idle one, or a new one
// that must still be authenticated.
func (r *request) connect(ctx context.Context, p *place, fresh bool) (*conn, error) {
	if v := r.visit; v != nil && v.conn != nil {
		c := v.conn
		v.conn = nil
		if !fresh && c.usable() {
			c.reused = true
			return c, nil
		}
		c.close()
	}
	c, err := r.client.pool.take(r.to, fresh)
	if c != nil || err != nil {
		return c, err
	}
	return r.client.pool.dialer.dial(ctx, p, r.options.timeout)
}

// disconnect keeps a connection for the next request, where it is good for one.
func (r *request) disconnect(c *conn) {
	if r.visit != nil && !c.broken && c.session != nil {
		c.idleSince = time.Now()
		r.visit.conn = c
		return
	}
	r.client.pool.put(c, true)
}
