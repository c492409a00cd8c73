package acctest_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/acctest"
	"github.com/timago/terraform-provider-timago/internal/provider"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

func TestMain(m *testing.M) { os.Exit(acctest.Main(m)) }

const room = "timago_activation_pool.room"

// story is a site with a workspace whose configuration is one pool of all its stations.
type story struct {
	*acctest.Site
	*acctest.Workspace
	t *testing.T
}

func begin(t *testing.T, stations int, like world.Station, host world.Host, pool ...string) story {
	t.Helper()
	site := acctest.NewSite(t, acctest.Classroom(stations, like, host))
	s := story{site, acctest.NewWorkspace(t, site.Env()...), t}
	s.configure(pool...)
	return s
}

func (s story) configure(pool ...string) { s.Write("main.tf", s.Provider()+s.Pool(pool...)) }

// shows checks attributes of the pool in the state, dotted paths by value.
func (s story) shows(want map[string]any) {
	s.t.Helper()
	values := s.Values(room)
	for path, expected := range want {
		if got := acctest.At(values, path); got != expected {
			s.t.Errorf("%s is %v, want %v", path, got, expected)
		}
	}
}

// made checks how many requests were counted and restarts made since the site began.
func (s story) made(counted, restarts int) {
	s.t.Helper()
	all, byStation := s.Restarts()
	if all != restarts {
		s.t.Errorf("%d restarts, want %d: %v", all, restarts, byStation)
	}
	if got := s.Happened(world.KindCounted); got != counted {
		s.t.Errorf("%d counted, want %d", got, counted)
	}
}

// The vendor's example: 5 stations, nothing counted, threshold 25.
func TestFromNothingToActivatedAndBackAfterTheHolidays(t *testing.T) {
	t.Parallel()
	s := begin(t, 5, world.Station{}, world.Host{})
	if plan := s.Plan(2); !plan.Contains("needs about 20 restarts on 5 stations") || !plan.Contains(`status = "activated"`) {
		t.Errorf("the plan says too little:\n%s", plan.Output)
	}
	s.Apply()
	s.made(25, 20)
	// Who is back first goes on first: how many each makes is the machine's speed too. That
	// stations alike make alike many is shown where time is simulated: TestVendorsExample.
	if _, byStation := s.Restarts(); slices.ContainsFunc(s.World.Names()[:5], func(name string) bool { return byStation[name] == 0 }) {
		t.Errorf("a few stations did it all: %v", byStation)
	}
	s.shows(map[string]any{
		"status": "activated", "windows.count": 25.0, "windows.threshold": 25.0, "windows.members": 5.0, "office": nil,
		"last_cycle.restarts": 20.0, "planned_restarts": 20.0,
	})
	// Where a machine is slow to see a request, it is asked for one that it has made; in simulated
	// time exactly five are.
	if asked, _ := acctest.At(s.Values(room), "last_cycle.asked").(float64); asked < 5 {
		t.Errorf("%v were asked, and five had made no request", asked)
	}

	s.World.Holidays(40*24*time.Hour, false)
	s.Until("the stations have started and asked", func() bool { return s.Happened(world.KindCounted) == 30 })
	s.World.Advance(20 * time.Minute) // longer than settle
	plan := s.Plan(2)
	for _, said := range []string{
		`"not_activated" -> "activated"`, "needs about 20 restarts on 5 stations",
		"the KMS host's count is below the threshold (0xC004F038)",
	} {
		if !plan.Contains(said) {
			t.Errorf("after the holidays the plan does not say %q:\n%s", said, plan.Output)
		}
	}
	s.Apply()
	if all, _ := s.Restarts(); all != 40 {
		t.Errorf("%d restarts in all, want the 20 of before and 20 that were missing", all)
	}
	s.shows(map[string]any{"status": "activated", "windows.count": 25.0})
}

func TestOnlyWhatIsMissingIsMade(t *testing.T) {
	t.Parallel()
	s := begin(t, 5, world.Station{}, acctest.Counted(18))
	s.Apply()
	s.made(7, 2)
	s.shows(map[string]any{"status": "activated", "windows.count": 25.0, "last_cycle.restarts": 2.0})
}

