package acctest_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/config"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/timago/terraform-provider-timago/internal/acctest"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// at is the path to an attribute, written with dots.
func at(dotted string) tfjsonpath.Path {
	names := strings.Split(dotted, ".")
	path := tfjsonpath.New(names[0])
	for _, name := range names[1:] {
		path = path.AtMapKey(name)
	}
	return path
}

// holds checks attributes of one address in the state, by their dotted paths.
func holds(address string, want map[string]knownvalue.Check) []statecheck.StateCheck {
	var checks []statecheck.StateCheck
	for path, check := range want {
		checks = append(checks, statecheck.ExpectKnownValue(address, at(path), check))
	}
	return checks
}

// plans checks what is planned for one address.
func plans(address string, action plancheck.ResourceActionType, known map[string]knownvalue.Check, unknown ...string) resource.ConfigPlanChecks {
	checks := []plancheck.PlanCheck{plancheck.ExpectResourceAction(address, action)}
	for path, check := range known {
		checks = append(checks, plancheck.ExpectKnownValue(address, at(path), check))
	}
	for _, path := range unknown {
		checks = append(checks, plancheck.ExpectUnknownValue(address, at(path)))
	}
	return resource.ConfigPlanChecks{PreApply: checks}
}

var (
	activated   = map[string]knownvalue.Check{"status": knownvalue.StringExact("activated")}
	readByApply = []string{"unlicensed", "unreachable", "last_cycle", "checked_at"}
	importID    = func(s *acctest.Site) string {
		return "R101@" + s.Plain().KMSHost + "/stations=" + strings.Join(s.PlainAddresses(), ",")
	}
	notImported = []string{"last_cycle", "checked_at", "planned_restarts", "cycle"} // what only an apply knows, and what is only configured
)

// restarted checks how many restarts stations took since the site began.
func restarted(t *testing.T, s *acctest.Site, want int) func() {
	return func() {
		if got, by := s.Restarts(); got != want {
			t.Errorf("%d restarts, want %d: %v", got, want, by)
		}
	}
}

func TestAPoolFromCreateToImport(t *testing.T) {
	t.Parallel()
	s := acctest.NewSite(t, acctest.Classroom(3, world.Station{}, acctest.Counted(22)))
	pool := func(lines ...string) string { return s.Provider() + s.Pool(lines...) }
	acctest.Steps(t, s.Env(),
		resource.TestStep{ // asking is enough, nobody is restarted
			Config: pool(), ConfigPlanChecks: plans(room, plancheck.ResourceActionCreate, activated, append([]string{"windows"}, readByApply...)...),
			ConfigStateChecks: holds(room, map[string]knownvalue.Check{
				"status": knownvalue.StringExact("activated"), "windows.count": knownvalue.Int64Exact(25), "windows.members": knownvalue.Int64Exact(3),
				"office": knownvalue.Null(), "last_cycle.asked": knownvalue.Int64Exact(3), "unlicensed": knownvalue.MapSizeExact(0),
				"require_licensed": knownvalue.StringExact("none"), "settle": knownvalue.StringExact("15m"),
			}),
			PostApplyFunc: restarted(t, s, 0),
		},
		resource.TestStep{ // how counts may be made is no reason to make any
			Config: pool(`settle = "5m"`), ConfigPlanChecks: plans(room, plancheck.ResourceActionUpdate, map[string]knownvalue.Check{"windows.count": knownvalue.Int64Exact(25)}),
			PostApplyFunc: restarted(t, s, 0),
		},
		resource.TestStep{ // a lost threshold is a change, and is mended
			PreConfig:        func() { s.Inject(world.Fault{Name: world.CountFalls, Number: 2}) },
			Config:           pool(`settle = "5m"`),
			ConfigPlanChecks: plans(room, plancheck.ResourceActionUpdate, activated, append([]string{"windows.count"}, readByApply...)...),
			ConfigStateChecks: holds(room, map[string]knownvalue.Check{
				"status": knownvalue.StringExact("activated"), "planned_restarts": knownvalue.Int64Exact(2), "last_cycle.restarts": knownvalue.Int64Exact(2),
			}),
			PostApplyFunc: restarted(t, s, 2),
		},
		resource.TestStep{
			ResourceName: room, ImportState: true, ImportStateId: importID(s), ImportStateVerify: true,
			ImportStateVerifyIdentifierAttribute: "name", ImportStateVerifyIgnore: append(notImported, "settle"),
		},
		resource.TestStep{ // another name is another pool, which finds that all is well
			Config:           strings.Replace(pool(), `"R101"`, `"R102"`, 1),
			ConfigPlanChecks: plans(room, plancheck.ResourceActionDestroyBeforeCreate, activated),
			PostApplyFunc:    restarted(t, s, 2),
		},
	)
}

