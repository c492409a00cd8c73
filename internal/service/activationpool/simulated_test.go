package activationpool

import (
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
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

// room describes a simulated site and a pool of all its stations, as a person would write it.
type room struct {
	simulator.Scenario
	api       bool               // Timago has an interface, and the provider is configured for it
	set       func(*site.Config) // what else is written of the provider; may be nil
	pool      func(*model)       // … and of the pool; may be nil
	cycle     func(*cycleModel)  // … and of its cycle; may be nil
	members   func(*[]string)    // who is named as a member; nil: every station
	timeout   time.Duration      // of an apply
	unplanned bool               // nobody looks at a plan first
}

// roomOf is a room of three stations that are on and have not asked, whose KMS host has counted
// so many others for Windows.
func roomOf(counted int) room {
	return room{timeout: time.Minute, Scenario: simulator.Scenario{Site: world.Site{
		Seed: 3, Host: world.Host{Keys: []world.Key{{Key: "windows", Counted: []world.Counted{{Number: counted, Age: time.Hour}}}}},
		Stations: world.Rows(3, world.Station{Name: "PC%02d"}),
	}}}
}

// simulated is a room as a plan and an apply see it.
type simulated struct {
	*simulator.Simulator
	*Resource
	t       *testing.T
	plan    model
	timeout time.Duration
}

// quick is how fast a site's time runs beside this one.
const quick = 300

// open starts the room.
func (r room) open(t *testing.T) simulated {
	t.Helper()
	for i := range r.Stations {
		r.Stations[i].Timing = &timeline.Timing{Shutdown: 10 * time.Second, Boot: time.Minute, Ask: 10 * time.Second, Image: time.Minute}
	}
	s, err := simulator.Start(r.Scenario, simulator.Options{Speed: quick, API: r.api})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	ready := s.Plain()
	config := site.Config{
		WinRM:   &winrm.Config{Username: ready.WinRM.Username, Password: ready.WinRM.Password},
		KMSHost: ready.KMSHost, MaxAge: 7 * 24 * time.Hour,
	}
	var members []string
	for _, station := range ready.Stations {
		if r.api {
			members = append(members, station.Name)
		} else {
			members = append(members, station.Address)
		}
	}
	if r.members != nil {
		r.members(&members)
	}
	if r.api {
		config.Timago = &site.TimagoConfig{Endpoint: ready.Endpoint, Token: ready.Token, CACertificate: s.CACertificate()}
	}
	if r.set != nil {
		r.set(&config)
	}
	opened, err := site.Open(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(opened.Close)
	wanted := written()
	wanted.Stations, wanted.Cycle = tfset.Of(members), cycleOf(t, r.cycle)
	wanted.RequireLicensed, wanted.Settle, wanted.EarlyRenewal = types.StringValue(requireNone), tfduration.Of(0), tfduration.Value{}
	if r.pool != nil {
		r.pool(&wanted)
	}
	resource := &Resource{site: opened, reads: service.NewReads(opened), engine: cycle.New()}
	return simulated{s, resource, t, wanted, r.timeout}
}

// cycleOf is how counts may be made: as by default, and with little patience.
func cycleOf(t *testing.T, change func(*cycleModel)) types.Object {
	t.Helper()
	m := cycleModel{
		Method: types.StringValue(string(autoMethod)), MaxParallel: types.Int64Value(pool.DefaultMaxParallel), MaxRestartsPerStation: types.Int64Value(pool.DefaultMaxRestartsPerStation),
		StationTimeout: tfduration.Of(10 * time.Second), WhenInUse: types.StringValue(string(kms.WaitWhenInUse)), Spread: types.StringValue(string(pool.SpreadFastest)),
		Wake: types.BoolValue(true), WakeBroadcast: types.StringNull(), After: types.StringValue(string(leave)),
		IgnoreUsers: types.SetValueMust(types.StringType, nil),
	}
	if change != nil {
		change(&m)
	}
	object, diags := types.ObjectValueFrom(t.Context(), cycleTypes, m)
	if diags.HasError() {
		t.Fatal(diags)
	}
	return object
}

// foreseen is what the plan of a create says.
func (s simulated) foreseen() diag.Diagnostics {
	c := change{config: s.plan, plan: s.plan, state: newModel(), creates: true}
	c.expect(false)
	return s.foresee(s.t.Context(), c)
}

// apply creates the pool.
func (s simulated) apply() applied {
	plan, blank := s.plan, newModel()
	plan.expectChange(&blank, true)
	return s.converge(s.t.Context(), plan, newModel(), privateState{}, s.timeout)
}

// refreshed is what a refresh says of the pool.
func (s simulated) refreshed() diag.Diagnostics {
	p, diags := s.plan.pool(s.t.Context(), nil)
	found, err := s.read(s.t.Context(), p, privateState{}, allAnew)
	diags.Append(s.reported(p, found, err)...)
	if err == nil {
		diags.Append(neverCounted(p.name, found)...)
		diags.Append(unlicensed(p.name, found, othersAsk)...)
	}
	return diags
}

// What an apply has read in the end is known to the next plan, which may read nothing anew.
func TestWhatAnApplyReadLastIsRemembered(t *testing.T) {
	t.Parallel()
	s := roomOf(22).open(t)
	done := s.apply()
	if done.diags.HasError() || done.pool.Status.ValueString() != string(pool.Activated) {
		t.Fatal(shown(done.diags))
	}
	for member, known := range done.known.LastKnown {
		if !known.Licences[kms.Windows].ByKMS {
			t.Errorf("%s is licensed since, and known as %+v", member, known)
		}
	}
	if len(done.known.LastKnown) != 3 {
		t.Errorf("known are %+v", done.known.LastKnown)
	}
}
