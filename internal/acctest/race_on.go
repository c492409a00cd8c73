//go:build race

package acctest

// raceEnabled builds the provider with the race detector where the tests run with it.
const raceEnabled = true
