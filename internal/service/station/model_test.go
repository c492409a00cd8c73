package station

import (
	"fmt"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
)

var noon = time.Date(2026, 9, 7, 12, 0, 0, 0, time.UTC)

func word(s *string) string {
	if s == nil {
		return "null"
	}
	return *s
}

func TestReasonsInWords(t *testing.T) {
	t.Parallel()
	for code, want := range map[kms.Code]string{
		0xC004F074: "Notification: no KMS host could be reached (0xC004F074)",
		0xC004FFFF: "Notification: 0xC004FFFF", // unknown: by its number alone
		0x4004F00C: "Notification",             // information
	} {
		if got := word(licenceOf(kms.Licence{Status: kms.Notification, Reason: code}).Reason); got != want {
			t.Errorf("%s: %q, want %q", code, got, want)
		}
	}
	if got := licenceOf(kms.Licence{Status: kms.Licensed}); got.Reason != nil || got.KMSHost != nil || got.ActivationType != nil || !got.Grace.IsNull() {
		t.Errorf("what was not read is shown: %+v", got)
	}
}

func TestRequestsWithTheHostsAnswersTheNewestFirst(t *testing.T) {
	t.Parallel()
	asked := func(second int, code kms.Code, answer *kms.Answer) kms.Exchange {
		return kms.Exchange{Request: kms.Request{Time: noon.Add(time.Duration(second) * time.Second), Code: code, ActivationID: "sku", Threshold: 25}, Answer: answer}
	}
	licensing := kms.Licensing{Licences: []kms.Licence{{ID: "sku", Product: kms.Windows}}}
	var m model
	m.showRequests([]kms.Exchange{
		asked(1, 0xC004F074, nil),
		asked(2, kms.CodeOK, nil),
		asked(3, kms.CodeOK, &kms.Answer{Code: kms.CodeNotEnoughCount, Count: 7}),
		asked(4, kms.CodeOK, &kms.Answer{Code: 0xC004FFFF}),
		asked(5, kms.CodeOK, &kms.Answer{Activated: true, Count: 25}),
	}, licensing)
	const shown = "12:00:05 windows true true 25 null|12:00:04 windows true false 0 0xC004FFFF|" +
		"12:00:03 windows true false 7 the KMS host's count is below the threshold (0xC004F038)|" +
		"12:00:02 windows false false null null|12:00:01 windows false false null no KMS host could be reached (0xC004F074)|"
	got := ""
	for _, r := range m.Requests {
		at, _ := r.Time.ValueRFC3339Time()
		count := "null"
		if r.Count != nil {
			count = fmt.Sprint(*r.Count)
		}
		got += fmt.Sprint(at.Format(time.TimeOnly), " ", word(r.Product), " ", r.Answered, " ", r.Activated, " ", count, " ", word(r.Reason), "|")
	}
	if got != shown {
		t.Errorf("got  %s\nwant %s", got, shown)
	}

	m.showRequests(make([]kms.Exchange, 3*lastRequests), licensing)
	if len(m.Requests) != lastRequests || m.Requests[0].Product != nil {
		t.Errorf("%d requests of unknown products", len(m.Requests))
	}
	m.showRequests(nil, licensing)
	if m.Requests == nil {
		t.Error("a log without requests is shown as one that could not be read")
	}
}
