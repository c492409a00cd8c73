package acctest

import (
	"encoding/json"
	"strings"
)

// Diagnostic is one message to a person, whole and unwrapped.
type Diagnostic struct {
	Severity string // "error", "warning"
	Summary  string
	Detail   string
}

// Diagnostics runs the CLI with -json and gives what it had to say, without its own
// warning about the provider under test.
func (w *Workspace) Diagnostics(args ...string) (Outcome, []Diagnostic) {
	w.t.Helper()
	outcome := w.Run(append(args, "-json")...)
	var said []Diagnostic
	for line := range strings.Lines(outcome.Output) {
		var message struct {
			Type       string
			Diagnostic Diagnostic
		}
		if json.Unmarshal([]byte(line), &message) != nil || message.Type != "diagnostic" {
			continue
		}
		if message.Diagnostic.Summary != "Provider development overrides are in effect" {
			said = append(said, message.Diagnostic)
		}
	}
	return outcome, said
}
