package acctest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/timago/terraform-provider-timago/internal/acctest"
	"github.com/timago/terraform-provider-timago/internal/simulator"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
	"github.com/timago/terraform-provider-timago/internal/timago/contracttest"
)

// A state is not emptied by an answer that could mean something else.
func TestAStateIsEmptiedByNoListAndNoProxy(t *testing.T) {
	t.Parallel()
	p := takePart(t, acctest.Room(2, world.Station{}))
	p.Apply()
	for _, answer := range []struct {
		by   contracttest.Answerer
		says string
	}{
		{contracttest.ProblemOn("GET", "/stations", 404, "not_found"), "GET /api/v1/stations: 404 Not Found (not_found)\n\n" +
			"This says nothing about whether the station exists, which only GET /stations/{id} does. Run the apply again; if it stays, the server's interface wants mending."},
		{contracttest.On("GET", "/stations", 404, "text/html", "<html>"), "GET /api/v1/stations: 404 Not Found" + noSuchPath},
		{contracttest.On("GET", "/stations", 200, "application/json", `{"items":[]}{`), "GET /api/v1/stations: the answer does not keep to the contract: " +
			"broken JSON: invalid character '{' after top-level value" + wantsMending},
	} {
		p.Between.Answer(answer.by)
		outcome, said := p.Diagnostics("apply", "-refresh-only", "-auto-approve")
		want := "error: Unable to read station R101-PC01\nIt was looked for in Timago. Its state stays as it was last read.\n\n" + answer.says
		seen := false
		for _, s := range said {
			seen = seen || p.comparable(s) == want
		}
		if outcome.Exit != 1 || !seen || p.Between.Met() == 0 || p.Values(firstPart) == nil {
			t.Errorf("exit %d, %q, want %q; in the state: %v", outcome.Exit, said, want, p.Values(firstPart))
		}
	}
	// The list lacks it, and the server itself answers that it is there.
	p.Between.Answer(contracttest.On("GET", "/stations", 200, "application/json", `{"items":[]}`))
	p.Plan(0)
	if p.Between.Met() == 0 {
		t.Error("the list was not asked for")
	}
}

// What was carried out and not answered is not carried out again.
func TestALostAnswerHasNoSecondEffect(t *testing.T) {
	t.Parallel()
	for name, lost := range map[string]func() contracttest.Answerer{
		"to the option":              func() contracttest.Answerer { return contracttest.LostOn("PATCH", "/Windows 11", 1) },
		"to the reset":               func() contracttest.Answerer { return contracttest.LostOn("POST", "/commands", 1) },
		"to every try of the reset":  func() contracttest.Answerer { return contracttest.LostOn("POST", "/commands", 99) },
		"to every try of the option": func() contracttest.Answerer { return contracttest.LostOn("PATCH", "/Windows 11", 99) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			beforeBothServers(t, acctest.Room(1, without), slow, func(t *testing.T, p part) {
				p.Between.Answer(lost())
				outcome, said := p.Diagnostics("apply", "-auto-approve")
				if outcome.Exit != 0 || p.Between.Met() == 0 || len(said) != 1 || p.comparable(said[0]) != notStarted {
					t.Errorf("exit %d, %d answers lost, %q", outcome.Exit, p.Between.Met(), said)
				}
				p.Between.Answer(nil)
				p.World.Advance(tillStarted)
				p.started()
				p.Apply()
				if p.Images(first) != 1 {
					t.Errorf("%d images were made, want 1", p.Images(first))
				}
			})
		})
	}
}

func TestADeletedStationLeavesTheStateAlone(t *testing.T) {
	t.Parallel()
	beforeBothServers(t, acctest.Room(2, world.Station{}), acctest.Speed, func(t *testing.T, p part) {
		p.Apply()
		p.Delete(first)
		if outcome := p.Run("apply", "-refresh-only", "-auto-approve", "-no-color"); outcome.Exit != 0 {
			t.Errorf("exit %d:\n%s", outcome.Exit, outcome.Output)
		}
		if p.Values(firstPart) != nil || p.Values(`timago_station_kms.room["R101-PC02"]`) == nil {
			t.Errorf("in the state: %v and %v", p.Values(firstPart), p.Values(`timago_station_kms.room["R101-PC02"]`))
		}
		p.Write("main.tf", p.APIProvider()+stations([]string{"R101-PC02"}))
		if outcome := p.Run("destroy", "-auto-approve", "-no-color"); outcome.Exit != 0 || p.Station("R101-PC02").Systems[0].Option {
			t.Errorf("exit %d:\n%s", outcome.Exit, outcome.Output)
		}
	})
}

