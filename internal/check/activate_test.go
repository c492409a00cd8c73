package check_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/check"
	"github.com/timago/terraform-provider-timago/internal/simulator"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// unlicensed is a station with Windows, Office and Visio, none of them licensed.
func unlicensed(s *simulator.Scenario) {
	s.Host.Keys = []world.Key{{Key: "windows", Counted: []world.Counted{{Number: 30, Age: time.Hour}}}, {Key: "office-2024", Counted: []world.Counted{{Number: 9, Age: time.Hour}}}}
	s.Stations = world.Rows(1, world.Station{Name: "PC%02d", Products: []world.Product{{Title: "windows-11-education", Silent: true}, {Title: "office-2024"}, {Title: "visio-2024"}}})
}

// interruptedWhen runs a check that is interrupted as soon as something is so at the site.
func (s fakeSite) interruptedWhen(config check.Config, is func(*simulator.State) bool) sections {
	s.t.Helper()
	ctx, interrupt := context.WithCancel(s.t.Context())
	defer interrupt()
	go func() {
		for ctx.Err() == nil {
			if state := s.State(); is(&state) {
				interrupt()
			}
			time.Sleep(5 * time.Millisecond)
		}
	}()
	found, err := check.Run(ctx, config)
	if !errors.Is(err, context.Canceled) {
		s.t.Errorf("it was not interrupted: %v\n%s", err, sections(found))
	}
	return found
}

// Whoever breaks off the asking sees which products were asked, and what came of each.
func TestAnInterruptedActivationSaysWhatWasSent(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault       world.Fault
		when        func(*simulator.State) bool
		found       string
		activations int
	}{
		"while one is asked": {
			world.Fault{Name: world.SlowActivate, Of: "office-2024", By: time.Minute},
			func(s *simulator.State) bool { return s.Counters[world.KindActivate] == 2 },
			"interrupted: Windows: licensed after N; Office 24, Office24ProPlus2024VL_KMS_Client_AE edition: sent, the outcome is unknown; Office 24, Office24VisioPro2024VL_KMS_Client_AE edition: not sent", 2,
		},
		"before it was looked at": {
			world.Fault{Name: world.SlowAnswer, Of: "SoftwareLicensingProduct", Nth: 3, By: time.Minute},
			func(s *simulator.State) bool { return s.Faults[0].Seen > 0 },
			"interrupted: Windows: taken without an error after N, its licence was not read again; Office 24, Office24ProPlus2024VL_KMS_Client_AE edition: not sent; Office 24, Office24VisioPro2024VL_KMS_Client_AE edition: not sent", 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := classroom(t, unlicensed, 1)
			if err := s.World.Inject(test.fault); err != nil {
				t.Fatal(err)
			}
			config := s.config()
			config.Activate = true
			found := s.interruptedWhen(config, test.when)
			line := found.line(ofStation, "Activate")
			if line.Verdict != check.Unanswered || steady(line.Found) != test.found || !strings.Contains(line.Means, "A check without -activate") {
				t.Errorf("%+v\n%s", line, found)
			}
			if n := s.World.State().Counters[world.KindActivate]; n != test.activations {
				t.Errorf("%d activations, want %d", n, test.activations)
			}
		})
	}
}

// Of several products the worst outcome is the line's, whichever was asked last.
func TestARefusedProductIsNotHiddenByTheNext(t *testing.T) {
	t.Parallel()
	s := classroom(t, unlicensed, 1)
	for _, fault := range []world.Fault{{Name: world.RequestRefused, Of: "windows"}, {Name: world.ActivateFails, Of: "visio-2024", Code: 0x87E10BC6}, {Name: world.Drops, Of: world.AboutActivate, Nth: 2, Times: 1}} {
		if err := s.World.Inject(fault); err != nil {
			t.Fatal(err)
		}
	}
	config := s.config()
	config.Activate = true
	found := s.check(config)
	line := found.line(ofStation, "Activate")
	if line.Verdict != check.Blocks || !strings.Contains(line.Found, "0xC004F042") || !strings.Contains(line.Found, "AE edition: sent, the outcome is unknown") ||
		!strings.Contains(line.Means, "Install a KMS host key") || !strings.Contains(line.Means, "A check without -activate") || !strings.Contains(line.Means, "No remedy is known here") {
		t.Errorf("%+v\n%s", line, found)
	}
}

// However much was asked before, a station that was restarted is watched until it is back.
func TestARestartIsWatchedToItsEndAfterAnActivation(t *testing.T) {
	t.Parallel()
	s := classroom(t, func(s *simulator.Scenario) {
		unlicensed(s)
		s.Stations[0].Products = append(s.Stations[0].Products, world.Product{Title: "project-2024"})
	}, 60)
	config := s.config()
	config.Activate, config.Restart = true, true
	found := s.check(config)
	for _, name := range []string{"Activate", "Restart", "Way down and up", "After the start"} {
		if line := found.line(ofStation, name); line.Verdict != check.Holds {
			t.Errorf("%+v\n%s", line, found)
		}
	}
}
