package world

import (
	"fmt"
	"time"

	"github.com/timago/terraform-provider-timago/internal/simulator/timeline"
)

// traffic is other machines asking the host, one after the other.
type traffic struct {
	Traffic
	number int // in the site
	asked  int
	next   *timeline.Timer
	ends   time.Time // zero: never
}

func (w *World) begin(described Traffic) {
	t := &traffic{Traffic: described, number: len(w.traffic)}
	if described.Until > 0 {
		t.ends = w.now.Add(described.Until)
	}
	w.traffic = append(w.traffic, t)
	t.next = w.timers.Set(w.now.Add(described.From+t.gap(w)), func() { t.ask(w) })
}

func (t *traffic) gap(w *World) time.Duration {
	return timeline.Around(w.chance.Draw(fmt.Sprintf("traffic %d", t.number), "gap", t.asked), t.Every, 0.5)
}

func (t *traffic) ask(w *World) {
	if !t.ends.IsZero() && w.now.After(t.ends) {
		return
	}
	n := t.asked
	if t.Same > 0 {
		n %= t.Same
	}
	t.asked++
	client := fmt.Sprintf("OTHER-%d-%03d", t.number+1, n+1)
	if key := w.host.key(t.key()); key != nil {
		w.host.other(key, client, w.chance.CMID(client, "traffic", n), t.Threshold)
	}
	t.next = w.timers.Set(w.now.Add(t.gap(w)), func() { t.ask(w) })
}

func (t *traffic) pause(w *World) { w.timers.Stop(t.next) }

func (t *traffic) resume(w *World) {
	if t.ends.IsZero() || w.now.Before(t.ends) {
		t.next = w.timers.Set(w.now.Add(t.gap(w)), func() { t.ask(w) })
	}
}
