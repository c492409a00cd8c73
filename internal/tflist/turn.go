package tflist

import (
	"context"
	"runtime"
	"runtime/debug"
	"time"
	"weak"
)

const (
	// pause is between two looks whether the last long answer is still in memory.
	pause = 20 * time.Millisecond
	// mostPauses ends them: where Terraform takes an answer slowly, that is no reason to give it none.
	mostPauses = 500
	// garbagePercent is how much garbage there may be once a long list is read, of what is in use:
	// what it is made of stays in use for long.
	garbagePercent = 100
)

// turn is what one call at a time has, those that read long lists.
type turn struct {
	taken chan struct{}
	last  weak.Pointer[byte] // the first byte of the last answer: nil once nobody holds that
}

func newTurn() *turn { return &turn{taken: make(chan struct{}, 1)} }

// take waits until no other call has the turn, and the last answer is no longer in memory.
func (t *turn) take(ctx context.Context) error {
	select {
	case t.taken <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	for range mostPauses {
		runtime.GC()
		if t.last.Value() == nil {
			break
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil // the turn is taken; the call finds out by itself
		}
	}
	runtime.GC() // the buffers that gRPC keeps for its next message survive the first
	return nil
}

// leave lets the next call have its turn, after this answer.
func (t *turn) leave(answer []byte) {
	if len(answer) > 0 {
		t.last = weak.Make(&answer[0])
	}
	<-t.taken
}

// Alone waits until this call is the only one that reads a long list, for as long as it lasts:
// Terraform reads ten data sources at once, and each could be a list of all stations.
func Alone(ctx context.Context) error {
	to, served := ctx.Value(key{}).(*answer)
	if !served {
		return errNotServed
	}
	if to.alone {
		return nil
	}
	debug.SetGCPercent(garbagePercent)
	err := to.turn.take(ctx)
	to.alone = err == nil
	return err
}
