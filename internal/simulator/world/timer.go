package world

import (
	"container/heap"
	"time"
)

// timer is something that will happen at a moment unless it is stopped before.
type timer struct {
	at    time.Time
	order uint64 // of being set: what is due at one moment happens in that order
	index int    // in the heap; -1: not in it
	do    func()
}

type timers struct {
	heap timerHeap
	set  uint64
}

func (t *timers) first() *timer {
	if len(t.heap) == 0 {
		return nil
	}
	return t.heap[0]
}

func (t *timers) at(moment time.Time, do func()) *timer {
	t.set++
	next := &timer{at: moment, order: t.set, do: do}
	heap.Push(&t.heap, next)
	return next
}

// stop forgets a timer; nil and one that has gone off already are fine.
func (t *timers) stop(timer *timer) {
	if timer != nil && timer.index >= 0 {
		heap.Remove(&t.heap, timer.index)
	}
}

type timerHeap []*timer

func (h timerHeap) Len() int { return len(h) }

func (h timerHeap) Less(i, j int) bool {
	if h[i].at.Equal(h[j].at) {
		return h[i].order < h[j].order
	}
	return h[i].at.Before(h[j].at)
}

func (h timerHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

func (h *timerHeap) Push(x any) {
	t := x.(*timer) //nolint:forcetypeassert // only timers are pushed
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
