package acctest_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/timago/terraform-provider-timago/internal/acctest"
	"github.com/timago/terraform-provider-timago/internal/simulator"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
	"github.com/timago/terraform-provider-timago/internal/timago/contracttest"
)

// enter opens a room in API mode, with an account for Windows.
func enter(t *testing.T, scenario simulator.Scenario, config string) story {
	t.Helper()
	return enterAt(t, scenario, acctest.Speed, config)
}

// enterAt is an enter at a site whose time runs speed times as fast as here.
func enterAt(t *testing.T, scenario simulator.Scenario, speed float64, config string) story {
	t.Helper()
	return enterBefore(t, acctest.NewAPISite, scenario, speed, config)
}

// enterBefore is an enterAt in front of a server.
func enterBefore(t *testing.T, open acctest.Opener, scenario simulator.Scenario, speed float64, config string) story {
	t.Helper()
	site := open(t, scenario, speed)
	s := story{site, acctest.NewWorkspace(t, append(site.Env(), site.APIEnv()...)...), t}
	s.Write("main.tf", s.APIProvider(
		fmt.Sprintf("winrm = { username = %q, use_tls = %t, insecure_skip_verify = true }", s.Ready().WinRM.Username, s.Ready().WinRM.UseTLS),
		fmt.Sprintf("kms = { host = %q }", s.Ready().KMSHost))+config)
	return s
}

const classroom = `
data "timago_stations" "room" {
  location = "R101"
}

resource "timago_station_kms" "room" {
  for_each = toset(data.timago_stations.room.names)
  station  = each.key
}

resource "timago_activation_pool" "room" {
  name     = "R101"
  stations = [for s in timago_station_kms.room : s.station]
  cycle    = { station_timeout = "60s" }
}
`

// The vendor's page from its first step to its last: the option, the images, the count.
func TestARoomFromTheOptionToActivated(t *testing.T) {
	t.Parallel()
	scenario := acctest.Room(8, world.Station{Image: world.Image{WithoutKMS: true}})
	scenario.Host = acctest.Counted(10)
	acctest.EachServer(t, func(t *testing.T, open acctest.Opener) {
		s := enterBefore(t, open, scenario, acctest.Speed, classroom)
		plan := s.Plan(2)
		if !plan.Contains("Unable to judge 8 of the 8 members of activation pool R101") {
			t.Errorf("the plan does not say that images come first:\n%s", plan.Output)
		}
		s.Apply()
		s.shows(map[string]any{"status": "activated", "windows.members": 8.0})
		for _, station := range s.State().Stations {
			if s.Images(station.Name) != 1 {
				t.Errorf("%s got %d images, want 1", station.Name, s.Images(station.Name))
			}
		}
		// 10 others, 8 by the start of their new image (a restart too), 7 by the pool.
		s.shows(map[string]any{"last_cycle.restarts": 7.0})
		s.made(15, 8+7)
	})
}

func TestARoomByItsName(t *testing.T) {
	t.Parallel()
	scenario := acctest.Room(3, world.Station{Licensed: true})
	scenario.Host = acctest.Counted(22)
	s := enter(t, scenario, "resource \"timago_activation_pool\" \"room\" {\n  name = \"R101\"\n  location = \"R101\"\n}\n")
	s.Apply()
	s.shows(map[string]any{"status": "activated", "windows.members": 3.0, "location": "R101", "stations": nil})
	s.Write("other.tf", "resource \"timago_activation_pool\" \"other\" {\n  name = \"x\"\n  location = \"R999\"\n}\n")
	if plan := s.Plan(1); !plan.Contains(`location "R999": not found in Timago`) || !plan.Contains("see that the token may see") {
		t.Errorf("a room that is none:\n%s", plan.Output)
	}
	if plan := s.Run("import", "-no-color", "timago_activation_pool.other", "x@kms01/location=R101"); plan.Exit == 0 {
		s.Plan(1) // what was imported and what is configured name different rooms
	}
}

func TestAStationThatIsOffIsWokenByTimago(t *testing.T) {
	t.Parallel()
	scenario := acctest.Room(3, world.Station{Off: true})
	scenario.Host = acctest.Counted(23)
	acctest.EachServer(t, func(t *testing.T, open acctest.Opener) {
		s := enterBefore(t, open, scenario, acctest.Speed, "resource \"timago_activation_pool\" \"room\" {\n  name = \"R101\"\n  location = \"R101\"\n  thresholds = { windows = 25 }\n  cycle = { station_timeout = \"30s\" }\n}\n")
		s.Apply()
		s.shows(map[string]any{"status": "activated", "last_cycle.restarts": 0.0, "last_cycle.woken": 2.0})
	})
}

