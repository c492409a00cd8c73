package kms_test

import (
	"strings"
	"testing"

	"github.com/timago/terraform-provider-timago/internal/kms"
)

func TestTheHostThatMostName(t *testing.T) {
	t.Parallel()
	for named, want := range map[string]string{
		"": "", " ": "", "KMS01": "kms01", "a KMS02 kms02": "kms02", "b a": "a", "a b  b": "b",
	} {
		if got := kms.HostOfMost(strings.Split(named, " ")); got != want {
			t.Errorf("of %q: %q, want %q", named, got, want)
		}
	}
}
