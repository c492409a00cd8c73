package kms_test

import (
	"strings"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
)

// Samples in Microsoft's documentation of the events.
const (
	sampleRequest = "0xC004F06C, 0x00000000, <KMS Host FQDN>:1688, 36f27b39-2fd5-440b-be67-a09996d27a38, 2010/09/29 17:52, 0, 2, 41760, 68531fb9-5511-4989-97be-d11a0f55633f, 5"
	sampleCounted = "0xC004F06C,5,<KMS Client name>,36f27b39-2fd5-440b-be67-a09996d27a38,2010/9/29 21:46,0,2,41520,68531fb9-5511-4989-97be-d11a0f55633f"
	sampleAnswer  = "0x00000000, 0x02000000, 1, 0, 12, 120, 10080, 2010/09/29 17:52"
)

func TestEventsOfMicrosoftsDocumentation(t *testing.T) {
	t.Parallel()
	at := time.Date(2010, 9, 29, 17, 52, 1, 0, time.UTC)
	request, err := kms.ParseRequest(at, []string{sampleRequest})
	if want := (kms.Request{
		Time: at, Code: 0xC004F06C, Host: "<KMS Host FQDN>:1688", CMID: "36f27b39-2fd5-440b-be67-a09996d27a38",
		Status: kms.OOBGrace, ActivationID: "68531fb9-5511-4989-97be-d11a0f55633f", Threshold: 5,
	}); err != nil || request != want {
		t.Errorf("12288: %+v, %v", request, err)
	}
	answer, err := kms.ParseAnswer(at, strings.Split(sampleAnswer, ", ")) // a string per field
	if want := (kms.Answer{Time: at, Activated: true, Count: 12}); err != nil || answer != want {
		t.Errorf("12289: %+v, %v", answer, err)
	}
	counted, err := kms.ParseCounted(at, []string{sampleCounted})
	if want := (kms.Counted{
		Time: at, Code: 0xC004F06C, Threshold: 5, Client: "<KMS Client name>", CMID: "36f27b39-2fd5-440b-be67-a09996d27a38",
		Status: kms.OOBGrace, ActivationID: "68531fb9-5511-4989-97be-d11a0f55633f",
	}); err != nil || counted != want {
		t.Errorf("12290: %+v, %v", counted, err)
	}
}

func TestWhatIsNoEventIsRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "one", strings.Replace(sampleRequest, "0xC004F06C", "none", 1), strings.Replace(sampleRequest, ", 5", ", five", 1)} {
		if r, err := kms.ParseRequest(time.Time{}, []string{text}); err == nil {
			t.Errorf("%q passes for %+v", text, r)
		}
	}
}

func TestAnAnswerBelongsToTheLatestOpenRequestBeforeIt(t *testing.T) {
	t.Parallel()
	second := func(n int) time.Time { return time.Unix(int64(n), 0) }
	exchanges := kms.Pair(
		[]kms.Request{{Time: second(1), ActivationID: "windows"}, {Time: second(5), ActivationID: "office"}, {Time: second(9), ActivationID: "windows"}},
		[]kms.Answer{{Time: second(2), Count: 7}, {Time: second(9), Count: 8}, {Time: second(0), Count: 99}},
	)
	if exchanges[0].Answer == nil || exchanges[0].Answer.Count != 7 {
		t.Errorf("first: %+v", exchanges[0])
	}
	if exchanges[1].Answer != nil {
		t.Errorf("the host was not reached, yet: %+v", exchanges[1])
	}
	if exchanges[2].Answer == nil || exchanges[2].Answer.Count != 8 {
		t.Errorf("third: %+v", exchanges[2])
	}
}

func TestTwoProductsMayAskWithinASecond(t *testing.T) {
	t.Parallel()
	at := time.Unix(5, 0)
	exchanges := kms.Pair(
		[]kms.Request{{Time: at.Add(-time.Second)}, {Time: at, ActivationID: "windows"}, {Time: at, ActivationID: "office"}},
		[]kms.Answer{{Time: at, Count: 7}, {Time: at, Count: 3}},
	)
	if exchanges[0].Answer != nil || exchanges[1].Answer == nil || exchanges[1].Answer.Count != 7 || exchanges[2].Answer == nil || exchanges[2].Answer.Count != 3 {
		t.Errorf("%+v", exchanges)
	}
}

func TestClientMachineIDs(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]kms.CMID{
		" {36F27B39-2FD5-440B-BE67-A09996D27A38} ": "36f27b39-2fd5-440b-be67-a09996d27a38",
		"00000000-0000-0000-0000-000000000000":     "",
		"36f27b39-2fd5-440b-be67":                  "",
		"36f27b39x2fd5-440b-be67-a09996d27a38":     "",
		"36f27b39-2fd5-440b-be67-a09996d27ag8":     "",
	} {
		if got := kms.ParseCMID(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func FuzzEvents(f *testing.F) {
	for _, sample := range []string{sampleRequest, sampleAnswer, sampleCounted, "", ",,,,,,,,,"} {
		f.Add(sample)
	}
	f.Fuzz(func(t *testing.T, text string) {
		insertions := strings.Split(text, "\x00")
		if r, err := kms.ParseRequest(time.Time{}, insertions); err == nil && (r.Threshold < 0 || r.CMID != kms.ParseCMID(string(r.CMID))) {
			t.Errorf("%q: %+v", text, r)
		}
		if a, err := kms.ParseAnswer(time.Time{}, insertions); err == nil && a.Count < 0 {
			t.Errorf("%q: %+v", text, a)
		}
		if c, err := kms.ParseCounted(time.Time{}, insertions); err == nil && c.Threshold < 0 {
			t.Errorf("%q: %+v", text, c)
		}
	})
}
