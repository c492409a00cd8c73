package world

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/simulator/timeline"
)

// OrderKind is what Timago tells a station to do.
type OrderKind string

// What Timago can tell a station.
const (
	OrderRestart    OrderKind = "restart"
	OrderResetImage OrderKind = "reset_image"
	OrderWake       OrderKind = "wake"
	OrderShutdown   OrderKind = "shutdown"
)

// OrderState is how far a station is with an order.
type OrderState string

// The states; the last three are final.
const (
	OrderQueued    OrderState = "queued"  // at Timago's server: the station is away or busy, or it is not time yet
	OrderSent      OrderState = "sent"    // to the station, which looks every few seconds
	OrderRunning   OrderState = "running" // it goes down, or starts
	OrderSucceeded OrderState = "succeeded"
	OrderFailed    OrderState = "failed"
	OrderExpired   OrderState = "expired" // the station did not take it in time
)

// Why an order failed.
const (
	FailedInUse             = "in_use"
	FailedStationNotFound   = "station_not_found"
	FailedSystemNotFound    = "operating_system_not_found"
	FailedNotStarted        = "not_started"
	FailedImage             = "image_failed"
	failedOtherwise         = "internal_error"
	contactEvery            = 2 * time.Second // mean time until the station's client takes an order
	defaultOrderTakenWithin = 30 * time.Minute
	defaultStartedWithin    = 30 * time.Minute
)

// Order is something that Timago tells one station. Orders for one station are carried
// out one after the other, see station.turn.
type Order struct {
	ID            string // the caller's own, shown while it is pending
	Station       string // client id
	Kind          OrderKind
	System        string        // "": the one that was started last
	UnlessInUse   bool          // looked at when it is carried out
	NotBefore     time.Time     // zero: at once
	TakenWithin   time.Duration // else it expires; 0: half an hour
	StartedWithin time.Duration // else it failed; 0: half an hour
}

// Progress is how far an order is.
type Progress struct {
	Order          // System as it was understood
	State          OrderState
	Reason, Detail string // of a failure
	Started        bool   // the station has started because of it
}

// Ended reports whether the state is final.
func (p Progress) Ended() bool {
	return p.State == OrderSucceeded || p.State == OrderFailed || p.State == OrderExpired
}

// order is an Order with what has become of it.
type order struct {
	Progress
	station *station
	system  *system
	made    int             // generation of the system's image before
	step    *timeline.Timer // begins it, or carries it out
	limit   *timeline.Timer // lets it expire, or fail
}

func (o *order) progress() Progress { return o.Progress }

// Give hands Timago an order and gives its number for Progress. An order that cannot be
// for this station has failed at once.
func (w *World) Give(wanted Order) int {
	defer w.lockAndAdvance()()
	o := &order{Progress: Progress{Order: wanted, State: OrderQueued}}
	w.orders = append(w.orders, o)
	number := len(w.orders) - 1
	s, known := w.byID[wanted.Station]
	if !known || s.deleted > 0 {
		o.State, o.Reason = OrderFailed, FailedStationNotFound
		return number
	}
	o.station, o.system = s, s.system(wanted.System)
	if o.system == nil {
		o.end(OrderFailed, FailedSystemNotFound, wanted.System)
		return number
	}
	o.System = o.system.name
	s.given++
	s.orders = append(s.orders, o)
	s.note(KindOrder, "%s %s", o.Kind, o.State)
	begins := maxTime(w.now, o.NotBefore)
	o.limit = w.timers.Set(begins.Add(cmp.Or(o.TakenWithin, defaultOrderTakenWithin)), func() { o.end(OrderExpired, "", "") })
	if begins.After(w.now) {
		o.step = w.timers.Set(begins, s.attend)
	}
	s.attend()
	return number
}

// Progress is how far an order is, by its number.
func (w *World) Progress(number int) Progress {
	defer w.lockAndAdvance()()
	return w.orders[number].progress()
}

// attend looks at the station's next order; it is called whenever something changed
// that it may have waited for.
func (s *station) attend() {
	o, w := s.turn(), s.world
	if o == nil || o.State == OrderRunning || o.stepping() || !o.reachable() {
		return
	}
	o.move(OrderSent)
	o.step = w.timers.Set(w.now.Add(timeline.Around(w.chance.Draw(s.Name, "contact", s.given), contactEvery, 0.5)), o.carryOut)
}

