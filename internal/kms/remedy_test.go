package kms_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/timago/terraform-provider-timago/internal/kms"
)

func TestCodesAreFoundInReasons(t *testing.T) {
	t.Parallel()
	const unknown, clocks kms.Code = 0x8DEAD001, 0xC004F06C
	said := "Windows: " + clocks.Words() + "; Office: " + unknown.Words() + "; again " + clocks.String() + ", id 0x12345678a"
	if got := kms.CodesIn(said); !slices.Equal(got, []kms.Code{clocks, unknown}) {
		t.Errorf("%v in %q", got, said)
	}
	if got := kms.CodesIn("no code"); got != nil {
		t.Errorf("%v", got)
	}
}

func TestWhatHelpsIsSaidWhereItIsKnown(t *testing.T) {
	t.Parallel()
	for code, says := range map[kms.Code]string{
		0xC004F074: "1688", 0x80092328: "_vlmcs._tcp", 0xC004F06C: "w32tm", 0x000706BA: "", 0x8DEAD001: "", 0x0000232B: "_vlmcs",
	} {
		if got := code.Remedy(); !strings.Contains(got, says) || (says == "") != (got == "") {
			t.Errorf("%s: %q, want %q", code, got, says)
		}
	}
}
