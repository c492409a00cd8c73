package activationpool

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/pool"
	"github.com/timago/terraform-provider-timago/internal/tfset"
)

// planOf is what ModifyPlan makes of a configuration, without a site; state is nil for a
// pool that is to be created.
func planOf(t *testing.T, config model, state *model) (model, diag.Diagnostics) {
	t.Helper()
	ctx := t.Context()
	empty := stateOf(t, nil)
	prior, written := stateOf(t, state), stateOf(t, &config)
	if state != nil { // as Terraform proposes it
		config.KMSHost = state.KMSHost
	}
	req := resource.ModifyPlanRequest{
		Config: tfsdk.Config(written), Plan: tfsdk.Plan(stateOf(t, &config)), State: prior,
	}
	resp := resource.ModifyPlanResponse{Plan: tfsdk.Plan(stateOf(t, &config))}
	(&Resource{}).ModifyPlan(ctx, req, &resp)
	plan := model{}
	if resp.Plan.Raw.Equal(empty.Raw) {
		t.Fatal("nothing is planned")
	}
	if diags := resp.Plan.Get(ctx, &plan); diags.HasError() {
		t.Fatal(diags)
	}
	return plan, resp.Diagnostics
}

// stateOf puts a resource into a state as Terraform hands it out.
func stateOf(t *testing.T, m *model) tfsdk.State {
	t.Helper()
	var described resource.SchemaResponse
	(&Resource{}).Schema(t.Context(), resource.SchemaRequest{}, &described)
	state := tfsdk.State{Schema: described.Schema, Raw: tftypes.NewValue(described.Schema.Type().TerraformType(t.Context()), nil)}
	if m != nil {
		if diags := state.Set(t.Context(), m); diags.HasError() {
			t.Fatal(diags)
		}
	}
	return state
}

// written is what a person writes at least.
func written() model {
	m := newModel()
	m.Name = types.StringValue("R101")
	m.Stations = tfset.Of(nil)
	return m
}

// readOnce is a pool as it was last read: activated.
func readOnce(ctx context.Context, t *testing.T) model {
	t.Helper()
	m := written()
	if diags := m.show(ctx, pool.Reading{KMSHost: "kms01", Assessment: pool.Assessment{Status: pool.Activated}}); diags.HasError() {
		t.Fatal(diags)
	}
	return m
}

// A lost threshold and a renewal that is due are changes, each by the value that is planned.
func TestALostThresholdAndADueRenewalAreChanges(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change  func(*model)
		changes bool
	}{
		"all holds":           {func(*model) {}, false},
		"a threshold is lost": {func(m *model) { m.Status = types.StringValue(string(pool.NotActivated)) }, true},
		"nothing is known":    {func(m *model) { m.Status = types.StringValue(string(pool.Unknown)) }, true},
		"a renewal is due":    {func(m *model) { m.ReadyForRenewal = types.BoolValue(true) }, true},
	} {
		state := readOnce(t.Context(), t)
		tt.change(&state)
		plan, diags := planOf(t, state, &state)
		if diags.HasError() {
			t.Fatal(name, diags)
		}
		if plan.Status.ValueString() != string(pool.Activated) || plan.ReadyForRenewal.IsNull() || plan.ReadyForRenewal.ValueBool() {
			t.Errorf("%s: %s, ready for renewal %s", name, plan.Status, plan.ReadyForRenewal)
		}
		if read := plan.CheckedAt.IsUnknown() && plan.LastCycle.IsUnknown(); read != tt.changes {
			t.Errorf("%s: it reads anew %t, want %t", name, read, tt.changes)
		}
	}
}

// thresholds sets what must hold; a product that is missing is not set.
func thresholds(t *testing.T, set map[kms.Product]int) types.Object {
	t.Helper()
	values := map[string]attr.Value{}
	for _, product := range kms.Products() {
		values[string(product)] = types.Int64Null()
		if threshold, is := set[product]; is {
			values[string(product)] = types.Int64Value(int64(threshold))
		}
	}
	object, diags := types.ObjectValue(thresholdsTypes, values)
	if diags.HasError() {
		t.Fatal(diags)
	}
	return object
}

