package activationpool

import (
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/timago/terraform-provider-timago/internal/cycle"
	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/pool"
	"github.com/timago/terraform-provider-timago/internal/service"
	"github.com/timago/terraform-provider-timago/internal/simulator"
	"github.com/timago/terraform-provider-timago/internal/simulator/timeline"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
	"github.com/timago/terraform-provider-timago/internal/site"
	"github.com/timago/terraform-provider-timago/internal/tfduration"
	"github.com/timago/terraform-provider-timago/internal/tfset"
	"github.com/timago/terraform-provider-timago/internal/winrm"
)

// simulated is a pool at a simulated site, as a plan and an apply see it.
type simulated struct {
	*simulator.Simulator
	*Resource
	t    *testing.T
	plan model
}

// quick is how fast a site's time runs beside this one.
const quick = 300

// quickly is the timing of stations that a test waits for.
func quickly() *timeline.Timing {
	return &timeline.Timing{Shutdown: 10 * time.Second, Boot: time.Minute, Ask: 10 * time.Second, Image: time.Minute}
}

// simulate opens a site for a pool of all its stations. settings change what is written of the
// provider and of the pool.
func simulate(t *testing.T, scenario simulator.Scenario, settings ...func(*site.Config, *model)) simulated {
	t.Helper()
	for i := range scenario.Stations {
		scenario.Stations[i].Timing = quickly()
	}
	s, err := simulator.Start(scenario, simulator.Options{Speed: quick})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	ready := s.Plain()
	config := site.Config{
		WinRM:   &winrm.Config{Username: ready.WinRM.Username, Password: ready.WinRM.Password},
		KMSHost: ready.KMSHost, MaxAge: 7 * 24 * time.Hour,
	}
	wanted := written()
	wanted.RequireLicensed, wanted.Settle, wanted.EarlyRenewal = types.StringValue(requireNone), tfduration.Of(0), tfduration.Null()
	var members []string
	for _, station := range ready.Stations {
		members = append(members, station.Address)
	}
	wanted.Stations = tfset.Of(members)
	wanted.Cycle = cycleOf(t, func(*cycleModel) {})
	for _, set := range settings {
		set(&config, &wanted)
	}
	opened, err := site.Open(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(opened.Close)
	return simulated{s, &Resource{site: opened, reads: service.NewReads(opened), engine: cycle.New()}, t, wanted}
}

// cycleOf is how counts may be made: by default by restarts, and with little patience.
func cycleOf(t *testing.T, change func(*cycleModel)) types.Object {
	t.Helper()
	m := cycleModel{
		Method: types.StringValue(string(autoMethod)), MaxParallel: types.Int64Value(pool.DefaultMaxParallel), MaxRestartsPerStation: types.Int64Value(pool.DefaultMaxRestartsPerStation),
		StationTimeout: tfduration.Of(4 * time.Second), WhenInUse: types.StringValue(string(kms.WaitWhenInUse)), Spread: types.StringValue(string(pool.SpreadFastest)),
		Wake: types.BoolValue(true), WakeBroadcast: types.StringNull(), After: types.StringValue(string(leave)),
		IgnoreUsers: types.SetValueMust(types.StringType, nil),
	}
	change(&m)
	object, diags := types.ObjectValueFrom(t.Context(), cycleTypes, m)
	if diags.HasError() {
		t.Fatal(diags)
	}
	return object
}

// apply creates the pool.
func (s simulated) apply() applied {
	plan, blank := s.plan, newModel()
	plan.expectChange(&blank, true)
	return s.converge(s.t.Context(), plan, newModel(), privateState{}, time.Minute)
}

// What an apply has read in the end is known to the next plan, which may read nothing anew.
func TestWhatAnApplyReadLastIsRemembered(t *testing.T) {
	t.Parallel()
	s := simulate(t, simulator.Scenario{Site: world.Site{
		Host:     world.Host{Keys: []world.Key{{Key: "windows", Counted: []world.Counted{{Number: 24, Age: time.Hour}}}}},
		Stations: world.Rows(1, world.Station{Name: "PC%02d"}),
	}})
	done := s.apply()
	if done.diags.HasError() || done.pool.Status.ValueString() != string(pool.Activated) {
		t.Fatal(shown(done.diags))
	}
	for member, known := range done.known.LastKnown {
		if !known.Licences[kms.Windows].ByKMS {
			t.Errorf("%s is licensed since, and known as %+v", member, known)
		}
	}
	if len(done.known.LastKnown) != 1 {
		t.Errorf("known are %+v", done.known.LastKnown)
	}
}
