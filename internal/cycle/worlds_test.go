//go:build !race

package cycle_test

// worlds is how many worlds the simulation draws, seeds how many fleets each row of the
// bound's table.
const (
	worlds = "2000"
	seeds  = 4
)