// turn is the station's order under way or next: what it carries out or is about to take,
// else the first that was given and whose time has come. A wake does not wait behind orders
// that wait for the station to be on.
func (s *station) turn() *order {
	var next *order
	for _, o := range s.orders {
		switch {
		case o.State == OrderRunning, o.State == OrderSent && o.stepping():
			return o
		case s.world.now.Before(o.NotBefore):
		case next == nil, o.Kind == OrderWake && next.Kind != OrderWake && s.phase == phaseOff:
			next = o
		}
	}
	return next
}

// stepping reports whether something is to happen with the order at a moment that is set.
func (o *order) stepping() bool { return o.step.IsPending() }

// reachable reports whether the station can take the order now. A shutdown of one that is off
// needs no telling.
func (o *order) reachable() bool {
	return o.station.phase == phaseReady || o.station.phase == phaseOff && (o.Kind == OrderWake || o.Kind == OrderShutdown)
}

func (o *order) move(to OrderState) {
	if o.State != to {
		o.State = to
		o.station.note(KindOrder, "%s %s", o.Kind, to)
	}
}

// carryOut is the station taking the order.
func (o *order) carryOut() {
	s, w := o.station, o.station.world
	if !o.reachable() {
		s.attend() // it went away meanwhile; it takes the order when it is back
		return
	}
	o.made = o.system.generation
	var err error
	switch o.Kind {
	case OrderWake:
		if s.phase != phaseOff {
			o.end(OrderSucceeded, "", "")
			return
		}
		s.note(KindWake, "")
	case OrderRestart:
		if o.system.generation == 0 {
			o.end(OrderFailed, FailedImage, "there is no image of "+o.system.name+" on the station")
			return
		}
		err = s.shutdown(0, !o.UnlessInUse, true, false)
	case OrderResetImage:
		err = s.shutdown(0, !o.UnlessInUse, true, true)
	case OrderShutdown:
		if s.phase == phaseOff {
			o.end(OrderSucceeded, "", "")
			return
		}
		err = s.shutdown(0, !o.UnlessInUse, false, false)
	}
	switch {
	case errors.Is(err, kms.ErrInUse):
		o.end(OrderFailed, FailedInUse, s.user+" is logged on")
		return
	case err != nil:
		o.end(OrderFailed, failedOtherwise, err.Error())
		return
	}
	o.move(OrderRunning)
	w.timers.Stop(o.limit)
	o.limit = w.timers.Set(w.now.Add(cmp.Or(o.StartedWithin, defaultStartedWithin)), func() {
		o.end(OrderFailed, FailedNotStarted, "it has not come back")
	})
	if o.Kind != OrderShutdown {
		s.next = o.system
	}
	if o.Kind == OrderWake {
		s.powerOn()
	}
}

// end gives an order its final state, and the station its next.
func (o *order) end(state OrderState, reason, detail string) {
	s := o.station
	s.world.timers.Stop(o.step)
	s.world.timers.Stop(o.limit)
	o.State, o.Reason, o.Detail = state, reason, detail
	s.note(KindOrder, "%s", orderEnd(o))
	s.orders = slices.DeleteFunc(s.orders, func(other *order) bool { return other == o })
	s.attend()
}

func orderEnd(o *order) string {
	if o.Reason == "" {
		return fmt.Sprintf("%s %s", o.Kind, o.State)
	}
	return fmt.Sprintf("%s %s: %s", o.Kind, o.State, o.Reason)
}

// underWay is the order that the station is carrying out; nil when there is none.
func (s *station) underWay() *order {
	if o := s.turn(); o != nil && o.State == OrderRunning {
		return o
	}
	return nil
}

// cameUp is the station's client reporting a start.
func (s *station) cameUp() {
	s.lastStart = s.boot
	for _, made := range s.systems {
		made.report()
	}
	switch o := s.underWay(); {
	case o == nil:
		s.attend()
	case o.Kind == OrderShutdown: // somebody switched it on again before it was down
		o.end(OrderFailed, failedOtherwise, "it started again")
	default:
		o.Started = true
		if o.Kind == OrderResetImage && o.system.generation == o.made {
			o.end(OrderFailed, FailedImage, "it started from the old image")
			return
		}
		o.end(OrderSucceeded, "", "")
	}
}

// wentDown is the end of a shutdown.
func (s *station) wentDown() {
	if o := s.underWay(); o != nil && o.Kind == OrderShutdown {
		o.end(OrderSucceeded, "", "")
		return
	}
	s.attend()
}