func TestAPoolIsImportedByABlock(t *testing.T) {
	t.Parallel()
	s := acctest.NewSite(t, acctest.Classroom(2, world.Station{Licensed: true}, acctest.Counted(30)))
	config := s.Provider() + s.Bare()
	acctest.Steps(t, s.Env(),
		resource.TestStep{Config: config},
		resource.TestStep{
			Config: config, ResourceName: room, ImportState: true, ImportStateKind: resource.ImportBlockWithID, ImportStateId: importID(s),
		},
		resource.TestStep{
			ResourceName: room, ImportState: true, ImportStateId: "R101", ExpectError: regexp.MustCompile(`<name>@<kms_host>/stations=`),
		},
	)
}

// Members that another resource only makes are not judged before they are known.
func TestAPoolOfStationsThatAreNotKnownYet(t *testing.T) {
	t.Parallel()
	s := acctest.NewSite(t, acctest.Classroom(2, world.Station{Licensed: true}, acctest.Counted(30)))
	acctest.Steps(t, s.Env(), resource.TestStep{
		Config: s.Provider() + "resource \"terraform_data\" \"members\" {\n  input = " + hclStrings(s.PlainAddresses()) + "\n}\n" +
			"resource \"timago_activation_pool\" \"room\" {\n  name = \"R101\"\n  stations = terraform_data.members.output\n}\n",
		ConfigPlanChecks:  plans(room, plancheck.ResourceActionCreate, activated, "stations", "windows"),
		ConfigStateChecks: holds(room, map[string]knownvalue.Check{"windows.members": knownvalue.Int64Exact(2)}),
		PostApplyFunc:     restarted(t, s, 0),
	})
}

// As the pages say: an ephemeral variable reaches the provider and nothing that is kept.
func TestThePasswordAsAnEphemeralVariable(t *testing.T) {
	t.Parallel()
	acctest.Needs(t, "ephemeral variables", acctest.Terraform(10), acctest.OpenTofu(11))
	s := acctest.NewSite(t, acctest.Classroom(2, world.Station{Licensed: true}, acctest.Counted(30)))
	acctest.Steps(t, nil, resource.TestStep{
		Config:            "variable \"password\" {\n  type = string\n  ephemeral = true\n}\n" + s.Provider("password = var.password") + s.Bare(),
		ConfigVariables:   config.Variables{"password": config.StringVariable(s.Plain().WinRM.Password)},
		ConfigStateChecks: holds(room, activated),
	})
}

// A room, in API mode without WinRM: the pool shows what Timago itself shows.
func TestAPoolByLocation(t *testing.T) {
	t.Parallel()
	s := acctest.NewAPISite(t, acctest.Room(2, world.Station{Licensed: true}), acctest.Speed)
	acctest.Steps(t, s.APIEnv(), resource.TestStep{
		Config: s.APIProvider() + "resource \"timago_activation_pool\" \"room\" {\n  name = \"R101\"\n  location = \"R101\"\n}\n",
		ConfigStateChecks: holds(room, map[string]knownvalue.Check{
			"status": knownvalue.StringExact("activated"), "location": knownvalue.StringExact("R101"), "windows.count": knownvalue.Null(), "stations": knownvalue.Null(),
		}),
	})
}
