package activation

import "time"

// Closes shows the window's own reckoning to the tests that read the clock on the wall.
func Closes(w Window, now time.Time) (time.Time, bool) { return w.closes(now) }
