package activationpool

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/pool"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// remedied is a room in which something is wrong, what is advised there, and the room after
// each thing that was advised was done.
type remedied struct {
	says    []string // parts of the advice, as the code has it
	counted int
	broken  func(*room)
	mended  []func(*room)
}

// tell plans, applies and refreshes in the room: what is said, and whether the pool holds then.
func (r room) tell(t *testing.T) (said string, holds bool) {
	t.Helper()
	s := r.open(t)
	diags := s.refreshed()
	if !r.unplanned {
		diags = s.foreseen()
	}
	if r.unplanned || !diags.HasError() {
		done := s.apply()
		diags.Append(done.diags...)
		if holds = !done.diags.HasError() && done.pool != nil && done.pool.Status.ValueString() == string(pool.Activated); holds {
			diags.Append(s.refreshed()...)
		}
	}
	return shown(diags), holds
}

// Advice that cannot help is none: whoever does what a plan or an apply advises is activated
// then, and is not advised the same again. Every sentence that the code has is held against a
// room that causes it.
func TestAdviceHelps(t *testing.T) {
	t.Parallel()
	heldElsewhere := []string{}
	var said []string
	for name, story := range rooms(t) {
		said = append(said, story.says...)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := roomOf(story.counted)
			story.broken(&r)
			before, _ := r.tell(t)
			for _, advice := range story.says {
				if !strings.Contains(before, advice) {
					t.Errorf("it is not advised %q:\n%s", advice, before)
				}
			}
			for i, mend := range story.mended {
				r := roomOf(story.counted)
				story.broken(&r)
				mend(&r)
				after, holds := r.tell(t)
				for _, advice := range story.says {
					if strings.Contains(after, advice) {
						t.Errorf("remedy %d: it is still advised %q:\n%s", i, advice, after)
					}
				}
				if !holds {
					t.Errorf("remedy %d does not help:\n%s", i, after)
				}
			}
		})
	}
	for advice := range again() {
		said = append(said, advice)
	}
	for advice := range notSimulated {
		said, heldElsewhere = append(said, advice), append(heldElsewhere, advice)
	}
	all := adviceIn(t)
	for _, advice := range all {
		if !slices.ContainsFunc(said, func(part string) bool { return strings.Contains(advice, part) }) {
			t.Errorf("no room causes this advice: %q", advice)
		}
	}
	for _, part := range said {
		if !slices.ContainsFunc(all, func(advice string) bool { return strings.Contains(advice, part) }) {
			t.Errorf("nobody advises %q", part)
		}
	}
	t.Logf("%d sentences of advice, %d of them held elsewhere", len(all), len(heldElsewhere))
}

// notSimulated is advice about what a simulated site has not, and where it is held instead.
var notSimulated = map[string]string{
	"Let the KMS host publish itself":                      "the site's DNS: TestWhatStandsInTheWayIsFoundBeforeAnythingIsTouched of package pool",
	"Remove the records of hosts that shall count no more": "the site's DNS: the same",
	"in kms_host, or let the members ask":                  "a KMS host that has a name: the same",
	"Write them as the inventory does.":                    "an inventory: TestANameThatMeansNothingIsSaid",
	"Switch them off where nobody needs them.":             "a start must be seen by the provider's own clock: TestAUserWhoLoggedOnMeanwhileKeepsTheStation of internal/acctest",
	"%s = %d": "no sentence: a threshold within one",
}

// again are what only another apply of the same pool helps against, and how it comes to that.
func again() map[string]func(t *testing.T) (said string, s simulated) {
	return map[string]func(t *testing.T) (string, simulated){
		"Apply again: it goes on from what has been counted, and waits": func(t *testing.T) (string, simulated) {
			s := roomOf(15).open(t)
			ctx, interrupt := context.WithCancel(t.Context())
			go func() {
				defer interrupt()
				for s.World.State().Counters[world.KindRestart] == 0 && ctx.Err() == nil {
					time.Sleep(10 * time.Millisecond)
				}
			}()
			plan, blank := s.plan, newModel()
			plan.expectChange(&blank, true)
			return shown(s.converge(ctx, plan, newModel(), privateState{}, s.timeout).diags), s
		},
		"Apply again. Members that stay unlicensed say why in unlicensed.": func(t *testing.T) (string, simulated) {
			r := roomOf(30)
			r.Faults = []world.Fault{{Name: world.ActivateFails, Code: 0x8007000D, On: []string{"PC01"}, Times: 1}}
			r.pool = func(m *model) { m.RequireLicensed = types.StringValue(requireAll) }
			s := r.open(t)
			return shown(s.apply().diags), s
		},
		"Applying asks them to activate, which restarts nothing.": func(t *testing.T) (string, simulated) {
			s := roomOf(30).open(t)
			return shown(s.foreseen()), s
		},
		"Windows itself asks every two hours, the action timago_station_activate at once.": func(t *testing.T) (string, simulated) {
			s := roomOf(30).open(t)
			return shown(s.refreshed()), s
		},
		"Applying asks running members to activate; the host's answers show the count.": func(t *testing.T) (string, simulated) {
			r := roomOf(22)
			r.Faults = []world.Fault{{Name: world.Denied, On: []string{"kms01"}}}
			setThresholds(t, map[kms.Product]int{kms.Windows: 25})(&r)
			s := r.open(t)
			return shown(s.foreseen()), s
		},
		"Applying waits for their images, all together": func(t *testing.T) (string, simulated) {
			r := roomOf(22)
			set := true
			r.api, r.Stations[0].Image.WithoutKMS, r.Stations[0].Image.Option = true, true, &set
			r.cycle = patience(30 * time.Second)
			s := r.open(t)
			said := shown(s.foreseen())
			station, err := s.site.Find(t.Context(), "PC01")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.site.ResetImage(t.Context(), station, "", false); err != nil {
				t.Fatal(err)
			}
			return said, s
		},
	}
}

// Where an apply is advised, it helps.
func TestAnotherApplyHelpsWhereItIsAdvised(t *testing.T) {
	t.Parallel()
	for advice, happens := range again() {
		t.Run(advice, func(t *testing.T) {
			t.Parallel()
			said, s := happens(t)
			if !strings.Contains(said, advice) {
				t.Errorf("it is not advised:\n%s", said)
			}
			done := s.apply()
			if done.diags.HasError() || done.pool == nil || done.pool.Status.ValueString() != string(pool.Activated) {
				t.Errorf("it does not help:\n%s", shown(done.diags))
			}
			if after := shown(s.refreshed()); strings.Contains(after, advice) {
				t.Errorf("it is still advised:\n%s", after)
			}
		})
	}
}
