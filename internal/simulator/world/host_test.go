package world_test

import (
	"errors"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

const day = 24 * time.Hour

// others are clients that were counted before the start.
func others(n int, age, over time.Duration) world.Host {
	return world.Host{Keys: []world.Key{{Key: "windows", Counted: []world.Counted{{Number: n, Age: age, Over: over}}}}}
}

func TestCounting(t *testing.T) {
	t.Parallel()
	silent := world.Rows(2, world.Station{Name: "PC%d", Products: []world.Product{{Title: "windows-11-education", Silent: true}}})
	shared := world.Rows(3, world.Station{Name: "PC%d", Image: world.Image{CMID: "36f27b39-2fd5-440b-be67-a09996d27a38"}})
	askAll := func(t *testing.T, w *world.World) {
		t.Helper()
		for _, s := range w.Names() {
			ask(t, w, s, kms.Windows)
		}
	}
	tests := map[string]struct {
		site world.Site
		do   func(t *testing.T, w *world.World)
		want int
	}{
		"nobody asked": {site: world.Site{Stations: silent}, do: func(*testing.T, *world.World) {}, want: 0},
		"others asked before": {
			site: world.Site{Host: others(18, day, day), Stations: silent}, do: func(*testing.T, *world.World) {}, want: 18,
		},
		"a client machine id counts once, however often it asks": {
			site: world.Site{Stations: silent},
			do:   func(t *testing.T, w *world.World) { t.Helper(); askAll(t, w); w.Advance(time.Hour); askAll(t, w) },
			want: 2,
		},
		"stations of an image that was not generalized are one": {
			site: world.Site{Stations: shared}, do: askAll, want: 1,
		},
		"after 30 days without a word it is forgotten": {
			site: world.Site{Host: others(18, day, 0)}, do: func(_ *testing.T, w *world.World) { w.Advance(29 * day) }, want: 0,
		},
		"a moment before that it is not": {
			site: world.Site{Host: others(18, day, 0)}, do: func(_ *testing.T, w *world.World) { w.Advance(29*day - time.Second) }, want: 18,
		},
		"whoever asks again stays": {
			site: world.Site{Stations: silent},
			do: func(t *testing.T, w *world.World) {
				t.Helper()
				askAll(t, w)
				w.Advance(20 * day)
				askAll(t, w)
				w.Advance(20 * day)
			},
			want: 2,
		},
		"the count ends at twice the threshold": {
			site: world.Site{Host: others(70, day, day)}, do: func(*testing.T, *world.World) {}, want: 50,
		},
		"behind the cap it falls no sooner": {
			site: world.Site{Host: others(70, 0, 69*time.Hour)},
			do:   func(_ *testing.T, w *world.World) { w.Advance(30*day - 49*time.Hour - time.Second) }, want: 50,
		},
		"only machines with threshold 5 asked: the cap is 10": {
			site: world.Site{Traffic: []world.Traffic{{Every: time.Minute, Threshold: 5}}},
			do:   func(_ *testing.T, w *world.World) { w.Advance(time.Hour) }, want: 10,
		},
		"the host was away": {
			site: world.Site{Stations: silent, Faults: []world.Fault{{Name: world.KMSAway}}},
			do:   askAll, want: 0,
		},
		"the oldest fall out": {
			site: world.Site{Host: others(30, day, day), Faults: []world.Fault{{Name: world.CountFalls, After: time.Hour, Number: 12}}},
			do:   func(_ *testing.T, w *world.World) { w.Advance(time.Hour) }, want: 18,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := build(t, test.site)
			test.do(t, w)
			if got := count(t, w, kms.Windows); got != test.want {
				t.Errorf("count %d, want %d", got, test.want)
			}
		})
	}
}

