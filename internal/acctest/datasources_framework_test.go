package acctest_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/timago/terraform-provider-timago/internal/acctest"
	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

func TestAllDataSourcesInDirectMode(t *testing.T) {
	t.Parallel()
	s := acctest.NewSite(t, acctest.Classroom(1, world.Station{Counted: true, User: `SCHULE\erika`, Sessions: 1, Products: bothProducts}, acctest.Counted(3)))
	list := filepath.Join(t.TempDir(), "stationen.csv")
	if err := os.WriteFile(list, []byte("Bezeichnung;Standort;MAC;Adresse\nPC01;R101;02-00-5E-00-00-01;"+s.PlainAddresses()[0]+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	address := kms.HostOf(s.Plain().KMSHost)
	config := s.Provider() + "data \"timago_station\" \"pc\" {\n  name = data.timago_stations.chosen.names[0]\n}\n" + choose(`location = "R101"`) +
		"data \"timago_station_export\" \"all\" {\n  path = \"" + list + "\"\n}\ndata \"timago_kms_host\" \"host\" {}\n"
	checks := holds(stationSource, map[string]knownvalue.Check{
		"computer_name": knownvalue.StringExact("PC01"), "user": knownvalue.StringExact(`SCHULE\erika`), "in_use": knownvalue.Bool(true), "sessions": knownvalue.Int64Exact(2),
		"cmid": knownvalue.StringExact(string(s.State().Stations[0].CMID)), "kms_host": knownvalue.StringExact(address), "kms_host_from_dns": knownvalue.Bool(true),
		"licences": knownvalue.ListPartial(map[int]knownvalue.Check{0: knownvalue.ObjectPartial(map[string]knownvalue.Check{
			"product": knownvalue.StringExact("windows"), "channel": knownvalue.StringExact("Volume:GVLK"), "licensed_by": knownvalue.Null(),
		})}),
	})
	checks = append(checks, holds(chosen, map[string]knownvalue.Check{
		"names":    knownvalue.ListExact([]knownvalue.Check{knownvalue.StringExact("PC01")}),
		"stations": knownvalue.ListPartial(map[int]knownvalue.Check{0: knownvalue.ObjectPartial(map[string]knownvalue.Check{"location": knownvalue.StringExact("R101")})}),
	})...)
	checks = append(checks, holds("data.timago_station_export.all", map[string]knownvalue.Check{
		"columns":  knownvalue.ListSizeExact(4),
		"stations": knownvalue.ListPartial(map[int]knownvalue.Check{0: knownvalue.ObjectPartial(map[string]knownvalue.Check{"mac": knownvalue.StringExact("02:00:5E:00:00:01"), "online": knownvalue.Null()})}),
	})...)
	checks = append(checks, holds("data.timago_kms_host.host", map[string]knownvalue.Check{
		"windows": knownvalue.ObjectPartial(map[string]knownvalue.Check{"count": knownvalue.Int64Exact(4), "threshold": knownvalue.Int64Exact(25), "licensed": knownvalue.Bool(true)}),
		"office":  knownvalue.Null(), "products": knownvalue.ListSizeExact(1),
	})...)
	acctest.Steps(t, append(s.Env(), "TIMAGO_INVENTORY="+list), resource.TestStep{Config: config, ConfigStateChecks: checks})
}

func TestStationsOfTimago(t *testing.T) {
	t.Parallel()
	s := acctest.NewAPISite(t, school(), 1)
	config := func(lines ...string) string { return s.APIProvider() + choose(lines...) }
	exactly := func(names ...string) []statecheck.StateCheck {
		var want []knownvalue.Check
		for _, name := range names {
			want = append(want, knownvalue.StringExact(name))
		}
		return []statecheck.StateCheck{statecheck.ExpectKnownOutputValue("names", knownvalue.ListExact(want))}
	}
	acctest.Steps(t, s.APIEnv(),
		resource.TestStep{Config: config(`location = "R101"`, "online = true"), ConfigStateChecks: exactly("R101-PC01", "R101-PC02")},
		resource.TestStep{Config: config("kms_activation = false"), ConfigStateChecks: exactly("R102-LEHRER")},
		resource.TestStep{Config: config(`location = "R103"`), ExpectError: regexp.MustCompile(`"R103"`)},
		resource.TestStep{Config: config(`name_regex = "NOBODY"`, "allow_empty = true"), ConfigStateChecks: exactly()},
	)
}

// A name that is not known before the apply is read during it.
func TestADataSourceOfWhatIsNotKnownYet(t *testing.T) {
	t.Parallel()
	s := acctest.NewSite(t, acctest.Classroom(1, world.Station{}, acctest.Counted(0)))
	acctest.Steps(t, s.Env(), resource.TestStep{
		Config: s.Provider() + "resource \"terraform_data\" \"name\" {\n  input = \"" + s.PlainAddresses()[0] + "\"\n}\n" +
			"data \"timago_station\" \"pc\" {\n  name = terraform_data.name.output\n}\n",
		ConfigPlanChecks:  resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction(stationSource, plancheck.ResourceActionRead)}},
		ConfigStateChecks: holds(stationSource, map[string]knownvalue.Check{"computer_name": knownvalue.StringExact("PC01")}),
	})
}
