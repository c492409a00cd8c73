package evidence

import "time"

// ClientCount is a count that the host gave a station, and between which moments the host had it.
type ClientCount struct {
	Known    bool
	Count    int
	From, To time.Time
}

// IsOlder reports whether another one is younger. Stations get their counts within
// seconds of each other, and their events are read in any order: of answers that may be of
// one moment the highest contains the others.
func (c ClientCount) IsOlder(other ClientCount) bool {
	return other.Known && (c.To.Before(other.From) || c.Count < other.Count && !c.From.After(other.To))
}
