package tfdiag_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/timago/terraform-provider-timago/internal/tfdiag"
)

type advised struct{}

func (advised) Error() string  { return "401" }
func (advised) Advice() string { return "Check the password." }

func TestAFailureSaysWhatWhyAndWhatNext(t *testing.T) {
	t.Parallel()
	failure := tfdiag.Failure{
		Verb: "read", Noun: "KMS host", Name: "kms01",
		Attempted: "Its counts were asked for.", Err: errors.New("no answer"), Next: "Switch it on.",
	}
	const summary = "Unable to read KMS host kms01"
	const detail = "Its counts were asked for.\n\nno answer\n\nSwitch it on."
	for _, tt := range []struct{ got, want diag.Diagnostic }{
		{failure.Error(), diag.NewErrorDiagnostic(summary, detail)},
		{failure.Warning(), diag.NewWarningDiagnostic(summary, detail)},
	} {
		if !tt.got.Equal(tt.want) {
			t.Errorf("got  %v\nwant %v", tt.got, tt.want)
		}
	}
}

func TestAnErrorThatKnowsWhatToDoIsHeard(t *testing.T) {
	t.Parallel()
	failure := tfdiag.Failure{Verb: "open", Noun: "site", Err: fmt.Errorf("asking: %w", advised{})}
	if got, want := failure.Summary()+"|"+failure.Detail(), "Unable to open site|asking: 401\n\nCheck the password."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