func TestWhatAnAskingStationLearns(t *testing.T) {
	t.Parallel()
	silent := world.Station{Name: "PC1", Products: []world.Product{{Title: "windows-11-education", Silent: true}}}
	late := silent
	late.Skew = 4*time.Hour + time.Minute
	office := world.Station{Name: "PC1", Products: []world.Product{{Title: "windows-11-education"}, {Title: "office-2024"}}}
	full := others(24, day, 0)
	tests := map[string]struct {
		site     world.Site
		product  kms.Product
		want     kms.Code
		answered bool
		count    int // in the answer
	}{
		"the 25th is activated":    {world.Site{Host: full, Stations: []world.Station{silent}}, kms.Windows, kms.CodeOK, true, 25},
		"the 24th is not":          {world.Site{Host: others(23, day, 0), Stations: []world.Station{silent}}, kms.Windows, kms.CodeNotEnoughCount, true, 24},
		"its clock is 4 h off":     {world.Site{Host: full, Stations: []world.Station{late}}, kms.Windows, 0xC004F06C, false, 0},
		"the host has no such key": {world.Site{Host: full, Stations: []world.Station{office}}, kms.Office, kms.CodeIDMismatch, true, 0},
		"the host's key is not activated": {
			world.Site{Host: world.Host{Keys: []world.Key{{Key: "windows", NotActivated: true}}}, Stations: []world.Station{silent}},
			kms.Windows, 0xC004F041, true, 0,
		},
		"no host answers": {
			world.Site{Host: full, Stations: []world.Station{silent}, Faults: []world.Fault{{Name: world.KMSAway}}},
			kms.Windows, 0xC004F074, false, 0,
		},
		"the host's machine is off": {
			world.Site{Host: full, Stations: []world.Station{silent}, Faults: []world.Fault{{Name: world.PowerCut, On: []string{"kms01"}}}},
			kms.Windows, 0xC004F074, false, 0,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := build(t, test.site)
			if got := ask(t, w, "PC1", test.product); got != test.want {
				t.Errorf("outcome %s, want %s", got, test.want)
			}
			l := licence(t, w, "PC1", test.product)
			if licensed := l.LicensedBy() == kms.ByKMS; licensed != (test.want == kms.CodeOK) {
				t.Errorf("licensed %t: %+v", licensed, l)
			}
			if test.want != kms.CodeOK && l.Reason != test.want {
				t.Errorf("reason %s", l.Reason)
			}
			asked, err := w.Requests("PC1", time.Time{})
			if err != nil || len(asked) == 0 {
				t.Fatalf("events: %v, %v", asked, err)
			}
			last := asked[len(asked)-1]
			if (last.Answer != nil) != test.answered {
				t.Fatalf("event 12289: %+v", last.Answer)
			}
			if !test.answered {
				if last.Code != test.want {
					t.Errorf("event 12288 has %s", last.Code)
				}
				return
			}
			if a := last.Answer; a.Code != test.want || a.Activated != (test.want == kms.CodeOK) || a.Count != test.count {
				t.Errorf("event 12289: %+v", a)
			}
		})
	}
}

func TestALicenceIsRenewedAndEndsAfter180Days(t *testing.T) {
	t.Parallel()
	w := build(t, world.Site{
		Host: others(24, day, 0), Traffic: []world.Traffic{{Every: 10 * time.Hour, Same: 40}},
		Stations: []world.Station{{Name: "PC1", Licensed: true}},
		Faults:   []world.Fault{{Name: world.KMSAway, After: 100 * day}},
	})
	grace := func() time.Duration { t.Helper(); return licence(t, w, "PC1", kms.Windows).Grace }
	w.Advance(40 * day)
	if got := grace(); got < 173*day {
		t.Fatalf("40 days later, the last renewal 7 days ago at most: %s left", got)
	}
	w.Advance(100 * day)
	if got := licence(t, w, "PC1", kms.Windows); got.LicensedBy() != kms.ByKMS || grace() > 150*day {
		t.Errorf("40 days without a host: %+v", got)
	}
	w.Advance(140 * day)
	got := licence(t, w, "PC1", kms.Windows)
	if got.Status != kms.Notification {
		t.Errorf("180 days without a host: %+v", got)
	}
}

