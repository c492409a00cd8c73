package passing

import "testing"

func TestAlone(t *testing.T) { t.Log("a word that nobody needs") }

func TestWithSubtests(t *testing.T) {
	t.Run("one", func(*testing.T) {})
	t.Run("two/three", func(*testing.T) {})
}
