package cycle

import (
	"container/heap"
	"time"
)

// alarms holds for each station at most one moment at which it wants attention.
type alarms []*station

func (a alarms) Len() int { return len(a) }

func (a alarms) Less(i, j int) bool {
	if !a[i].alarm.Equal(a[j].alarm) {
		return a[i].alarm.Before(a[j].alarm)
	}
	return a[i].index < a[j].index
}

func (a alarms) Swap(i, j int) {
	a[i], a[j] = a[j], a[i]
	a[i].slot, a[j].slot = i, j
}

func (a *alarms) Push(x any) {
	s := x.(*station) //nolint:forcetypeassert // only stations are pushed
	s.slot = len(*a)
	*a = append(*a, s)
}

func (a *alarms) Pop() any {
	old := *a
	s := old[len(old)-1]
	old[len(old)-1] = nil
	*a = old[:len(old)-1]
	s.slot = -1
	return s
}

// set moves the station's alarm.
func (a *alarms) set(s *station, at time.Time) {
	s.alarm = at
	if s.slot >= 0 {
		heap.Fix(a, s.slot)
		return
	}
	heap.Push(a, s)
}

func (a *alarms) clear(s *station) {
	if s.slot >= 0 {
		heap.Remove(a, s.slot)
	}
}

// due takes out the next station whose moment has come; nil when there is none.
func (a *alarms) due(now time.Time) *station {
	if len(*a) == 0 || (*a)[0].alarm.After(now) {
		return nil
	}
	return heap.Pop(a).(*station) //nolint:forcetypeassert // only stations are pushed
}
