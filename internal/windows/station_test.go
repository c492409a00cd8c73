package windows_test

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/windows"
	"github.com/timago/terraform-provider-timago/internal/winrm"
	"github.com/timago/terraform-provider-timago/internal/winrm/wsman"
)

// listing is a machine that answers each class with its instances.
type listing struct {
	windows.Transport
	classes map[string][]winrm.Instance
	err     error
}

func (listing) Visit(ctx context.Context, _ string, ask func(ctx context.Context) error) error {
	return ask(ctx)
}

func (l listing) Query(_ context.Context, _, wql string, _ ...winrm.Option) ([]winrm.Instance, error) {
	_, from, _ := strings.Cut(wql, " FROM ")
	class, _, _ := strings.Cut(from, " ")
	return l.classes[class], l.err
}

func explorers(sessions ...string) []winrm.Instance {
	var all []winrm.Instance
	for _, session := range sessions {
		properties := map[string][]string{"ProcessId": {"4711"}}
		if session != "" {
			properties["SessionId"] = []string{session}
		}
		all = append(all, wsman.NewInstance("Win32_Process", properties))
	}
	return all
}

// A user may have a process for each window: that is no second user.
func TestASessionHasOneDesktopHoweverManyExplorersRunInIt(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		explorers []winrm.Instance
		desktops  int
		inUse     string
	}{
		"nobody":                             {nil, 0, ""},
		"the kiosk":                          {explorers("1"), 1, ""},
		"the kiosk, with three windows":      {explorers("1", "1", "1"), 1, ""},
		"somebody beside it":                 {explorers("1", "1", "2"), 2, "a user in a session of their own"},
		"two beside it, with windows":        {explorers("3", "1", "2", "3", "1"), 3, "a user in a session of their own"},
		"a session of which nobody tells":    {explorers(""), 1, ""},
		"sessions of which only some tell":   {explorers("1", "", ""), 1, ""},
		"several of which not any one tells": {explorers("", ""), 1, ""},
	} {
		user := []string{`PC01\kiosk`}
		if tt.desktops == 0 {
			user = nil
		}
		presence, err := windows.New(listing{classes: map[string][]winrm.Instance{
			"Win32_OperatingSystem": {wsman.NewInstance("Win32_OperatingSystem", map[string][]string{"LastBootUpTime": {"2026-09-07T06:00:00Z"}, "LocalDateTime": {"2026-09-07T08:00:00Z"}})},
			"Win32_ComputerSystem":  {wsman.NewInstance("Win32_ComputerSystem", map[string][]string{"Name": {"PC01"}, "UserName": user})},
			"Win32_Process":         tt.explorers,
		}}).Presence(t.Context(), "pc01")
		if err != nil || presence.Desktops != tt.desktops || presence.InUse([]string{"kiosk"}) != tt.inUse {
			t.Errorf("%s: %+v (%v), in use by %q", name, presence, err, presence.InUse([]string{"kiosk"}))
		}
	}
}

func card(mac string, addresses, gateways []string) winrm.Instance {
	properties := map[string][]string{"IPAddress": addresses, "DefaultIPGateway": gateways}
	if mac != "" {
		properties["MACAddress"] = []string{mac}
	}
	return wsman.NewInstance("Win32_NetworkAdapterConfiguration", properties)
}

func TestTheCardThatAStationIsReachedBy(t *testing.T) {
	t.Parallel()
	const wanted = "02:00:5E:10:01:01"
	ethernet := card(wanted, []string{"127.0.0.20", "fe80::5054:ff:fe12:3456"}, []string{"127.0.0.1"})
	noGateway := card(wanted, []string{"127.0.0.20", "::1"}, nil)
	virtualBox := card("0A:00:27:00:00:0E", []string{"192.168.56.1"}, nil)
	hyperV := card("00:15:5D:3A:01:02", []string{"172.20.16.1"}, nil)
	tunnel := card("00:FF:5C:11:22:33", []string{"10.8.0.6"}, []string{"10.8.0.1"})
	noMAC := card("", []string{"127.0.0.20"}, []string{"127.0.0.1"})
	for name, tt := range map[string]struct {
		address string
		cards   []winrm.Instance
		want    string
	}{
		"the only one":                            {"pc01.invalid", []winrm.Instance{noGateway}, wanted},
		"the address in use, others first":        {"127.0.0.20:5985", []winrm.Instance{virtualBox, hyperV, tunnel, ethernet}, wanted},
		"in use, and no gateway":                  {"127.0.0.20", []winrm.Instance{tunnel, noGateway}, wanted},
		"in use, as IPv6":                         {"[::1]:5985", []winrm.Instance{tunnel, noGateway}, wanted},
		"in use, as IPv4 in IPv6":                 {"[::ffff:127.0.0.20]:5985", []winrm.Instance{tunnel, noGateway}, wanted},
		"in use, by name":                         {"localhost:5985", []winrm.Instance{tunnel, card(wanted, []string{"127.0.0.1", "::1"}, nil)}, wanted},
		"the name is not known, one gateway":      {"pc01.invalid", []winrm.Instance{virtualBox, hyperV, ethernet}, wanted},
		"the name is not known, no gateway":       {"pc01.invalid", []winrm.Instance{virtualBox, hyperV, noGateway}, ""},
		"a tunnel's end has no address of a card": {"127.0.0.20", []winrm.Instance{noMAC, virtualBox, ethernet}, wanted},
		"no card":                {"127.0.0.20", nil, ""},
		"a gateway that is none": {"pc01.invalid", []winrm.Instance{card("0A:00:27:00:00:0E", nil, []string{"0.0.0.0"}), ethernet}, wanted},
	} {
		got, err := windows.New(listing{classes: map[string][]winrm.Instance{"Win32_NetworkAdapterConfiguration": tt.cards}}).MAC(t.Context(), tt.address)
		if err != nil || got != tt.want {
			t.Errorf("%s: %q, %v; want %q", name, got, err, tt.want)
		}
	}
}

