package timago

import (
	"context"
	"sync"
	"time"
)

// gatherer serves calls together that come together: Terraform asks for one object at a
// time, and the contract answers many at once. One batch is served at a time; who comes
// meanwhile makes the next.
type gatherer[Q, A any] struct {
	// window is how long a batch waits for another caller; as long as more come, up to
	// maxWindows times as long.
	window time.Duration
	// serve replies to every caller of a batch. Its context ends when nobody waits any more.
	serve func(ctx context.Context, batch []*caller[Q, A])

	mu      sync.Mutex
	waiting []*caller[Q, A]
	running bool
}

// caller is somebody who waits for an answer.
type caller[Q, A any] struct {
	query  Q
	done   chan struct{}
	answer A
	err    error
	batch  *batch // nil as long as it waits for its turn
}

// batch is what is being served.
type batch struct {
	wanted int // callers who still wait
	cancel context.CancelFunc
}

func (c *caller[Q, A]) reply(answer A, err error) {
	c.answer, c.err = answer, err
	close(c.done)
}

func (g *gatherer[Q, A]) ask(ctx context.Context, query Q) (A, error) {
	c := &caller[Q, A]{query: query, done: make(chan struct{})}
	g.mu.Lock()
	g.waiting = append(g.waiting, c)
	if !g.running {
		g.running = true
		// It serves others too: it outlives the caller who came first.
		go g.run(context.WithoutCancel(ctx))
	}
	g.mu.Unlock()
	select {
	case <-c.done:
		return c.answer, c.err
	case <-ctx.Done():
		g.leave(c)
		var none A
		return none, ctx.Err()
	}
}

// leave takes a caller out who waits no longer.
func (g *gatherer[Q, A]) leave(c *caller[Q, A]) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if b := c.batch; b != nil {
		if b.wanted--; b.wanted == 0 {
			b.cancel()
		}
		return
	}
	for i, other := range g.waiting {
		if other == c {
			g.waiting = append(g.waiting[:i], g.waiting[i+1:]...)
			return
		}
	}
}

// maxWindows bounds the wait of a batch that grows.
const maxWindows = 10

func (g *gatherer[Q, A]) run(ctx context.Context) {
	timer := time.NewTimer(g.window)
	for came, windows := 1, 1; ; windows++ {
		<-timer.C
		g.mu.Lock()
		callers := g.waiting
		if len(callers) == 0 {
			g.running = false
			g.mu.Unlock()
			return
		}
		if len(callers) > came && windows < maxWindows {
			came = len(callers)
			g.mu.Unlock()
			timer.Reset(g.window)
			continue
		}
		g.waiting = nil
		serving, cancel := context.WithCancel(ctx)
		b := &batch{wanted: len(callers), cancel: cancel}
		for _, c := range callers {
			c.batch = b
		}
		g.mu.Unlock()
		g.serve(serving, callers)
		cancel()
		came, windows = 0, 0
		timer.Reset(g.window)
	}
}
