package site_test

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/simulator"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
	"github.com/timago/terraform-provider-timago/internal/site"
	"github.com/timago/terraform-provider-timago/internal/winrm"
)

// fixture is a simulated site of two stations, sixty times as fast as here, and the view of it
// in one mode.
type fixture struct {
	*simulator.Simulator
	*site.Site
	stations [2]string // as the site knows them
	api      bool
}

func inBothModes(t *testing.T, story func(t *testing.T, r fixture)) {
	for mode, api := range map[string]bool{"direct mode": false, "API mode": true} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			s, err := simulator.Start(simulator.Scenario{Site: world.Site{Seed: 7, Stations: world.Rows(2, world.Station{Name: "PC%02d"})}}, simulator.Options{Speed: 60, API: api})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(s.Close)
			ready := s.Plain()
			config := site.Config{WinRM: &winrm.Config{Username: ready.WinRM.Username, Password: ready.WinRM.Password}}
			r := fixture{Simulator: s, api: api}
			for i, station := range ready.Stations {
				if r.stations[i] = station.Address; api {
					r.stations[i] = station.Name
				}
			}
			if api {
				config.Timago = &site.TimagoConfig{Endpoint: ready.Endpoint, Token: ready.Token, CACertificate: s.CACertificate()}
			}
			if r.Site, err = site.Open(config); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(r.Site.Close)
			story(t, r)
		})
	}
}

// commanded counts commands given to Timago, and those given to Windows.
func (r fixture) commanded() (timago, windows int) {
	for _, e := range r.Log(0) {
		switch {
		case strings.HasPrefix(e.Detail, "POST /commands shutdown"):
			timago++
		case strings.Contains(e.Detail, "Win32ShutdownTracker"):
			windows++
		}
	}
	return timago, windows
}

func TestAStationIsSwitchedOff(t *testing.T) {
	t.Parallel()
	inBothModes(t, func(t *testing.T, r fixture) {
		for evening := 1; evening <= 2; evening++ { // the same once more, after another start
			if err := r.Shutdown(t.Context(), r.stations[0]); err != nil {
				t.Fatal(err)
			}
			if r.api && r.World.State().Stations[0].Phase != "off" {
				t.Error("Timago's command was not followed to its end")
			}
			r.World.Advance(10 * time.Minute)
			for i, want := range []string{"off", "ready"} {
				if s := r.World.State().Stations[i]; s.Phase != want {
					t.Errorf("%s is %s, want %s", s.Name, s.Phase, want)
				}
			}
			if timago, windows := r.commanded(); r.api && (timago != evening || windows != 0) || !r.api && (timago != 0 || windows != evening) {
				t.Errorf("evening %d: %d commands to Timago, %d to Windows", evening, timago, windows)
			}
			if _, err := r.Find(t.Context(), r.stations[0]); err != nil { // what is remembered of it is soon old
				t.Fatal(err)
			}
			if err := r.World.PowerOn("PC01"); err != nil {
				t.Fatal(err)
			}
			r.World.Advance(10 * time.Minute)
			time.Sleep(100 * time.Millisecond) // the port opens a moment after the world has moved on
		}
	})
}

func TestNobodyIsSentOutForAShutdown(t *testing.T) {
	t.Parallel()
	inBothModes(t, func(t *testing.T, r fixture) {
		if err := r.World.LogOn("PC01", `SCHULE\erika`); err != nil {
			t.Fatal(err)
		}
		if err := r.Shutdown(t.Context(), r.stations[0]); !errors.Is(err, kms.ErrInUse) || !strings.Contains(err.Error(), "station "+r.stations[0]) {
			t.Errorf("in use: %v", err)
		}
		r.World.Advance(10 * time.Minute)
		if s := r.World.State().Stations[0]; s.Phase != "ready" || s.User == "" {
			t.Errorf("%+v", s)
		}
	})
}

// underWay are the states of a command that has not ended; which of them is seen in a second
// is the server's affair.
var underWay = regexp.MustCompile(`Timago's command was last seen (queued|sent|running): `)

// A command that Timago has not carried out in time is neither done nor refused.
func TestAShutdownThatIsNotSeenToItsEnd(t *testing.T) {
	t.Parallel()
	inBothModes(t, func(t *testing.T, r fixture) {
		if !r.api {
			if err := r.World.Inject(world.Fault{Name: world.HalfOpen, On: []string{"PC01"}}); err != nil {
				t.Fatal(err)
			}
		}
		// Timago is asked again only after this.
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := r.Shutdown(ctx, r.stations[0])
		if r.api && (!errors.Is(err, kms.ErrUnknownOutcome) || !underWay.MatchString(err.Error())) {
			t.Errorf("under way: %v", err)
		}
		if !r.api && !errors.Is(err, kms.ErrUnknownOutcome) && !errors.Is(err, kms.ErrUnreachable) {
			t.Errorf("no answer: %v", err)
		}
	})
}

func TestTimagoTellsAStationsNames(t *testing.T) {
	t.Parallel()
	inBothModes(t, func(t *testing.T, r fixture) {
		if !r.api {
			if got := r.Key(t.Context(), "PC01"); got != "pc01" { // a name is all that is known
				t.Errorf("%s", got)
			}
			return
		}
		key := r.Key(t.Context(), "PC01")
		for _, name := range []string{"pc01", r.World.Listings()[0].ID} {
			if got := r.Key(t.Context(), name); got != key || got == "" {
				t.Errorf("%s: %s, want %s", name, got, key)
			}
		}
		if got := r.Key(t.Context(), "PC02"); got == key {
			t.Errorf("another station: %s", got)
		}
		if got := r.Key(t.Context(), "Nobody"); got != "nobody" {
			t.Errorf("a station that is none: %s", got)
		}
	})
}