// A restart alone keeps the id; a new image brings another.
func TestWhereARestartKeepsTheIDImagesAreReset(t *testing.T) {
	t.Parallel()
	scenario := acctest.Room(3, world.Station{})
	scenario.Host = acctest.Counted(19)
	scenario.Faults = []world.Fault{{Name: world.SameCMID, On: []string{"R101-PC01", "R101-PC02", "R101-PC03"}, Times: 1}}
	s := enter(t, scenario, "resource \"timago_activation_pool\" \"room\" {\n  name = \"R101\"\n  location = \"R101\"\n  cycle = { station_timeout = \"60s\" }\n}\n")
	s.Apply()
	s.Saw(world.SameCMID)
	s.shows(map[string]any{"status": "activated"})
	images := 0
	for _, station := range s.State().Stations {
		images += s.Images(station.Name)
	}
	if images == 0 {
		t.Error("no image was reset")
	}
}

func TestImagesAreResetWhereThatIsTheMethod(t *testing.T) {
	t.Parallel()
	scenario := acctest.Room(3, world.Station{Licensed: true})
	scenario.Host = acctest.Counted(19)
	acctest.EachServer(t, func(t *testing.T, open acctest.Opener) {
		s := enterBefore(t, open, scenario, acctest.Speed, "resource \"timago_activation_pool\" \"room\" {\n  name = \"R101\"\n  location = \"R101\"\n  cycle = { station_timeout = \"30s\", method = \"reset_image\" }\n}\n")
		plan := s.Plan(2)
		for _, said := range []string{"needs about 3 new images on 3 stations", "Applying has Timago make new images of stations that nobody uses", "read again before every new image"} {
			if !plan.Contains(said) {
				t.Errorf("it does not say %q:\n%s", said, plan.Output)
			}
		}
		s.Apply()
		s.shows(map[string]any{"status": "activated", "windows.count": 25.0})
		if made := s.Happened(world.KindImage); made != 3 {
			t.Errorf("%d images were made, want 3", made)
		}
	})
}

// Images are made anew as stations are restarted: one goes first, no more are under way than
// counts are missing, and one that has kept its id is not made again.
func TestImagesThatKeepTheirIDAreNotResetInVain(t *testing.T) {
	t.Parallel()
	const members, missing = 12, 3
	pool := "resource \"timago_activation_pool\" \"room\" {\n  name = \"R101\"\n  location = \"R101\"\n  cycle = { station_timeout = \"60s\", method = \"reset_image\" }\n}\n"
	for name, keeps := range map[string]func(i int) bool{
		"every image":         func(int) bool { return true },
		"two of three images": func(i int) bool { return i%3 != 0 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			acctest.EachServer(t, func(t *testing.T, open acctest.Opener) {
				scenario := acctest.Room(members, world.Station{Licensed: true})
				for i := range scenario.Stations {
					scenario.Stations[i].Image.KeepsCMID = keeps(i)
				}
				scenario.Host = acctest.Counted(25 - missing - members)
				s := enterBefore(t, open, scenario, acctest.Speed, pool)
				report := t.TempDir() // a provider in this process has not the workspace's folder
				s.Workspace = s.Elsewhere("TIMAGO_REPORT=" + filepath.Join(report, "report.html"))
				outcome, said := s.Diagnostics("apply", "-auto-approve")
				kept := 0 // by images that were made
				for i, name := range s.World.Names() {
					images := s.Images(name)
					if keeps(i) {
						kept += images
					}
					if keeps(i) && images > 1 {
						t.Errorf("%s has kept its id, and was given %d images", name, images)
					}
				}
				text, err := os.ReadFile(filepath.Join(report, "report.txt"))
				if err != nil {
					t.Fatal(err)
				}
				made, counted := s.Happened(world.KindImage), s.Happened(world.KindCounted)
				// Thresholds hold as soon as the host's count says so, also while a request of some
				// station was not looked for yet.
				reported := strings.Count(string(text), " was counted")
				if reported > counted || reported < counted && outcome.Exit != 0 || made != counted+kept {
					t.Errorf("%d images were made and %d kept their id; the KMS host has counted %d, and the report tells of %d", made, kept, counted, reported)
				}
				if holds := strings.Contains(string(text), "every threshold holds: Windows 25 of 25"); holds != (outcome.Exit == 0) {
					t.Errorf("exit %d, and the report says that the threshold holds: %t:\n%s", outcome.Exit, holds, text)
				}
				if !keeps(0) {
					if outcome.Exit != 0 || counted != missing {
						t.Errorf("exit %d, %d counted, want %d:\n%s", outcome.Exit, counted, missing, outcome.Output)
					}
					return
				}
				const want = "\n\nA new image has shown the id of the old one. See in Timago under Stationen > Betriebssystem that the option KMS-Aktivierung is on for these stations, " +
					"and with whoever makes the image why it keeps its id. Or add members: each counts once."
				failed := slices.IndexFunc(said, func(d acctest.Diagnostic) bool { return d.Summary == "Unable to activate pool R101" })
				if outcome.Exit != 1 || made != 1 || failed < 0 {
					t.Fatalf("exit %d after %d images: %q", outcome.Exit, made, said)
				}
				if detail := said[failed].Detail; !strings.HasSuffix(detail, want) ||
					!strings.Contains(detail, "this image keeps its client machine id: 12 members can add at most 12 (Windows: count 22 of 25). Station R101-PC") {
					t.Errorf("it says %q", detail)
				}
			})
		})
	}
}

