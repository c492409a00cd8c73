package kms_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

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

// pairSlowly says what Pair does, one answer after the other.
func pairSlowly(requests []kms.Request, answers []kms.Answer) []kms.Exchange {
	exchanges := make([]kms.Exchange, len(requests))
	for i, r := range requests {
		exchanges[i].Request = r
	}
	for i := range answers {
		at := -1
		for j, e := range exchanges {
			if e.Answer == nil && !e.Time.After(answers[i].Time) && (at < 0 || e.Time.After(exchanges[at].Time)) {
				at = j
			}
		}
		if at >= 0 {
			exchanges[at].Answer = &answers[i]
		}
	}
	return exchanges
}

func TestAnswersArePairedAsOneByOne(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		moments := func(of string) []time.Time {
			seconds := rapid.SliceOfN(rapid.Int64Range(0, 20), 0, 30).Draw(t, of)
			times := make([]time.Time, len(seconds))
			for i, second := range seconds {
				times[i] = time.Unix(second, 0)
			}
			return times
		}
		var requests []kms.Request
		for i, at := range moments("requests") { // in any order: a clock may be set back
			requests = append(requests, kms.Request{Time: at, Threshold: i})
		}
		var answers []kms.Answer
		for i, at := range slices.SortedStableFunc(slices.Values(moments("answers")), time.Time.Compare) {
			answers = append(answers, kms.Answer{Time: at, Count: i})
		}
		if got, want := kms.Pair(requests, answers), pairSlowly(requests, answers); !reflect.DeepEqual(got, want) {
			t.Fatalf("got  %+v\nwant %+v", got, want)
		}
	})
}

// The time per event must not grow with their number.
func BenchmarkPair(b *testing.B) {
	for _, story := range []struct {
		name     string
		answered int // every how manieth request
	}{{"answered", 1}, {"half", 2}, {"unanswered before", 0}} {
		for _, n := range []int{1000, 10_000, 40_000} {
			requests, answers := make([]kms.Request, n), []kms.Answer{}
			for i := range requests {
				requests[i].Time = time.Unix(int64(i), 0)
				if story.answered > 0 && i%story.answered == 0 {
					answers = append(answers, kms.Answer{Time: requests[i].Time})
				}
			}
			for story.answered == 0 && len(answers) < n {
				answers = append(answers, kms.Answer{Time: time.Unix(int64(n), 0)})
			}
			b.Run(fmt.Sprintf("%s/%d", story.name, n), func(b *testing.B) {
				for b.Loop() {
					kms.Pair(requests, answers)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/request")
			})
		}
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
