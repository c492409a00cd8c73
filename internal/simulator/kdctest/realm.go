// Package kdctest starts an MIT Kerberos KDC for a test.
package kdctest

import (
	"errors"
	"testing"

	"github.com/timago/terraform-provider-timago/internal/simulator/kdc"
)

// Start starts a KDC whose files lie in the folder and which ends with the test. The test is
// skipped where MIT Kerberos is not installed.
func Start(t testing.TB, folder string) *kdc.KDC {
	t.Helper()
	center, err := kdc.Start(t.Context(), folder)
	if errors.Is(err, kdc.ErrMissing) {
		t.Skipf("needs %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(center.Close)
	return center
}
