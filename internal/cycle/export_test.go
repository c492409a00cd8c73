package cycle

// WindowToBlame is the definition that the invariant checker shares with the cycle.
var WindowToBlame = windowToBlame

// Transition names a transition of the table.
type Transition struct{ From, On string }

// Transitions lists the table.
func Transitions() []Transition {
	var all []Transition
	for _, t := range transitions {
		all = append(all, Transition{t.from.String(), t.on.String()})
	}
	return all
}

// WatchMoves has every move of a station told.
func (e *Engine) WatchMoves(tell func(Transition)) {
	e.moved = func(from phase, on occasion) { tell(Transition{from.String(), on.String()}) }
}
