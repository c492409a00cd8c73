package check

import (
	"strings"
	"testing"
)

// In a terminal a line is read without columns, and nothing of it reaches over the edge.
func TestANarrowTerminalShowsSentences(t *testing.T) {
	t.Parallel()
	lines := []Line{
		{Holds, "Port", finding{Holds, "5985 is open, 2 ms", ""}, "WinRM listens"},
		{Blocks, "Logon", finding{Blocks, "refused the account: one failed logon", "Check the user name, the password, and that the account is neither locked nor expired. Größe zählt in Zeichen."}, "accepted, and messages are protected"},
		{Unanswered, "20 more", finding{Unanswered, "not asked", "see Logon"}, ""},
	}
	const want = `Station PC01
  ok    Port (WinRM listens): 5985 is open, 2 ms
  NO    Logon (accepted, and messages are protected): refused
        the account: one failed logon
        Check the user name, the password, and that the
        account is neither locked nor expired. Größe zählt in
        Zeichen.
  ?     20 more: not asked
        see Logon
`
	for width, check := range map[int]func(string) bool{
		62: func(shown string) bool { return shown == want },
		0: func(shown string) bool {
			return strings.Contains(shown, "Assumption") && strings.Count(shown, "\n") == 5
		},
		columnsNeed: func(shown string) bool {
			return strings.Contains(shown, "Assumption") && strings.Count(shown, "\n") == 5
		},
	} {
		var b strings.Builder
		shown := &table{w: &b, width: width}
		for _, line := range lines {
			shown.show("Station PC01", line)
		}
		if !check(b.String()) {
			t.Errorf("%d wide:\n%s", width, b.String())
		}
	}
}
