package winrm

import (
	"strings"
	"testing"
)

// Whatever is passed as an argument, cmd.exe sees nothing in it that it acts on, and the
// program gets that argument.
func FuzzCommandLine(f *testing.F) {
	for _, seed := range []string{"", "/r", "a & del", `C:\Windows\`, `\\server\share\ x`, "^|<>()", "%PATH%", "!x!", `"`, "]]>", "ä\u00a0\u2028"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, argument string) {
		line, err := commandLine(Command{Program: "shutdown.exe", Arguments: []string{argument}})
		if err != nil {
			return
		}
		quoted := line[0]
		inside, opened := strings.CutPrefix(quoted, `"`)
		if !opened { // cmd.exe reads it all
			if quoted != argument || quoted == "" || strings.ContainsAny(quoted, "&|<>()^\"%!,;= \t\r\n") {
				t.Errorf("%q is passed as %s", argument, quoted)
			}
			return
		}
		if inside, opened = strings.CutSuffix(inside, `"`); !opened || strings.ContainsAny(inside, "\"%!\r\n\x00") {
			t.Fatalf("%q is passed as %s", argument, quoted)
		}
		// The C runtime halves the backslashes that stand before a quotation mark.
		text := strings.TrimRight(inside, `\`)
		if ends := len(inside) - len(text); ends%2 != 0 || text+strings.Repeat(`\`, ends/2) != argument {
			t.Errorf("%q is passed as %s", argument, quoted)
		}
	})
}
