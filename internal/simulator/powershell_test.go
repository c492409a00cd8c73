package simulator

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/timago/terraform-provider-timago/internal/simulator/wsman"
)

// encoded is the line by which clients hand a script to PowerShell.
func encoded(script string) string {
	var b []byte
	for _, unit := range utf16.Encode([]rune(script)) {
		b = binary.LittleEndian.AppendUint16(b, unit)
	}
	return "PowerShell -NoProfile -NonInteractive -EncodedCommand " + base64.StdEncoding.EncodeToString(b)
}

func TestScripts(t *testing.T) {
	t.Parallel()
	for script, want := range map[string]string{
		"hostname": "0 PC1",
		"$ProgressPreference = 'SilentlyContinue'; & whoami.exe":                     "0 admin",
		"(Get-CimInstance Win32_OperatingSystem).LastBootUpTime":                     "0 1768201800000000",
		"$o = shutdown.exe /r /t 2 /c 'bis gleich' | Out-String\nConvertTo-Json @{}": `0 {"rc":0,"stderr":"","stdout":""}`,
		"$o = shutdown.exe /r /t soon | Out-String\nConvertTo-Json @{}":              `0 {"rc":87,`,
		`Get-Item 'HKLM:\SOFTWARE\Winlogon\Checked'; 'success-1'`:                    "0 success-1",
		"Get-Secret": "1",
	} {
		output := at(t, "PC1", pc()).Run(t.Context(), wsman.Command{Line: encoded(script), User: "admin"})
		if got := fmt.Sprint(output.Exit, " ", string(output.Stdout)); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %q, want %q", script, got, want)
		}
	}
}

func TestAnsiblesModules(t *testing.T) {
	t.Parallel()
	for arguments, want := range map[string]string{
		`"_ansible_module_name": "ansible.windows.win_ping"`:                `0 {"changed":false,"ping":"pong"}`,
		`"_ansible_module_name": "win_ping", "data": "hallo"`:               `0 {"changed":false,"ping":"hallo"}`,
		`"_ansible_module_name": "win_shell", "_raw_params": "hostname"`:    `0 {"changed":true,"cmd":"hostname","delta":"0:00:00.000000","end":"2026-01-12 07:30:00.000000","rc":0,"start":"2026-01-12 07:30:00.000000","stderr":"","stdout":"PC1\r\n"}`,
		`"_ansible_module_name": "win_command", "_raw_params": "format C:"`: `1 {"changed":true,"cmd":"format C:","delta"`,
		`"_ansible_module_name": "win_updates"`:                             `1 {"failed":true`,
	} {
		output := at(t, "PC1", pc()).Run(t.Context(), wsman.Command{
			Line: encoded("$in = $input"), Stdin: []byte("wrapper\x00\x00\x00\x00{\"module_args\": {" + arguments + "}}"),
		})
		if got := fmt.Sprint(output.Exit, " ", string(output.Stdout)); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %q, want %q", arguments, got, want)
		}
	}
}

func TestARestartIsTakenBackDuringItsNotice(t *testing.T) {
	t.Parallel()
	m := at(t, "PC1", pc())
	run := func(line string) int { t.Helper(); return m.Run(t.Context(), wsman.Command{Line: line}).Exit }
	if exit := run("shutdown /a"); exit != errorNoShutdown {
		t.Errorf("nothing to take back: %d", exit)
	}
	if exit := run("shutdown /r /t 60"); exit != 0 {
		t.Fatal(exit)
	}
	if exit := run("shutdown /r /t 0"); exit != errorShutdownScheduled {
		t.Errorf("a second one: %d", exit)
	}
	m.world.Advance(30 * time.Second)
	if exit := run("shutdown /a"); exit != 0 {
		t.Errorf("taking it back: %d", exit)
	}
	m.world.Advance(time.Hour)
	if s := m.world.State().Stations[0]; s.Phase != "ready" || s.Starts != 0 || s.Restarts != 0 {
		t.Errorf("%+v", s)
	}
}
