package site

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"strings"

	"github.com/timago/terraform-provider-timago/internal/timago"
)

// Waking is a Hosted that can also switch stations on.
type Waking struct {
	Hosted
	broadcast string            // where magic packets go in direct mode
	macs      map[string]string // by station
}

// CanWake reports whether stations can be switched on: by Timago, else by Wake-on-LAN to
// the broadcast address.
func (s *Site) CanWake(broadcast string) bool { return s.timago != nil || broadcast != "" }

// Waking gives the view that can switch stations on. macs are the network cards' addresses
// by station, for direct mode; the inventory's complete them.
func (h Hosted) Waking(broadcast string, macs map[string]string) Waking {
	return Waking{Hosted: h, broadcast: broadcast, macs: macs}
}

// noMAC is an error with advice, see tfdiag.
type noMAC struct{}

func (noMAC) Error() string {
	return "the MAC address of its network card is not known, so it cannot be switched on over the network"
}

func (noMAC) Advice() string {
	return "Give the provider an inventory with the stations' MAC addresses."
}

var errNoMAC error = noMAC{}

// Wake switches a station on. It returns when the command is on its way; only the
// station's own answer shows that it started.
func (w Waking) Wake(ctx context.Context, name string) error {
	defer w.commanding()()
	station, err := w.FindFresh(ctx, name)
	if err != nil {
		return named("station", name, err)
	}
	if w.timago != nil {
		_, err := w.command(ctx, station, timago.Command{Name: timago.Wake}, timago.Effect{Command: timago.Wake})
		return named("station", name, err)
	}
	mac := station.MAC
	if mac == "" {
		mac = w.macs[name]
	}
	if mac == "" {
		return named("station", name, errNoMAC)
	}
	return named("station", name, sendMagicPacket(ctx, w.broadcast, mac))
}

// discard is the port that Wake-on-LAN is customarily sent to; nothing answers there.
const discard = "9"

// sendMagicPacket sends what a network card wakes on: six bytes 0xFF and sixteen times its
// address (AMD, Magic Packet Technology).
func sendMagicPacket(ctx context.Context, broadcast, mac string) error {
	card, err := net.ParseMAC(strings.TrimSpace(mac))
	if err != nil || len(card) != 6 {
		return fmt.Errorf("%q is no MAC address", mac)
	}
	var dialer net.Dialer
	connection, err := dialer.DialContext(ctx, "udp", withPort(broadcast))
	if err != nil {
		return err
	}
	defer connection.Close()
	packet := append(bytes.Repeat([]byte{0xFF}, 6), bytes.Repeat(card, 16)...)
	_, err = connection.Write(packet)
	return err
}

// withPort completes a broadcast address.
func withPort(broadcast string) string {
	if _, _, err := net.SplitHostPort(broadcast); err != nil {
		return net.JoinHostPort(broadcast, discard)
	}
	return broadcast
}

// MAC reads the address of a station's first network card in use. Direct mode, where no
// inventory tells it.
func (s *Site) MAC(ctx context.Context, station string) (string, error) {
	return ask(ctx, s, station, s.machines.MAC)
}