func TestADestroyIsDoneByNothingButTheStationsOwnEnd(t *testing.T) {
	t.Parallel()
	p := takePart(t, acctest.Room(1, world.Station{}))
	p.Apply()
	p.Between.Answer(contracttest.ProblemOn("PATCH", "", 404, "operating_system_not_found"))
	outcome, said := p.Diagnostics("destroy", "-auto-approve")
	const want = "error: Unable to switch off KMS activation of station R101-PC01\n" + `The option "KMS-Aktivierung" is to be off.` +
		patched + "404 Not Found (operating_system_not_found)\n\n" +
		"This says nothing about whether the station exists, which only GET /stations/{id} does. Run the apply again; if it stays, the server's interface wants mending.\n\n" +
		"To forget the station all the same, and leave its option as it is: terraform state rm."
	if outcome.Exit != 1 || len(said) != 1 || p.comparable(said[0]) != want || p.Values(firstPart) == nil {
		t.Errorf("exit %d, %q", outcome.Exit, said)
	}
	p.Between.Answer(nil)
	if outcome := p.Run("destroy", "-auto-approve", "-no-color"); outcome.Exit != 0 || p.World.Listings()[0].Systems[0].Option {
		t.Errorf("exit %d, the option is on: %t", outcome.Exit, p.World.Listings()[0].Systems[0].Option)
	}
}

// The plan says that a station's name means nothing, and that one station is meant twice.
func TestThePlanOfNewStationsLooksThemUp(t *testing.T) {
	t.Parallel()
	p := takePart(t, acctest.Room(2, world.Station{}))
	p.Write("main.tf", p.APIProvider()+stations([]string{first, "R101-PC20"}))
	outcome, said := p.Diagnostics("plan")
	const misspelt = "error: Unable to find station R101-PC20\nstation: it was looked for in Timago, to see that there is such a station.\n\nno station is named R101-PC20\n\n" +
		"Check the column Bezeichnung in Timago's window Stationen, and that the token may see the station's computer group."
	if outcome.Exit != 1 || len(said) != 1 || p.comparable(said[0]) != misspelt {
		t.Errorf("exit %d, %q", outcome.Exit, said)
	}

	p.Write("main.tf", p.APIProvider()+stations([]string{first, p.ClientID(first)}))
	outcome, said = p.Diagnostics("plan", "-parallelism=1") // planned at once both would say so
	twice := func(title string) string {
		return "error: Unable to manage station " + title + " twice\n" +
			"station: two instances of timago_station_kms are about this one, perhaps one by its name and one by its client id.\n\n" +
			"Keep one of them. Where the other is in the state already, take it out with a removed block and destroy = false, or with terraform state rm: its option then stays as it is."
	}
	if outcome.Exit != 1 || len(said) != 1 {
		t.Errorf("exit %d, %q", outcome.Exit, said)
	}
	for _, s := range said {
		if got := s.Severity + ": " + s.Summary + "\n" + s.Detail; got != twice(first) && got != twice(p.ClientID(first)) {
			t.Errorf("it says %q", got)
		}
	}

	p.Write("main.tf", p.APIProvider()+stations([]string{first}))
	p.Inject(world.Fault{Name: world.APIUnavailable})
	if outcome, said = p.Diagnostics("plan"); outcome.Exit != 0 || len(said) != 1 ||
		!strings.HasPrefix(p.comparable(said[0]), "warning: Unable to find stations in Timago\nStation R101-PC01 was looked for, to see that there is such a station. The apply will look again.\n\n") {
		t.Errorf("where the server is away: exit %d, %q", outcome.Exit, said)
	}
	if p.Commands() != 0 {
		t.Errorf("%d commands by plans", p.Commands())
	}
}

// An instance that is replaced, tainted or not, is one and not two.
func TestAReplacedInstanceIsNotTwo(t *testing.T) {
	t.Parallel()
	p := takePart(t, acctest.Room(1, world.Station{}))
	p.Apply()
	for _, step := range [][]string{{"apply", "-auto-approve", "-no-color", "-replace=" + firstPart}, {"taint", firstPart}, {"apply", "-auto-approve", "-no-color"}} {
		if outcome := p.Run(step...); outcome.Exit != 0 || outcome.Contains("by the same plan") {
			t.Fatalf("%v:\n%s", step, outcome.Output)
		}
	}
	p.Plan(0)
	if system := p.World.Listings()[0].Systems[0]; !system.Option || p.Images(first) != 0 {
		t.Errorf("%+v", system)
	}
}

