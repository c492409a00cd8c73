package winrm_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/simulator/wsman"
	"github.com/timago/terraform-provider-timago/internal/winrm"
)

// gauge counts the connections that are open at once.
type gauge struct {
	mu         sync.Mutex
	open, most int
}

func (g *gauge) add(n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.open += n
	g.most = max(g.most, g.open)
}

func (g *gauge) now() (open, most int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.open, g.most
}

// dial dials as usual and counts.
func (g *gauge) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	g.add(1)
	return &gauged{Conn: conn, closed: sync.OnceFunc(func() { g.add(-1) })}, nil
}

type gauged struct {
	net.Conn
	closed func()
}

func (c *gauged) Close() error { c.closed(); return c.Conn.Close() }

// Sixty stations, four places: no more connections than places are in use, no more than
// thirty are kept, those of the stations that were read last, and each station is logged on
// to once.
func TestAPlaceComesBeforeAConnection(t *testing.T) {
	t.Parallel()
	rooms := fleet(t, 60, wsman.Config{NTLM: true})
	c := client(t, winrm.Config{MaxParallel: 4})
	var g gauge
	winrm.SetDial(c, g.dial)
	winrm.LendNothing(c) // a dial may be slow here because this machine is
	var group sync.WaitGroup
	for _, r := range rooms {
		group.Go(func() {
			err := c.Visit(t.Context(), r.address, func(ctx context.Context) error {
				for range 3 {
					if _, err := c.Query(ctx, r.address, uptime); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if open, most := g.now(); open != 30 || most > 4+30 {
		t.Errorf("%d connections are kept, and %d were open at once", open, most)
	}
	for _, r := range rooms {
		logons := map[uint64]bool{}
		for _, entry := range r.entries() {
			logons[entry.Connection] = true
		}
		if len(logons) != 1 {
			t.Errorf("%d connections to one station", len(logons))
		}
	}
	c.Close()
	if open, _ := g.now(); open != 0 {
		t.Errorf("%d connections are left open", open)
	}
}

// A request of a visit that wants a connection of its own ends the visit's, and leaves its
// own to the visit.
func TestAFreshConnectionReplacesTheVisits(t *testing.T) {
	t.Parallel()
	r := open(t, wsman.Config{NTLM: true})
	c := client(t, winrm.Config{})
	var g gauge
	winrm.SetDial(c, g.dial)
	err := c.Visit(t.Context(), r.address, func(ctx context.Context) error {
		for _, options := range [][]winrm.Option{nil, {winrm.FreshConnection()}, nil} {
			if _, err := c.Query(ctx, r.address, uptime, options...); err != nil {
				return err
			}
			if open, _ := g.now(); open != 1 {
				t.Errorf("%d connections are open", open)
			}
		}
		return nil
	})
	connections := map[uint64]bool{}
	for _, entry := range r.entries() {
		connections[entry.Connection] = true
	}
	if err != nil || len(connections) != 2 {
		t.Errorf("%d connections were used, want 2: %v", len(connections), err)
	}
}

// Where thirty are idle already, the oldest goes, but not that of a station which another
// request is asking.
func TestTheConnectionOfAStationThatIsAskedIsKept(t *testing.T) {
	t.Parallel()
	rooms := fleet(t, 31, wsman.Config{NTLM: true})
	c := client(t, winrm.Config{MaxParallel: 4})
	winrm.LendNothing(c)
	var mu sync.Mutex
	var closed []string
	winrm.SetDial(c, func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &gauged{Conn: conn, closed: sync.OnceFunc(func() {
			mu.Lock()
			defer mu.Unlock()
			closed = append(closed, address)
		})}, nil
	})
	held, release := make(chan struct{}), make(chan struct{})
	var asked atomic.Bool
	rooms[0].becomes(func(request wsman.Request) wsman.Condition {
		if request.Kind == wsman.Enumerate && asked.CompareAndSwap(false, true) {
			close(held)
			<-release
		}
		return wsman.Condition{}
	})
	slow := make(chan error, 1)
	go func() { _, err := c.Query(t.Context(), rooms[0].address, uptime); slow <- err }()
	<-held
	for _, r := range rooms {
		if _, err := c.Query(t.Context(), r.address, uptime); err != nil {
			t.Fatal(err)
		}
	}
	mu.Lock()
	if len(closed) != 1 || closed[0] != rooms[1].address {
		t.Errorf("closed were the connections to %v, want that to %s alone", closed, rooms[1].address)
	}
	mu.Unlock()
	close(release)
	if err := <-slow; err != nil {
		t.Error(err)
	}
}

// A station that is off answers nothing at all. Two of them must not hold up the others.
func TestSilentStationsLendTheirPlace(t *testing.T) {
	t.Parallel()
	r := open(t, wsman.Config{NTLM: true})
	c := client(t, winrm.Config{MaxParallel: 2})
	off := make(chan struct{}, 2)
	winrm.SetDial(c, func(ctx context.Context, network, address string) (net.Conn, error) {
		if address == r.address {
			return new(net.Dialer).DialContext(ctx, network, address)
		}
		off <- struct{}{}
		<-ctx.Done()
		return nil, ctx.Err()
	})
	ctx, switchOff := context.WithCancel(t.Context())
	var group sync.WaitGroup
	for i := range 2 {
		group.Go(func() {
			if _, err := c.Query(ctx, fmt.Sprintf("127.0.0.%d:9", i+2), uptime); err == nil {
				t.Error("a station that is off answered")
			}
		})
	}
	for range 2 {
		<-off // both places are taken
	}
	if _, err := c.Query(t.Context(), r.address, uptime); err != nil {
		t.Error(err)
	}
	switchOff()
	group.Wait()
}

// What this machine is short of says nothing of a station: it is waited out, and named.
func TestAShortageIsThisMachines(t *testing.T) {
	t.Parallel()
	for _, lacking := range []error{syscall.EMFILE, syscall.ENFILE, syscall.EADDRNOTAVAIL} {
		t.Run(lacking.Error(), func(t *testing.T) {
			t.Parallel()
			r := open(t, wsman.Config{NTLM: true})
			c := client(t, winrm.Config{})
			failing := &net.OpError{Op: "dial", Net: "tcp", Err: lacking}
			left := 2
			winrm.SetDial(c, func(ctx context.Context, network, address string) (net.Conn, error) {
				if left--; left >= 0 {
					return nil, failing
				}
				return new(net.Dialer).DialContext(ctx, network, address)
			})
			if _, err := c.Query(t.Context(), r.address, uptime); err != nil || left != -1 {
				t.Errorf("it was not waited out: %v", err)
			}
			winrm.SetDial(c, func(context.Context, string, string) (net.Conn, error) { return nil, failing })
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			_, err := c.Query(ctx, r.address, uptime, winrm.FreshConnection())
			if _, is := errors.AsType[*winrm.Interrupted](err); !is {
				t.Errorf("a call that was cancelled: %v", err)
			}
			_, err = c.Query(t.Context(), r.address, uptime, winrm.FreshConnection(), winrm.Timeout(300*time.Millisecond))
			var shortage *winrm.Shortage
			if !errors.As(err, &shortage) || winrm.IsUnreachable(err) || winrm.IsNotYetBack(err) || winrm.IsOutcomeUnknown(err) || shortage.Advice() == "" {
				t.Errorf("got %v, want this machine's shortage", err)
			}
		})
	}
}
