// Package timeline is the time of a simulated site: its clock, what will happen at which
// moment, and the chance that decides how long it takes. The same seed always draws the
// same.
package timeline

import "time"

// Clock gives simulated time, which may run faster than real time, or stand still.
type Clock struct {
	Start  time.Time
	Speed  float64   // simulated per real time
	origin time.Time // of the real clock, when simulated time was Start
	ahead  time.Duration
}

// NewClock lets simulated time run from start.
func NewClock(start time.Time, speed float64) Clock {
	return Clock{Start: start, Speed: speed, origin: time.Now()}
}

// Now is the simulated moment.
func (c *Clock) Now() time.Time {
	passed := c.ahead
	if c.Speed > 0 {
		passed += time.Duration(float64(time.Since(c.origin)) * c.Speed)
	}
	return c.Start.Add(passed)
}

// Advance lets simulated time pass at once.
func (c *Clock) Advance(d time.Duration) { c.ahead += d }
