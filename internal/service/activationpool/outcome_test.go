package activationpool

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/outcome"
	"github.com/timago/terraform-provider-timago/internal/pool"
)

// read is a reading of five members of which so many count for Windows; count -1 is none.
func read(count, threshold int, change ...func(*pool.Reading)) pool.Reading { //nolint:unparam // a story names both numbers
	state := pool.ProductState{Threshold: threshold, Licensed: 3, Members: 5}
	status := pool.NotActivated
	if count >= 0 {
		state.Count = &count
	}
	if count >= threshold {
		status = pool.Activated
	}
	r := pool.Reading{KMSHost: "kms01", Members: make([]pool.Member, 5), Assessment: pool.Assessment{
		Status: status, Products: map[kms.Product]pool.ProductState{kms.Windows: state},
	}}
	for i := range r.Members {
		r.Members[i].Name = fmt.Sprintf("PC0%d", i+1)
	}
	for _, change := range change {
		change(&r)
	}
	return r
}

func unreachable(names ...string) func(*pool.Reading) {
	return func(r *pool.Reading) { r.Assessment.Unreachable = names }
}

// cycled is an apply whose cycle took four minutes.
func cycled(before, after pool.Reading, stations map[string]outcome.StationResult) applyOutcome {
	o := applyOutcome{pool: configured{name: "R101", limits: pool.Limits{}.WithDefaults()}, before: before, after: after, ran: true}
	o.result = outcome.Result{Started: time.Unix(0, 0), Finished: time.Unix(240, 0), ByStation: stations, Asked: 3, AskedAfter: 2}
	for _, s := range stations {
		o.result.Restarts += s.Restarts
	}
	return o
}

// written shows diagnostics as a person reads them.
func shown(diags diag.Diagnostics) string {
	var said []string
	for _, d := range diags {
		said = append(said, d.Severity().String()+": "+d.Summary()+"\n"+d.Detail())
	}
	return strings.Join(said, "\n---\n")
}

func says(t *testing.T, name string, diags diag.Diagnostics, parts ...string) {
	t.Helper()
	text := shown(diags)
	for _, part := range parts {
		if without, is := strings.CutPrefix(part, "!"); is && strings.Contains(text, without) || !is && !strings.Contains(text, part) {
			t.Errorf("%s: want %q in\n%s", name, part, text)
		}
	}
}

// An apply that succeeded ends with what it did.
func TestAnApplyEndsWithWhatWasDone(t *testing.T) {
	t.Parallel()
	o := cycled(read(6, 25), read(25, 25), map[string]outcome.StationResult{"PC01": {Restarts: 4}, "PC02": {Restarts: 3}, "PC03": {}})
	o.result.Woken = 1
	const want = "Warning: Activation pool R101 is activated\n" +
		"5 requests for activation, 7 restarts on 2 stations, 1 station switched on, in 4m0s.\n" +
		"Windows: count 25 of 25, 3 of 5 members licensed."
	if got := shown(o.diagnostics("")); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	o.result.Restarts, o.result.Unconfirmed = 7, 1
	says(t, "a restart that nobody saw", o.diagnostics(""), "7 restarts on 2 stations, 1 further restart commanded and not seen, 1 station switched on")
	idle := applyOutcome{before: read(25, 25), after: read(25, 25)}
	if got := idle.diagnostics(""); len(got) > 0 {
		t.Errorf("nothing was done, and it says %s", shown(got))
	}
}

// Who was left out is named by reason, also beside success, with what helps.
func TestWhoIsLeftOutIsNamedByReason(t *testing.T) {
	t.Parallel()
	const cutOff = "Windows: no KMS host could be reached (0xC004F074)"
	stations := map[string]outcome.StationResult{
		"PC01": {Restarts: 2, Outcome: outcome.TookPart},
		"PC02": {Outcome: outcome.LeftOut, Reason: cutOff},
		"PC03": {Outcome: outcome.LeftOut, Reason: cutOff},
		"PC04": {Restarts: 1, Outcome: outcome.LeftOut, Reason: "it did not come back within 15m0s"},
		"PC05": {Outcome: outcome.LeftOut, Reason: "it does not answer"}, // a warning of its own says so
	}
	o := cycled(read(6, 25), read(25, 25, unreachable("PC04", "PC05")), stations)
	const want = "Warning: 3 of the 5 members of activation pool R101 were left out\n" +
		"  - PC02, PC03: Windows: no KMS host could be reached (0xC004F074)\n" +
		"  - PC04: it did not come back within 15m0s\n\n" +
		"See on the screen of a station that did not come back what keeps it.\n\n" +
		"See that the stations reach the KMS host's TCP port 1688: the service sppsvc on the host, its firewall, and what lies between."
	if got, _, _ := strings.Cut(shown(o.diagnostics("")), "\n---\n"); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}

	o.err, o.after = &outcome.Cancelled{Cause: errors.New("ended")}, read(24, 25)
	says(t, "beside an error", o.diagnostics(""), "were left out", "Error: Unable to activate pool R101")
	o.err = &outcome.Stalled{Stations: map[string]string{"PC02": cutOff}}
	says(t, "an error that lists all itself", o.diagnostics(""), "!were left out", "port 1688")
	o.err, o.after = nil, read(25, 25)
	o.before.Assessment.NeverCounts = map[string]string{"PC02": "MAK", "PC03": "MAK", "PC04": "MAK", "PC05": "MAK"}
	says(t, "members that can never count", o.diagnostics(""), "!were left out")
}

