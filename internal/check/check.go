// Package check asks a site what the provider's assumptions are about: names, ports, logons,
// rights, what Windows' classes answer, logs, clocks. It reads and changes nothing, unless
// a product is to be activated or a station restarted. What it finds is a table, one
// line for each assumption.
package check

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/timago/terraform-provider-timago/internal/foreign"
	"github.com/timago/terraform-provider-timago/internal/kms"
	"github.com/timago/terraform-provider-timago/internal/site"
	"github.com/timago/terraform-provider-timago/internal/windows"
	"github.com/timago/terraform-provider-timago/internal/winrm"
)

// Verdict is what a site's answer means for a pool.
type Verdict string

// The verdicts, as the table shows them.
const (
	Holds      Verdict = "ok"
	Notable    Verdict = "note" // a pool works, and it should be known
	Blocks     Verdict = "NO"   // it stands in the way of a pool
	Unanswered Verdict = "?"    // it could not be asked
)

// worse reports whether this verdict outweighs another, as in the exit code.
func (v Verdict) worse(than Verdict) bool {
	order := []Verdict{Holds, Notable, Unanswered, Blocks}
	return slices.Index(order, v) > slices.Index(order, than)
}

// Line is one assumption and what a site makes of it.
type Line struct {
	Verdict Verdict
	Name    string
	finding
	Expected string
}

// finding is what a probe saw, and what it means.
type finding struct {
	verdict      Verdict
	Found, Means string
}

func holds(format string, args ...any) finding {
	return finding{verdict: Holds, Found: fmt.Sprintf(format, args...)}
}

func (f finding) but(verdict Verdict, means string) finding {
	f.verdict, f.Means = verdict, means
	return f
}

func failed(verdict Verdict, err error, means string) finding {
	var adviser interface{ Advice() string }
	if means == "" && errors.As(err, &adviser) {
		means = adviser.Advice()
	}
	return finding{verdict: verdict, Found: foreign.Text(err.Error()), Means: means}
}

// probe is one assumption: its name, what is expected, and how a machine is asked.
type probe struct {
	name, expected string
	ask            func(ctx context.Context, m *machine) finding
	// needed: where it does not hold nothing after it can be asked.
	needed bool
	// commands: it changes something, and says itself what an interruption left of that.
	commands bool
}

// Section is the part of the table about one machine.
type Section struct {
	Title   string
	Address string // host:port; "" of what no machine is
	Lines   []Line
}

// Network is what is asked before and beside WinRM.
type Network interface {
	Resolve(ctx context.Context, host string) ([]netip.Addr, error)
	Discover(ctx context.Context, domain string) (kms.Discovery, error)
	Connect(ctx context.Context, host string, port int) error
}

// Config is what is checked.
type Config struct {
	Site     site.Config // of it all but where counts come from
	Stations []string
	Activate bool // have unlicensed products of KMS clients activated
	Restart  bool // restart the stations that nobody uses

	Network Network // nil: this computer's
	// Each line is shown as soon as it is known.
	Show func(section string, line Line)
	// RestartLimit is how long a restart may take. 0: 15 minutes.
	RestartLimit time.Duration
}

var errNoAccount = errors.New("no account: set TIMAGO_WINRM_USERNAME and TIMAGO_WINRM_PASSWORD")

// checker is one run.
type checker struct {
	Config
	network  Network
	stations *wire // over the stations' account
	host     *wire // over the KMS host's, or the same
	machines []*machine
}

// Run checks the stations, then the KMS host: the first station that answers proves the
// account, so that a wrong password costs one failed logon. Beside the error of an interrupted
// run it gives what was seen until then.
func Run(ctx context.Context, config Config) ([]Section, error) {
	if config.Site.WinRM == nil {
		return nil, errNoAccount
	}
	c := &checker{Config: config, network: config.Network}
	if c.network == nil {
		c.network = ownNetwork{}
	}
	var err error
	if c.stations, err = newWire(*config.Site.WinRM); err != nil {
		return nil, err
	}
	defer c.stations.Close()
	c.host = c.stations
	if config.Site.HostWinRM != nil {
		if c.host, err = newWire(*config.Site.HostWinRM); err != nil {
			return nil, fmt.Errorf("the KMS host's own account: %w", err)
		}
		defer c.host.Close()
	}
	var sections []Section
	listed, addresses := c.listing(ctx)
	if listed != nil {
		sections = append(sections, *listed)
	}
	for _, station := range config.Stations {
		if ctx.Err() != nil {
			break
		}
		m := c.machine(c.stations, *config.Site.WinRM, station, cmp.Or(addresses[station], site.Complete(station, config.Site.DomainSuffix)))
		sections = append(sections, c.section(ctx, "Station "+station, m, c.stationProbes()))
	}
	if ctx.Err() == nil {
		sections = append(sections, c.hostSection(ctx))
	}
	return sections, ctx.Err()
}

// namedHost is the KMS host that most stations name, and who of them does so first.
func (c *checker) namedHost() (host, title string) {
	var named []string
	for _, station := range c.machines {
		named = append(named, station.licensing.KMSHost)
	}
	host = kms.HostOfMost(named)
	for _, station := range c.machines {
		if strings.EqualFold(station.licensing.KMSHost, host) {
			return host, "KMS host, as " + station.name + " names it: "
		}
	}
	return host, ""
}

