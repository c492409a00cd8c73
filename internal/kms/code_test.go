package kms_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/timago/terraform-provider-timago/internal/kms"
)

func TestEveryCodeThatAPersonCanActOnHasItsSentence(t *testing.T) {
	t.Parallel()
	for code, want := range map[kms.Code]string{
		0xC004F038: "the KMS host's count is below the threshold (0xC004F038)",
		0xC004F039: "the KMS host did not answer the request (0xC004F039)",
		0xC004F041: "the KMS host itself is not activated (0xC004F041)",
		0xC004F042: "this KMS host's key cannot activate this product (0xC004F042)",
		0xC004F06C: "the clocks of client and KMS host differ by more than 4 hours (0xC004F06C)",
		0xC004F074: "no KMS host could be reached (0xC004F074)",
		0xC004F035: "a volume key is installed on a machine without a qualifying base licence (0xC004F035)",
		0xC004F050: "the product key is wrong (0xC004F050)",
		0xC004F009: "the grace period is over (0xC004F009)",
		0xC004F014: "no product key is installed (0xC004F014)",
		0xC004F069: "key and edition do not match (0xC004F069)",
		0xC004C008: "the key's activations are used up (KMS host key or MAK) (0xC004C008)",
		0xC004C020: "the key's activations are used up (KMS host key or MAK) (0xC004C020)",
		0x8007232B: "no _vlmcs._tcp record was found in DNS (0x8007232B)",
		0x8007007B: "no _vlmcs._tcp record was found in DNS (0x8007007B)",
		0x8007251D: "no _vlmcs._tcp record was found in DNS (0x8007251D)",
		0x800706BA: "the KMS host is unreachable or its port 1688 is closed (0x800706BA)",
		0x80070005: "access was denied (0x80070005)",
		0x80092328: "no _vlmcs._tcp record was found in DNS (0x80092328)",
		0x8007000D: "the request or its answer could not be processed: the KMS host is too old for this product, or the licensing store is damaged (0x8007000D)",
		0x80070216: "the request or its answer could not be processed: the KMS host is too old for this product, or the licensing store is damaged (0x80070216)",
		0x8004E108: "the licensing store is damaged (0x8004E108)",
		0x803F7001: "no valid licence or product key was found for this edition (0x803F7001)",
		0x87E10BC6: "Microsoft's catalogue of licences does not hold this product (0x87E10BC6)",
		0x4004F00C: "it runs in its grace period (0x4004F00C)",
		0x4004F00D: "it runs in the grace period that follows a change or the end of a licence (0x4004F00D)",
		0x4004F040: "it is activated (0x4004F040)",
		0x4004F065: "it runs in the grace period of a product that is not genuine (0x4004F065)",
		0x4004F401: "it has a licence of the Microsoft Store (0x4004F401)",
		21:         "the machine is not ready (0x00000015)", // a system error, as an HRESULT or bare
		0x80070015: "the machine is not ready (0x80070015)",
		1722:       "the KMS host is unreachable or its port 1688 is closed (0x000006BA)",
		0xC004FFFF: "0xC004FFFF", // unknown: by its number alone
		0x0000002A: "0x0000002A",
	} {
		if got := code.Words(); got != want {
			t.Errorf("%s: %q, want %q", code, got, want)
		}
	}
}

func TestInformationIsNoError(t *testing.T) {
	t.Parallel()
	for _, code := range []kms.Code{0x4004F00C, 0x4004F00D, 0x4004F040, 0x4004F065, 0x4004F401, kms.CodeOK} {
		if !code.Informational() {
			t.Errorf("%s is taken for an error", code)
		}
		licence := kms.Licence{Status: kms.Notification, Reason: code}
		if got := licence.Explanation(); got != "Notification" {
			t.Errorf("%s explains as %q", code, got)
		}
	}
	if kms.CodeNotEnoughCount.Informational() {
		t.Error("0xC004F038 is taken for information")
	}
}

// The set of codes is open: what does not pass and was not counted is a refusal, known or not.
func TestWhatACodeMeansForARequest(t *testing.T) {
	t.Parallel()
	const counts, passes, refuses = "counts", "passes", "refuses"
	for code, want := range map[kms.Code]string{
		kms.CodeOK: counts, kms.CodeNotEnoughCount: counts, 0x4004F040: counts, 0x4004FC04: counts,
		21: passes, 0x80070015: passes, 1115: passes, 0x8007045B: passes, 0x80041033: passes,
		0xC004F074: refuses, 0xC004F042: refuses, 0x80092328: refuses, 0x8007000D: refuses, 0x80070216: refuses,
		0x803F7001: refuses, 0x8004E108: refuses, 0x87E10BC6: refuses, 0x80070005: refuses, 0x800706BA: refuses,
		// Of no list.
		1: refuses, 42: refuses, 1722: refuses, 0x80041001: refuses, 0x8033801A: refuses, 0xC004FFFF: refuses, 0xDEADBEEF: refuses, 0xFFFFFFFF: refuses,
	} {
		got := refuses
		switch {
		case code.Counted():
			got = counts
		case code.Passes():
			got = passes
		}
		if got != want {
			t.Errorf("%s %s, want that it %s", code, got, want)
		}
		if err := error(&kms.CodeError{Code: code}); errors.Is(err, kms.ErrNotYet) != (want == passes) {
			t.Errorf("%s is not ready yet: %t", code, errors.Is(err, kms.ErrNotYet))
		}
	}
}

func TestRefusalSpeaksInWords(t *testing.T) {
	t.Parallel()
	err := &kms.CodeError{Code: 0xC004F074}
	if !strings.Contains(err.Error(), "no KMS host could be reached") {
		t.Error(err)
	}
}