// Numbers are those last seen, and are said to be none only where the host said so.
func TestNumbersAreThoseLastSeen(t *testing.T) {
	t.Parallel()
	lost := errors.New("no answer")
	o := cycled(read(-1, 25), read(6, 25), map[string]outcome.StationResult{"PC01": {Restarts: 1}})
	o.readErr = &pool.HostError{KMSHost: "kms01", Err: lost}
	o.err = &outcome.HostUnreadable{Cause: lost}
	says(t, "the host is lost", o.diagnostics(""), "Windows: count 6 of 25 when last seen", "1 restart on 1 station", "Error: Unable to read KMS host kms01", "!none")
	says(t, "the host has counted nobody", cycled(read(-1, 25), read(-1, 25), nil).diagnostics(""), "nothing counted yet, 25 is to hold")
	clients := func(r *pool.Reading) { r.AnswerAges = map[kms.Product]time.Duration{} }
	says(t, "nobody has an answer", cycled(read(-1, 25, clients), read(-1, 25, clients), nil).diagnostics(""), "count not known", "!nothing counted")

	// A threshold that the counts show as held is not enough, as long as the members were not read back.
	o.err, o.after = nil, read(25, 25)
	says(t, "not read back", o.diagnostics(""), "Error: Unable to activate pool R101")
	if ended := o.reported(""); ended.Holds || ended.Err == nil {
		t.Errorf("the report says %+v", ended)
	}
}

// Where all held before, a failure to ask is no failure of the apply.
func TestAskingIsNoConditionOfAPoolThatHolds(t *testing.T) {
	t.Parallel()
	o := cycled(read(30, 25), read(30, 25), nil)
	o.err = &outcome.HostUnreadable{Cause: errors.New("no answer")}
	says(t, "holding", o.diagnostics(""), "Warning: Unable to ask unlicensed members of activation pool R101", "!Error")
	o.before = read(20, 25)
	says(t, "not holding before", o.diagnostics(""), "Error: Unable to activate pool R101")
}

// No advice that cannot help.
func TestAdviceFitsWhatWentWrong(t *testing.T) {
	t.Parallel()
	stalled := &outcome.Stalled{Stations: map[string]string{"PC01": "Windows: the clocks of client and KMS host differ by more than 4 hours (0xC004F06C)"}}
	for name, tt := range map[string]struct {
		err      error
		restarts int
		on       string
		says     []string
	}{
		"clocks":                 {stalled, 1, "", []string{"w32tm", "add stations", "!max_restarts", "!Switch on"}},
		"restarts are used up":   {stalled, 10, "", []string{"raise cycle.max_restarts_per_station"}},
		"stations are off":       {stalled, 0, "Switch on the stations. ", []string{"Switch on the stations."}},
		"servers only":           {&outcome.CountCapped{Product: kms.Windows, Ceiling: 10, Threshold: 25}, 5, "", []string{"thresholds = { windows = 5 }", "!max_restarts", "!add stations"}},
		"a count that stands":    {&outcome.CountCapped{Product: kms.Windows, Threshold: 25}, 5, "", []string{"More restarts do not help", "!max_restarts"}},
		"the image keeps its id": {&outcome.SameCMID{}, 1, "", []string{"KMS-Aktivierung", "reset their image", "!max_restarts"}},
		"no key":                 {&outcome.HostWithoutKey{Product: kms.Office}, 0, "", []string{"thresholds = { office = 0 }"}},
		"licences are missing":   {nil, 0, "", []string{"say why in unlicensed"}},
	} {
		o := cycled(read(6, 25), read(6, 25), map[string]outcome.StationResult{"PC01": {Restarts: tt.restarts}})
		o.err = tt.err
		says(t, name, o.diagnostics(tt.on), tt.says...)
	}
}

// Where no station had a count the status is not known, and what was read before stands.
func TestAnApplyThatReadNoCountKnowsNoStatus(t *testing.T) {
	t.Parallel()
	state := newModel()
	state.CheckedAt = timetypes.NewRFC3339TimeValue(time.Unix(0, 0).UTC())
	for name, tt := range map[string]struct {
		ages map[kms.Product]time.Duration
		want pool.Status
	}{
		"no count was read": {map[kms.Product]time.Duration{}, pool.Unknown},
		"one was":           {map[kms.Product]time.Duration{kms.Windows: time.Hour}, pool.Activated},
	} {
		after := pool.Reading{AnswerAges: tt.ages, Assessment: pool.Assessment{Status: pool.Activated}, At: time.Unix(60, 0)}
		m := newModel()
		diags := m.showApplied(t.Context(), state, applyOutcome{before: after, after: after})
		if kept := m.CheckedAt.Equal(state.CheckedAt); diags.HasError() || m.Status.ValueString() != string(tt.want) || kept != (tt.want == pool.Unknown) {
			t.Errorf("%s: status %s, checked at %s, %v", name, m.Status, m.CheckedAt, diags)
		}
	}
}
