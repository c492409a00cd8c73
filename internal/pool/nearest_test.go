package pool_test

import (
	"testing"

	"github.com/timago/terraform-provider-timago/internal/pool"
)

func TestTheNearestNameIsTheOneThatWasMeant(t *testing.T) {
	t.Parallel()
	listed := []string{"R101-PC01", "R101-PC02", "R101-PC12", "R204-LEHRER"}
	for name, want := range map[string]string{
		"R101-PC1":    "R101-PC01", // the first of those that are as near
		"r101-pc02x":  "R101-PC02",
		"R101-CP12":   "R101-PC12", // two letters swapped
		"R204-LEHERR": "R204-LEHRER",
		"KMS01":       "",
		"":            "",
	} {
		if got := pool.Nearest(name, listed); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
	if got := pool.Nearest("R101-PC01", nil); got != "" {
		t.Errorf("%q of none", got)
	}
}
