package timeline

import (
	"container/heap"
	"time"
)

// Timer is something that will happen at a moment unless it is stopped before.
type Timer struct {
	At    time.Time
	Do    func()
	order uint64 // of being set: what is due at one moment happens in that order
	index int    // in the heap; -1: not in it
}

// IsPending reports whether it is still to happen; of nil nothing is.
func (t *Timer) IsPending() bool { return t != nil && t.index >= 0 }

// Timers are all that will happen. The zero Timers are none.
type Timers struct {
	heap timerHeap
	set  uint64
}

// First is what happens next; nil where nothing will.
func (t *Timers) First() *Timer {
	if len(t.heap) == 0 {
		return nil
	}
	return t.heap[0]
}

// Set lets something happen at a moment.
func (t *Timers) Set(at time.Time, do func()) *Timer {
	t.set++
	next := &Timer{At: at, Do: do, order: t.set}
	heap.Push(&t.heap, next)
	return next
}

// Stop forgets a timer; nil and one that has gone off already are fine.
func (t *Timers) Stop(timer *Timer) {
	if timer.IsPending() {
		heap.Remove(&t.heap, timer.index)
	}
}

type timerHeap []*Timer

func (h timerHeap) Len() int { return len(h) }

func (h timerHeap) Less(i, j int) bool {
	if h[i].At.Equal(h[j].At) {
		return h[i].order < h[j].order
	}
	return h[i].At.Before(h[j].At)
}

func (h timerHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

func (h *timerHeap) Push(x any) {
	t := x.(*Timer) //nolint:forcetypeassert // only timers are pushed
	t.index = len(*h)
	*h = append(*h, t)
}

func (h *timerHeap) Pop() any {
	last := len(*h) - 1
	t := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	t.index = -1
	return t
}
