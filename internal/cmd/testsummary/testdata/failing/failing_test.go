package failing

import "testing"

func TestGood(t *testing.T) { t.Log("a word of the good one") }

func TestBad(t *testing.T) {
	t.Run("good", func(*testing.T) {})
	t.Run("bad", func(t *testing.T) { t.Error("count is 24, want 25") })
}