func TestWithoutWinRMTimagosOwnStatusIsShown(t *testing.T) {
	t.Parallel()
	scenario := acctest.Room(2, world.Station{Licensed: true})
	scenario.Host = acctest.Counted(30)
	s := enter(t, scenario, "")
	s.Write("main.tf", s.APIProvider()+"resource \"timago_activation_pool\" \"room\" {\n  name = \"R101\"\n  location = \"R101\"\n}\n")
	s.Apply()
	s.shows(map[string]any{"status": "activated", "windows.count": nil, "windows.members": nil})
	s.Inject(world.Fault{Name: world.CountFalls, On: []string{"kms01"}, Number: 20})
	asked := s.Happened(world.KindRequest)
	for _, power := range []func(string) error{s.World.PowerOff, s.World.PowerOn} {
		if err := power("R101-PC01"); err != nil {
			t.Fatal(err)
		}
	}
	s.Until("it has asked in vain", func() bool { return s.Happened(world.KindRequest) > asked })
	plan := s.Plan(1)
	for _, said := range []string{"Windows itself cannot be asked", "Set winrm in the provider block"} {
		if !plan.Contains(said) {
			t.Errorf("it does not say %q:\n%s", said, plan.Output)
		}
	}
	s.Saw(world.CountFalls)
}

// Timago's own status says neither how high a count is nor who is licensed.
func TestWithoutWinRMMoreThanTimagoShowsIsNotGreen(t *testing.T) {
	t.Parallel()
	scenario := acctest.Room(2, world.Station{Licensed: true})
	scenario.Host = acctest.Counted(30)
	s := enter(t, scenario, "")
	pool := func(more string) {
		s.Write("main.tf", s.APIProvider()+"resource \"timago_activation_pool\" \"room\" {\n  name = \"R101\"\n  location = \"R101\"\n  "+more+"\n}\n")
	}
	for _, more := range []string{`thresholds = { windows = 40 }`, `require_licensed = "all"`} {
		pool(more)
		if plan := s.Plan(1); !plan.Contains("Set winrm in the provider block") {
			t.Errorf("%s:\n%s", more, plan.Output)
		}
	}
	pool(`early_renewal = "168h"`)
	if outcome := s.Apply(); !outcome.Contains("Unable to forecast activation pool R101") {
		t.Errorf("it does not say that nothing can be forecast:\n%s", outcome.Output)
	}
	s.shows(map[string]any{"status": "activated", "renewal_due": nil})
	s.Plan(0)
}

// A product that is not activated is named with its status, and what is an error is not told
// as a warning as well.
func TestWithoutWinRMProductsAreNamedWithTheirStatus(t *testing.T) {
	t.Parallel()
	acctest.EachServer(t, func(t *testing.T, open acctest.Opener) {
		s := enterBefore(t, open, acctest.Room(2, world.Station{}), acctest.Speed, "")
		s.Write("main.tf", s.APIProvider()+"resource \"timago_activation_pool\" \"room\" {\n  name = \"R101\"\n  location = \"R101\"\n}\n")
		for status, word := range map[string]string{"activated": "", "not_activated": "nicht aktiviert", "unknown": "unbekannt"} {
			s.Between.Answer(contracttest.On("GET", "/kms", 200, "application/json",
				`{"host":"kms01","products":[{"product":"windows","name":"Windows 11","status":"activated"},{"product":"office","name":"Office LTSC","status":"`+status+`"}]}`))
			outcome, said := s.Diagnostics("plan")
			if word == "" {
				if outcome.Exit != 0 || len(said) > 0 {
					t.Errorf("%s: exit %d, %q", status, outcome.Exit, said)
				}
				continue
			}
			want := acctest.Diagnostic{
				Severity: "error", Summary: "Unable to activate pool R101",
				Detail: "Office: Timago shows: " + word + ".\n" +
					"To make that hold, the KMS host's counts must be read, and stations asked and restarted.\n\n" +
					"Windows itself cannot be asked: the provider has no winrm configuration\n\n" +
					"Set winrm in the provider block: counts, licences and restarts are read and made over WinRM.",
			}
			if outcome.Exit != 1 || len(said) != 1 || said[0] != want {
				t.Errorf("%s: exit %d, %q, want %q", status, outcome.Exit, said, want)
			}
		}
	})
}
