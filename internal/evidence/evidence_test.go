package evidence_test

import (
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/evidence"
	"github.com/timago/terraform-provider-timago/internal/kms"
)

const (
	windowsID = "e0c42288-980c-4788-a014-c080d2e1926e"
	officeID  = "8d368fc1-9470-4be2-8d66-90e836cbb051"

	before kms.CMID = "11111111-1111-1111-1111-111111111111"
	after  kms.CMID = "22222222-2222-2222-2222-222222222222"
)

var (
	noon     = time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)
	licences = map[kms.Product][]kms.Licence{kms.Windows: {{ID: windowsID}}, kms.Office: {{ID: officeID}}}
)

func record(at time.Duration, cmid kms.CMID, activationID string) kms.Counted {
	return kms.Counted{Time: noon.Add(at), Client: "PC01.schule.example", CMID: cmid, ActivationID: activationID, Code: kms.CodeNotEnoughCount, Threshold: 25}
}

// restart is our restart of PC01 after the first poll.
func restart(cmid kms.CMID) evidence.Start {
	return evidence.Start{Client: "PC01", CMID: cmid, CMIDBefore: before, Poll: 1, ByUs: true}
}

// A6: Windows and Office may share an id, so that Office's request must not pass for
// Windows'.
func TestARequestIsOfTheProductThatMadeIt(t *testing.T) {
	t.Parallel()
	log := evidence.New()
	log.Record(nil, 1)
	log.Record([]kms.Counted{record(0, after, officeID)}, 2)
	if request, seen := log.Seen(restart(after), kms.Windows, licences[kms.Windows]); seen {
		t.Errorf("Office's request passes for Windows': %v", request)
	}
	if _, seen := log.Seen(restart(after), kms.Office, licences[kms.Office]); !seen {
		t.Error("Office's own request is not seen")
	}
	windows := evidence.Request{CMID: after, ActivationID: windowsID}
	if log.Knows(windows) || !log.IsNew(windows, 9) {
		t.Error("an id that is known for Office is still new for Windows")
	}
}

// What an earlier run or an earlier image has left in the log says nothing of a restart.
func TestWhatWasSeenBeforeTheStartIsNone(t *testing.T) {
	t.Parallel()
	log := evidence.New()
	log.Record([]kms.Counted{record(-time.Hour, "33333333-3333-3333-3333-333333333333", windowsID), record(0, before, windowsID)}, 1)
	if request, seen := log.Seen(restart(before), kms.Windows, licences[kms.Windows]); seen {
		t.Errorf("%v was there before", request)
	}
	log.Record([]kms.Counted{record(0, before, windowsID), record(time.Minute, before, windowsID)}, 2)
	request, seen := log.Seen(restart(before), kms.Windows, licences[kms.Windows])
	if !seen || log.IsNew(request, 1) {
		t.Errorf("it asked again with the old id: seen %t, new %t", seen, log.IsNew(request, 1))
	}
}

// What a poll reads again shows whether the log has lost records since: a short one drops the
// oldest.
func TestALogThatLostRecords(t *testing.T) {
	t.Parallel()
	first, next := record(0, before, windowsID), record(time.Minute, after, windowsID)
	for name, tt := range map[string]struct {
		then []kms.Counted
		gap  bool
	}{
		"nothing is new":             {[]kms.Counted{first}, false},
		"one more":                   {[]kms.Counted{first, next}, false},
		"one more, and the old lost": {[]kms.Counted{next}, true},
		"it was cleared":             {nil, true},
	} {
		log := evidence.New()
		if log.Record([]kms.Counted{first}, 1); log.Gap {
			t.Errorf("%s: the first read lacks something", name)
		}
		if log.Record(tt.then, 2); log.Gap != tt.gap {
			t.Errorf("%s: it has lost records: %t", name, log.Gap)
		}
		if log.Record(tt.then, 3); log.Gap {
			t.Errorf("%s: it has lost records since", name)
		}
	}
}