func TestARefusalIsTriedAgainAfterTwoHours(t *testing.T) {
	t.Parallel()
	w := build(t, world.Site{Host: others(23, day, 0), Stations: room(2)})
	if code := ask(t, w, "R101-PC01", kms.Windows); code != kms.CodeNotEnoughCount {
		t.Fatal(code)
	}
	ask(t, w, "R101-PC02", kms.Windows)
	if l := licence(t, w, "R101-PC01", kms.Windows); l.LicensedBy() == kms.ByKMS {
		t.Error("licensed without having asked again")
	}
	w.Advance(2 * time.Hour)
	if l := licence(t, w, "R101-PC01", kms.Windows); l.LicensedBy() != kms.ByKMS {
		t.Errorf("after 2 hours: %+v", l)
	}
}

func TestTheHostWritesDownWhomItSaw(t *testing.T) {
	t.Parallel()
	w := build(t, world.Site{Host: world.Host{
		Skew: -time.Hour,
		Keys: []world.Key{{Key: "windows", Counted: []world.Counted{{Number: 3, Age: 2 * day, Over: 8 * day}, {Number: 2, Age: day, Unlogged: true}}}},
	}, Stations: room(1)})
	ask(t, w, "R101-PC01", kms.Windows)
	seen, err := w.Counted(time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if len(seen) != 4 || count(t, w, kms.Windows) != 6 {
		t.Fatalf("%d records, count %d", len(seen), count(t, w, kms.Windows))
	}
	l, err := w.Licensing("R101-PC01")
	if err != nil {
		t.Fatal(err)
	}
	last := seen[3]
	if last.CMID != l.CMID || last.Client != "R101-PC01" || last.Threshold != 25 || !last.Time.Equal(w.Now().Add(-time.Hour)) {
		t.Errorf("%+v", last)
	}
	if recent, err := w.Counted(w.Now().Add(-2 * time.Hour)); err != nil || len(recent) != 1 {
		t.Errorf("since an hour of its clock: %v, %v", recent, err)
	}
	host, err := w.Host()
	if err != nil {
		t.Fatal(err)
	}
	c := host.Products[0].Counters
	if *c.Total != 6 || *c.OOBGrace != 6 || *c.Failed != 0 {
		t.Errorf("counters: total %d, OOBGrace %d, failed %d", *c.Total, *c.OOBGrace, *c.Failed)
	}
}

func TestAHostThatTellsNothing(t *testing.T) {
	t.Parallel()
	w := build(t, world.Site{Host: world.Host{Denied: true}})
	if _, err := w.Host(); !errors.Is(err, kms.ErrDenied) {
		t.Errorf("reading: %v", err)
	}
	if _, err := w.Counted(time.Time{}); !errors.Is(err, kms.ErrDenied) {
		t.Errorf("events: %v", err)
	}
	w = build(t, world.Site{Host: world.Host{Keys: []world.Key{{Key: "windows", NoData: true}}}})
	host, err := w.Host()
	if _, known := host.Count(kms.Windows); err != nil || known {
		t.Errorf("no data is no number: %+v, %v", host, err)
	}
}

func TestALicenceOutlivesTheCount(t *testing.T) {
	t.Parallel()
	w := build(t, world.Site{Host: others(24, day, 0), Stations: []world.Station{{Name: "PC1", Licensed: true}}})
	w.Advance(40 * day)
	if got := count(t, w, kms.Windows); got != 1 {
		t.Errorf("who asks for a renewal stays counted: %d", got)
	}
	l := licence(t, w, "PC1", kms.Windows)
	if l.LicensedBy() != kms.ByKMS || l.Grace > 176*day {
		t.Errorf("renewed below the threshold: %+v", l)
	}
	w.Advance(170 * day)
	if l := licence(t, w, "PC1", kms.Windows); l.Status != kms.Notification || l.Reason != kms.CodeNotEnoughCount {
		t.Errorf("180 days after the last renewal that the count allowed: %+v", l)
	}
}
