package simulator

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/timago/terraform-provider-timago/internal/simulator/wsman"
)

// There is no PowerShell here: the few scripts that Ansible's win_ping, win_shell,
// win_command and win_reboot send are recognised by what they ask for, and a script
// that is a single command runs as that.
var (
	asksBootTime = regexp.MustCompile(`(?i)\bLastBootUpTime\b`)
	asksShutdown = regexp.MustCompile(`(?i)\bshutdown(?:\.exe)?\s+/[^|\r\n}]*`)
	asksLogon    = regexp.MustCompile(`(?is)\bGet-Item\b.*\bWinlogon\b.*;\s*'([^']*)'`)
)

func (m machine) runScript(script string, command wsman.Command) wsman.Output {
	if module, found := wsman.DecodeAnsible(command.Stdin); found {
		return m.runModule(module, command.User)
	}
	v, err := m.world.View(m.name)
	if err != nil {
		return failed(1, err.Error())
	}
	line := asksShutdown.FindString(script)
	switch {
	case asksBootTime.MatchString(script):
		return said(fmt.Sprint(v.Boot.UTC().UnixMicro()))
	case asksLogon.MatchString(script) && v.Starting:
		return failed(1, "Der Pfad wurde nicht gefunden, da er nicht vorhanden ist.")
	case asksLogon.MatchString(script):
		return said(asksLogon.FindStringSubmatch(script)[1])
	case line != "" && strings.Contains(script, "ConvertTo-Json"):
		output := m.runLine(strings.ReplaceAll(line, "'", `"`), command.User)
		return inJSON(map[string]any{"stdout": text(output.Stdout), "stderr": text(output.Stderr), "rc": output.Exit}, 0)
	}
	return m.runLine(lastStatement(script), command.User)
}

// lastStatement leaves out the settings that clients put before a command.
func lastStatement(script string) string {
	statements := strings.FieldsFunc(script, func(r rune) bool { return r == ';' || r == '\n' || r == '\r' })
	for _, statement := range slices.Backward(statements) {
		statement = strings.TrimSpace(statement)
		if statement != "" && !strings.HasPrefix(statement, "$") && !strings.HasPrefix(strings.ToLower(statement), "exit") {
			return strings.TrimPrefix(statement, "& ")
		}
	}
	return ""
}

func text(b []byte) string { return strings.TrimRight(string(b), "\r\n") }

// runModule is what Ansible's module of this name answers.
func (m machine) runModule(module wsman.AnsibleModule, user string) wsman.Output {
	name := module.Name[strings.LastIndexByte(module.Name, '.')+1:]
	argument := func(name string) string {
		value, _ := module.Arguments[name].(string)
		return value
	}
	switch name {
	case "win_ping":
		return inJSON(map[string]any{"changed": false, "ping": cmp.Or(argument("data"), "pong")}, 0)
	case "win_shell", "win_command":
		line := strings.TrimSpace(cmp.Or(argument("_raw_params"), argument("cmd")))
		output := m.runLine(line, user)
		v, err := m.world.View(m.name)
		if err != nil {
			return failed(1, err.Error())
		}
		now := v.Now.UTC().Format("2006-01-02 15:04:05.000000")
		result := map[string]any{
			"changed": true, "cmd": line, "rc": output.Exit, "stdout": string(output.Stdout), "stderr": string(output.Stderr),
			"start": now, "end": now, "delta": "0:00:00.000000",
		}
		if output.Exit != 0 {
			result["failed"], result["msg"] = true, "non-zero return code"
			return inJSON(result, 1)
		}
		return inJSON(result, 0)
	}
	return inJSON(map[string]any{"failed": true, "msg": "the simulated station has no module " + name}, 1)
}

func inJSON(body map[string]any, exit int) wsman.Output {
	encoded, err := json.Marshal(body)
	if err != nil {
		return failed(1, err.Error())
	}
	output := said(string(encoded))
	output.Exit = exit
	return output
}

// runAbort is `shutdown /a`.
func (m machine) runAbort() wsman.Output {
	aborted, err := m.world.AbortShutdown(m.name)
	switch {
	case err != nil:
		return failed(errorAccessDenied, "Zugriff verweigert(5)")
	case !aborted:
		return failed(errorNoShutdown, "Das Herunterfahren kann nicht abgebrochen werden, da kein Vorgang ausgeführt wird.(1116)")
	}
	return wsman.Output{}
}

const errorNoShutdown = 1116
