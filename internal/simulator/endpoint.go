package simulator

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"strconv"
	"sync"

	"github.com/timago/terraform-provider-timago/internal/simulator/world"
	"github.com/timago/terraform-provider-timago/internal/simulator/wsman"
)

// endpoint is one machine's WinRM: a server, and a port per protocol that is open as
// long as the machine listens.
type endpoint struct {
	machine string
	name    string // by which it is known here: the machine's, or an alias
	ip      net.IP
	ports   []*port
}

// turn opens and closes the machine's ports as the world has it.
func (e *endpoint) turn(ctx context.Context, w *world.World) error {
	var errs []error
	for _, p := range e.ports {
		errs = append(errs, p.turn(ctx, w.Listens(e.machine)))
	}
	return errors.Join(errs...)
}

// port is one TCP port with its server. The listener is closed while the machine is
// down, so that connections are refused.
type port struct {
	address  string
	server   server
	listener net.Listener
	serving  sync.WaitGroup
}

// server serves the connections of a port, as *wsman.Server does.
type server interface {
	Serve(l net.Listener) error // until it is closed
	Restart()                   // ends what the machine had begun
	Close()
}

// turn opens or closes the port.
func (p *port) turn(ctx context.Context, open bool) error {
	if open {
		return p.open(ctx)
	}
	p.close()
	return nil
}

func (p *port) open(ctx context.Context) error {
	if p.listener != nil {
		return nil
	}
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", p.address)
	if err != nil {
		return fmt.Errorf("listening at %s: %w", p.address, err)
	}
	p.serve(l)
	return nil
}

func (p *port) serve(l net.Listener) {
	p.listener = l
	p.serving.Go(func() { _ = p.server.Serve(l) }) // ends with its listener
}

func (p *port) close() {
	if p.listener != nil {
		_ = p.listener.Close() // nothing to be saved
		p.listener = nil
		p.server.Restart()
		p.serving.Wait()
	}
}

func (p *port) end() {
	p.close()
	p.server.Close()
}

// address spreads machines over 127.0.0.0/8 where the system lets any of it be bound
// without set-up; elsewhere all share one address and have ports of their own.
func address(number int) net.IP {
	if runtime.GOOS != "linux" {
		return net.IPv4(127, 0, 0, 1)
	}
	return net.IPv4(127, 1, byte(number/250), byte(1+number%250)) //nolint:gosec // below 256
}

// errPortTaken: a port that one machine could have was not free at another.
var errPortTaken = errors.New("the port is taken at another address")

// listeners binds one port per protocol on every address: the same one everywhere
// where the addresses differ.
func listeners(ctx context.Context, ips []net.IP) ([]net.Listener, error) {
	var config net.ListenConfig
	attempt := func() ([]net.Listener, error) {
		var all []net.Listener
		port := 0
		for _, ip := range ips {
			l, err := config.Listen(ctx, "tcp", net.JoinHostPort(ip.String(), strconv.Itoa(port)))
			if err != nil {
				closeAll(all)
				if port != 0 {
					err = errors.Join(errPortTaken, err)
				}
				return nil, err
			}
			all = append(all, l)
			if bound, ok := l.Addr().(*net.TCPAddr); ok && runtime.GOOS == "linux" {
				port = bound.Port
			}
		}
		return all, nil
	}
	const attempts = 20
	for range attempts {
		all, err := attempt()
		if err == nil || !errors.Is(err, errPortTaken) {
			return all, err
		}
	}
	return nil, fmt.Errorf("no port is free at all %d addresses", len(ips))
}

func closeAll(all []net.Listener) {
	for _, l := range all {
		_ = l.Close() // nothing to be saved
	}
}

// condition tells a server what is wrong with its machine for one request.
func (s *Simulator) condition(name string, r wsman.Request) wsman.Condition {
	c := wsman.Condition{Delay: s.scenario.WinRM.Latency + realTime(s.World, s.World.AnswerTakes(name, about(r)...))}
	switch met := s.World.Contact(name, about(r)...); met {
	case world.ContactOK:
	case world.ContactDown, world.ContactUnresolved: // the address of a name that leads nowhere is nobody's
		c.Trouble = wsman.Reset // its port is about to be closed
	case world.ContactSilent, world.Contact(world.HalfOpen):
		c.Trouble = wsman.Hang
	case world.ContactNetlogon, world.Contact(world.Unauthorized):
		c.Trouble = wsman.Unauthorized
	case world.ContactClosing:
		c.Trouble = wsman.ShuttingDown
	case world.Contact(world.Quota):
		c.Trouble = wsman.Quota
	case world.Contact(world.Drops):
		c.Trouble, c.After = wsman.Reset, true
	case world.Contact(world.EmptyBody):
		c.Trouble = wsman.EmptyBody
	case world.Contact(world.TruncatedXML):
		c.Trouble = wsman.TruncatedXML
	case world.Contact(world.Garbage):
		c.Trouble = wsman.Garbage
	case world.Contact(world.Unavailable):
		c.Trouble = wsman.Unavailable
	case world.Contact(world.Denied):
		c.Trouble, c.Fault = wsman.Faulted, &wsman.Fault{Code: wsman.CodeDeniedByWMI}
	case world.Contact(world.ProviderFails):
		c.Trouble, c.Fault = wsman.Faulted, &wsman.Fault{Code: wsman.CodeProviderFails}
	}
	return c
}

// about are the words by which a fault's Of may choose this request.
func about(r wsman.Request) []string {
	words := []string{string(r.Kind), r.Class, r.Method}
	switch r.Kind {
	case wsman.Logon:
		words = append(words, world.AboutLogon)
	case wsman.Enumerate, wsman.Pull, wsman.Get:
		words = append(words, world.AboutRead)
	default:
	}
	switch r.Method {
	case "Win32ShutdownTracker", "Reboot":
		words = append(words, world.AboutRestart)
	case "Activate":
		words = append(words, world.AboutActivate)
	}
	return words
}
