package kms_test

import (
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
)

func TestNumbersAndMomentsInSentences(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "0 members", 1: "1 member", 2: "2 members"} {
		if got := kms.Plural(n, "member"); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	berlin := time.FixedZone("CEST", 2*60*60)
	if got := kms.Moment(time.Date(2026, 9, 7, 8, 30, 59, 0, berlin)); got != "2026-09-07 06:30 UTC" {
		t.Errorf("%q", got)
	}
}
