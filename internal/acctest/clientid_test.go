package acctest_test

import (
	"encoding/json"
	"testing"

	"github.com/timago/terraform-provider-timago/internal/acctest"
	"github.com/timago/terraform-provider-timago/internal/simulator"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// twins is a site where two of three members have one client machine id.
func twins(t *testing.T, pool ...string) story {
	t.Helper()
	image := world.Image{CMID: "36f27b39-2fd5-440b-be67-a09996d27a38"}
	site := acctest.NewSite(t, simulator.Scenario{Site: world.Site{
		Seed: 3, Host: acctest.Counted(30),
		Stations: append(world.Rows(2, world.Station{Name: "PC%02d", Licensed: true, Image: image}), world.Station{Name: "PC03", Licensed: true}),
	}})
	s := story{site, acctest.NewWorkspace(t, site.Env()...), t}
	s.configure(pool...)
	return s
}

func TestThePoolShowsWhichMembersShareAClientMachineID(t *testing.T) {
	t.Parallel()
	s := twins(t)
	if plan := s.Plan(2); !plan.Contains("2 members share 1 client machine id") {
		t.Errorf("the plan does not say it:\n%s", plan.Output)
	}
	s.Apply()
	members := s.PlainAddresses()
	s.shows(map[string]any{"client_machine_ids.members": 3.0, "client_machine_ids.distinct": 2.0})
	shared, _ := acctest.At(s.Values(room), "client_machine_ids.shared").(map[string]any)
	names, _ := shared["36f27b39-2fd5-440b-be67-a09996d27a38"].([]any)
	if len(shared) != 1 || len(names) != 2 || names[0] != members[0] || names[1] != members[1] {
		t.Errorf("shared: %v", shared)
	}

	// What is not read is not known: it neither shares an id nor has one of its own.
	for _, name := range []string{"PC02", "PC03"} {
		if err := s.World.PowerOff(name); err != nil {
			t.Fatal(err)
		}
		s.Until("it is down", func() bool { return !s.World.Listens(name) })
	}
	s.Plan(0)
	s.Run("apply", "-refresh-only", "-auto-approve", "-no-color")
	s.shows(map[string]any{"client_machine_ids.members": 1.0, "client_machine_ids.distinct": 1.0})
	if err := s.World.PowerOff("PC01"); err != nil {
		t.Fatal(err)
	}
	s.Until("it is down", func() bool { return !s.World.Listens("PC01") })
	s.Plan(0)
	s.Run("apply", "-refresh-only", "-auto-approve", "-no-color")
	s.shows(map[string]any{"client_machine_ids": nil, "status": "activated"})

	// A saved plan promises nothing about them: a station may start before it is applied.
	s.Inject(world.Fault{Name: world.CountFalls, Number: 8})
	s.Plan(2, "-out=saved")
	s.Saw(world.CountFalls)
	counted := s.Happened(world.KindCounted)
	if err := s.World.PowerOn("PC03"); err != nil {
		t.Fatal(err)
	}
	s.Until("PC03 was counted", func() bool { return s.Happened(world.KindCounted) > counted })
	if outcome := s.Run("apply", "-no-color", "saved"); outcome.Exit != 0 {
		t.Fatalf("the saved plan does not apply:\n%s", outcome.Output)
	}
	s.shows(map[string]any{"client_machine_ids.members": 1.0, "client_machine_ids.distinct": 1.0, "status": "activated"})
}

// A new id at every start, as the option KMS-Aktivierung gives it, is no change.
func TestNewClientMachineIDsAreNoChange(t *testing.T) {
	t.Parallel()
	s := begin(t, 2, world.Station{Licensed: true}, acctest.Counted(30))
	s.Apply()
	before := s.State().Stations[0].CMID
	if err := s.World.Shutdown("PC01", 0, true, true); err != nil {
		t.Fatal(err)
	}
	s.Until("PC01 has asked anew", func() bool { return s.Happened(world.KindCounted) > 0 })
	if s.State().Stations[0].CMID == before {
		t.Fatal("the start brought no new id")
	}
	s.Plan(0)
	s.configure(`cycle = { max_parallel = 1 }`)
	s.Apply()
	s.shows(map[string]any{"client_machine_ids.members": 2.0, "client_machine_ids.distinct": 2.0, "last_cycle": nil})
}

// A state that an earlier version wrote knows nothing of the ids.
func TestAStateWithoutClientMachineIDsReadsWell(t *testing.T) {
	t.Parallel()
	s := twins(t)
	s.Apply()
	var state map[string]any
	if err := json.Unmarshal([]byte(s.Read("terraform.tfstate")), &state); err != nil {
		t.Fatal(err)
	}
	resources, _ := state["resources"].([]any)
	pool, _ := resources[0].(map[string]any)
	instances, _ := pool["instances"].([]any)
	instance, _ := instances[0].(map[string]any)
	attributes, _ := instance["attributes"].(map[string]any)
	if attributes["client_machine_ids"] == nil {
		t.Fatalf("the state shows no ids: %v", attributes)
	}
	delete(attributes, "client_machine_ids")
	earlier, err := json.Marshal(state)
	if err != nil {
		t.Fatal(err)
	}
	s.Write("terraform.tfstate", string(earlier))
	s.Plan(0)
	s.configure(`cycle = { max_parallel = 1 }`)
	s.Apply()
	s.shows(map[string]any{"client_machine_ids.members": 3.0, "client_machine_ids.distinct": 2.0})
}
