// Package tfdiag turns errors into what a person reads in Terraform.
package tfdiag

import (
	"errors"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/timago/terraform-provider-timago/internal/foreign"
)

// Adviser is an error that knows what to do about it.
type Adviser interface {
	error
	Advice() string
}

// Failure is something that could not be done.
type Failure struct {
	Verb, Noun, Name string // "Unable to <verb> <noun> <name>"
	Attempted        string // what was attempted and last seen
	Err              error
	Next             string // what to do next; "" where the error knows it, or nothing is known
}

// Summary is the first line.
func (f Failure) Summary() string {
	return foreign.Line(strings.TrimSpace("Unable to " + f.Verb + " " + f.Noun + " " + f.Name))
}

// Detail has up to three paragraphs: what was attempted and last seen, the original
// error, what to do next.
func (f Failure) Detail() string {
	parts := []string{f.Attempted}
	if f.Err != nil {
		parts = append(parts, f.Err.Error())
	}
	next := f.Next
	var adviser Adviser
	if next == "" && errors.As(f.Err, &adviser) {
		next = adviser.Advice()
	}
	parts = append(parts, next)
	var said []string
	for _, part := range parts {
		if part != "" {
			said = append(said, foreign.Lines(part))
		}
	}
	return strings.Join(said, "\n\n")
}

// Error is the failure as an error diagnostic.
func (f Failure) Error() diag.Diagnostic { return diag.NewErrorDiagnostic(f.Summary(), f.Detail()) }

// Warning is the failure as a warning: known, and no reason to stop.
func (f Failure) Warning() diag.Diagnostic {
	return diag.NewWarningDiagnostic(f.Summary(), f.Detail())
}
