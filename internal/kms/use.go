package kms

// WhenInUse says what becomes of a station that somebody uses.
type WhenInUse string

// Ways to treat a station in use.
const (
	WaitWhenInUse  WhenInUse = "wait"  // until nobody uses it
	SkipWhenInUse  WhenInUse = "skip"  // leave it as it is
	ForceWhenInUse WhenInUse = "force" // go on all the same; unsaved work is lost
)

// AllWhenInUse are the ways as a configuration writes them.
func AllWhenInUse() []string {
	return []string{string(WaitWhenInUse), string(SkipWhenInUse), string(ForceWhenInUse)}
}