// A log that is first read after a start shows requests of any time: by themselves they say
// nothing of the start.
func TestALogThatWasReadTooLateTellsNothingOfAStart(t *testing.T) {
	t.Parallel()
	const anew kms.CMID = "44444444-4444-4444-4444-444444444444"
	start := evidence.Start{Client: "PC01", CMID: after, Poll: 1}
	request := evidence.Request{CMID: before, ActivationID: officeID}
	log := evidence.New()
	log.Record([]kms.Counted{record(-time.Hour, before, officeID), record(-time.Hour, after, windowsID)}, 2)
	if found, seen := log.Seen(start, kms.Office, licences[kms.Office]); seen || log.IsNew(request, start.Poll) || !log.IsUndated(request, start.Poll) {
		t.Errorf("%v of an hour ago passes for a request since the start: seen %t", found, seen)
	}
	if log.IsUndated(request, 2) {
		t.Error("a start that began after it was read tells it apart")
	}
	log.Record([]kms.Counted{record(time.Minute, anew, officeID)}, 3)
	if found, seen := log.Seen(start, kms.Office, licences[kms.Office]); !seen || !log.IsNew(found, start.Poll) {
		t.Error("what is shown later is not seen")
	}
}

// Records of one moment may be written later: what overlaps is read again, and taken once.
func TestRecordsThatAreReadAgainAreTakenOnce(t *testing.T) {
	t.Parallel()
	log := evidence.New()
	log.Record([]kms.Counted{record(0, after, windowsID)}, 1)
	log.Record([]kms.Counted{record(0, after, windowsID)}, 2)
	if request, seen := log.Seen(restart(after), kms.Windows, licences[kms.Windows]); seen {
		t.Errorf("%v was read before the start, and only read again after it", request)
	}
}

func TestWhatTheHostDidNotCountIsNoEvidence(t *testing.T) {
	t.Parallel()
	refused, old := record(0, after, windowsID), record(-kms.CountedFor-time.Hour, before, windowsID)
	refused.Code, refused.Threshold = kms.CodeIDMismatch, 1000
	log := evidence.New()
	log.Record([]kms.Counted{old, refused}, 1)
	for _, cmid := range []kms.CMID{before, after} {
		if log.Knows(evidence.Request{CMID: cmid, ActivationID: windowsID}) {
			t.Errorf("%s passes for counted", cmid)
		}
	}
	if log.LargestThreshold != 0 {
		t.Errorf("threshold %d", log.LargestThreshold)
	}
}

// An id leaves the count 30 days after it was last seen.
func TestIDsExpire(t *testing.T) {
	t.Parallel()
	log := evidence.New()
	log.Record([]kms.Counted{record(-kms.CountedFor+time.Minute, before, windowsID), record(0, after, windowsID)}, 1)
	since := log.Newest
	if expired := log.ExpiredSince(since); expired != 0 {
		t.Errorf("%d have expired at once", expired)
	}
	log.Record([]kms.Counted{record(2*time.Minute, after, officeID)}, 2)
	if expired := log.ExpiredSince(since); expired != 1 {
		t.Errorf("%d have expired, want the one of 30 days ago", expired)
	}
}

// Office's request is known by the computer's name; that its id has changed shows only
// beside another one.
func TestAnotherIDUnderOneName(t *testing.T) {
	t.Parallel()
	log := evidence.New()
	log.Record([]kms.Counted{record(0, before, officeID)}, 1)
	if log.HadOtherID("pc01", evidence.Request{CMID: before, ActivationID: officeID}) {
		t.Error("there was no other")
	}
	log.Record([]kms.Counted{record(time.Minute, after, officeID)}, 2)
	if !log.HadOtherID("PC01.schule.example", evidence.Request{CMID: after, ActivationID: officeID}) {
		t.Error("the one before is forgotten")
	}
}
