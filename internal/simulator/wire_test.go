package simulator_test

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/simulator"
	"github.com/timago/terraform-provider-timago/internal/windows"
	"github.com/timago/terraform-provider-timago/internal/winrm"
)

// dial gives the provider's own client, over sealed NTLM and plain HTTP.
func dial(t *testing.T, s *simulator.Simulator) *windows.Client {
	t.Helper()
	logon := s.Ready().WinRM
	transport, err := winrm.NewClient(winrm.Config{Username: logon.Username, Password: logon.Password, Port: logon.Port, Timeout: 5 * time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(transport.Close)
	return windows.New(transport)
}

func TestTheWireShowsWhatTheWorldHolds(t *testing.T) {
	t.Parallel()
	scenario, err := simulator.Embedded("school")
	if err != nil {
		t.Fatal(err)
	}
	scenario.Start = time.Date(2026, 1, 12, 7, 30, 0, 0, time.UTC)
	s, err := simulator.Start(scenario, simulator.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	client, ctx := dial(t, s), t.Context()
	same := func(name string, wire, direct any, problems ...error) {
		t.Helper()
		if err := errors.Join(problems...); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !reflect.DeepEqual(wire, direct) {
			t.Errorf("%s over the wire:\n%+v\nin the world:\n%+v", name, wire, direct)
		}
	}
	for i, name := range s.World.Names() {
		address := s.Addresses()[i]
		direct, err := s.World.Presence(name)
		if errors.Is(err, kms.ErrUnreachable) {
			if _, err := client.Presence(ctx, address); !errors.Is(err, kms.ErrUnreachable) {
				t.Errorf("%s is off: %v", name, err)
			}
			continue
		}
		wire, err2 := client.Presence(ctx, address)
		if !wire.Now.Equal(direct.Now) || !wire.Boot.Equal(direct.Boot.Truncate(time.Microsecond)) {
			t.Errorf("%s: uptime %+v, want %+v", name, wire.Uptime, direct.Uptime)
		}
		wire.Uptime = direct.Uptime
		same(name, wire, direct, err, err2)

		licensing, err := s.World.Licensing(name)
		read, err2 := client.Licensing(ctx, address)
		for i := range licensing.Licences {
			licensing.Licences[i].Grace = licensing.Licences[i].Grace.Truncate(time.Minute)
		}
		same(name, read, licensing, err, err2)

		requests, err := s.World.Requests(name, time.Time{})
		events, err2 := client.Requests(ctx, address, direct.Boot)
		same(name, len(events), len(requests), err, err2)
	}
	direct, err := s.World.Host()
	wire, err2 := client.Host(ctx, s.Ready().KMSHost)
	same("the KMS host", wire, direct, err, err2)

	counted, err := s.World.Counted(time.Time{})
	events, err2 := client.Counted(ctx, s.Ready().KMSHost, time.Time{})
	for i := range counted {
		counted[i].Time = counted[i].Time.Truncate(time.Second).UTC()
	}
	for i := range events {
		events[i].Time = events[i].Time.UTC()
	}
	same("the host's events", events, counted, err, err2)
}

func TestARestartIsSeenThroughInRealTime(t *testing.T) {
	t.Parallel()
	scenario, err := simulator.Embedded("vendor-example")
	if err != nil {
		t.Fatal(err)
	}
	s, err := simulator.Start(scenario, simulator.Options{Speed: 300})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	client, ctx, station := dial(t, s), t.Context(), s.Addresses()[0]
	before, err := client.Probe(ctx, station)
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Restart(ctx, station, false); err != nil {
		t.Fatal(err)
	}
	refused := false
	eventually(t, func() bool {
		now, err := client.Probe(ctx, station)
		if errors.Is(err, kms.ErrDenied) {
			t.Fatalf("the account is refused while Netlogon starts: %v", err)
		}
		refused = refused || errors.Is(err, kms.ErrUnreachable)
		return err == nil && now.RestartedSince(before)
	})
	if !refused {
		t.Error("it was never away")
	}
	eventually(t, func() bool {
		host, err := client.Host(ctx, s.Ready().KMSHost)
		count, known := host.Count(kms.Windows)
		return err == nil && known && count == 1
	})
}
