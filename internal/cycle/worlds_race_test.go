//go:build race

package cycle_test

// worlds is how many worlds the simulation draws, seeds how many fleets each row of the
// bound's table.
const (
	worlds = "200"
	seeds  = 1
)
