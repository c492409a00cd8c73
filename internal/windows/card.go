package windows

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/winrm"
)

const queryCards = "SELECT MACAddress, IPAddress, DefaultIPGateway FROM Win32_NetworkAdapterConfiguration WHERE IPEnabled = TRUE"

// MAC reads the address of the network card that a station is reached by; "" where that is
// not to be told. Cards of virtual machines, switches and tunnels are IP-enabled as well, and
// often listed first.
func (c *Client) MAC(ctx context.Context, address string) (string, error) {
	cards, err := c.transport.Query(ctx, address, queryCards)
	if err != nil {
		return "", classify(err)
	}
	cards = slices.DeleteFunc(cards, func(card winrm.Instance) bool { return macOf(card) == "" })
	if len(cards) == 1 {
		return macOf(cards[0]), nil
	}
	used := resolve(ctx, kms.HostOf(address))
	for _, is := range []func(card winrm.Instance) bool{
		func(card winrm.Instance) bool { return slices.ContainsFunc(card.Strings("IPAddress"), used.has) },
		func(card winrm.Instance) bool { return slices.ContainsFunc(card.Strings("DefaultIPGateway"), isIP) },
	} {
		if i := slices.IndexFunc(cards, is); i >= 0 {
			return macOf(cards[i]), nil
		}
	}
	return "", nil
}

func macOf(card winrm.Instance) string {
	return text(card, "MACAddress")
}

// addresses are those under which a station is asked.
type addresses []netip.Addr

func (a addresses) has(text string) bool {
	ip, err := netip.ParseAddr(text)
	return err == nil && slices.Contains(a, ip.Unmap().WithZone(""))
}

func isIP(text string) bool {
	ip, err := netip.ParseAddr(text)
	return err == nil && !ip.IsUnspecified()
}

// lookupTimeout: the station has just answered under its name.
const lookupTimeout = 3 * time.Second

// resolve gives the addresses of a host; none where its name does not resolve here.
func resolve(ctx context.Context, host string) addresses {
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host) // of an address, itself
	if err != nil {
		return nil
	}
	for i := range found {
		found[i] = found[i].Unmap().WithZone("")
	}
	return found
}