// What is planned of a product: the threshold where it is set or was managed, nothing
// where it is left out or was never managed, and all is open where that depends on members.
func TestThePlanShowsWhatWillHold(t *testing.T) {
	t.Parallel()
	const unknown, null = -1, -2
	managed := func(threshold int64) types.Object {
		return types.ObjectValueMust(productTypes, map[string]attr.Value{
			"count": types.Int64Value(3), "threshold": types.Int64Value(threshold), "licensed": types.Int64Value(0),
			"members": types.Int64Value(5), "reason": types.StringValue("the count is below"),
		})
	}
	lost := func(m *model) { m.Status, m.Windows = types.StringValue(string(pool.NotActivated)), managed(25) }
	others := tfset.Of([]string{"PC09"})
	for name, tt := range map[string]struct {
		creates         bool
		before          func(*model) // nil: as written
		set             map[kms.Product]int
		stations        tfset.Value
		windows, office int
	}{
		"a new pool, nothing set":            {creates: true, windows: unknown, office: unknown},
		"a new pool, Windows set":            {creates: true, set: map[kms.Product]int{kms.Windows: 30}, windows: 30, office: unknown},
		"a new pool, Office left out":        {creates: true, set: map[kms.Product]int{kms.Office: 0}, windows: unknown, office: null},
		"a lost threshold":                   {before: lost, windows: 25, office: null},
		"a threshold that is raised":         {before: lost, set: map[kms.Product]int{kms.Windows: 40}, windows: 40, office: null},
		"Office is taken up":                 {before: lost, set: map[kms.Product]int{kms.Office: 5}, windows: 25, office: 5},
		"other stations may hold others":     {before: lost, stations: others, windows: unknown, office: unknown},
		"Office is no longer set to be left": {before: func(m *model) { lost(m); m.Thresholds = thresholds(t, map[kms.Product]int{kms.Office: 0}) }, windows: 25, office: unknown},
		"Windows is no longer set otherwise": {before: func(m *model) { lost(m); m.Thresholds = thresholds(t, map[kms.Product]int{kms.Windows: 40}) }, windows: unknown, office: null},
	} {
		config := written()
		if tt.set != nil {
			config.Thresholds = thresholds(t, tt.set)
		}
		var state *model
		if !tt.creates {
			prior := readOnce(t.Context(), t)
			tt.before(&prior)
			state = &prior
		}
		if !tt.stations.IsNull() {
			config.Stations = tt.stations
		}
		plan, diags := planOf(t, config, state)
		if diags.HasError() {
			t.Fatal(name, diags)
		}
		for product, want := range map[kms.Product]int{kms.Windows: tt.windows, kms.Office: tt.office} {
			object := plan.product(product)
			got := unknown
			switch threshold, is := object.Attributes()["threshold"].(types.Int64); {
			case object.IsNull():
				got = null
			case is && !threshold.IsUnknown():
				got = int(threshold.ValueInt64())
			}
			if got != want {
				t.Errorf("%s: %s is planned as %s, want %d", name, product.Title(), object, want)
			}
			if reason := object.Attributes()["reason"]; reason != nil && !reason.IsNull() && want >= 0 {
				t.Errorf("%s: a pool that holds has a reason: %s", name, reason)
			}
		}

		wanted := pool.Wanted{Thresholds: map[kms.Product]int{}}
		plan.keepPlanned(&wanted)
		for product, want := range map[kms.Product]int{kms.Windows: tt.windows, kms.Office: tt.office} {
			if kept, is := wanted.Thresholds[product]; is != (want >= 0) || is && kept != want || slices.Contains(wanted.Planned, product) != (want != null) {
				t.Errorf("%s: the apply keeps %+v", name, wanted)
			}
		}
	}
}

// A misspelt name inside an object lacks what is required; where nothing is, see tfvalidate.SomethingSet.
func TestAWindowNamesItsDays(t *testing.T) {
	t.Parallel()
	if days := windowAttribute().Attributes["days"]; !days.IsRequired() {
		t.Error("a window without days, as a misspelt name leaves it, must not plan in silence")
	}
}

// The announcement is one sentence, then why.
func TestTheAnnouncementSaysWhatThenWhy(t *testing.T) {
	t.Parallel()
	short := func(asks, restarts int) pool.Reading {
		return read(5, 25, func(r *pool.Reading) {
			r.Assessment.Asks, r.Assessment.Restarts = asks, restarts
			state := r.Assessment.Products[kms.Windows]
			state.Reason = "the KMS host's count 5 is below the threshold 25"
			r.Assessment.Products[kms.Windows] = state
		})
	}
	p := configured{name: "R101", method: autoMethod}
	const why = "\n\nWindows: the KMS host's count 5 is below the threshold 25\n\n" +
		"Not set in thresholds: Windows 25. What is not set follows from what the members hold and the KMS host has a key for."
	for _, tt := range []struct {
		asks, restarts int
		method         method
		want           string
	}{
		{4, 16, autoMethod, "Warning: Activation pool R101 needs about 16 restarts on 5 stations\n" +
			"Applying asks 4 running stations to activate, which restarts nothing, then restarts stations that nobody uses, until the KMS host's own count shows that the thresholds hold; " +
			"the host is read again before every restart." + why},
		{0, 1, resetImage, "Warning: Activation pool R101 needs about 1 new image on 5 stations\n" +
			"Applying has Timago make new images of stations that nobody uses, until the KMS host's own count shows that the thresholds hold; the host is read again before every new image." + why},
		{1, 0, autoMethod, "Warning: Activation pool R101 needs 1 request for activation, and no restart\nApplying asks 1 running station to activate, which restarts nothing." + why},
	} {
		p.method = tt.method
		if got := shown(announce(p, short(tt.asks, tt.restarts))); got != tt.want {
			t.Errorf("%s\nwant\n%s", got, tt.want)
		}
	}
	says(t, "who can add nothing takes no part", announce(p, read(5, 25, func(r *pool.Reading) {
		r.Assessment.Restarts, r.Assessment.NeverCounts = 20, map[string]string{"PC01": "it has a MAK"}
		r.Members[1].Err = kms.ErrUnknownName
		r.Members[2].Err = &pool.SameMachineError{Member: "PC04"}
	})), "about 20 restarts on 2 stations")
	if got := announce(p, read(25, 25)); len(got) > 0 {
		t.Errorf("nothing is to be done, and it announces %s", shown(got))
	}
	p.Wanted.Thresholds = map[kms.Product]int{kms.Windows: 25}
	says(t, "a threshold that is set", announce(p, short(4, 16)), "!Not set in thresholds")
}

// What keeps a pool from being changed must not keep it from being destroyed, which Terraform
// plans the same way.
func TestAnErrorOfAPoolThatExistsSaysHowToDestroyIt(t *testing.T) {
	t.Parallel()
	r := roomOf(25)
	r.cycle = func(m *cycleModel) { m.Method = types.StringValue(string(resetImage)) } // needs API mode
	s := r.open(t)
	for _, creates := range []bool{true, false} {
		said := shown(s.foresee(t.Context(), change{config: s.plan, plan: s.plan, creates: creates, redefined: !creates}))
		if !strings.Contains(said, "Images are reset by Timago alone") || strings.Contains(said, "terraform destroy -refresh=false") == creates {
			t.Errorf("a create: %t\n%s", creates, said)
		}
	}
}
