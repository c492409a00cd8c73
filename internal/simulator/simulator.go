// Package simulator puts a simulated site together for tests and the demonstration:
// the world of package world, for each of its machines a WinRM endpoint on a loopback
// address, and the HTTP interface in front of its Timago server. Everything it is asked is logged in order. It is made for tests
// and ships with nothing.
package simulator

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/timago/terraform-provider-timago/internal/simulator/page"
	"github.com/timago/terraform-provider-timago/internal/simulator/world"
	"github.com/timago/terraform-provider-timago/internal/simulator/wsman"
)

// Options say how a scenario is run.
type Options struct {
	Speed   float64      // simulated per real time; 0: time moves only when it is advanced
	Logger  *slog.Logger // gets what happens; may be nil
	Control string       // address of the control interface and the page, "127.0.0.1:0"; empty: none
	API     bool         // there is an HTTP interface in front of Timago's server, too

	// CheckAPI, if set, stands around the interface's answers, as tests do that hold them
	// to the contract.
	CheckAPI func(http.Handler) http.Handler
}

// Simulator is a running site.
type Simulator struct {
	World *world.World

	scenario  Scenario
	authority *authority
	endpoints []*endpoint // the KMS host's first
	kms       *port       // of the KMS host
	record    *record
	control   *control
	page      *page.Page
	api       *api
	logger    *slog.Logger

	mu     sync.Mutex
	turned map[string]bool // machines whose ports opened or closed
	turn   chan struct{}   // somebody turned
	stop   context.CancelFunc
	group  sync.WaitGroup
}

// Start runs a scenario until Close.
func Start(scenario Scenario, options Options) (*Simulator, error) {
	scenario.WinRM.Username = cmp.Or(scenario.WinRM.Username, `SCHULE\kms-admin`)
	scenario.WinRM.Password = cmp.Or(scenario.WinRM.Password, rand.Text())
	scenario.Timago.Token = cmp.Or(scenario.Timago.Token, rand.Text())
	hostIP := address(0)
	scenario.Host.Address = cmp.Or(scenario.Host.Address, hostIP.String())
	s := &Simulator{
		scenario: scenario, record: newRecord(), page: page.New(scenario.Title), logger: options.Logger,
		turned: map[string]bool{}, turn: make(chan struct{}, 1),
	}
	if s.logger == nil {
		s.logger = slog.New(slog.DiscardHandler)
	}
	ctx, stop := context.WithCancel(context.Background()) //nolint:forbidigo // a site runs until Close, not as long as a call
	s.stop = stop
	listener, number, err := listenKMS(ctx, hostIP, scenario.Host.Port)
	if err != nil {
		stop()
		return nil, err
	}
	s.kms = &port{address: listener.Addr().String(), server: &kmsService{received: s.knocked}, listener: listener}
	scenario.Host.Port, s.scenario.Host.Port = number, number
	if s.World, err = world.New(scenario.Site, world.Options{Start: scenario.Start, Speed: options.Speed, Observe: s.observe}); err != nil {
		s.Close()
		return nil, err
	}
	if s.authority, err = newAuthority(); err != nil {
		s.Close()
		return nil, err
	}
	if err := s.build(ctx); err != nil {
		s.Close()
		return nil, err
	}
	if options.API {
		if s.api, err = s.serveAPI(ctx, options.CheckAPI); err != nil {
			s.Close()
			return nil, err
		}
	}
	if options.Control != "" {
		if s.control, err = s.serveControl(ctx, options.Control); err != nil {
			s.Close()
			return nil, err
		}
	}
	s.group.Go(func() { s.followPorts(ctx) })
	return s, nil
}

// build makes every machine's endpoint and opens the ports of those that listen.
func (s *Simulator) build(ctx context.Context) error {
	add := func(machine, name string) {
		s.endpoints = append(s.endpoints, &endpoint{machine: machine, name: name, ip: address(len(s.endpoints))})
	}
	host := s.World.State().Host.Name
	for _, name := range append([]string{host}, s.World.Names()...) {
		add(name, name)
	}
	for _, station := range s.scenario.Stations {
		for _, alias := range station.Aliases {
			add(station.Name, alias)
		}
	}
	ips := make([]net.IP, len(s.endpoints))
	for i, e := range s.endpoints {
		ips[i] = e.ip
	}
	if s.scenario.WinRM.http() {
		if err := s.bind(ctx, ips, false); err != nil {
			return err
		}
	}
	if s.scenario.WinRM.HTTPS {
		if err := s.bind(ctx, ips, true); err != nil {
			return err
		}
	}
	for _, e := range s.endpoints {
		if err := e.turn(ctx, s.World); err != nil {
			return err
		}
	}
	s.kms.serve(s.kms.listener)
	return s.kms.turn(ctx, s.World.Serves())
}