func TestNothingIsDoneWhereTheThresholdsHold(t *testing.T) {
	t.Parallel()
	s := begin(t, 5, world.Station{Licensed: true}, acctest.Counted(30))
	plan := s.Plan(2) // it creates the pool
	if plan.Contains("restarts on") {
		t.Errorf("restarts are announced:\n%s", plan.Output)
	}
	s.Apply()
	s.made(0, 0)
	s.shows(map[string]any{"status": "activated", "last_cycle": nil, "planned_restarts": 0.0, "windows.licensed": 5.0})
	if outcome := s.Run("destroy", "-auto-approve", "-no-color"); outcome.Exit != 0 {
		t.Errorf("destroy:\n%s", outcome.Output)
	}
	s.made(0, 0)
}

func TestWindowsAndOfficeTogether(t *testing.T) {
	t.Parallel()
	host := acctest.Counted(20)
	host.Keys = append(host.Keys, world.Key{Key: "office-2024", Counted: []world.Counted{{Number: 1, Age: time.Hour}}})
	s := begin(t, 3, world.Station{Products: []world.Product{{Title: "windows-11-education"}, {Title: "office-2024"}}}, host, officeTimeout)
	s.Apply()
	s.shows(map[string]any{"status": "activated", "windows.threshold": 25.0, "office.threshold": 5.0})
	if all, byStation := s.Restarts(); all != 2 {
		t.Errorf("%d restarts, want the 2 that Windows needs, which bring Office's too: %v", all, byStation)
	}
}

func TestAHigherThresholdIsAChange(t *testing.T) {
	t.Parallel()
	s := begin(t, 5, world.Station{}, acctest.Counted(22))
	s.Apply()
	s.configure(`thresholds = { windows = 28 }`)
	if plan := s.Plan(2); !plan.Contains("needs about 1 restart on 5 stations") {
		t.Errorf("the plan says too little:\n%s", plan.Output)
	}
	s.Apply()
	s.shows(map[string]any{"status": "activated", "windows.count": 28.0, "windows.threshold": 28.0})
}

func TestHowCountsAreMadeIsNoReasonToMakeAny(t *testing.T) {
	t.Parallel()
	s := begin(t, 2, world.Station{Licensed: true}, acctest.Counted(30))
	s.Apply()
	before := s.Values(room)["checked_at"]
	s.configure(`cycle = { max_parallel = 1 }`, `timeouts = { update = "1h" }`, `settle = "5m"`)
	s.Apply()
	if after := s.Values(room); acctest.At(after, "cycle.max_parallel") != 1.0 || after["last_cycle"] != nil {
		t.Errorf("before %v, after %v", before, after)
	}
	s.made(0, 0)
}

func TestMembersMustBeLicensedWhereThatIsRequired(t *testing.T) {
	t.Parallel()
	s := begin(t, 3, world.Station{}, acctest.Counted(30), `require_licensed = "all"`)
	s.Apply()
	s.made(3, 0)
	s.shows(map[string]any{"status": "activated", "windows.licensed": 3.0})
}

func TestAPlanStillAppliesAfterTheCountMoved(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		healed   int // other machines that ask between plan and apply
		restarts int
	}{
		"some others asked": {4, 3},
		"it healed":         {10, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := begin(t, 2, world.Station{Licensed: true}, acctest.Counted(28))
			s.Apply()
			s.Inject(world.Fault{Name: world.CountFalls, On: []string{"kms01"}, Number: 12})
			if plan := s.Plan(2, "-out", "saved"); !plan.Contains("needs about 7 restarts") {
				t.Fatalf("the plan:\n%s", plan.Output)
			}
			s.Saw(world.CountFalls)
			s.OthersAsk(tt.healed)
			if outcome := s.Run("apply", "-no-color", "saved"); outcome.Exit != 0 {
				t.Fatalf("the saved plan did not apply:\n%s", outcome.Output)
			}
			if all, _ := s.Restarts(); all != tt.restarts {
				t.Errorf("%d restarts, want %d", all, tt.restarts)
			}
			s.shows(map[string]any{"status": "activated", "planned_restarts": 7.0})
			s.Plan(0)
		})
	}
}

