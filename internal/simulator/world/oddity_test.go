package world_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/simulator/catalogue"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

func TestOneClientMachineIDForWindowsAndOffice(t *testing.T) {
	t.Parallel()
	for _, one := range []bool{false, true} {
		site := world.Site{Host: world.Host{Keys: []world.Key{{Key: "windows"}, {Key: "office-2024"}}}, Stations: both("office-2024")}
		site.Stations[0].Image.OneCMID = one
		w := build(t, site)
		for range 2 {
			ask(t, w, "PC1", kms.Office)
			ask(t, w, "PC1", kms.Windows)
			cycle(t, w, "PC1")
		}
		if windows, office := count(t, w, kms.Windows), count(t, w, kms.Office); windows != 2 || office != 2 {
			t.Errorf("one %t: counts %d and %d, each product has its own", one, windows, office)
		}
		events, err := w.Counted(time.Time{})
		if err != nil || (events[0].CMID == events[1].CMID) != one || events[0].ActivationID == events[1].ActivationID {
			t.Errorf("one %t: %+v, %v", one, events[:2], err)
		}
	}
}

func TestServersAlone(t *testing.T) {
	t.Parallel()
	server := []world.Product{{Title: "windows-server-2022"}}
	w := build(t, world.Site{
		Host:     world.Host{Keys: []world.Key{{Key: "windows", Counted: []world.Counted{{Number: 20, Age: day, Threshold: 5}}}}},
		Stations: world.Rows(3, world.Station{Name: "SRV%d", Products: server}),
	})
	if got := count(t, w, kms.Windows); got != 10 {
		t.Errorf("the count ends at %d", got)
	}
	if got := ask(t, w, "SRV1", kms.Windows); got != kms.CodeOK {
		t.Errorf("a server is licensed from 5 on: %s", got)
	}
	if got := count(t, w, kms.Windows); got != 10 {
		t.Errorf("it still ends at %d", got)
	}
	w = build(t, world.Site{Stations: world.Rows(1, world.Station{Name: "SRV%d", Products: server})})
	if view, err := w.View("SRV1"); err != nil || !view.Server || w.State().Stations[0].System != "Windows Server 2022" {
		t.Errorf("%+v, %v", view, err)
	}
}

