package cycle

import (
	"context"
	"time"

	"github.com/timago/terraform-provider-timago/internal/ledger"
	"github.com/timago/terraform-provider-timago/internal/outcome"
)

// Engine runs cycles. A provider has one: cycles on the same KMS host then know of each
// other (A13).
type Engine struct {
	ledgers ledger.Book
	moved   func(phase, occasion) // told of every move of a station; for tests
}

// New makes an Engine.
func New() *Engine { return &Engine{} }

// Ledger is what all cycles on a KMS host have under way.
func (e *Engine) Ledger(host string) *ledger.Ledger { return e.ledgers.Of(host) }

// cancelGracePeriod is how long a cancelled cycle waits for the calls it has made. They end with
// the context; what they still say makes the result truer.
const cancelGracePeriod = 1500 * time.Millisecond

// Run runs one cycle: it returns when the thresholds hold and unlicensed members were
// asked, when nothing more can be done, or soon after ctx ended. The result is true also
// beside an error: *Stalled, *SameCMID, *CountCapped, *OutsideWindow, *Cancelled,
// *HostUnreadable or *HostWithoutKey.
func (e *Engine) Run(ctx context.Context, site Site, job Job) (outcome.Result, error) {
	shared := e.ledgers.Of(job.Host)
	_, canWake := site.(Waker)
	c := newCycle(job, shared, canWake, time.Now())
	c.moved = e.moved
	calling, abandon := context.WithCancel(ctx)
	defer abandon()

	reports, gone := make(chan report), make(chan struct{})
	defer close(gone)
	timer := time.NewTimer(0)
	defer timer.Stop()
	ended := ctx.Done()

	step := func(change func()) {
		shared.Lock()
		change()
		calls, events := c.take()
		shared.Unlock()
		if job.Progress != nil {
			for _, event := range events {
				job.Progress(event)
			}
		}
		for _, made := range calls {
			go func() {
				r := made.carryOut(calling, site)
				select {
				case reports <- r:
				case <-gone:
				}
			}()
		}
	}
	step(func() { c.begin(time.Now()) })
	for !c.finished() {
		if next, wanted := c.next(); wanted {
			timer.Reset(max(0, time.Until(next)))
		}
		select {
		case r := <-reports:
			step(func() { c.takeReport(time.Now(), r) })
		case <-timer.C:
			step(func() { c.tick(time.Now()) })
		case <-ended:
			ended = nil // once
			step(func() { c.cancel(time.Now(), context.Cause(ctx)) })
		}
	}
	shared.Lock()
	defer shared.Unlock()
	return c.result(time.Now()), c.outcome()
}