// The provider's KMS host comes from a resource that the same apply replaces.
func TestAKMSHostThatIsKnownOnlyLater(t *testing.T) {
	t.Parallel()
	s := begin(t, 2, world.Station{Licensed: true}, acctest.Counted(30))
	config := func(trigger string, stations int) {
		s.Write("main.tf", strings.Replace(s.Provider(), fmt.Sprintf("host = %q", s.Plain().KMSHost), "host = terraform_data.host.output", 1)+
			fmt.Sprintf("resource \"terraform_data\" \"host\" {\n  input = %q\n  triggers_replace = [%q]\n}\n", s.Plain().KMSHost, trigger)+
			fmt.Sprintf("resource \"timago_activation_pool\" \"room\" {\n  name = \"R101\"\n  stations = slice([%q, %q], 0, %d)\n}\n", s.PlainAddresses()[0], s.PlainAddresses()[1], stations))
	}
	config("first", 1)
	s.Apply()
	config("second", 2)
	s.Apply()
	s.shows(map[string]any{"status": "activated", "windows.members": 2.0})
}

func TestImport(t *testing.T) {
	t.Parallel()
	s := begin(t, 2, world.Station{Licensed: true}, acctest.Counted(30))
	id := "R101@" + s.Plain().KMSHost + "/stations="
	for i, address := range s.PlainAddresses() {
		if i > 0 {
			id += ","
		}
		id += address
	}
	s.Write("main.tf", s.Provider()+s.Bare())
	if outcome := s.Run("import", "-no-color", room, id); outcome.Exit != 0 {
		t.Fatalf("import:\n%s", outcome.Output)
	}
	s.Plan(0)
	s.shows(map[string]any{"status": "activated", "name": "R101", "windows.licensed": 2.0})
	s.Write("other.tf", "resource \"timago_activation_pool\" \"other\" {\n  name = \"x\"\n  stations = [\"x\"]\n}\n")
	if outcome := s.Run("import", "-no-color", "timago_activation_pool.other", "R101"); outcome.Exit == 0 || !outcome.Contains("<name>@<kms_host>/stations=") {
		t.Errorf("an id of another form:\n%s", outcome.Output)
	}
}

func TestImportBlock(t *testing.T) {
	t.Parallel()
	s := begin(t, 1, world.Station{Licensed: true}, acctest.Counted(30))
	s.Write("main.tf", s.Provider()+s.Bare()+`
import {
  to = `+room+`
  id = "R101@`+s.Plain().KMSHost+`/stations=`+s.PlainAddresses()[0]+`"
}
`)
	if plan := s.Plan(2); !plan.Contains("1 to import, 0 to add, 0 to change, 0 to destroy") {
		t.Errorf("the plan:\n%s", plan.Output)
	}
	s.Apply()
	s.made(0, 0)
}

func TestWhatIsNotKnownAtPlanTimeIsNoError(t *testing.T) {
	t.Parallel()
	s := begin(t, 2, world.Station{Licensed: true}, acctest.Counted(30))
	s.Write("main.tf", `
resource "terraform_data" "later" { input = { host = "`+s.Plain().KMSHost+`", stations = ["`+s.PlainAddresses()[0]+`"], windows = 20 } }
terraform {
  required_providers { timago = { source = "`+provider.Source+`" } }
}
provider "timago" {
  winrm = { username = "SCHULE\\kms-admin" }
  kms   = { host = terraform_data.later.output.host }
}
resource "timago_activation_pool" "room" {
  name       = "R101"
  stations   = terraform_data.later.output.stations
  thresholds = { windows = terraform_data.later.output.windows }
}
`)
	s.Apply()
	s.shows(map[string]any{"status": "activated", "windows.threshold": 20.0})
}
