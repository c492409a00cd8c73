package wsman_test

import (
	"encoding/base64"
	"encoding/binary"
	"reflect"
	"testing"
	"unicode/utf16"

	"github.com/timago/terraform-provider-timago/internal/simulator/wsman"
)

func encoded(script string) string {
	var b []byte
	for _, unit := range utf16.Encode([]rune(script)) {
		b = binary.LittleEndian.AppendUint16(b, unit)
	}
	return base64.StdEncoding.EncodeToString(b)
}

func TestDecodePowerShell(t *testing.T) {
	t.Parallel()
	bootstrap := "&chcp.com 65001 > $null\n$exec_wrapper_str = $input | Out-String"
	for name, test := range map[string]struct {
		line, script string
		stdin        bool
	}{
		"as pywinrm sends it": {"powershell -encodedcommand " + encoded("Get-Date # früh"), "Get-Date # früh", false},
		"abbreviated":         {`C:\Windows\System32\powershell.exe -NoProfile -e ` + encoded("hostname"), "hostname", false},
		"as Ansible nests it": {
			"PowerShell -NoProfile -EncodedCommand " + encoded("PowerShell -NoProfile -EncodedCommand "+encoded(bootstrap)), bootstrap, true,
		},
		"another program":   {"hostname -e aGk=", "", false},
		"no base64":         {"powershell -e ???", "", false},
		"nothing follows":   {"powershell -e", "", false},
		"not encoded":       {"powershell -Command Get-Date", "", false},
		"from its input":    {"powershell -NoProfile -Command -", "", true},
		"half a character":  {"powershell -e YWJj", "", false},
		"an empty line":     {"", "", false},
		"execution policy":  {"powershell -ExecutionPolicy Bypass -ec " + encoded("exit 3"), "exit 3", false},
		"encoded in quotes": {`"powershell" -enc "` + encoded("exit 4") + `"`, "exit 4", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			script, ok := wsman.DecodePowerShell(test.line)
			if ok != (test.script != "") || ok && script != test.script {
				t.Errorf("script %q, %v; want %q", script, ok, test.script)
			}
			if reads := (wsman.Command{Line: test.line}).ReadsStdin(); reads != test.stdin {
				t.Errorf("reads its input: %v, want %v", reads, test.stdin)
			}
		})
	}
}

func TestDecodeAnsible(t *testing.T) {
	t.Parallel()
	stdin := "begin { }\n\x00\x00\x00\x00" + `{"module_entry": "…", "module_args": {"data": "pong", "_ansible_module_name": "ansible.windows.win_ping", "_ansible_debug": false}}` + "\r\n"
	module, ok := wsman.DecodeAnsible([]byte(stdin))
	want := wsman.AnsibleModule{Name: "ansible.windows.win_ping", Arguments: map[string]any{"data": "pong"}}
	if !ok || !reflect.DeepEqual(module, want) {
		t.Errorf("%v %v, want %v", ok, module, want)
	}
	for _, other := range []string{"", "Get-Date", "a\x00\x00\x00\x00not JSON", "a\x00\x00\x00\x00{}"} {
		if _, ok := wsman.DecodeAnsible([]byte(other)); ok {
			t.Errorf("%q is taken for a module", other)
		}
	}
}
