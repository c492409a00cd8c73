package simulator

import (
	"fmt"
	"net"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/timago/terraform-provider-timago/internal/simulator/world"
)

// Ready is what a client needs to know, and what the command prints when the site is
// ready.
type Ready struct {
	Endpoint          string    `json:"endpoint,omitempty"`            // https://… of Timago's interface
	Token             string    `json:"token,omitempty"`               // … and what it takes
	CACertificateFile string    `json:"ca_certificate_file,omitempty"` // filled by the command
	KMSHost           string    `json:"kms_host"`                      // address:port of its WinRM
	WinRM             Logon     `json:"winrm"`
	Stations          []Address `json:"stations"`          // those with a name, then their aliases
	Page              string    `json:"page,omitempty"`    // http://…, for a browser
	Control           string    `json:"control,omitempty"` // http://…
}

// Logon is how to log on to the stations.
type Logon struct {
	Username string `json:"username"`
	Password string `json:"password"`
	Port     int    `json:"port"` // 0 where each machine has its own
	UseTLS   bool   `json:"use_tls"`
}

// Address is where a station's WinRM is.
type Address struct {
	Name    string `json:"name"`
	Address string `json:"address"` // address:port
}

// Ready says where everything is. Where both protocols are on these are the ports of
// HTTPS; see Plain.
func (s *Simulator) Ready() Ready {
	return s.ready(len(s.endpoints[0].ports) - 1)
}

// Plain is Ready with the ports of HTTP.
func (s *Simulator) Plain() Ready {
	r := s.ready(0)
	r.WinRM.UseTLS = !s.scenario.WinRM.http()
	return r
}

func (s *Simulator) ready(protocol int) Ready {
	r := Ready{
		KMSHost: s.endpoints[0].ports[protocol].address,
		WinRM: Logon{
			Username: s.scenario.WinRM.Username, Password: s.scenario.WinRM.Password, UseTLS: s.scenario.WinRM.HTTPS,
		},
	}
	ports := map[string]bool{}
	for i, e := range s.endpoints {
		address := e.ports[protocol].address
		if _, port, err := net.SplitHostPort(address); err == nil {
			ports[port] = true
			r.WinRM.Port, _ = strconv.Atoi(port)
			if s.unresolved(e.name) {
				address = net.JoinHostPort(nowhere(e.name), port)
			}
		}
		if i > 0 {
			r.Stations = append(r.Stations, Address{Name: e.name, Address: address})
		}
	}
	if len(ports) > 1 {
		r.WinRM.Port = 0
	}
	if s.api != nil {
		r.Endpoint, r.Token = s.api.endpoint, s.scenario.Timago.Token
	}
	if s.control != nil {
		r.Control, r.Page = s.control.url, s.control.url+"/"
	}
	return r
}

// nowhere is a name that no resolver knows (RFC 6761).
func nowhere(name string) string { return strings.ToLower(name) + ".invalid" }

// unresolved reports whether the name of a machine leads to no address.
func (s *Simulator) unresolved(name string) bool {
	return slices.ContainsFunc(s.scenario.Stations, func(described world.Station) bool {
		return described.Unresolved && described.Name == name
	})
}

// Addresses are those of all stations, in the site's order.
func (s *Simulator) Addresses() []string {
	ready := s.Ready()
	addresses := make([]string, len(ready.Stations))
	for i, station := range ready.Stations {
		addresses[i] = station.Address
	}
	return addresses
}

// Name finds the machine at an address, with or without its port.
func (s *Simulator) Name(address string) (string, error) {
	for _, e := range s.endpoints {
		if s.unresolved(e.name) && strings.HasPrefix(address, nowhere(e.name)) {
			return e.machine, nil
		}
		for _, p := range e.ports {
			if p.address == address || runtime.GOOS == "linux" && e.ip.String() == address {
				return e.machine, nil
			}
		}
	}
	return "", fmt.Errorf("%w at %s", world.ErrUnknownMachine, address)
}

// KMSPort is the port of the KMS host's key management service.
func (s *Simulator) KMSPort() int { return s.scenario.Host.Port }

// CACertificate is the PEM of the authority that signed the machines' certificates.
func (s *Simulator) CACertificate() []byte { return s.authority.pem() }

// Log gives what was asked and what happened, after an entry's number, in order.
func (s *Simulator) Log(after int) []Entry { return s.record.since(after) }

// State is a look at everything.
type State struct {
	world.State
	Wire map[string]WireCounters `json:"wire"` // by machine
}

// State looks at the world and at what was asked over the wire.
func (s *Simulator) State() State {
	return State{State: s.World.State(), Wire: s.record.counters()}
}
