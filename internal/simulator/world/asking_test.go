package world_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// both holds Windows and Office, of which nobody asks by itself.
func both(titles ...string) []world.Station {
	s := world.Station{Name: "PC1", Products: []world.Product{{Title: "windows-11-education", Silent: true}}}
	for _, title := range titles {
		s.Products = append(s.Products, world.Product{Title: title})
	}
	return []world.Station{s}
}

// noted reports whether the station wrote down a request, and an answer to it.
func noted(t *testing.T, w *world.World, code kms.Code) (asked, answered bool) {
	t.Helper()
	exchanges, err := w.Requests("PC1", monday)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range exchanges {
		asked = asked || e.Code == code || e.Answer != nil && e.Answer.Code == code
		answered = answered || e.Answer != nil
	}
	return asked, answered
}

func TestARequestMayFailAnywhere(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault           world.Fault
		code            kms.Code
		asked, answered bool // written down by the client
	}{
		"no KMS host could be reached":       {world.Fault{Name: world.RequestFails}, 0xC004F074, true, false},
		"no record in DNS":                   {world.Fault{Name: world.RequestFails, Code: 0x8007232B}, 0x8007232B, true, false},
		"the port is closed":                 {world.Fault{Name: world.RequestFails, Code: 0x800706BA}, 0x800706BA, true, false},
		"the host refuses the product":       {world.Fault{Name: world.RequestRefused}, kms.CodeIDMismatch, true, true},
		"the host refuses for a new reason":  {world.Fault{Name: world.RequestRefused, Code: 0xC004ABCD}, 0xC004ABCD, true, true},
		"the licensing store is broken":      {world.Fault{Name: world.ActivateFails}, 0x8007000D, false, false},
		"Windows has a code of its own":      {world.Fault{Name: world.ActivateFails, Code: 0x87E10BC6}, 0x87E10BC6, false, false},
		"Activate says yes and does nothing": {world.Fault{Name: world.ActivateIgnored}, kms.CodeOK, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.fault.Times = 1
			w := build(t, world.Site{Host: others(24, day, 0), Stations: both(), Faults: []world.Fault{test.fault}})
			if got := ask(t, w, "PC1", kms.Windows); got != test.code {
				t.Errorf("outcome %s, want %s", got, test.code)
			}
			if asked, answered := noted(t, w, test.code); asked != test.asked || answered != test.answered {
				t.Errorf("asked %t, answered %t", asked, answered)
			}
			if got := count(t, w, kms.Windows); got != 24 {
				t.Errorf("count %d", got)
			}
			if l := licence(t, w, "PC1", kms.Windows); l.Status == kms.Licensed || test.asked && l.Reason != test.code {
				t.Errorf("licence %+v", l)
			}
			if seen(w, test.fault.Name) != 1 {
				t.Error("the fault was not seen")
			}
			if ask(t, w, "PC1", kms.Windows) != kms.CodeOK || count(t, w, kms.Windows) != 25 {
				t.Error("the next request was not counted")
			}
		})
	}
}

func TestWhatPassesWithTime(t *testing.T) {
	t.Parallel()
	w := build(t, world.Site{Stations: room(2), Faults: []world.Fault{{Name: world.RequestFails, On: []string{"R101-PC01"}, For: 10 * time.Minute}}})
	w.Advance(5 * time.Minute)
	if got := ask(t, w, "R101-PC01", kms.Windows); got != 0xC004F074 {
		t.Errorf("while it lasts: %s", got)
	}
	if got := ask(t, w, "R101-PC02", kms.Windows); got != kms.CodeNotEnoughCount {
		t.Errorf("the other station: %s", got)
	}
	w.Advance(5 * time.Minute)
	if got := ask(t, w, "R101-PC01", kms.Windows); got != kms.CodeNotEnoughCount {
		t.Errorf("after it: %s", got)
	}
}

func TestAFaultOfOneProduct(t *testing.T) {
	t.Parallel()
	for _, of := range []string{"office", "visio-2024", "fa187091-8246-47b1-964f-80a0b1e5d69a"} {
		site := world.Site{Host: world.Host{Keys: []world.Key{{Key: "windows"}, {Key: "office-2024"}}}, Stations: both("visio-2024")}
		site.Faults = []world.Fault{{Name: world.RequestRefused, Of: of}}
		w := build(t, site)
		if got := ask(t, w, "PC1", kms.Windows); got != kms.CodeNotEnoughCount {
			t.Errorf("%s: Windows %s", of, got)
		}
		if got := ask(t, w, "PC1", kms.Office); got != kms.CodeIDMismatch {
			t.Errorf("%s: Office %s", of, got)
		}
	}
}

