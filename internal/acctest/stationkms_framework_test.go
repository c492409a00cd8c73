package acctest_test

import (
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/querycheck"
	"github.com/hashicorp/terraform-plugin-testing/querycheck/queryfilter"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/timago/terraform-provider-timago/internal/acctest"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

const onePart = "timago_station_kms.one"

func oneStation(name string, lines ...string) string {
	config := "resource \"timago_station_kms\" \"one\" {\n  station = \"" + name + "\"\n"
	for _, line := range lines {
		config += "  " + line + "\n"
	}
	return config + "}\n"
}

// commanded checks what was asked of Timago that changes something, since the site began.
func commanded(t *testing.T, s *acctest.Site, options, resets int) func() {
	return func() {
		if gotOptions, gotResets := s.Asked(patches), s.Asked("POST /commands"); gotOptions != options || gotResets != resets {
			t.Errorf("%d options set and %d images reset, want %d and %d", gotOptions, gotResets, options, resets)
		}
	}
}

func TestAStationFromCreateToImport(t *testing.T) {
	t.Parallel()
	s := acctest.NewAPISite(t, acctest.Room(2, without), acctest.Speed)
	config := func(name string, lines ...string) string {
		return s.APIProvider() + oneStation(name, append(lines, "wait_for_image = true")...)
	}
	whole := map[string]knownvalue.Check{
		"station": knownvalue.StringExact(first), "id": knownvalue.StringExact(s.ClientID(first)), "name": knownvalue.StringExact(first),
		"location": knownvalue.StringExact("R101"), "computer_group": knownvalue.StringExact("Unterricht"), "operating_system": knownvalue.StringExact("Windows 11"),
		"enabled": knownvalue.Bool(true), "effective": knownvalue.Bool(true), "when_in_use": knownvalue.StringExact("wait"), "clear_on_destroy": knownvalue.Bool(true),
	}
	acctest.Steps(t, s.APIEnv(),
		resource.TestStep{ // the option is set and the image is made anew
			Config:            config(first),
			ConfigPlanChecks:  plans(onePart, plancheck.ResourceActionCreate, map[string]knownvalue.Check{"enabled": knownvalue.Bool(true)}, "effective", "id", "name"),
			ConfigStateChecks: holds(onePart, whole),
			PostApplyFunc:     commanded(t, s, 1, 1),
		},
		resource.TestStep{ // how it is done is no reason to do anything
			Config: config(first, `when_in_use = "force"`), PostApplyFunc: commanded(t, s, 1, 1),
			ConfigPlanChecks: plans(onePart, plancheck.ResourceActionUpdate, map[string]knownvalue.Check{"effective": knownvalue.Bool(true)}),
		},
		resource.TestStep{ // another way to write the station is no change of the station
			Config: config("r101-pc01", `when_in_use = "force"`), PostApplyFunc: commanded(t, s, 1, 1),
			ConfigPlanChecks: plans(onePart, plancheck.ResourceActionUpdate, map[string]knownvalue.Check{"id": knownvalue.StringExact(s.ClientID(first))}),
		},
		resource.TestStep{ // somebody switches the option off
			PreConfig: func() {
				if err := s.World.SetOption(first, false); err != nil {
					t.Fatal(err)
				}
			},
			Config:            config(first),
			ConfigPlanChecks:  plans(onePart, plancheck.ResourceActionUpdate, map[string]knownvalue.Check{"enabled": knownvalue.Bool(true)}, "effective"),
			ConfigStateChecks: holds(onePart, whole),
			PostApplyFunc:     commanded(t, s, 2, 1), // the image still carries the option
		},
		resource.TestStep{
			ResourceName: onePart, ImportState: true, ImportStateId: s.ClientID(first), ImportStateVerify: true,
			ImportStateVerifyIgnore: []string{"wait_for_image"}, // only configured
		},
		resource.TestStep{
			ResourceName: onePart, ImportState: true, ImportStateId: "nobody", ExpectError: regexp.MustCompile(`no station is named nobody`),
		},
		resource.TestStep{ // another station is another resource; the one that was there is given back
			Config:            config("R101-PC02"),
			ConfigPlanChecks:  plans(onePart, plancheck.ResourceActionDestroyBeforeCreate, nil, "id"),
			ConfigStateChecks: holds(onePart, map[string]knownvalue.Check{"id": knownvalue.StringExact(s.ClientID("R101-PC02")), "effective": knownvalue.Bool(true)}),
			PostApplyFunc:     commanded(t, s, 4, 2),
		},
	)
	for _, listing := range s.World.Listings() {
		if listing.Systems[0].Option {
			t.Errorf("%s: destroy has left the option on", listing.Name)
		}
	}
}

func TestAStationIsImportedByABlock(t *testing.T) {
	t.Parallel()
	s := acctest.NewAPISite(t, acctest.Room(1, world.Station{}), 1)
	config := s.APIProvider() + oneStation(first)
	acctest.Steps(t, s.APIEnv(),
		resource.TestStep{Config: config},
		resource.TestStep{Config: config, ResourceName: onePart, ImportState: true, ImportStateKind: resource.ImportBlockWithID},
	)
	commanded(t, s, 1, 0)() // the destroy at the end
}

func TestAStationIsImportedByItsIdentity(t *testing.T) {
	t.Parallel()
	acctest.Needs(t, "identity", acctest.Terraform(12))
	s := acctest.NewAPISite(t, acctest.Room(1, world.Station{}), 1)
	config := s.APIProvider() + oneStation(first)
	acctest.Steps(t, s.APIEnv(),
		resource.TestStep{Config: config, ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectIdentity(onePart, map[string]knownvalue.Check{"id": knownvalue.StringExact(s.ClientID(first))}),
			statecheck.ExpectIdentityValueMatchesState(onePart, at("id")),
		}},
		resource.TestStep{Config: config, ResourceName: onePart, ImportState: true, ImportStateKind: resource.ImportBlockWithResourceIdentity},
	)
}

