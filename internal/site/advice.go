package site

import (
	"errors"

	"github.com/timago/terraform-provider-timago/internal/kms"
)

// Advice says what to do about a machine that could not be asked; "" where that is not
// known.
func Advice(err error) string {
	var adviser interface {
		error
		Advice() string
	}
	switch {
	case errors.As(err, &adviser):
		return adviser.Advice()
	case errors.Is(err, kms.ErrDenied):
		return "See that the account may log on there over WinRM and has administrator rights, which reading licences needs."
	case errors.Is(err, kms.ErrUnreachable), errors.Is(err, kms.ErrNotYet):
		return "See that the machine is on, that its name resolves, and that WinRM answers on the port (Test-WSMan <name>)."
	}
	return ""
}
