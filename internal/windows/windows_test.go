package windows_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/simulator"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
	"github.com/timago/terraform-provider-timago/internal/windows"
	"github.com/timago/terraform-provider-timago/internal/winrm"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fixture is a simulated site whose time stands still, asked over sealed NTLM.
type fixture struct {
	*simulator.Simulator
	*windows.Client
	transport *winrm.Client
	stations  []string
	host      string
}

func open(t *testing.T, site world.Site) fixture {
	t.Helper()
	site.Seed = 7
	s, err := simulator.Start(simulator.Scenario{Site: site}, simulator.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	ready := s.Plain()
	transport, err := winrm.NewClient(winrm.Config{Username: ready.WinRM.Username, Password: ready.WinRM.Password, Timeout: 5 * time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(transport.Close)
	r := fixture{Simulator: s, Client: windows.New(transport), transport: transport, host: ready.KMSHost}
	for _, station := range ready.Stations {
		r.stations = append(r.stations, station.Address)
	}
	return r
}

// operations counts what a machine was asked since, handshakes apart.
func (r fixture) operations(machine string, act func()) int {
	before := r.State().Wire[machine].Operations
	act()
	return r.State().Wire[machine].Operations - before
}

func must[T any](t *testing.T) func(T, error) T {
	t.Helper()
	return func(value T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func classroom(like world.Station) world.Site {
	like.Name = "PC%02d"
	return world.Site{
		Host:     world.Host{Keys: []world.Key{{Key: "windows"}, {Key: "office-2024"}}},
		Stations: world.Rows(2, like),
	}
}

var windowsAndOffice = []world.Product{{Title: "windows-11-education"}, {Title: "office-2024"}}

func TestAStationIsReadAsItIs(t *testing.T) {
	t.Parallel()
	r := open(t, classroom(world.Station{Products: windowsAndOffice, User: `SCHULE\erika`, Sessions: 1, Uptime: time.Hour}))
	presence := must[kms.Presence](t)(r.Presence(t.Context(), r.stations[0]))
	if presence.Name != "PC01" || presence.User != `SCHULE\erika` || presence.Desktops != 2 || presence.Duration() != time.Hour {
		t.Errorf("presence: %+v", presence)
	}
	licensing := must[kms.Licensing](t)(r.Licensing(t.Context(), r.stations[0]))
	if licensing.CMID != r.World.State().Stations[0].CMID || licensing.KMSHost == "" || !licensing.KMSFound || licensing.KMSPort != r.KMSPort() {
		t.Errorf("licensing: %+v", licensing)
	}
	for _, product := range kms.Products() {
		of := licensing.Of(product)
		if len(of) != 1 || !of[0].CanAsk() || of[0].Channel.Raw != "Volume:GVLK" || of[0].Status != kms.OOBGrace || of[0].Grace <= 0 {
			t.Errorf("%s: %+v", product, of)
		}
	}
}

func TestWhatAReadCosts(t *testing.T) {
	t.Parallel()
	r := open(t, classroom(world.Station{Products: windowsAndOffice}))
	ctx := t.Context()
	// The first machine of a run also proves the account, which is a request of its own.
	must[kms.Uptime](t)(r.Probe(ctx, r.stations[1]))
	// Two products and two host keys answer, so those two queries take a pull each.
	if n := r.operations("PC01", func() {
		must[kms.Presence](t)(r.Presence(ctx, r.stations[0]))
		must[kms.Licensing](t)(r.Licensing(ctx, r.stations[0]))
	}); n != 5+1 {
		t.Errorf("a station: %d operations, want 5 queries and a pull", n)
	}
	if n := r.operations("kms01", func() { must[kms.Host](t)(r.Host(ctx, r.host)) }); n != 2+1 {
		t.Errorf("a host: %d operations, want 2 queries and a pull", n)
	}
	// Its clock and its log of the last 30 days, empty here, cost a query each.
	if n := r.operations("kms01", func() {
		clock := must[kms.Uptime](t)(r.HostUptime(ctx, r.host))
		must[[]kms.Counted](t)(r.Counted(ctx, r.host, clock.Now.Add(-kms.CountedFor)))
	}); n != 2 {
		t.Errorf("a host's clock and log: %d operations, want 2", n)
	}
	if n := r.operations("PC02", func() { must[kms.Uptime](t)(r.Probe(ctx, r.stations[1])) }); n != 1 {
		t.Errorf("a probe: %d operations, want 1", n)
	}
	if logons := r.State().Wire["PC01"].Logons; logons != 1 {
		t.Errorf("%d logons for one station: one handshake a connection", logons)
	}
}

func TestAHostIsReadAsItIs(t *testing.T) {
	t.Parallel()
	site := classroom(world.Station{})
	site.Host.Keys = []world.Key{
		{Key: "windows", Counted: []world.Counted{{Number: 7, Age: time.Hour}}},
		{Key: "office-2024", NotActivated: true, NoData: true},
	}
	r := open(t, site)
	host := must[kms.Host](t)(r.Host(t.Context(), r.host))
	if !host.IsHost || host.Port != r.KMSPort() || len(host.Products) != 2 || host.DNSPublishing == nil || !*host.DNSPublishing {
		t.Fatalf("%+v", host)
	}
	if count, known := host.Count(kms.Windows); count != 7 || !known || !host.Activated(kms.Windows) {
		t.Errorf("Windows: %d, %t", count, known)
	}
	if _, known := host.Count(kms.Office); known || host.Activated(kms.Office) || !host.HasKey(kms.Office) {
		t.Error("4294967295 passes for a number")
	}
	station := must[kms.Host](t)(r.Host(t.Context(), r.stations[0]))
	if station.IsHost || len(station.Products) != 0 {
		t.Errorf("a station passes for a KMS host: %+v", station)
	}
}

func TestARequestLeavesItsTraces(t *testing.T) {
	t.Parallel()
	r := open(t, classroom(world.Station{}))
	ctx := t.Context()
	before := must[kms.Presence](t)(r.Presence(ctx, r.stations[0]))
	licence := must[kms.Licensing](t)(r.Licensing(ctx, r.stations[0])).Of(kms.Windows)[0]
	var refused *kms.CodeError
	if err := r.Activate(ctx, r.stations[0], licence.ID); !errors.As(err, &refused) || refused.Code != kms.CodeNotEnoughCount {
		t.Fatalf("below the threshold: %v", err)
	}
	exchanges := must[[]kms.Exchange](t)(r.Requests(ctx, r.stations[0], before.Now.Add(-time.Second)))
	if len(exchanges) != 1 || exchanges[0].Answer == nil || exchanges[0].Answer.Count != 1 || exchanges[0].ActivationID != licence.ID {
		t.Errorf("the station's events: %+v", exchanges)
	}
	counted := must[[]kms.Counted](t)(r.Counted(ctx, r.host, time.Time{}))
	if len(counted) != 1 || counted[0].Threshold != 25 || counted[0].CMID != must[kms.Licensing](t)(r.Licensing(ctx, r.stations[0])).CMID {
		t.Errorf("the host's events: %+v", counted)
	}
	r.World.Advance(time.Minute)
	if later := must[[]kms.Exchange](t)(r.Requests(ctx, r.stations[0], before.Now.Add(30*time.Second))); len(later) != 0 {
		t.Errorf("events from before the moment: %+v", later)
	}
}

func TestARestartShowsInTheUptime(t *testing.T) {
	t.Parallel()
	r := open(t, classroom(world.Station{}))
	ctx := t.Context()
	before := must[kms.Presence](t)(r.Presence(ctx, r.stations[0])).Uptime
	if err := r.Restart(ctx, r.stations[0], false); err != nil {
		t.Fatal(err)
	}
	if err := r.Restart(ctx, r.stations[0], false); err != nil && !errors.Is(err, kms.ErrUnknownOutcome) {
		t.Errorf("a second restart while one is under way: %v", err)
	}
	r.World.Advance(20 * time.Second)
	if _, err := r.Probe(ctx, r.stations[0]); !errors.Is(err, kms.ErrUnreachable) {
		t.Errorf("while it is down: %v", err)
	}
	r.World.Advance(5 * time.Minute)
	var after kms.Uptime
	for range 50 { // the port opens a moment after the world has moved on
		var err error
		if after, err = r.Probe(ctx, r.stations[0]); err == nil {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if !after.RestartedSince(before) {
		t.Errorf("before %+v, after %+v", before, after)
	}
	if restarts := r.World.State().Stations[0].Restarts; restarts != 1 {
		t.Errorf("%d restarts", restarts)
	}
}

func TestAStationInUseIsNotRestartedUnlessForced(t *testing.T) {
	t.Parallel()
	r := open(t, classroom(world.Station{User: `SCHULE\erika`}))
	if err := r.Restart(t.Context(), r.stations[0], false); !errors.Is(err, kms.ErrInUse) {
		t.Errorf("in use: %v", err)
	}
	if err := r.Restart(t.Context(), r.stations[0], true); err != nil {
		t.Errorf("forced: %v", err)
	}
}

// Each trouble of a connection must come out as what it means.
func TestWhatTroubleMeans(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		fault            world.FaultName
		reading, command error
	}{
		{world.Drops, kms.ErrUnreachable, kms.ErrUnknownOutcome},
		{world.EmptyBody, kms.ErrUnreachable, kms.ErrUnknownOutcome},
		{world.TruncatedXML, kms.ErrUnreachable, kms.ErrUnknownOutcome},
		{world.Garbage, kms.ErrUnreachable, kms.ErrUnknownOutcome},
		{world.Refuses, kms.ErrUnreachable, kms.ErrUnreachable},
		{world.Unavailable, kms.ErrUnreachable, kms.ErrUnreachable},
	} {
		t.Run(string(tt.fault), func(t *testing.T) {
			t.Parallel()
			r := open(t, classroom(world.Station{}))
			must[kms.Uptime](t)(r.Probe(t.Context(), r.stations[1])) // the account is proved
			if err := r.World.Inject(world.Fault{Name: tt.fault, On: []string{"PC01"}}); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			for range 50 {
				if seen := r.World.State().Faults[0].Seen; tt.fault != world.Refuses || seen > 0 {
					break
				}
				time.Sleep(20 * time.Millisecond)
			}
			if _, err := r.Presence(ctx, r.stations[0]); !errors.Is(err, tt.reading) {
				t.Errorf("reading: %v, want %v", err, tt.reading)
			}
			if err := r.Restart(ctx, r.stations[0], false); !errors.Is(err, tt.command) {
				t.Errorf("restarting: %v, want %v", err, tt.command)
			}
			if seen := r.World.State().Faults[0].Seen; seen == 0 {
				t.Error("the fault was never seen")
			}
		})
	}
}
