package acctest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/timago/terraform-provider-timago/internal/simulator"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
	"github.com/timago/terraform-provider-timago/internal/timago/contracttest"
)

// Speed is how much faster time runs at the simulated site than here. A start of a minute
// then takes a second; timeouts of the provider are of this machine's time.
const Speed = 60

// Site is a simulated site for one test.
type Site struct {
	*simulator.Simulator
	// Between answers in place of Timago's interface, where there is one.
	Between *contracttest.Between

	second *behindSecond // in front of the stations, instead of the simulator's interface
	t      testing.TB
}

// NewSite starts a site whose time runs by itself.
func NewSite(t testing.TB, scenario simulator.Scenario) *Site {
	t.Helper()
	return NewSiteAt(t, scenario, Speed)
}

// NewSiteAt is a NewSite whose time runs speed times as fast as here.
func NewSiteAt(t testing.TB, scenario simulator.Scenario, speed float64) *Site {
	t.Helper()
	s, err := simulator.Start(scenario, simulator.Options{Speed: speed})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return &Site{Simulator: s, t: t}
}

// Classroom is a scenario with n stations alike, named PC01, PC02, …, and ten other
// machines that are off and no members of the pool.
func Classroom(n int, like world.Station, host world.Host) simulator.Scenario {
	like.Name = "PC%02d"
	stations := append(world.Rows(n, like), world.Rows(10, world.Station{Name: others + "%02d", Off: true})...)
	return simulator.Scenario{Site: world.Site{Seed: 3, Host: host, Stations: stations}}
}

// Counted is a KMS host that has counted n other machines today.
func Counted(n int) world.Host {
	return world.Host{Keys: []world.Key{{Key: "windows", Counted: []world.Counted{{Number: n, Age: time.Hour}}}}}
}

// Env is the environment of a CLI run at this site: the account's password, for the
// provider and for configurations that have a variable for it.
func (s *Site) Env() []string {
	password := s.Plain().WinRM.Password
	return []string{"TIMAGO_WINRM_PASSWORD=" + password, "TF_VAR_winrm_password=" + password}
}

// Provider is the provider block for this site. more are lines inside winrm.
func (s *Site) Provider(more ...string) string { return providerBlock(s.Plain(), more) }

// TLSConfig is a provider block and a bare pool over HTTPS.
func (s *Site) TLSConfig(more ...string) string {
	return providerBlock(s.Ready(), more) + poolBlock(`name = "R101"`, "stations = "+hclList(addresses(s.Ready())))
}

func providerBlock(ready simulator.Ready, more []string) string {
	return fmt.Sprintf(``+Required+`
provider "timago" {
  winrm = {
    username = %q
    timeout  = "1m"
    %s
  }
  kms = { host = %q }
}
`, ready.WinRM.Username, strings.Join(more, "\n    "), ready.KMSHost)
}

// Pool is a pool of all stations. more are lines inside the resource; cycle and timeouts
// are short unless they are among them.
func (s *Site) Pool(more ...string) string {
	lines := []string{`name = "R101"`, "stations = " + hclList(s.PlainAddresses())}
	if !slices.ContainsFunc(more, func(line string) bool { return strings.HasPrefix(strings.TrimSpace(line), "cycle") }) {
		lines = append(lines, `cycle = { station_timeout = "1m" }`)
	}
	return poolBlock(append(lines, more...)...)
}

func poolBlock(lines ...string) string {
	return "resource \"timago_activation_pool\" \"room\" {\n  " + strings.Join(lines, "\n  ") + "\n}\n"
}

// Bare is a pool of all stations with nothing else said.
func (s *Site) Bare() string {
	return poolBlock(`name = "R101"`, "stations = "+hclList(s.PlainAddresses()))
}

// others prefixes the names of machines that are no members of the pool.
const others = "OTHER"

// PlainAddresses are the members' addresses over HTTP.
func (s *Site) PlainAddresses() []string { return addresses(s.Plain()) }

func addresses(ready simulator.Ready) []string {
	var members []string
	for _, station := range ready.Stations {
		if !strings.HasPrefix(station.Name, others) {
			members = append(members, station.Address)
		}
	}
	return members
}

// OthersAsk lets n machines that are no members be counted.
func (s *Site) OthersAsk(n int) {
	s.t.Helper()
	counted := s.Happened(world.KindCounted) + n
	for i := range n {
		if err := s.World.PowerOn(fmt.Sprintf(others+"%02d", i+1)); err != nil {
			s.t.Fatal(err)
		}
	}
	s.Until("the other machines were counted", func() bool { return s.Happened(world.KindCounted) == counted })
}

// Until waits for something at the site; the test fails when it does not come.
func (s *Site) Until(what string, is func() bool) {
	s.t.Helper()
	for range 6000 {
		if is() {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	s.t.Fatalf("it never came to this: %s", what)
}

func hclList(values []string) string {
	quoted := make([]string, len(values))
	for i, value := range values {
		quoted[i] = fmt.Sprintf("%q", value)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

// Restarts counts the restarts that stations took, by name.
func (s *Site) Restarts() (all int, byStation map[string]int) {
	byStation = map[string]int{}
	for _, station := range s.State().Stations {
		byStation[station.Name] = station.Restarts
		all += station.Restarts
	}
	return all, byStation
}

// Happened counts what happened at the site of a kind.
func (s *Site) Happened(kind world.Kind) int { return s.World.State().Counters[kind] }

// FailedLogons counts wrong passwords over all machines.
func (s *Site) FailedLogons() int {
	failed := 0
	for _, machine := range s.State().Wire {
		failed += machine.FailedLogons
	}
	return failed
}

// Inject puts a fault in place.
func (s *Site) Inject(fault world.Fault) {
	s.t.Helper()
	if err := s.World.Inject(fault); err != nil {
		s.t.Fatal(err)
	}
}

// Saw fails the test unless the fault acted: a test of a fault that never came shows
// nothing.
func (s *Site) Saw(fault world.FaultName) {
	s.t.Helper()
	for _, f := range s.State().Faults {
		if f.Name == fault && f.Seen > 0 {
			return
		}
	}
	s.t.Errorf("fault %s was never seen", fault)
}