// hostSection asks the KMS host. Where it is not named it is the one that most stations use, as
// for a pool.
func (c *checker) hostSection(ctx context.Context) Section {
	host, title := c.Site.KMSHost, "KMS host "
	if host == "" {
		host, title = c.namedHost()
	}
	if host == "" {
		s := Section{Title: "KMS host"}
		s.add(c, "Host", "it is named, or stations know one", finding{Unanswered, "not asked: none is named", "Give -kms-host, or set it on the stations by slmgr /skms."})
		return s
	}
	account, suffix := c.Site.WinRM, c.Site.DomainSuffix
	if c.Site.HostWinRM != nil {
		account, suffix = c.Site.HostWinRM, c.Site.HostSuffix
	}
	m := c.machine(c.host, *account, host, site.Complete(host, suffix))
	m.isHost = true
	return c.section(ctx, title+host, m, hostProbes())
}

func (c *checker) stationProbes() []probe {
	probes := append(reach(), stationReading()...)
	if c.Activate {
		probes = append(probes, activation)
	}
	if c.Restart {
		probes = append(probes, restarting()...)
	}
	return probes
}

// section asks one machine, until something shows that no more can be asked.
func (c *checker) section(ctx context.Context, title string, m *machine, probes []probe) Section {
	c.machines = append(c.machines, m)
	s := Section{Title: foreign.Line(title), Address: m.wire.full(m.address)}
	for i, p := range probes {
		f := m.ask(ctx, p)
		s.add(c, p.name, p.expected, f)
		last := f.brokenOff() || p.needed && (f.verdict == Blocks || f.verdict == Unanswered || m.refused)
		if rest := len(probes) - i - 1; rest > 0 && last {
			s.add(c, fmt.Sprintf("%d more", rest), "", finding{verdict: f.verdict.unasked(), Found: "not asked", Means: "see " + p.name})
			break
		}
	}
	return s
}

// add adds a line and shows it.
func (s *Section) add(c *checker, name, expected string, f finding) {
	line := Line{Verdict: f.verdict, Name: name, Expected: foreign.Line(expected), finding: f}
	line.Found, line.Means = foreign.Line(line.Found), foreign.Line(line.Means)
	s.Lines = append(s.Lines, line)
	if c.Show != nil {
		c.Show(s.Title, line)
	}
}

// unasked is the verdict on what was left out for a line of this one.
func (v Verdict) unasked() Verdict {
	if v == Notable {
		return Notable
	}
	return Unanswered
}

// machine is one that is asked, with what is known of it so far.
type machine struct {
	*checker
	windows *windows.Client
	wire    *wire
	account winrm.Config
	name    string // as it was given
	address string // as it is asked
	host    string // the same without its port
	isHost  bool
	refused bool // the KMS host refused the account: a pool does without it
	unsure  bool // whether a restart that was sent was taken

	restarted bool // a restart was sent to it

	uptime    kms.Uptime
	ahead     time.Duration // its clock, of this computer's
	licensing kms.Licensing
	keys      kms.Host  // of the KMS host
	logs      []logRead // in the ways in which it was read
}

func (c *checker) machine(w *wire, account winrm.Config, name, address string) *machine {
	return &machine{
		checker: c, windows: windows.New(w), wire: w, account: account,
		name: name, address: address, host: kms.HostOf(address),
	}
}

// mostRequests is what one station is asked at most while it is read; a message of a logon is none.
// What was confirmed is done all the same, and a restart is watched until its end.
const mostRequests = 30

// probeLimit ends a probe that waits for an answer.
const probeLimit = 2 * time.Minute

// brokenOff begins what a line found that the end of the check broke off.
const brokenOff = "interrupted"

func (f finding) brokenOff() bool { return strings.HasPrefix(f.Found, brokenOff) }

func (m *machine) ask(ctx context.Context, p probe) finding {
	if !m.isHost && !p.commands && !m.restarted && m.wire.requests(m.address) >= mostRequests {
		return finding{verdict: Unanswered, Found: "not asked", Means: fmt.Sprintf("%d requests were made of it, and no more are", mostRequests)}
	}
	f := p.ask(ctx, m)
	if ctx.Err() != nil && f.verdict != Holds && !p.commands { // what it found is of the interruption
		return finding{verdict: Unanswered, Found: brokenOff}
	}
	return f
}

// ownNetwork is what this computer sees.
type ownNetwork struct{ site.Network }

const lookupLimit = 5 * time.Second

func (ownNetwork) Resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	ctx, cancel := context.WithTimeout(ctx, lookupLimit)
	defer cancel()
	return net.DefaultResolver.LookupNetIP(ctx, "ip", strings.Trim(host, "[]"))
}

// Exit is the exit code for a table: 0 a pool would work, 2 something stands in its way, 1
// something could not be asked.
func Exit(sections []Section) int {
	code := exitWorks
	for _, section := range sections {
		for _, line := range section.Lines {
			switch line.Verdict {
			case Blocks:
				return exitBlocked
			case Unanswered:
				code = exitNotAsked
			case Holds, Notable:
			}
		}
	}
	return code
}