// Nobody waits for a name that nobody knows; a resolver that is silent says nothing of it.
func TestANameThatResolvesToNothing(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		err     error
		unknown bool
	}{
		"no such name":           {&winrm.Unreachable{Kind: winrm.KindDNS, Err: &net.OpError{Op: "dial", Err: &net.DNSError{Name: "pc01", IsNotFound: true}}}, true},
		"the resolver is silent": {&winrm.Unreachable{Kind: winrm.KindDNS, Err: &net.DNSError{Name: "pc01", IsTimeout: true}}, false},
		"the machine is silent":  {&winrm.Unreachable{Kind: winrm.KindTimeout}, false},
	} {
		_, err := windows.New(listing{err: tt.err}).Probe(t.Context(), "pc01")
		if !errors.Is(err, kms.ErrUnreachable) || errors.Is(err, kms.ErrUnknownName) != tt.unknown || !errors.Is(err, tt.err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	client, err := winrm.NewClient(winrm.Config{Username: "user", Password: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if _, err := windows.New(client).Probe(t.Context(), "pc01..invalid"); !errors.Is(err, kms.ErrUnknownName) {
		t.Errorf("over the wire: %v", err)
	}
}

// asked notes what is asked of whom answers nothing.
type asked struct {
	listing
	questions *[]string
}

func (a asked) Query(ctx context.Context, address, wql string, options ...winrm.Option) ([]winrm.Instance, error) {
	*a.questions = append(*a.questions, wql)
	return a.listing.Query(ctx, address, wql, options...)
}

func (a asked) QueryEach(ctx context.Context, address, wql string, _ func(winrm.Instance) error, options ...winrm.Option) error {
	_, err := a.Query(ctx, address, wql, options...)
	return err
}

// Who checks a site asks for every property that a plan and a restart ask for: a query that
// names one that a class lacks fails whole.
func TestTheQuestionsForAStationAreAllThatIsAskedOfIt(t *testing.T) {
	t.Parallel()
	var questions []string
	client := windows.New(asked{questions: &questions, listing: listing{classes: map[string][]winrm.Instance{
		"Win32_OperatingSystem":    {wsman.NewInstance("Win32_OperatingSystem", map[string][]string{"LastBootUpTime": {"2026-09-07T06:00:00Z"}, "LocalDateTime": {"2026-09-07T08:00:00Z"}})},
		"Win32_ComputerSystem":     {wsman.NewInstance("Win32_ComputerSystem", map[string][]string{"Name": {"PC01"}})},
		"SoftwareLicensingService": {wsman.NewInstance("SoftwareLicensingService", map[string][]string{"ClientMachineID": {"00000000-0000-4000-8000-000000000001"}})},
	}}})
	for what, ask := range map[string]func() error{
		"station":   func() error { _, err := client.Station(t.Context(), "pc01"); return err },
		"presence":  func() error { _, err := client.Presence(t.Context(), "pc01"); return err },
		"licensing": func() error { _, err := client.Licensing(t.Context(), "pc01"); return err },
		"card":      func() error { _, err := client.MAC(t.Context(), "pc01"); return err },
	} {
		if err := ask(); err != nil {
			t.Log(what, err) // it was asked, which is all that matters here
		}
	}
	if len(questions) < 9 {
		t.Fatal(questions)
	}
	for _, wql := range questions {
		if !slices.ContainsFunc(windows.StationQuestions(), func(listed string) bool { return covers(listed, wql) }) {
			t.Errorf("no question asks for all of %s", wql)
		}
	}
}

// covers reports whether a query asks for all properties of another one of the same class.
func covers(listed, wql string) bool {
	parts := func(wql string) (properties []string, class string) {
		list, from, _ := strings.Cut(strings.TrimPrefix(wql, "SELECT "), " FROM ")
		class, _, _ = strings.Cut(from, " ")
		return strings.Split(list, ", "), class
	}
	have, class := parts(listed)
	want, of := parts(wql)
	return class == of && !slices.ContainsFunc(want, func(property string) bool { return !slices.Contains(have, property) })
}
