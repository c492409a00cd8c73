package scheduler

import (
	"container/heap"
	"time"
)

// Alarms holds for each station, known by its number, at most one moment at which it wants
// attention. Of one moment the lowest number comes first.
type Alarms struct{ queue alarmQueue }

// NewAlarms makes Alarms for so many stations, none of them set.
func NewAlarms(stations int) *Alarms {
	a := &Alarms{alarmQueue{slots: make([]int, stations)}}
	for station := range a.queue.slots {
		a.queue.slots[station] = unset
	}
	return a
}

// Set moves a station's alarm.
func (a *Alarms) Set(station int, at time.Time) {
	if slot := a.queue.slots[station]; slot != unset {
		a.queue.alarms[slot].at = at
		heap.Fix(&a.queue, slot)
		return
	}
	heap.Push(&a.queue, alarm{station, at})
}

// IsSet reports whether a station wants attention at some moment.
func (a *Alarms) IsSet(station int) bool { return a.queue.slots[station] != unset }

// Clear takes a station's alarm away.
func (a *Alarms) Clear(station int) {
	if slot := a.queue.slots[station]; slot != unset {
		heap.Remove(&a.queue, slot)
	}
}

// Next is the moment of the first alarm; false when there is none.
func (a *Alarms) Next() (time.Time, bool) {
	if a.queue.Len() == 0 {
		return time.Time{}, false
	}
	return a.queue.alarms[0].at, true
}

// TakeDue takes out the next station whose moment has come; false when there is none.
func (a *Alarms) TakeDue(now time.Time) (station int, due bool) {
	if next, set := a.Next(); !set || next.After(now) {
		return 0, false
	}
	station = a.queue.alarms[0].station
	a.Clear(station)
	return station, true
}

type alarm struct {
	station int
	at      time.Time
}

// alarmQueue is a heap.Interface that knows where each station's alarm stands.
type alarmQueue struct {
	alarms []alarm
	slots  []int // by station
}

const unset = -1

func (q *alarmQueue) Len() int { return len(q.alarms) }

func (q *alarmQueue) Less(i, j int) bool {
	if a, b := q.alarms[i], q.alarms[j]; !a.at.Equal(b.at) {
		return a.at.Before(b.at)
	}
	return q.alarms[i].station < q.alarms[j].station
}

func (q *alarmQueue) Swap(i, j int) {
	q.alarms[i], q.alarms[j] = q.alarms[j], q.alarms[i]
	q.slots[q.alarms[i].station], q.slots[q.alarms[j].station] = i, j
}

func (q *alarmQueue) Push(x any) {
	pushed := x.(alarm) //nolint:forcetypeassert // only alarms are pushed
	q.slots[pushed.station] = len(q.alarms)
	q.alarms = append(q.alarms, pushed)
}

func (q *alarmQueue) Pop() any {
	last := len(q.alarms) - 1
	popped := q.alarms[last]
	q.alarms = q.alarms[:last]
	q.slots[popped.station] = unset
	return popped
}