func TestAHostThatForgets(t *testing.T) {
	t.Parallel()
	host := others(18, day, 0)
	host.Forgets, host.Uptime = true, time.Hour
	host.Keys[0].Counted = append(host.Keys[0].Counted, world.Counted{Number: 4, Age: time.Minute})
	w := build(t, world.Site{Host: host, Stations: room(1)})
	logged := func() int {
		t.Helper()
		events, err := w.Counted(time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		return len(events)
	}
	if count(t, w, kms.Windows) != 4 || logged() != 22 {
		t.Errorf("count %d, log %d", count(t, w, kms.Windows), logged())
	}
	if err := w.Inject(world.Fault{Name: world.PowerCut, On: []string{"kms01"}, For: time.Minute}); err != nil {
		t.Fatal(err)
	}
	w.Advance(2 * time.Minute)
	if count(t, w, kms.Windows) != 0 || logged() != 22 {
		t.Errorf("started anew: count %d, log %d", count(t, w, kms.Windows), logged())
	}
	ask(t, w, "R101-PC01", kms.Windows)
	if got := count(t, w, kms.Windows); got != 1 {
		t.Errorf("it counts on: %d", got)
	}
}

func TestALogThatLosesRecords(t *testing.T) {
	t.Parallel()
	for number, left := range map[int]int{0: 0, 12: 6, 99: 0} {
		w := build(t, world.Site{Host: others(18, day, day), Faults: []world.Fault{{Name: world.LogLost, Number: number, After: time.Minute}}})
		w.Advance(time.Minute)
		if events, err := w.Counted(time.Time{}); len(events) != left || err != nil || count(t, w, kms.Windows) != 18 {
			t.Errorf("%d lost: %d records, %v, count %d", number, len(events), err, count(t, w, kms.Windows))
		}
	}
}

func TestNamesOfAMachine(t *testing.T) {
	t.Parallel()
	w := build(t, world.Site{Stations: []world.Station{{Name: "PC1", Aliases: []string{"pc1.schule.example", "192.0.2.7"}, Unresolved: true}}})
	if _, err := w.Probe("PC1"); !errors.Is(err, kms.ErrUnknownName) || !errors.Is(err, kms.ErrUnreachable) || w.Contact("pc1") != world.ContactUnresolved {
		t.Errorf("a name that leads nowhere: %v", err)
	}
	if err := w.Activate("PC1", "e0c42288-980c-4788-a014-c080d2e1926e"); !errors.Is(err, kms.ErrUnreachable) {
		t.Errorf("asked by that name: %v", err)
	}
	cycle(t, w, "pc1.SCHULE.example")
	p, err := w.Presence("192.0.2.7")
	if err != nil || p.Name != "PC1" || p.Duration() > 3*time.Minute {
		t.Errorf("the same machine by another name: %+v, %v", p, err)
	}
	if got := w.Names(); !slices.Equal(got, []string{"PC1"}) {
		t.Errorf("one machine is %v", got)
	}
}

func TestDesktopsAreSessionsNotProcesses(t *testing.T) {
	t.Parallel()
	w := build(t, world.Site{Stations: []world.Station{{Name: "PC1", User: `SCHULE\lehrer`, Sessions: 1, Explorers: 3}}})
	if v, err := w.View("PC1"); err != nil || !slices.Equal(v.Explorers, []uint32{1, 1, 1, 2, 2, 2}) {
		t.Errorf("%v, %v", v.Explorers, err)
	}
	if p, err := w.Presence("PC1"); err != nil || p.Desktops != 2 {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestChannelsAsWindowsShowsThem(t *testing.T) {
	t.Parallel()
	for by, want := range map[catalogue.Means][2]string{
		catalogue.ByEvaluation:     {"Retail:TB:Eval", "TIMEBASED_EVAL"},
		catalogue.BySubscription:   {"Retail:TB:Sub", "TIMEBASED_SUB"},
		catalogue.ByVirtualMachine: {"VT:IA", "VIRTUAL_MACHINE_ACTIVATION"},
		catalogue.ByOther:          {"Volume:NEXT", "VOLUME_NEXT"},
		catalogue.ByRetail:         {"Retail", "RETAIL"},
		catalogue.ByKMS:            {"Volume:GVLK", "VOLUME_KMSCLIENT"},
	} {
		w := build(t, world.Site{Stations: []world.Station{{Name: "PC1", Products: []world.Product{{Title: "windows-11-education", By: by}}}}})
		v, err := w.View("PC1")
		if err != nil {
			t.Fatal(err)
		}
		if p := v.Products[0]; p.Channel != want[0] || p.Description != "Windows(R) Operating System, "+want[1]+" channel" {
			t.Errorf("%s: %s, %s", by, p.Channel, p.Description)
		}
		l := licence(t, w, "PC1", kms.Windows)
		if ends := by == catalogue.ByEvaluation || by == catalogue.BySubscription || by == catalogue.ByKMS; (l.Grace > 0) != ends || (l.Status == kms.Licensed) == (by == catalogue.ByKMS) {
			t.Errorf("%s: %s, %s left", by, l.Status, l.Grace)
		}
	}
	w := build(t, world.Site{Stations: []world.Station{{Name: "PC1", Products: []world.Product{{Title: "windows-11-education", By: catalogue.ByOther, Channel: "Volume:DEV"}}}}})
	if got := licence(t, w, "PC1", kms.Windows).Channel.Raw; got != "Volume:DEV" {
		t.Errorf("channel %q", got)
	}
}

func TestAKMSHostElsewhere(t *testing.T) {
	t.Parallel()
	w := build(t, world.Site{Stations: []world.Station{{Name: "PC1", OtherHost: "kms.other.example"}}})
	if got := ask(t, w, "PC1", kms.Windows); got != kms.CodeOK || count(t, w, kms.Windows) != 0 {
		t.Errorf("%s, count %d here", got, count(t, w, kms.Windows))
	}
	l, err := w.Licensing("PC1")
	if err != nil || l.KMSHost != "kms.other.example" || l.Licences[0].KMSHost != "kms.other.example" {
		t.Errorf("%+v, %v", l, err)
	}
	if exchanges, err := w.Requests("PC1", monday); err != nil || len(exchanges) != 1 || exchanges[0].Answer.Count != 50 {
		t.Errorf("%+v, %v", exchanges, err)
	}
}

func TestAnAccountThatMayReadNothing(t *testing.T) {
	t.Parallel()
	w := build(t, world.Site{Stations: room(1), Faults: []world.Fault{{Name: world.Denied, On: []string{"kms01"}, Of: "counted", After: time.Hour}}})
	if _, err := w.Counted(time.Time{}); err != nil {
		t.Errorf("before: %v", err)
	}
	w.Advance(time.Hour)
	if _, err := w.Counted(time.Time{}); !errors.Is(err, kms.ErrDenied) {
		t.Errorf("its log: %v", err)
	}
	if got := count(t, w, kms.Windows); got != 0 {
		t.Errorf("its counts: %d", got)
	}
}

func TestCodesInAScenario(t *testing.T) {
	t.Parallel()
	for _, want := range []string{"0", "1271", "0xC004F074", "0x8007232B"} {
		var f world.Fault
		if err := yaml.Unmarshal([]byte("code: "+want), &f); err != nil {
			t.Fatal(err)
		}
		if text, err := yaml.Marshal(f); err != nil || !strings.Contains(string(text), "code: "+want+"\n") {
			t.Errorf("%s is written as\n%s (%v)", want, text, err)
		}
	}
}

func TestIDsOfEarlierDays(t *testing.T) {
	t.Parallel()
	site := world.Site{Host: world.Host{Keys: []world.Key{{Key: "windows"}, {Key: "office-2024"}}}, Stations: both("office-2024")}
	site.Stations[0].Earlier = []time.Duration{2 * day, 9 * day, 40 * day}
	w := build(t, site)
	if windows, office := count(t, w, kms.Windows), count(t, w, kms.Office); windows != 2 || office != 2 {
		t.Errorf("counts %d and %d", windows, office)
	}
	ids := map[kms.CMID]bool{}
	events, err := w.Counted(monday.Add(-30 * day))
	for _, e := range events {
		ids[e.CMID] = ids[e.CMID] || e.Client == "PC1"
	}
	if err != nil || len(ids) != 4 {
		t.Errorf("%d ids under its name, %v", len(ids), err)
	}
}
