package skipping

import "testing"

func TestNewer(t *testing.T) {
	t.Log("looked at the machine")
	t.Skip("needs Terraform 1.14: terraform query")
}

func TestOther(t *testing.T) {
	t.Run("long", func(t *testing.T) {
		t.Skip("needs OpenTofu 1.10: its own\nway of reading addresses")
	})
}

func TestChromium(t *testing.T) { t.Skip("needs Chromium: a screenshot") }

func TestUnneeded(t *testing.T) { t.Skip("needs Terraform 1.8 or OpenTofu 1.7: functions") }

func TestUntold(t *testing.T) { t.Skip() }

func TestLazy(t *testing.T) { t.Skip("flaky on Mondays") }
