package cycle_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/timago/terraform-provider-timago/internal/cycle"
	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/outcome"
	"github.com/timago/terraform-provider-timago/internal/simulator/timeline"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// story is a site at which a cycle once went wrong, and what must hold of it.
type story struct {
	site    world.Site
	job     func(*cycle.Job)
	aliases bool // members are also listed by their aliases
	holds   func(told *telling)
}

// telling is how a story went, and what is wrong with that.
type telling struct {
	site   *fakeSite
	result outcome.Result
	err    error
	took   time.Duration
	events []outcome.Event
	wrong  []string
}

func (t *telling) want(is bool, format string, args ...any) {
	if !is {
		t.wrong = append(t.wrong, fmt.Sprintf(format, args...))
	}
}

// restarts that the site has seen, of one station or of all.
func (t *telling) restarts(station string) int {
	made := 0
	for _, s := range t.site.State().Stations {
		if station == "" || s.Name == station {
			made += s.Restarts
		}
	}
	return made
}

// leftOut wants a member to be left out with a reason that says something.
func (t *telling) leftOut(station, says string) {
	part := t.result.ByStation[station]
	t.want(part.Outcome == outcome.LeftOut && strings.Contains(part.Reason, says), "%s is %q, %q: not left out with %q", station, part.Outcome, part.Reason, says)
}

// notYet are the stories that do not hold yet. One that has come to hold is taken off.
var notYet = []string{}

// TestOpenSets tells the stories.
func TestOpenSets(t *testing.T) {
	t.Parallel()
	told := map[string]bool{}
	for name, s := range openSets() {
		told[name] = true
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				wrong := s.tell(t)
				switch expected := slices.Contains(notYet, name); {
				case expected && len(wrong) == 0:
					t.Error("it holds now: take it off the list of those that do not")
				case expected:
					t.Logf("known not to hold: %q", wrong)
				case len(wrong) > 0:
					t.Errorf("%q", wrong)
				}
			})
		})
	}
	for _, name := range notYet {
		if !told[name] {
			t.Errorf("nobody tells %q", name)
		}
	}
}

func (s story) tell(t *testing.T) []string {
	t.Helper()
	w, err := world.New(s.site, world.Options{Speed: 1})
	if err != nil {
		t.Fatal(err)
	}
	told := &telling{site: &fakeSite{World: w, latency: 20 * time.Millisecond}}
	job := cycle.Job{
		Host: "kms01", Members: w.Names(), Thresholds: map[kms.Product]int{kms.Windows: 25},
		Progress: func(e outcome.Event) { told.events = append(told.events, e) },
	}
	for _, d := range s.site.Stations {
		if s.aliases {
			job.Members = append(job.Members, d.Aliases...)
		}
	}
	if s.job != nil {
		s.job(&job)
	}
	began := time.Now()
	ctx, cancel := contextFor(t, 6*time.Hour)
	defer cancel()
	told.result, told.err = cycle.New().Run(ctx, told.site, job)
	told.took = time.Since(began)
	time.Sleep(2 * time.Minute) // calls that did not end with their context
	s.holds(told)
	if t.Failed() || len(told.wrong) > 0 {
		t.Logf("after %s: %v\n%+v", told.took, told.err, told.result)
	}
	return told.wrong
}

// cutOff is a reason why one of five stations cannot add anything.
func cutOff(fault world.Fault) story {
	site := room(5, nil)
	fault.On = []string{"PC03"}
	site.Faults = []world.Fault{fault}
	code := fault.Code
	switch {
	case code != 0:
	case fault.Name == world.ClockSkew:
		code = 0xC004F06C
	default:
		code = 0xC004F074
	}
	return story{site: site, holds: func(told *telling) {
		told.want(told.err == nil && told.result.Counts[kms.Windows] == 25, "counts %v, %v", told.result.Counts, told.err)
		told.want(told.restarts("PC03") <= 1, "PC03 is restarted %d times", told.restarts("PC03"))
		told.want(told.restarts("") == told.result.Restarts && told.result.Restarts <= 22, "%d restarts, %d told", told.restarts(""), told.result.Restarts)
		told.want(told.took < fourAlone+15*time.Minute, "it took %s", told.took)
		told.leftOut("PC03", fmt.Sprintf("0x%08X", uint32(code)))
	}}
}

// fourAlone is longer than four healthy stations take to make 25 counts.
const fourAlone = 15 * time.Minute

// allCutOff: nobody can add anything.
func allCutOff(fault world.Fault, code string) story {
	site := room(5, nil)
	site.Faults = []world.Fault{fault}
	return story{site: site, holds: func(told *telling) {
		var stalled *outcome.Stalled
		told.want(errors.As(told.err, &stalled), "it ends with %v", told.err)
		told.want(told.took <= 15*time.Minute, "it took %s", told.took)
		told.want(told.restarts("") <= 1, "%d restarts", told.restarts(""))
		told.want(told.err != nil && strings.Contains(told.err.Error(), code), "it does not name %s: %v", code, told.err)
	}}
}

// withOfficeOn is the vendor's example with Office on some of the stations.
func withOfficeOn(stations int, one bool, asks time.Duration, managed bool) story {
	site := room(5, func(i int, s *world.Station) {
		s.Image.OneCMID = one
		timing := timeline.DefaultTiming()
		s.Timing = &timing
		if i < stations {
			office := world.Product{Title: "office-2024"}
			if asks >= 0 {
				office.Asks = &asks
			}
			s.Products = []world.Product{office, {Title: "windows-11-education"}}
		}
	})
	site.Host.Keys = []world.Key{{Key: "windows"}, {Key: "office-2024"}}
	return story{site: site, job: func(j *cycle.Job) {
		if managed {
			j.Thresholds[kms.Office] = 5
		}
	}, holds: func(told *telling) {
		told.want(told.err == nil && told.result.Counts[kms.Windows] == 25, "counts %v, %v", told.result.Counts, told.err)
		told.want(told.restarts("") == 20, "%d restarts, 20 are needed", told.restarts(""))
	}}
}
