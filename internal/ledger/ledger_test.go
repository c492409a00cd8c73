package ledger_test

import (
	"testing"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/ledger"
)

// A13: cycles on one KMS host share a ledger, cycles on different hosts do not.
func TestAHostHasOneLedger(t *testing.T) {
	t.Parallel()
	var book ledger.Book
	first := book.Of("kms01")
	first.Add(kms.Windows)
	if book.Of("kms01") != first || book.Of("kms02").UnderWay(kms.Windows) != 0 {
		t.Error("the ledgers of two hosts are mixed up")
	}
	first.Drop(kms.Windows, false)
	if first.UnderWay(kms.Windows) != 0 || first.Settled != 0 {
		t.Errorf("%d under way, %d settled", first.UnderWay(kms.Windows), first.Settled)
	}
	first.Add(kms.Windows)
	first.Miss(kms.Windows)
	if first.Missed(kms.Windows) != 1 || first.Missed(kms.Office) != 0 || book.Of("kms02").Missed(kms.Windows) != 0 {
		t.Error("what was missed on one host, of one product, is missed elsewhere, or not at all")
	}
	if first.Drop(kms.Windows, true); first.Settled != 1 {
		t.Error("a reading from before a count that may have been made still stands")
	}
}

func TestExpectedCountsAddUpOverCycles(t *testing.T) {
	t.Parallel()
	l := new(ledger.Book).Of("kms01")
	one, other := new(int), new(int)
	l.PublishExpected(one, kms.Office, 3)
	l.PublishExpected(other, kms.Office, 2)
	l.PublishExpected(one, kms.Office, 1)
	if l.Expected(kms.Office) != 3 || l.Expected(kms.Windows) != 0 {
		t.Errorf("%d of Office and %d of Windows are expected", l.Expected(kms.Office), l.Expected(kms.Windows))
	}
	if l.PublishExpected(other, kms.Office, 0); l.Expected(kms.Office) != 1 {
		t.Errorf("%d are expected after a cycle has ended", l.Expected(kms.Office))
	}
}

func TestOnlyAnIdleStationIsTaken(t *testing.T) {
	t.Parallel()
	l := new(ledger.Book).Of("kms01")
	l.AddMember("pc01")
	if _, free := l.TakeIdle("pc01"); free {
		t.Error("a station is taken that a cycle counts on")
	}
	l.RemoveMember("pc01")
	done, free := l.TakeIdle("pc01")
	if _, again := l.TakeIdle("pc01"); !free || again || !l.IsBusy("pc01") {
		t.Error("a station is taken twice, or not at all")
	}
	if done(); l.IsBusy("pc01") {
		t.Error("a station is not given back")
	}
}
