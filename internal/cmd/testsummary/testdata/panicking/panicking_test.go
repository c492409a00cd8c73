package panicking

import "testing"

func TestWaiting(t *testing.T) {
	t.Parallel()
}

func TestPanic(t *testing.T) {
	var counts map[string]int
	counts["Windows"] = 25
}
