package acctest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/acctest"
	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/simulator/catalogue"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

const stationSource = "data.timago_station.pc"

func stationBlock(name string) string {
	return fmt.Sprintf("data \"timago_station\" \"pc\" {\n  name = %q\n}\n", name)
}

func firstStation(s *acctest.Site) string { return stationBlock(s.PlainAddresses()[0]) }

var bothProducts = []world.Product{{Title: "windows-11-education"}, {Title: "office-2024"}}

func TestAStationIsReadInDepth(t *testing.T) {
	t.Parallel()
	before := world.Host{Keys: []world.Key{{Key: "windows", Counted: []world.Counted{{Number: 3, Age: day}}}}}
	scenario := acctest.Classroom(1, world.Station{
		Counted: true, User: `SCHULE\erika`, Sessions: 1, Uptime: 3 * time.Hour, Products: bothProducts,
	}, before)
	scenario.Start = noon
	s := reading(t, scenario, firstStation)
	s.Apply()
	pc := s.State().Stations[0]
	address := kms.HostOf(s.Plain().KMSHost)
	s.reads(stationSource, map[string]any{
		"computer_name": "PC01", "started": noon.Add(-3 * time.Hour).Format(time.RFC3339), "user": `SCHULE\erika`, "in_use": true, "sessions": 2.0,
		"cmid": string(pc.CMID), "kms_host": address, "kms_port": float64(s.KMSPort()), "kms_host_from_dns": true,
	})
	if uptime, err := time.ParseDuration(fmt.Sprint(s.Values(stationSource)["uptime"])); err != nil || uptime < 3*time.Hour || uptime > 5*time.Hour {
		t.Errorf("uptime %v, %v", uptime, err)
	}
	windows, office := s.entry(stationSource, "licences", 0), s.entry(stationSource, "licences", 1)
	for path, want := range map[string]any{
		"product": "windows", "name": "Windows(R), Education edition", "channel": "Volume:GVLK", "status": "OOBGrace", "licensed_by": nil,
		"reason": "OOBGrace: the KMS host's count is below the threshold (0xC004F038)", "never_counts": nil, "kms_host": address,
	} {
		if got := windows[path]; got != want {
			t.Errorf("Windows: %s is %v, want %v", path, got, want)
		}
	}
	if grace, err := time.ParseDuration(fmt.Sprint(windows["grace"])); err != nil || grace < 29*day || grace > 30*day {
		t.Errorf("grace %v, %v", windows["grace"], err)
	}
	if office["product"] != "office" || office["reason"] != "OOBGrace: this KMS host's key cannot activate this product (0xC004F042)" {
		t.Errorf("Office: %v", office)
	}
	for product, want := range map[string]map[string]any{
		"windows": {
			"kms_host": fmt.Sprint(address, ":", s.KMSPort()), "threshold": 25.0, "answered": true, "activated": false, "count": 4.0, "cmid": string(pc.CMID),
			"reason": "the KMS host's count is below the threshold (0xC004F038)",
		},
		"office": {"threshold": 5.0, "answered": true, "activated": false, "reason": "this KMS host's key cannot activate this product (0xC004F042)"},
	} {
		entries, _ := s.Values(stationSource)["requests"].([]any)
		at := slices.IndexFunc(entries, func(entry any) bool { of, _ := entry.(map[string]any); return of["product"] == product })
		if at < 0 {
			t.Fatalf("no request of %s in %v", product, entries)
		}
		request := s.entry(stationSource, "requests", at)
		for path, expected := range want {
			if request[path] != expected {
				t.Errorf("the request of %s: %s is %v, want %v", product, path, request[path], expected)
			}
		}
	}
	if s.Happened(world.KindActivate) != 0 {
		t.Error("reading asked for activation")
	}
}

func TestHowAStationIsLicensed(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		station world.Station
		licence map[string]any
	}{
		"by KMS": {world.Station{Licensed: true}, map[string]any{"status": "Licensed", "licensed_by": "kms", "reason": nil, "never_counts": nil}},
		"by Active Directory": {
			world.Station{Products: []world.Product{{Title: "windows-11-education", By: catalogue.ByActiveDirectory}}},
			map[string]any{
				"status": "Licensed", "licensed_by": "active_directory", "activation_type": 1.0,
				"never_counts": "it was activated through Active Directory and asks no KMS host",
			},
		},
		"by a MAK": {
			world.Station{Products: []world.Product{{Title: "windows-11-education", By: catalogue.ByMAK}}},
			map[string]any{
				"status": "Licensed", "licensed_by": "other", "channel": "Volume:MAK", "grace": nil, "kms_host": nil, "activation_type": nil,
				"never_counts": "it has a multiple activation key (MAK), which activates at Microsoft and never asks a KMS host (channel Volume:MAK)",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := reading(t, acctest.Classroom(1, tt.station, acctest.Counted(30)), firstStation)
			s.Apply()
			got := s.entry(stationSource, "licences", 0)
			for path, want := range tt.licence {
				if got[path] != want {
					t.Errorf("%s is %v, want %v", path, got[path], want)
				}
			}
			if strings.Contains(s.Read("terraform.tfstate"), "4294967295") {
				t.Error("no data is shown as a number")
			}
		})
	}
}

func TestAStationThatTellsNothing(t *testing.T) {
	t.Parallel()
	s := reading(t, acctest.Classroom(1, world.Station{Off: true}, acctest.Counted(30)), firstStation)
	plan := s.Plan(1)
	for _, said := range []string{"Unable to read station " + s.PlainAddresses()[0], "says nothing about its activation", "See that the machine is on"} {
		if !plan.Contains(said) {
			t.Errorf("it does not say %q:\n%s", said, plan.Output)
		}
	}
}
