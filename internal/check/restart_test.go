package check_test

import (
	"context"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/check"
	"github.com/timago/terraform-provider-timago/internal/simulator"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
	"github.com/timago/terraform-provider-timago/internal/site"
)

// slowAtLast is a network on which the third connection that watches a restart waits for the end
// of its time.
type slowAtLast struct {
	site.Network
	station   string
	restarted atomic.Bool
	looks     atomic.Int32
}

func (n *slowAtLast) Resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
}

func (n *slowAtLast) Connect(ctx context.Context, host string, port int) error {
	if n.restarted.Load() && net.JoinHostPort(host, strconv.Itoa(port)) == n.station && n.looks.Add(1) == 3 {
		<-ctx.Done()
		return ctx.Err()
	}
	return n.Network.Connect(ctx, host, port)
}

// A look that the end of the time breaks off says nothing of the station.
func TestTheLastLookAtARestartMakesUpNothing(t *testing.T) {
	t.Parallel()
	s := classroom(t, func(s *simulator.Scenario) { s.Stations = s.Stations[:1] }, 1)
	if err := s.World.Inject(world.Fault{Name: world.HalfOpen, Of: world.AboutRestart}); err != nil {
		t.Fatal(err)
	}
	config := s.config()
	network := &slowAtLast{station: config.Stations[0]}
	config.Restart, config.RestartLimit, config.Network = true, 10*time.Second, network
	config.Show = func(_ string, line check.Line) {
		if line.Name == "Restart" {
			network.restarted.Store(true)
		}
	}
	found := s.check(config)
	if line := found.line(ofStation, "Way down and up"); network.looks.Load() < 3 || strings.Contains(line.Found, "port closed") || !strings.HasPrefix(line.Means, "It did not go down") {
		t.Errorf("%d looks: %+v\n%s", network.looks.Load(), line, found)
	}
}
