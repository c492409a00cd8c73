package winrm

import (
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// target is a machine as it is dialled and as it is named in messages.
type target struct {
	host, port string
	scheme     string
}

// String is host:port, which also identifies the machine.
func (t target) String() string { return net.JoinHostPort(t.host, t.port) }

func (t target) url() string { return t.scheme + "://" + t.String() + "/wsman" }

// parseTarget reads "host", "host:port", "[v6]:port" and a bare v6 address.
func parseTarget(address, scheme string, defaultPort int) (target, error) {
	host, port := address, strconv.Itoa(defaultPort)
	switch {
	case net.ParseIP(address) != nil:
	case strings.HasPrefix(address, "[") && strings.HasSuffix(address, "]"):
		host = address[1 : len(address)-1]
	case strings.Contains(address, ":"):
		var err error
		if host, port, err = net.SplitHostPort(address); err != nil {
			return target{}, fmt.Errorf("%q is not the address of a machine: use a name, name:port or [IPv6]:port", address)
		}
	}
	if host == "" || strings.ContainsFunc(host, notInHost) || strings.Contains(host, ":") && net.ParseIP(host) == nil {
		return target{}, fmt.Errorf("%q is not the address of a machine: use a name, name:port or [IPv6]:port", address)
	}
	if number, err := strconv.ParseUint(port, 10, 16); err != nil || number == 0 {
		return target{}, fmt.Errorf("%q is not the address of a machine: %q is no port", address, port)
	}
	to := target{host: strings.ToLower(host), port: port, scheme: scheme}
	if _, err := url.Parse(to.url()); err != nil { // no request can be made to it
		return target{}, fmt.Errorf("%q is not the address of a machine: use a name, name:port or [IPv6]:port", address)
	}
	return to, nil
}

func notInHost(r rune) bool {
	return r <= ' ' || r == 0x7F || strings.ContainsRune(`/\?#@"'<>&%[]`, r)
}