func TestAStationInDirectMode(t *testing.T) {
	t.Parallel()
	s := acctest.NewSite(t, acctest.Classroom(1, world.Station{}, acctest.Counted(0)))
	address := s.PlainAddresses()[0]
	config := s.Provider() + oneStation(address)
	acctest.Steps(t, s.Env(),
		resource.TestStep{Config: config, ConfigStateChecks: holds(onePart, map[string]knownvalue.Check{
			"id": knownvalue.StringExact(address), "name": knownvalue.StringExact("PC01"), "effective": knownvalue.Null(), "location": knownvalue.Null(),
		})},
		resource.TestStep{ResourceName: onePart, ImportState: true, ImportStateId: address, ImportStateVerify: true},
	)
}

func TestAStationThatIsNotKnownYet(t *testing.T) {
	t.Parallel()
	s := acctest.NewAPISite(t, acctest.Room(1, world.Station{}), 1)
	acctest.Steps(t, s.APIEnv(), resource.TestStep{
		Config: s.APIProvider() + "resource \"terraform_data\" \"name\" {\n  input = \"" + first + "\"\n}\n" +
			"resource \"timago_station_kms\" \"one\" {\n  station = terraform_data.name.output\n}\n",
		ConfigPlanChecks:  plans(onePart, plancheck.ResourceActionCreate, nil, "station", "id"),
		ConfigStateChecks: holds(onePart, map[string]knownvalue.Check{"name": knownvalue.StringExact(first)}),
	})
}

func TestStationsAreFoundByAQuery(t *testing.T) {
	t.Parallel()
	acctest.Needs(t, "terraform query", acctest.Terraform(14))
	acctest.EachServer(t, func(t *testing.T, open acctest.Opener) {
		s := open(t, school(), 1)
		const list = "timago_station_kms.room"
		acctest.Steps(t, s.APIEnv(),
			resource.TestStep{Config: s.APIProvider()},
			resource.TestStep{
				Query:  true,
				Config: "list \"timago_station_kms\" \"room\" {\n  provider = timago\n  include_resource = true\n  config {\n    location = \"r101\"\n  }\n}\n",
				QueryResultChecks: []querycheck.QueryResultCheck{
					querycheck.ExpectLength(list, 3),
					querycheck.ExpectIdentity(list, map[string]knownvalue.Check{"id": knownvalue.StringExact(s.ClientID(first))}),
					querycheck.ExpectNoIdentity(list, map[string]knownvalue.Check{"id": knownvalue.StringExact(s.ClientID("R102-LEHRER"))}),
					querycheck.ExpectResourceKnownValues(list, queryfilter.ByDisplayName(knownvalue.StringExact(first+" (R101)")), []querycheck.KnownValueCheck{
						{Path: at("station"), KnownValue: knownvalue.StringExact(first)}, {Path: at("effective"), KnownValue: knownvalue.Bool(true)},
					}),
				},
			},
			resource.TestStep{
				Query:             true,
				Config:            "list \"timago_station_kms\" \"room\" {\n  provider = timago\n  config {\n    computer_group = \"Lehrer\"\n  }\n}\n",
				QueryResultChecks: []querycheck.QueryResultCheck{querycheck.ExpectLength(list, 1)},
			},
		)
	})
}
