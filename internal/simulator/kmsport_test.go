package simulator_test

import (
	"fmt"
	"net"
	"testing"

	"github.com/timago/terraform-provider-timago/internal/simulator"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

func TestTheKMSPortIsOpenAsLongAsTheServiceRuns(t *testing.T) {
	t.Parallel()
	s := run(t, basic+"stations: [{ name: PC1 }]\nkms_host: { address: 127.1.0.1 }")
	host, _, err := net.SplitHostPort(s.Ready().KMSHost)
	if err != nil {
		t.Fatal(err)
	}
	knock := func(said string) error {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", net.JoinHostPort(host, fmt.Sprint(s.KMSPort())))
		if err != nil {
			return err
		}
		if _, err := conn.Write([]byte(said)); err != nil {
			return err
		}
		return conn.Close()
	}
	logged := func(detail string) func() bool {
		return func() bool {
			for _, e := range s.Log(0) {
				if e.Kind == simulator.KindKMSPort && e.Machine == "kms01" && e.Detail == detail {
					return true
				}
			}
			return false
		}
	}
	for _, said := range []string{"", "hello"} {
		if err := knock(said); err != nil {
			t.Fatal(err)
		}
		eventually(t, logged(fmt.Sprintf("%d bytes were said", len(said))))
	}
	for _, fault := range []world.FaultName{world.KMSAway, world.PowerCut} {
		if err := s.World.Inject(world.Fault{Name: fault, On: []string{"kms01"}}); err != nil {
			t.Fatal(err)
		}
		eventually(t, func() bool { return knock("") != nil })
		s.World.Heal(fault)
		eventually(t, func() bool { return knock("") == nil })
	}
}

func TestAKMSPortThatIsTakenIsSaid(t *testing.T) {
	t.Parallel()
	first := run(t, basic+"stations: [{ name: PC1 }]")
	scenario := simulator.Scenario{Site: world.Site{Host: world.Host{Port: first.KMSPort()}}}
	if s, err := simulator.Start(scenario, simulator.Options{}); err == nil {
		s.Close()
		t.Error("two KMS hosts share a port")
	}
}