// Renaming the keys of for_each leaves the options as they are, whatever Terraform does first.
func TestRenamedKeysLeaveTheOptionsOn(t *testing.T) {
	t.Parallel()
	const n = 12
	p := takePart(t, acctest.Room(n, world.Station{}))
	keyed := func(key string) string {
		return p.APIProvider() + fmt.Sprintf(`
resource "timago_station_kms" "room" {
  for_each = { for n in range(1, %d) : "%s${n}" => format("R101-PC%%02d", n) }
  station  = each.value
}
`, n+1, key)
	}
	p.Write("main.tf", keyed("a"))
	p.Apply()
	p.Write("main.tf", keyed("b"))
	plan := p.Plan(2)
	if !plan.Contains("Stations are destroyed and kept by the same plan") || !plan.Contains("A moved block renames an instance") ||
		!plan.Contains(fmt.Sprintf("(and %d more similar warnings elsewhere)", n-1)) {
		t.Errorf("the plan does not say so:\n%s", plan.Output)
	}
	p.Apply()
	for _, listing := range p.World.Listings() {
		if !listing.Systems[0].Option || p.Images(listing.Name) != 0 {
			t.Errorf("%s: %+v", listing.Name, listing.Systems[0])
		}
	}
	t.Logf("%d options were set on the way, of %d that could have been", p.Asked(patches), 2*n)
}

// A system that was replaced is taken over for all to see.
func TestASystemThatWasReplacedReplacesTheInstance(t *testing.T) {
	t.Parallel()
	p := takePart(t, acctest.Room(1, world.Station{}))
	p.Apply()
	p.Between.Answer(contracttest.EveryStation(func(station map[string]any) {
		system := station["operating_systems"].([]any)[0].(map[string]any) //nolint:forcetypeassert // as the contract has it
		system["name"], station["last_operating_system"] = "Windows 12", "Windows 12"
	}))
	plan := p.Plan(2)
	for _, said := range []string{
		"must be replaced", "operating_system = (known after apply) # forces replacement", "1 to add, 0 to change, 1 to destroy",
		"Unable to read operating system of station R101-PC01", "Set operating_system to what it has: Windows 12.",
	} {
		if !plan.Contains(said) {
			t.Errorf("the plan does not say %q:\n%s", said, plan.Output)
		}
	}
	p.Apply()
	p.shows(map[string]any{"operating_system": "Windows 12", "effective": true})
	if p.Commands() != 0 {
		t.Errorf("%d commands for a system that is as wanted", p.Commands())
	}
}

// A server that shows no activation is told from one that shows none activated.
func TestAPoolWithoutWinRMAndWithoutStatus(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		features []string
		says     string
	}{
		"the server cannot": {[]string{"reset_image", "wake"}, "the interface in front of the Timago server shows no activation: its features lack kms_status\n\n" +
			"Set winrm in the provider block, so that Windows itself is asked, or have the interface mended: GET /info lists kms_status where GET /kms shows products."},
		"no product": {nil, "the interface in front of the Timago server shows the activation of no product, neither Windows nor Office\n\n" +
			"See in Timago's own window whether a product is set up for KMS. Or set winrm in the provider block, so that Windows itself is asked."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			scenario := acctest.Room(1, world.Station{Products: []world.Product{}})
			scenario.Timago = simulator.Timago{Features: tt.features}
			site := acctest.NewAPISite(t, scenario, acctest.Speed)
			site.Between.Answer(contracttest.On("GET", "/kms", 200, "application/json", `{"host":null,"products":[]}`))
			w := acctest.NewWorkspace(t, site.APIEnv()...)
			w.Write("main.tf", site.APIProvider()+`
resource "timago_activation_pool" "room" {
  name     = "R101"
  location = "R101"
}
`)
			outcome, said := w.Diagnostics("plan")
			want := acctest.Diagnostic{Severity: "error", Summary: "Unable to read activation pool R101", Detail: "Timago was asked for the activation's status.\n\n" + tt.says}
			if outcome.Exit != 1 || len(said) != 1 || said[0] != want {
				t.Errorf("exit %d, %q, want %q", outcome.Exit, said, want)
			}
		})
	}
}