func (s *Simulator) bind(ctx context.Context, ips []net.IP, secure bool) error {
	all, err := listeners(ctx, ips)
	if err != nil {
		return err
	}
	for i, e := range s.endpoints {
		var config *tls.Config
		if secure {
			if config, err = s.authority.issue(e.name, e.ip); err != nil {
				closeAll(all[i:])
				return err
			}
		}
		p := &port{address: all[i].Addr().String(), server: s.server(e, i == 0, config)}
		p.serve(all[i])
		e.ports = append(e.ports, p)
	}
	return nil
}

func (s *Simulator) server(e *endpoint, isHost bool, secure *tls.Config) *wsman.Server {
	account := Account{Username: s.scenario.WinRM.Username, Password: s.scenario.WinRM.Password}
	if own := s.scenario.WinRM.Host; isHost && own != nil {
		account = *own
	}
	domain, user, found := strings.Cut(account.Username, `\`)
	if !found {
		domain, user = "", account.Username
	}
	var kerberos *wsman.Kerberos
	if keytab := s.scenario.WinRM.Keytab; keytab != "" {
		kerberos = &wsman.Kerberos{Keytab: keytab}
	}
	return wsman.NewServer(wsman.Config{
		Name:     e.machine,
		Accounts: []wsman.Account{{Domain: domain, Username: user, Password: account.Password}},
		TLS:      secure, Basic: s.scenario.WinRM.Basic, NTLM: s.scenario.WinRM.ntlm(), Kerberos: kerberos,
		AllowUnencrypted: s.scenario.WinRM.AllowUnencrypted,
		Machine:          machine{world: s.World, name: e.machine, refuses: s.scenario.Activate, ip: e.ip},
		Condition:        func(r wsman.Request) wsman.Condition { return s.condition(e.name, r) },
		Log:              func(asked wsman.Entry) { s.asked(e.machine, asked) },
	})
}

// observe takes in what happens in the world, while the world is locked.
func (s *Simulator) observe(e world.Entry) {
	s.record.happened(e)
	s.page.Happened(e)
	s.logger.Info(string(e.Kind), "machine", e.Machine, "simulated", e.Time, "detail", e.Detail)
	switch e.Kind {
	case world.KindOpens, world.KindCloses:
		s.mu.Lock()
		s.turned[e.Machine] = true
		s.mu.Unlock()
	case world.KindStart: // where all were off nothing was due before
	default:
		return
	}
	select {
	case s.turn <- struct{}{}:
	default:
	}
}

func (s *Simulator) asked(machine string, e wsman.Entry) {
	s.record.asked(machine, s.World.Now(), e)
	s.logger.Debug("asked", "machine", machine, "kind", e.Kind, "detail", e.Detail(), "user", e.User, "connection", e.Connection,
		"status", e.Status, "fault", e.Fault, "trouble", e.Trouble)
}

// knocked notes that somebody has been at the KMS port.
func (s *Simulator) knocked(said int64) {
	s.record.knocked(s.endpoints[0].machine, s.World.Now(), said)
}

// followPorts opens and closes ports as their machines come and go. The world has no
// time of its own, so this also looks at it whenever something is due.
func (s *Simulator) followPorts(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.turn:
		case <-timer.C:
		}
		next, due := s.World.NextEvent()
		s.turnPorts(ctx)
		wait := time.Hour
		if speed := s.World.Speed(); due && speed > 0 {
			wait = min(wait, time.Duration(float64(next.Sub(s.World.Now()))/speed))
		}
		timer.Reset(max(wait, time.Millisecond))
	}
}

func (s *Simulator) turnPorts(ctx context.Context) {
	s.mu.Lock()
	turned := s.turned
	s.turned = map[string]bool{}
	s.mu.Unlock()
	for _, e := range s.endpoints {
		if !turned[e.machine] {
			continue
		}
		if err := e.turn(ctx, s.World); err != nil && ctx.Err() == nil {
			s.logger.Error("a port could not be opened again", "machine", e.machine, "error", err)
		}
	}
	if err := s.kms.turn(ctx, s.World.Serves()); err != nil && ctx.Err() == nil {
		s.logger.Error("the KMS port could not be opened again", "error", err)
	}
}

// Close ends everything and waits for it.
func (s *Simulator) Close() {
	s.stop()
	if s.control != nil {
		s.control.close()
	}
	if s.api != nil {
		s.api.close()
	}
	s.group.Wait()
	for _, e := range s.endpoints {
		for _, p := range e.ports {
			p.end()
		}
	}
	s.kms.end()
}