func TestSeveralProductsOfAFamilyInTheirOrder(t *testing.T) {
	t.Parallel()
	site := world.Site{Host: world.Host{Keys: []world.Key{{Key: "windows"}, {Key: "office-2024"}}}, Stations: both("office-2019", "visio-2024", "office-2024")}
	w := build(t, site)
	l, err := w.Licensing("PC1")
	if err != nil {
		t.Fatal(err)
	}
	var outcomes []kms.Code
	for _, office := range l.Of(kms.Office) {
		var refused *kms.CodeError
		if err := w.Activate("PC1", office.ID); !errors.As(err, &refused) {
			t.Fatal(err)
		}
		outcomes = append(outcomes, refused.Code)
	}
	if want := []kms.Code{kms.CodeIDMismatch, kms.CodeNotEnoughCount, kms.CodeNotEnoughCount}; !slices.Equal(outcomes, want) {
		t.Errorf("%v, want %v", outcomes, want)
	}
	if got := count(t, w, kms.Office); got != 1 {
		t.Errorf("two products of one station count %d", got)
	}
}

func TestActivateMayTakeAMinute(t *testing.T) {
	t.Parallel()
	slow := []world.Fault{{Name: world.SlowActivate, By: time.Minute}}
	begin := func(t *testing.T, faults ...world.Fault) (*world.World, *world.Attempt) {
		t.Helper()
		w := build(t, world.Site{Stations: both(), Faults: append(slow, faults...)})
		a, err := w.StartActivate("PC1", licence(t, w, "PC1", kms.Windows).ID)
		if err != nil || a.Takes != time.Minute {
			t.Fatal(a, err)
		}
		w.Advance(59 * time.Second)
		if err := a.Err(); !errors.Is(err, kms.ErrUnknownOutcome) || count(t, w, kms.Windows) != 0 {
			t.Errorf("before its time: %v", err)
		}
		return w, a
	}
	w, a := begin(t)
	w.Advance(time.Second)
	var refused *kms.CodeError
	if err := a.Err(); !errors.As(err, &refused) || refused.Code != kms.CodeNotEnoughCount || count(t, w, kms.Windows) != 1 {
		t.Errorf("in its time: %v", err)
	}
	w, a = begin(t, world.Fault{Name: world.ActivateFails, Code: 0x80070216})
	w.Advance(time.Second)
	if err := a.Err(); !errors.As(err, &refused) || refused.Code != 0x80070216 {
		t.Errorf("a refusal: %v", err)
	}
	w, a = begin(t)
	if err := w.PowerOff("PC1"); err != nil {
		t.Fatal(err)
	}
	w.Advance(time.Second)
	if err := a.Err(); !errors.Is(err, kms.ErrUnknownOutcome) || count(t, w, kms.Windows) != 0 {
		t.Errorf("it was switched off: %v", err)
	}
	// Nobody waits, and it is done all the same.
	w = build(t, world.Site{Stations: both(), Faults: slow})
	if err := w.Activate("PC1", licence(t, w, "PC1", kms.Windows).ID); !errors.Is(err, kms.ErrUnknownOutcome) {
		t.Errorf("nobody waits: %v", err)
	}
	w.Advance(2 * time.Minute)
	if got := count(t, w, kms.Windows); got != 1 {
		t.Errorf("count %d", got)
	}
}

func TestAnAnswerMayTakeLong(t *testing.T) {
	t.Parallel()
	w := build(t, world.Site{Stations: room(1), Faults: []world.Fault{{Name: world.SlowAnswer, By: 50 * time.Second, Of: "read", Times: 1}}})
	if got := w.AnswerTakes("R101-PC01", world.AboutRestart); got != 0 {
		t.Errorf("another request: %s", got)
	}
	if got := w.AnswerTakes("R101-PC01", world.AboutRead); got != 50*time.Second {
		t.Errorf("it takes %s", got)
	}
	if got := w.AnswerTakes("R101-PC01", world.AboutRead); got != 0 || seen(w, world.SlowAnswer) != 1 {
		t.Errorf("the next one takes %s", got)
	}
}

func TestAClockFiveHoursOff(t *testing.T) {
	t.Parallel()
	for _, by := range []time.Duration{5 * time.Hour, -5 * time.Hour} {
		w := build(t, world.Site{Stations: both(), Faults: []world.Fault{{Name: world.ClockSkew, After: time.Minute, For: time.Hour, By: by}}})
		before, err := w.Probe("PC1")
		if err != nil {
			t.Fatal(err)
		}
		w.Advance(2 * time.Minute)
		now, err := w.Probe("PC1")
		if err != nil || now.Duration()-before.Duration() != 2*time.Minute || now.Boot.Sub(before.Boot) != by {
			t.Errorf("%s: %+v after %+v, %v", by, now, before, err)
		}
		if got := ask(t, w, "PC1", kms.Windows); got != 0xC004F06C {
			t.Errorf("%s: %s", by, got)
		}
		w.Advance(time.Hour)
		if got := ask(t, w, "PC1", kms.Windows); got != kms.CodeNotEnoughCount {
			t.Errorf("set right again: %s", got)
		}
	}
}
