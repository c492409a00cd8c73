package kms_test

import (
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

func TestOnlyLicensingAndItsWayToTheHostRefuse(t *testing.T) {
	t.Parallel()
	for code, want := range map[kms.Code]bool{
		kms.CodeNotEnoughCount: true, 0xC004FFFF: true, 0x800706BA: true, 0x8007232B: true,
		0x80070005: false, 5: false, 2150858793: false, kms.CodeOK: false,
	} {
		if code.Refuses() != want {
			t.Errorf("%s refuses: %t, want %t", code, code.Refuses(), want)
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
