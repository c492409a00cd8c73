//go:build !race

package acctest

const raceEnabled = false
