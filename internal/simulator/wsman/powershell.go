package wsman

import (
	"encoding/base64"
	"strings"
)

// maxNesting is how deeply encoded commands are known to be wrapped: Ansible
// starts a PowerShell that starts a PowerShell.
const maxNesting = 2

// DecodePowerShell returns the script that a command line hands to PowerShell
// as -EncodedCommand (base64 of UTF-16LE), through the line that such a script
// in turn consists of. It is false for any other line.
func DecodePowerShell(line string) (string, bool) {
	script, found := line, false
	for range maxNesting {
		inner, ok := decodeOnce(script)
		if !ok {
			break
		}
		script, found = inner, true
	}
	return script, found
}

func decodeOnce(line string) (string, bool) {
	words := strings.Fields(line)
	if len(words) == 0 || !isPowerShell(words[0]) {
		return "", false
	}
	for i, word := range words[1:] {
		if !isEncodedCommand(word) || i+2 >= len(words) {
			continue
		}
		data, err := base64.StdEncoding.DecodeString(strings.Trim(words[i+2], `"'`))
		if err != nil || len(data)%2 != 0 {
			return "", false
		}
		return fromUTF16(data), true
	}
	return "", false
}

func isPowerShell(program string) bool {
	program = strings.ToLower(strings.Trim(program, `"'&`))
	program = program[strings.LastIndexAny(program, `\/`)+1:]
	program = strings.TrimSuffix(program, ".exe")
	return program == "powershell" || program == "pwsh"
}

// isEncodedCommand takes every abbreviation that PowerShell takes.
func isEncodedCommand(option string) bool {
	option = strings.ToLower(option)
	if option == "-ec" {
		return true
	}
	return len(option) >= 2 && strings.HasPrefix("-encodedcommand", option)
}

// CommandLine is the command with its arguments, as one line.
func (c Command) CommandLine() string {
	return strings.Join(append([]string{c.Line}, c.Arguments...), " ")
}

// ReadsStdin reports whether the command is a PowerShell that takes its script
// or its data from standard input.
func (c Command) ReadsStdin() bool {
	line := strings.TrimSpace(c.CommandLine())
	if script, ok := DecodePowerShell(line); ok {
		script = strings.ToLower(script)
		return strings.Contains(script, "$input") || strings.Contains(script, "[console]::in")
	}
	words := strings.Fields(line)
	return len(words) > 1 && isPowerShell(words[0]) && words[len(words)-1] == "-"
}
