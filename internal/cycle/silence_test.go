package cycle_test

import (
	"errors"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/cycle"
	"github.com/timago/terraform-provider-timago/internal/outcome"
	"github.com/timago/terraform-provider-timago/internal/schedule"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// TestSilenceOutsideTheWindow: two members that do not answer could add more than two counts
// only by restarts, and the window allows none: nobody is waited for, and nobody touched.
// For two counts they are waited for, and asked.
func TestSilenceOutsideTheWindow(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		missing int
		silent  time.Duration // 0: for good
		asked   int
	}{
		"for a moment": {3, 20 * time.Second, 0}, "for good": {25, 0, 0}, "for a while, and little is missing": {2, 5 * time.Minute, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			site := room(2, nil)
			site.Host = counted(25 - tt.missing)
			site.Faults = []world.Fault{{Name: world.Refuses, On: []string{"PC01", "PC02"}, For: tt.silent}}
			run(t, site, func(j *cycle.Job, _ *fakeSite) {
				j.Window = &schedule.Window{Start: 22 * time.Hour, End: 23 * time.Hour} // simulated time begins at midnight UTC
			}, func(t *testing.T, s *fakeSite, r outcome.Result, err error) {
				var outside *outcome.OutsideWindow
				made, took := s.State().Counters, r.Finished.Sub(r.Started)
				if errors.As(err, &outside) != (tt.asked == 0) || r.Asked != tt.asked || made[world.KindRestart] != 0 || tt.asked == 0 && took > 10*time.Second {
					t.Errorf("asked %d, touched %v, took %s, %v", r.Asked, made, took, err)
				}
			})
		})
	}
}

// TestWhoseLicencesCannotBeRead: a member that has been up for days is not on its way back
// from a restart, whatever does not answer there: its neighbours make the counts at once.
func TestWhoseLicencesCannotBeRead(t *testing.T) {
	t.Parallel()
	took := map[bool]time.Duration{}
	for _, fails := range []bool{false, true} {
		site := room(5, func(_ int, s *world.Station) { s.Counted, s.Uptime = true, 9*24*time.Hour })
		site.Host = counted(17)
		if fails {
			site.Faults = []world.Fault{{Name: world.Unavailable, On: []string{"PC05"}, Of: "licensing"}}
		}
		run(t, site, func(j *cycle.Job, _ *fakeSite) { j.Memory.Proof = time.Now() },
			func(t *testing.T, _ *fakeSite, r outcome.Result, err error) {
				if odd := r.ByStation["PC05"]; err != nil || r.Restarts != 3 || fails != (odd.Outcome == outcome.LeftOut) {
					t.Errorf("PC05 fails %t: %d restarts, PC05 %+v, %v", fails, r.Restarts, odd, err)
				}
				took[fails] = r.Finished.Sub(r.Started)
			})
	}
	if took[true] > took[false]+10*time.Second {
		t.Errorf("took %s, and %s where all can be read", took[true], took[false])
	}
}
