//go:build race

package activation_test

// worlds is how many worlds the simulation draws.
const worlds = "200"
